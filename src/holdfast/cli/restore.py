"""`holdfast restore`: a backup becomes a workspace again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from holdfast.cli.options import Verb, output_options, workspace_option
from holdfast.cli.saying import Said, tell

__all__ = ["verb"]


@click.command("restore", cls=Verb)
@click.argument("file", metavar="FILE")
@output_options
@workspace_option
def verb(workspace: str, file: str, json: bool, csv: str | None) -> None:
    """Make a new workspace (-w DIR, a folder that is empty or not there yet) of what `holdfast backup` wrote.

    Every file is compared with the manifest first; when one is damaged nothing is restored.
    """
    from holdfast.server.options import option
    from holdfast.server.process.restoring import restore

    folder = Path(workspace)
    held = restore(Path(file), folder, database_url=option("DATABASE_URL"))
    anew = " Everybody signs in anew, and what was kept under the server's key (authenticator apps, secrets of webhooks) is"
    key = "" if held.secrets else f"{anew} given again: that key was not in it."
    words = f"{held.name or 'The workspace'} as of {held.made_at} is in {folder.resolve()}: {held.events:,} events.{key}"
    rows: list[list[Any]] = [["folder", str(folder.resolve())], ["events", held.events], ["requests", held.requests]]
    rows += [["made at", held.made_at], ["database", held.database]]
    tell(Said({"name": "Restore"}, words, ("what", "value"), rows), json=json, csv=csv)
