"""`holdfast rfm`: recency, frequency, money; eleven segments, and what to do with each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.options import window_option
from holdfast.cli.screen import table
from holdfast.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said

__all__ = ["segments", "verb"]


def segments(console: Console, said: Said) -> None:
    """The segments as a table, then what to do with each; `n` is the same in every row and stands in the definition."""
    from rich.text import Text

    at = {name: place for place, name in enumerate(said.columns)}
    kept = [place for place, name in enumerate(said.columns) if name not in ("n", "action")]
    forms = said.kinds()
    rows = [[row[place] for place in kept] for row in said.rows]
    console.print(table([said.columns[place] for place in kept], rows, [forms[place] for place in kept], said.currency))
    console.print()
    actions = {row[at["rfm"]]: row[at["action"]] for row in said.rows}
    for name, action in actions.items():
        console.print(Text(f"{name}: ", style="bold") + Text(str(action), style="not bold"))


@analysis("rfm", "rfm:Rfm", view=segments)
@window_option
@click.option(
    "--method", type=click.Choice(["quantile", "r-package"]), default=None, help="Quintiles (default), or as the R package rfm."
)
@click.option("--cuts", default=None, metavar="R,R,R,R/F,F,F,F/M,M,M,M", help="Own cut points, four ascending numbers each.")
def verb(cuts: str | None, **own: Any) -> dict[str, Any]:
    """How recently, how often and for how much did each customer buy? Eleven segments, and what to do with each.

    People: --people rfm=Champions, or --people code=543.
    """
    if cuts is None:
        return own
    from holdfast.analyses.rfm.cuts import Cuts

    return {**own, "method": "cuts", "cuts": Cuts.given(*_numbers(cuts))}


def _numbers(text: str) -> list[tuple[float, ...]]:
    try:
        parts = [tuple(float(number) for number in part.split(",")) for part in text.split("/")]
    except ValueError as error:
        raise UsageError(f"{text!r} are no cut points", "write them as 30,60,90,180/1,2,3,5/50,100,250,500") from error
    if [len(part) for part in parts] != [4, 4, 4]:
        raise UsageError(
            f"{text!r} are no cut points: four for each of recency, frequency and money",
            "write them as 30,60,90,180/1,2,3,5/50,100,250,500",
        )
    return parts
