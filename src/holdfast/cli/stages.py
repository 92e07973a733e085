"""`holdfast stages`: how far customers come on the way to loyalty, where they fall out, and what happens near an order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.views import chosen

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said

__all__ = ["verb"]

_STAGES = chosen(
    *("segment", "stage", "reached", "share", "current", "fell_out", "median_seconds", "p90_seconds"),
    hidden=("n", "fell_out_share", "fell_out_share_low", "fell_out_share_high", "stays"),
)
_WAYS = chosen("segment", "from", "to", "n", "customers", "share", "median_seconds", hidden=("of",))
_TOUCHES = chosen("segment", "side", "event", "stage", "customers", "share", "per_order", hidden=("order", "of", "n", "orders"))


def _view(console: Console, said: Said) -> None:
    """The stages, the ways between them, or the touchpoints of the first order; the CSV has those of every order too."""
    show = said.question["show"]
    if show == "touchpoints":
        at = said.columns.index("order")
        _TOUCHES(console, replace(said, rows=[row for row in said.rows if row[at] == "first"]))
    else:
        (_WAYS if show == "transitions" else _STAGES)(console, _spelled(said))


def _spelled(said: Said) -> Said:
    """The table with lengths of time in words, since some stages take minutes and some months; their intervals left out."""
    kept = [place for place, name in enumerate(said.columns) if not name.startswith("median_days_")]
    days = {place for place in kept if said.columns[place] in ("median_days", "p90_days")}
    columns = tuple(said.columns[place].replace("_days", "_seconds") for place in kept)
    rows = [[_seconds(row[place]) if place in days else row[place] for place in kept] for row in said.rows]
    return replace(said, columns=columns, rows=rows)


def _seconds(days: float | None) -> float | None:
    return None if days is None else 86_400 * days


@analysis("stages", "stages:Stages", view=_view)
@click.option(
    "--show", type=click.Choice(["stages", "transitions", "touchpoints"]), default=None,
    help="The stages (default), the ways between them, or what happens near an order.",
)  # fmt: skip
@click.option(
    "--stage", "stages", multiple=True, metavar="STAGE=EVENT,…",
    help="Events (or patterns) of a stage, before the default map: evaluation='Quote *'; none=… for no stage.",
)  # fmt: skip
@click.option(
    "--days",
    type=click.IntRange(1),
    default=None,
    metavar="DAYS",
    help="Reach of the touchpoints before and after an order (30).",
)
@click.option(
    "--gone-after", type=click.IntRange(1), default=None, metavar="DAYS", help="Days of silence after which one has fallen out."
)
@click.option("--reviewed", default=None, metavar="DATE", help="When the stage map was last looked over.")
def verb(stages: tuple[str, ...], **own: Any) -> dict[str, Any]:
    """How far do customers come (awareness, consideration, evaluation, purchase, after purchase, loyalty)?

    Where do they fall out, how long does each stage take, and what happens in the days before and after an order?

    People: --people stage=evaluation what="fell out" (reached, current), --people from=evaluation to=purchase,
    or --people order=first side=after event="Product Reviewed".
    """
    from holdfast.analyses.stages.map import parse_stages

    return {**own, "stages": parse_stages(stages) or None}
