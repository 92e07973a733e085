"""`holdfast init`: make a folder a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.options import Verb, output_options, workspace_option
from holdfast.cli.saying import Said, tell

if TYPE_CHECKING:
    from holdfast.settings import Settings

__all__ = ["chosen_settings", "settings_options", "verb", "zone_here"]


def settings_options(function: Any) -> Any:
    """The options that say what a business means by its numbers."""
    for option in (
        click.option(
            "--week-start", type=click.IntRange(1, 7), default=None, help="First day of the week, 1 Monday to 7 Sunday."
        ),
        click.option("--currency", default=None, metavar="CODE", help="Currency of all money: EUR, GBP, USD …"),
        click.option("--zone", default=None, metavar="ZONE", help="Time zone of local days: Europe/London …"),
        click.option("--name", default=None, help="The business, for titles."),
    ):
        function = option(function)
    return function


def chosen_settings(folder: str, **chosen: Any) -> Settings:
    """Settings from options; what is not said: the folder's name, this machine's zone, EUR, Monday."""
    from holdfast.settings_file import settings_of

    said = {key: value for key, value in chosen.items() if value is not None}
    if "currency" in said:
        said["currency"] = said["currency"].upper()
    return settings_of({"name": Path(folder).resolve().name or "My shop", "zone": zone_here(), **said})


def zone_here() -> str:
    """The IANA zone of this machine, UTC where it cannot be told."""
    import os
    from zoneinfo import available_timezones

    link = Path("/etc/localtime")
    linked = str(link.resolve()).partition("zoneinfo/")[2] if link.is_symlink() else ""
    found = os.environ.get("TZ", "").lstrip(":") or linked
    if not found and Path("/etc/timezone").is_file():
        found = Path("/etc/timezone").read_text("utf-8", "replace").strip()
    return found if found not in ("Etc/UTC", "Etc/UCT") and found in available_timezones() else "UTC"


@click.command("init", cls=Verb)
@click.argument("folder", required=False)
@settings_options
@output_options
@workspace_option
def verb(folder: str | None, workspace: str, json: bool, csv: str | None, **chosen: Any) -> None:
    """Make FOLDER (default: the current one) a workspace: write holdfast.toml and an empty lake."""
    from holdfast.workspace import Workspace

    place = folder or workspace
    made = Workspace.create(place, chosen_settings(place, **chosen))
    rows = [
        ["zone", made.settings.zone],
        ["currency", made.settings.currency],
        ["week starts on", str(made.settings.week_start)],
    ]
    words = f"{Path(place).resolve()} is a workspace now; its settings are in holdfast.toml."
    notes = ("next: holdfast import FILE" + ("" if place == "." else f" -w {place}"),)
    tell(Said({"name": "Init", "folder": place}, words, ("setting", "value"), rows, notes), json=json, csv=csv)
