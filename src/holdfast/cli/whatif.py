"""`holdfast whatif`: what one point more retention would do."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.views import chosen

__all__ = ["verb"]

_SHOWN = ("segment", "change", "moves", "more_customers", "more", "rise")
_SHOWN_ELSE = ("period", "month", "customers", "foretold", "inside", "revenue_foretold", "revenue")
_MONEY = ("more", "revenue", "revenue_foretold")
_LATER = ("lever", "amount", "before", "after", "unit_of", "year_kept", "id", "about")


@analysis("whatif", "whatif:WhatIf", view=chosen(*_SHOWN, *_SHOWN_ELSE, money=_MONEY, hidden=_LATER))
@click.option(
    "--points", multiple=True, type=click.FloatRange(0, 100, min_open=True), metavar="N",
    help="Points of retention more, of a month and of a year (1 and 5); repeatable.",
)  # fmt: skip
@click.option(
    "--per-cent", multiple=True, type=click.FloatRange(0, 100, min_open=True), metavar="N",
    help="Per cent by which the other levers move (1 and 5); repeatable.",
)  # fmt: skip
@click.option("--months", type=click.IntRange(1, 120), default=None, metavar="N", help="How far ahead (36).")
@click.option(
    "--discount", type=click.FloatRange(0, 1, max_open=True), default=None, metavar="RATE",
    help="Yearly rate at which later money counts less, as 0.1 (0).",
)  # fmt: skip
@click.option(
    "--gone-after", type=click.IntRange(1), default=None, metavar="DAYS", help="Days of silence after which a customer is gone."
)
@click.option(
    "--show", type=click.Choice(["levers", "path", "check", "basis", "claims"]), default=None,
    help="levers (default), path: month by month, check: the method on your own past, basis, claims of the literature.",
)  # fmt: skip
def verb(points: tuple[float, ...], per_cent: tuple[float, ...], **own: Any) -> dict[str, Any]:
    """What would one point more retention do to customers and revenue over three years?

    The base is carried forward on your own months, once as it is and once with a lever moved. --show claims: what the
    literature says. People: --people segment=France (the base that is carried forward).
    """
    return {**own, "points": points or None, "per_cent": per_cent or None}
