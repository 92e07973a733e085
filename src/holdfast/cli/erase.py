"""`holdfast erase ID…`: remove customers and all they did."""

from __future__ import annotations

import sys

import click

from holdfast.cli.options import Verb, output_options, workspace_option, yes_option
from holdfast.cli.saying import Said, tell
from holdfast.errors import UsageError

__all__ = ["verb"]


@click.command("erase", cls=Verb)
@click.argument("ids", nargs=-1, required=True)
@yes_option
@output_options
@workspace_option
def verb(ids: tuple[str, ...], workspace: str, yes: bool, json: bool, csv: str | None) -> None:
    """Remove these customers, every id joined with theirs, and all they did; prove that nothing is left. For good."""
    from dataclasses import fields

    from holdfast.workspace import Workspace

    opened = Workspace.open(workspace)
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("nothing was erased: there is no terminal to ask", "add --yes")
        if not click.confirm(f"Erase {', '.join(ids[:5])}{' …' if len(ids) > 5 else ''} for good?", default=False, err=True):
            raise UsageError("nothing was erased")
    proof = opened.erase(ids)
    values = {field.name: getattr(proof, field.name) for field in fields(proof)}
    rows = [
        [name.replace("_", " "), len(value) if isinstance(value, tuple | frozenset | list) else value]
        for name, value in values.items()
    ]
    words = f"{', '.join(ids[:5])}{' and more' if len(ids) > 5 else ''}: erased from the lake, the timelines and the refusals."
    tell(Said({"name": "Erase", "ids": list(ids)}, words, ("what", "value"), rows), json=json, csv=csv)
