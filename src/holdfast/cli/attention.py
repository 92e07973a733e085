"""`holdfast attention`: who needs attention now, and how much is at stake."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.views import chosen

__all__ = ["verb"]


@analysis(
    "attention",
    "attention:Attention",
    view=chosen("title", "customers", "share", "at_stake", "value", "do", money=("at_stake",), hidden=("group", "n")),
)
@click.option(
    "--complaint-days", type=click.IntRange(1), default=None, metavar="DAYS", help="How long a complaint is one to answer (30)."
)
@click.option("--limit", type=click.IntRange(0), default=None, metavar="N", help="How many customers to list (20).")
def verb(**own: Any) -> dict[str, Any]:
    """Who needs attention now: the unhappy, the quiet, the falling, those with one order, the best; with the money at stake.

    People: --people group=quiet (unhappy, falling, single, best).
    """
    return own
