"""`holdfast drivers`: what do those who stay do in their first days?"""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.window_options import compared, named, window_options

__all__ = ["verb"]

_FIRST = {"behaviour": "behaviour", "n": "n", "did": "did"}


@analysis("drivers", "drivers:Drivers", view=compared(_FIRST))
@window_options
@click.option("--touched", multiple=True, metavar="NAME", help="Properties whose values count as behaviours (default: all).")
@click.option("--most", type=click.IntRange(1, 50), default=None, metavar="N", help="Try at least 1 to N times (default: 5).")
@click.option(
    "--adjust",
    default=None,
    metavar="NAMES",
    help="Compare customers alike in tenure, basket, activity (default: all three; none: at first sight).",
)
def verb(touched: tuple[str, ...], adjust: str | None, **own: Any) -> dict[str, Any]:
    """What do those who stay do in their first days? Together with staying, not because of it.

    People: --people behaviour="Product Viewed" n=3 what=did ("did not", "did and stayed", "did and left", …).
    """
    alike = None if adjust is None else tuple(name.strip() for name in adjust.split(",") if name.strip() not in ("", "none"))
    return {**named(own), "touched": touched or None, "adjust": alike}
