"""`holdfast concentration`: which share of the revenue do the best customers bring?"""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis

__all__ = ["verb"]


@analysis("concentration", "concentration:Concentration")
@click.option(
    "--window",
    "window_days",
    type=click.IntRange(1),
    default=None,
    metavar="DAYS",
    help="Only orders of the last so many days.",
)
def verb(**own: Any) -> dict[str, Any]:
    """Which share of the revenue do the best 1, 5, 10, 20 and 50 % of customers bring?

    People: --people top=20, or "what=reach 80".
    """
    return own
