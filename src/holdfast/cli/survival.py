"""`holdfast survival`: how long customers stay, from the workspace or from any table of durations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.asking import asked, told_answer
from holdfast.cli.extra_views import Further, followed_by
from holdfast.cli.options import Verb, analysis_options
from holdfast.cli.views import chosen
from holdfast.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said

__all__ = ["verb"]

_COX = ("property", "value", "hazard_ratio", "low", "high", "p", "against", "left")
_TABLE = followed_by(
    chosen("segment", "months", "time", "customers", "at_risk", "left", "survival", hidden=("days",)),
    Further("cox", "Leaving sooner or later goes together with", _COX, most=24),
)


def _view(console: Console, said: Said) -> None:
    """The shares still there, and under them the hazard ratios where there are some."""
    _TABLE(console, replace(said, extra={name: one for name, one in said.extra.items() if one["rows"]}))


@click.command("survival", cls=Verb)
@analysis_options
@click.option("--at", multiple=True, metavar="TIME", type=click.FloatRange(0, min_open=True), help="Months (1, 3, 6, 12).")
@click.option(
    "--together", multiple=True, metavar="NAME", help="What hazard ratios compare: properties, first_order_value, joined; none."
)
@click.option(
    "--gone-after", type=click.IntRange(1), default=None, metavar="DAYS", help="Days of silence after which a customer is gone."
)
@click.option(
    "--ends", type=click.Choice(["first", "last"]), default=None, help="A life is over at the first loss, or the last one."
)
@click.option(
    "--file", "file", metavar="FILE", default=None, help="A table (CSV, Parquet) instead of a workspace, a row a customer."
)
@click.option("--duration", default=None, metavar="COLUMN", help="With --file: how long each was there.")
@click.option("--event", default=None, metavar="COLUMN[=VALUE]", help="With --file: whether she left then, such as Churn=Yes.")
@click.option("--id", "id_column", default=None, metavar="COLUMN", help="With --file: the customer's id.")
def verb(workspace: str, file: str | None, at: tuple[float, ...], together: tuple[str, ...], **options: Any) -> None:
    """How long do customers stay, and who leaves sooner?

    \b
    holdfast survival --by country -w shop
    holdfast survival --file telco.csv --duration tenure --event Churn=Yes --by Contract
    People: --people months=12 what=left segment=France (what: customers, left, here, "at risk"; of a file time=12).
    """
    named = None if not together else tuple(name for name in together if name != "none")
    of_table = {name: options.pop(name) for name in ("duration", "event", "id_column")}
    own = {"gone_after": options.pop("gone_after"), "ends": options.pop("ends")}
    if file is not None:
        _of_file(file, of_table, at, named or (), own, options)
        return
    for name, value in of_table.items():
        if value is not None:
            raise UsageError(
                f"--{name.removesuffix('_column')} says nothing of a workspace", "add --file FILE, or leave it out"
            )
    asked("survival:Survival", workspace, {**own, "at": at or None, "together": named}, view=_view, **options)


def _of_file(
    file: str,
    columns: dict[str, Any],
    at: tuple[float, ...],
    together: tuple[str, ...],
    own: dict[str, Any],
    options: dict[str, Any],
) -> None:
    """The answer of a table; options that only a workspace understands are refused."""
    from datetime import date
    from pathlib import Path

    from holdfast.analyses.survival import TableSurvival
    from holdfast.analyses.survival.of_table import read_table

    by, whose = options.pop("by"), options.pop("whose")
    strange = {**own, **{name: options.pop(name) for name in ("as_of", "where", "moment")}}
    for name, value in {**strange, "accounts": None if whose == "customers" else whose}.items():
        if value:
            raise UsageError(f"--{name.replace('_', '-')} says nothing of a table", "leave it out")
    if columns["duration"] is None or columns["event"] is None:
        raise UsageError("a table needs its columns named", "add --duration tenure --event Churn=Yes")
    question = TableSurvival(
        read_table(file), columns["duration"], columns["event"], by, together, at, columns["id_column"],
        called=Path(file).name, read_on=date.today(),
    )  # fmt: skip
    told_answer(question.ask(), view=_view, **options)
