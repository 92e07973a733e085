"""`holdfast backup`: everything that cannot be rebuilt, in one file, also while the server runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from holdfast.cli.options import Verb, output_options, workspace_option
from holdfast.cli.saying import Said, tell

__all__ = ["verb"]


@click.command("backup", cls=Verb)
@click.argument("file", metavar="FILE")
@click.option(
    "--with-secrets",
    is_flag=True,
    help="Also the key that signs sessions and seals second factors; then keep the file as safe as it.",
)
@output_options
@workspace_option
def verb(workspace: str, file: str, with_secrets: bool, json: bool, csv: str | None) -> None:
    """Write the workspace into one file: settings, lake, imports, refusals, database and inbox. A running server goes on.

    The file holds everything that is known of customers: keep it where only you can read it.
    """
    from holdfast.server.options import option
    from holdfast.server.process.backing import backup
    from holdfast.workspace import Workspace

    target = Path(file)
    held = backup(
        Workspace.open(workspace), target, now=datetime.now(UTC), database_url=option("DATABASE_URL"), secrets=with_secrets
    )
    size = target.stat().st_size
    without = "" if held.secrets else " The key that signs sessions and seals second factors is not in it (--with-secrets)."
    inside = f"{held.events:,} events, {held.requests:,} requests that wait, and the database ({held.database})"
    words = f"{inside} are in {target}.{without}"
    rows: list[list[Any]] = [["file", str(target)], ["bytes", size], ["files", len(held.files)], ["events", held.events]]
    rows += [["requests", held.requests], ["lake version", held.lake_version], ["database", held.database]]
    tell(Said({"name": "Backup"}, words, ("what", "value"), rows), json=json, csv=csv)
