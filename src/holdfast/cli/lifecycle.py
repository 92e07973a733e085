"""`holdfast lifecycle`: who is new, kept, returned and lost, period by period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.periods import period_options
from holdfast.cli.views import chosen

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said

__all__ = ["verb"]

_STATES = chosen(
    *("segment", "period", "active", "new", "kept", "returned", "lost", "dormant", "pulse"),
    hidden=(
        *("before", "note", "pulse_low", "pulse_high"),
        *(f"{name}_share{side}" for name in ("kept", "lost", "new", "returned") for side in ("", "_low", "_high")),
    ),
)
_MONEY_COLUMNS = ("start", "new", "returned", "expansion", "contraction", "lost", "end")
_MONEY = chosen("segment", "period", *_MONEY_COLUMNS, money=_MONEY_COLUMNS, hidden=("kept_before", "kept_now"))
_WAYS = chosen("segment", "period", "from", "to", "n", "of", "share", "customers")


def _view(console: Console, said: Said) -> None:
    """The states, the money, or the transitions of all periods together; the CSV has each period's."""
    show = said.question["show"]
    if show == "customers":
        _STATES(console, said)
    elif show == "money":
        _MONEY(console, said)
    else:
        from dataclasses import replace

        at = said.columns.index("period")
        _WAYS(console, replace(said, rows=[row for row in said.rows if row[at] == "all"]))


@analysis("lifecycle", "lifecycle:LifeCycle", view=_view)
@period_options
@click.option(
    "--events", multiple=True, metavar="EVENT", help="What counts as activity (default: as the settings say; else orders)."
)
@click.option(
    "--show", type=click.Choice(["customers", "transitions", "money"]), default=None,
    help="States (default), the ways from state to state, or money.",
)  # fmt: skip
def verb(events: tuple[str, ...], **own: Any) -> dict[str, Any]:
    """Who was new, kept, returned and lost in each period, and how many came for each one who went?

    People: --people period=2011-11 state=lost (new, kept, returned, dormant, active), or --people from=lost to=returned.
    """
    return {**own, "events": events or None}
