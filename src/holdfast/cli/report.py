"""`holdfast report`: everything in one HTML file that opens offline."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.options import Verb, accounts_option, output_options, workspace_option
from holdfast.cli.saying import Said, tell, written

if TYPE_CHECKING:
    from holdfast.report.asked import Quality
    from holdfast.workspace import Workspace

__all__ = ["open_address", "open_page", "quality_of", "verb", "write_report"]


@click.command("report", cls=Verb)
@click.option("-o", "--output", default=None, metavar="FILE", help="Where it goes (default: report.html in the workspace).")
@click.option(
    "--as-of", "as_of", metavar="DATE", default=None, help="As it stood at the end of that day (default: end of data)."
)
@accounts_option
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
@output_options
@workspace_option
def verb(workspace: str, output: str | None, as_of: str | None, whose: str, show: bool, json: bool, csv: str | None) -> None:
    """Write every answer with its picture, table, definition and the benchmarks of the trade into one HTML file."""
    from holdfast.cli.compiling import say_first_run
    from holdfast.workspace import Workspace

    opened = Workspace.open(workspace)
    target = Path(output) if output else opened.path / ("report.html" if whose == "customers" else f"report-{whose}.html")
    say_first_run()
    write_report(opened, target, as_of, whose)
    rows: list[list[Any]] = [["file", str(target)], ["bytes", target.stat().st_size]]
    tell(
        Said({"name": "Report", "as_of": as_of}, f"The report is in {target.resolve()}.", ("what", "value"), rows),
        json=json,
        csv=csv,
    )
    if show:
        open_page(target)


def write_report(opened: Workspace, target: Path, as_of: str | None = None, whose: str = "customers") -> None:
    """Write the report of a workspace's customers, or of their accounts, into a file."""
    from holdfast.analyses.personas.facets import told_by_products
    from holdfast.cli.asking import filled
    from holdfast.report.whole import report

    beside = "" if whose == "customers" else "customers here are firms"
    timelines, asking = filled(opened, whose), opened.accounts if whose == "accounts" else opened
    lines = asking.order_lines() if told_by_products(timelines.meta) else None
    page = report(timelines, as_of=as_of, quality=quality_of(opened), beside=beside, lines=lines)
    written(str(target), page)


def quality_of(opened: Workspace) -> Quality:
    """What the workspace knows about its data: events, imports, refusals by reason."""
    from holdfast.report.asked import Quality

    imports = tuple(
        (one.source, one.when[:16].replace("T", " "), one.rows, one.refused, int(one.counts.get("duplicates_kept", 0)))
        for one in opened.imports()
    )
    refused: Counter[str] = Counter()
    for path in opened.refusals():
        refused.update(_reasons(path))
    return Quality(opened.lake.rows(), imports, dict(refused.most_common()))


def _reasons(path: Path) -> list[str]:
    import json

    with path.open(encoding="utf-8") as lines:
        return [str(json.loads(one)["reason"]) for one in lines]


def open_page(path: Path) -> bool:
    """Open a file in the browser where there is a screen; whether it was tried. Never fails."""
    return open_address(path.resolve().as_uri())


def open_address(address: str) -> bool:
    """Open an address in the browser where there is a screen; whether it was tried. Never fails."""
    import os
    import sys
    import webbrowser

    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        return webbrowser.open(address)
    except (OSError, webbrowser.Error):
        return False
