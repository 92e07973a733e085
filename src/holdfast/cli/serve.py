"""`holdfast serve`: the business in the browser, and the place where its events arrive."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from holdfast.cli.options import Verb, workspace_option
from holdfast.errors import EngineMissing

if TYPE_CHECKING:
    from holdfast.server.process.serving import Before

__all__ = ["serve_until_stopped", "verb"]


@click.command("serve", cls=Verb)
@click.option(
    "--host", default=None, metavar="ADDRESS", help="Listen here (default: 127.0.0.1, this machine alone; 0.0.0.0 for all)."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=None, help="Listen on this port (default: 8642; 0: any free one)."
)
@click.option("--no-open", is_flag=True, help="Do not open the browser.")
@workspace_option
def verb(workspace: str, host: str | None, port: int | None, no_open: bool) -> int:
    """Serve the workspace: pages for people, an intake for events, until Ctrl-C. The database is brought up to date first.

    Further settings are environment variables: docs/reference/server.md.
    """
    return serve_until_stopped(workspace, host, port, before=("migrate",), browser="none" if no_open else "opened")


def serve_until_stopped(
    workspace: str, host: str | None, port: int | None, *, before: tuple[Before, ...], browser: Literal["opened", "none"]
) -> int:
    """Serve a workspace until a signal; the exit code. EngineMissing without the extra `server`.

    before   what is done first
    browser  whether the page is opened when the server is there, where somebody sits at a screen
    """
    if find_spec("granian") is None or find_spec("django") is None:
        raise EngineMissing("serving needs the extra `server`", "pip install 'holdfast[server]'")
    from holdfast.server.process.serving import serve

    def announce(address: str, link: str) -> None:
        click.echo(f"Holdfast is at {address} (Ctrl-C ends it)")
        if link:
            click.echo(f"Go in by this link, once: {link}")
        if browser == "opened":
            _opened(link or address)

    return serve(Path(workspace), host, port, announce, before)


def _opened(address: str) -> None:
    """Open the browser where there is a screen and somebody at it."""
    import sys

    if sys.stdout.isatty():
        from holdfast.cli.report import open_address

        open_address(address)
