"""`holdfast import FILE`: shows how the file will be read, asks, reads it in, and says what came of it."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.bringing import bring, planned, workspace_for
from holdfast.cli.init import settings_options
from holdfast.cli.options import Verb, output_options, pairs, workspace_option, yes_option
from holdfast.cli.saying import tell
from holdfast.errors import UsageError

if TYPE_CHECKING:
    from holdfast.events.options import ImportOptions

__all__ = ["verb"]

_TAB = {"tab": "\t", "\\t": "\t", "space": "whitespace", "semicolon": ";", "comma": ",", "pipe": "|"}

_OVERRIDES = (
    click.option("--format", default=None, metavar="NAME", help="delimited, jsonl, parquet or excel."),
    click.option("--encoding", default=None, metavar="CODEC", help="utf-8, cp1252, latin-1, utf-16 …"),
    click.option("--separator", default=None, metavar="SIGN", help="What stands between fields: , ; | tab whitespace."),
    click.option(
        "--header", type=click.Choice(["first row", "none"]), default=None, help="Whether the first row names the columns."
    ),
    click.option("--decimal", default=None, metavar="SIGN", help="Decimal sign: . or ,"),
    click.option(
        "--dates",
        "--date-format",
        "dates",
        default=None,
        metavar="FORM",
        help="iso, dmy, mdy, compact, epoch_s, epoch_ms, epoch_us.",
    ),
    click.option(
        "--shape",
        default=None,
        metavar="SHAPE",
        help="A row is a line of an order, an order, or an event: lines, orders, events.",
    ),
    click.option("--event", default=None, metavar="NAME", help="The event that every row tells of, for example “Page Viewed”."),
    click.option("--sheet", default=None, metavar="NAME", help="Sheet of an Excel workbook."),
    click.option(
        "--duplicates",
        type=click.Choice(["keep", "drop"]),
        default=None,
        help="Rows that repeat another exactly: keep (default) or drop.",
    ),
    click.option(
        "--field-limit", type=click.IntRange(1), default=None, metavar="N", help="Most characters that one field may have."
    ),
    click.option("--source", default=None, metavar="NAME", help="Name kept with the events (default: the file's)."),
)


def _overrides(function: Any) -> Any:
    for option in reversed(_OVERRIDES):
        function = option(function)
    return function


@click.command("import", cls=Verb)
@click.argument("file")
@click.option(
    "--map", "mapping", multiple=True, metavar="ROLE=COLUMN …", help="customer=CustomerID time=InvoiceDate order=InvoiceNo …"
)
@click.option(
    "--map-event",
    "events",
    multiple=True,
    metavar="NAME=EVENT …",
    help='What the file\'s names of events mean: "purchase=Order Completed" "add_to_cart=Product Added".',
)
@_overrides
@settings_options
@click.option("--strict", is_flag=True, help="Exit with 1 when a row was refused.")
@yes_option
@output_options
@workspace_option
def verb(
    file: str,
    mapping: tuple[str, ...],
    events: tuple[str, ...],
    workspace: str,
    strict: bool,
    yes: bool,
    json: bool,
    csv: str | None,
    **given: Any,
) -> int:
    """Read FILE into the workspace: CSV, TSV, JSON lines, Parquet or Excel; order lines, whole orders or events.

    Shows first how the file will be read, and why, with a few rows; then asks. Any guess can be overridden. Reading the same
    file twice changes nothing. Rows that cannot be used are kept aside and counted, the rest goes in.
    """
    place = workspace_for(
        workspace,
        {name: given.pop(name) for name in ("name", "week_start")} | {name: given[name] for name in ("zone", "currency")},
    )
    options = _options(given | {"events": tuple(pairs(events, "--map-event").items()) or None})
    plan = planned(place, file, pairs(mapping, "--map"), options)
    quiet = json or csv == "-"
    _show(plan, quiet)
    _confirm(yes, file)
    said, refused = bring(place, plan)
    tell(said, json=json, csv=csv)
    return 1 if strict and refused else 0


def _options(given: dict[str, Any]) -> ImportOptions:
    from holdfast.events.options import ImportOptions

    known = {field.name for field in fields(ImportOptions)}
    said = {name: value for name, value in given.items() if name in known and value is not None}
    if "separator" in said:
        said["separator"] = _TAB.get(said["separator"], said["separator"])
    if "currency" in said:
        said["currency"] = said["currency"].upper()
    return ImportOptions(**said)


def _show(plan: Any, quiet: bool) -> None:
    """Every guess with its reason, the first rows as they will be read, and what to look at before saying yes."""
    from rich.text import Text

    from holdfast.cli.screen import aside, out, table
    from holdfast.report.values import cleaned

    console = aside() if quiet else out()
    size = "" if plan.rows_total is None else f" {plan.rows_total:,} rows."
    console.print(Text(f"{cleaned(plan.name)} will be read like this.{size}", style="bold"))
    console.print()
    guesses = [[what, repr(value) if value.strip() != value else value, reason] for what, value, reason, _ in plan.guesses()]
    console.print(table(("what", "is", "because"), guesses, ("text", "text", "text")))
    if plan.properties:
        named = ", ".join(plan.properties[:12]) + (
            f" and {len(plan.properties) - 12} more" if len(plan.properties) > 12 else ""
        )
        console.print(Text(cleaned(f"kept as properties: {named}"), style="dim"))
    console.print()
    sample = plan.sample
    if sample.num_rows:
        console.print(Text("The first rows, as they will be read:", style="bold"))
        names = [name for name in sample.column_names if name not in ("row", "currency")]
        rows = [[_read(name, row[name], plan) for name in names] for row in sample.to_pylist()]
        console.print(table(names, rows, ["count" if name in _NUMBERS else "text" for name in names]))
        console.print()
    for warning in plan.warnings:
        said, option, line = cleaned(warning).partition("--map-event")
        console.print(Text(f"! {said}", style="yellow"))
        if option:
            console.print(Text(f"  {option}{line}", style="yellow"), soft_wrap=True)  # one line, to be copied


_NUMBERS = ("quantity", "price", "amount", "revenue")


def _read(name: str, value: Any, plan: Any) -> str:
    """A value of the sample as a person reads it: local time, plain numbers, money in the currency."""
    from datetime import datetime
    from decimal import Decimal
    from zoneinfo import ZoneInfo

    from holdfast.events.schema import MONEY_UNITS
    from holdfast.report.values import money

    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(plan.zone.value)).strftime("%Y-%m-%d %H:%M:%S")
    if name == "amount" and isinstance(value, int):
        return money(value / MONEY_UNITS, plan.currency.value)
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    return "–" if value is None else str(value)


def _confirm(yes: bool, file: str) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"nothing was read from {file}: there is no terminal to ask",
            "if the reading above is right, add --yes; if not, override it with --map and the options",
        )
    if not click.confirm("Read it in like this?", default=True, err=True):
        raise UsageError("nothing was read", "override a guess with --map role=COLUMN or an option: holdfast import --help")
