"""What a person sees when something goes wrong: the message and its mend on stderr, and the exit code."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from holdfast.errors import HoldfastError, UsageError

__all__ = ["told_failure"]


def told_failure(error: BaseException) -> int:
    """Say on stderr what went wrong and give the exit code: 1 failed, 2 usage, 130 stopped by hand.

    A bug's traceback is written into a log file whose place is said.
    """
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 0 if error.code is None else 1
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, click.exceptions.Abort | KeyboardInterrupt):
        click.echo("stopped; what was finished before is kept", err=True)
        return 130
    if isinstance(error, HoldfastError):
        click.echo(f"holdfast: {error}", err=True)
        return 2 if isinstance(error, UsageError) else 1
    if isinstance(error, BrokenPipeError):
        return _pipe_closed()
    return _unexpected(error)


def _pipe_closed() -> int:
    """The reader of our output has gone (`| head`): nobody is left to tell."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _unexpected(error: BaseException) -> int:
    if isinstance(error, MemoryError):
        click.echo("holdfast: the machine ran out of memory\n  → close other programs, or split the file", err=True)
        return 1
    if "no space left" in str(error).lower():
        click.echo("holdfast: the disk is full\n  → make room and run the same again; nothing half-done is kept", err=True)
        return 1
    if isinstance(error, OSError) and error.filename:
        click.echo(
            f"holdfast: {error.strerror or error}: {error.filename}\n  → check the path, the rights and the free space",
            err=True,
        )
        return 1
    place = _logged(error)
    click.echo(f"holdfast: something went wrong that should not: {type(error).__name__}: {error}", err=True)
    click.echo(f"  → nothing half-done is kept; the details for a bug report are in {place}", err=True)
    return 1


def _named(args: list[str]) -> list[str]:
    """The verb and the names of the options: their values may be people, who have no place in a log."""
    return [arg.split("=")[0] for place, arg in enumerate(args) if place == 0 or arg.startswith("-")]


def _logged(error: BaseException) -> str:
    import tempfile
    import traceback
    from datetime import datetime

    lines = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix=f"holdfast-{datetime.now():%Y%m%d-%H%M%S}-", suffix=".log", delete=False
        ) as log:
            log.write(f"holdfast {' '.join(_named(sys.argv[1:]))}\n{lines}")
        return str(Path(log.name))
    except OSError:
        return f"(no log could be written)\n{lines}"
