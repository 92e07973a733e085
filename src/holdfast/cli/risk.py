"""`holdfast risk`: how likely each customer is to leave, and what goes together with it; also from a plain table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.views import chosen
from holdfast.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from holdfast.cli.saying import Said

__all__ = ["verb"]

LISTED = 20
"""Rows of a file's table on the screen."""

_LISTS = {
    "customer": chosen(
        *("segment", "customer", "risk", "reasons", "dissatisfied", "at_stake"), money=("at_stake",),
        hidden=("last_seen", "days_silent", "usual_interval_days", "value", "band"),
    ),
    "from_risk": chosen(
        *("segment", "band", "customers", "share", "expected", "value", "at_stake", "dissatisfied"),
        money=("value", "at_stake"),
        hidden=("from_risk", "to_risk", "n"),
    ),
    "model": chosen(
        *("model", "used", "brier", "auc", "average_precision", "lift", "slope"),
        hidden=("intercept", "intercept_low", "intercept_high"),
    ),
}  # fmt: skip
"""The views by a column that only their table has."""


def _view(console: Console, said: Said) -> None:
    found = next((view for name, view in _LISTS.items() if name in said.columns), chosen())
    found(console, said)


def _either(ask: Callable[..., Any]) -> Callable[..., Any]:
    """The analysis of the workspace, or, with --file, of a plain table."""

    def run(file: str | None, outcome: str | None, positive: str | None, customer_id: str | None, **rest: Any) -> Any:
        if file is not None:
            return _of_file(file, outcome, positive, customer_id, rest)
        if outcome or positive or customer_id:
            raise UsageError("--outcome, --positive and --id are about a file", "name it: --file telco.csv")
        return ask(**rest)

    return run


def _of_file(file: str, outcome: str | None, positive: str | None, customer_id: str | None, rest: dict[str, Any]) -> None:
    from holdfast.analyses.risk.table import risk_of_table
    from holdfast.cli.saying import Said, tell

    if outcome is None:
        raise UsageError("a file needs the column that says who left", "name it: --outcome Churn")
    found = risk_of_table(file, outcome, positive or "Yes", customer_id)
    limit = rest["limit"] or LISTED
    show = "models" if rest["show"] == "models" else "customers"
    table = found.models if show == "models" else found.table
    whole = rest["csv"] is not None or rest["json"] or show == "models"
    rows = [list(row) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]
    asked = {"name": "risk_of_table", "file": file, "outcome": outcome, "positive": positive or "Yes", "id": customer_id}
    notes = (*found.notes, *(() if whole else (f"{len(rows) - limit:,} more: --csv FILE",)))
    said = Said(asked, found.words, tuple(table.column_names), rows if whole else rows[:limit], notes)
    tell(said, json=rest["json"], csv=rest["csv"], view=_view)


@analysis("risk", "risk:Risk", view=_view)
@click.option(
    "--window", "window_days", type=click.IntRange(1), default=None, metavar="DAYS", help="Leaving is silence for so long."
)
@click.option("--order", type=click.Choice(["value", "risk"]), default=None, help="By money at stake (default), or by risk.")
@click.option(
    "--show",
    type=click.Choice(["customers", "bands", "models", "calibration", "features", "drift"]),
    default=None,
    help="Which table (customers).",
)
@click.option(
    "--cuts", type=click.FloatRange(0, 1), nargs=3, default=None, metavar="A B C", help="Where medium, high, very high begin."
)
@click.option("--limit", type=click.IntRange(0), default=None, metavar="N", help="How many customers (50; --csv: all).")
@click.option("--file", default=None, metavar="FILE", help="A plain table as CSV instead of the workspace.")
@click.option("--outcome", default=None, metavar="COLUMN", help="Of the file: the column that says who left.")
@click.option("--positive", default=None, metavar="VALUE", help="Of the file: its value for who left (Yes).")
@click.option("--id", "customer_id", default=None, metavar="COLUMN", help="Of the file: the column of the customer.")
def verb(**own: Any) -> dict[str, Any]:
    """Who is about to leave? A tested probability for each customer, and what goes together with it.

    People: --people band="very high"; at_risk=yes (high, very high or dissatisfied); decile=10 what=left (of those held out).

    From a plain table: holdfast risk --file telco.csv --outcome Churn --id customerID --csv risk.csv
    """
    return own


assert verb.callback is not None
verb.callback = _either(verb.callback)
