"""`holdfast initiative DATE`: cohorts before a date against cohorts after it."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis

__all__ = ["verb"]


@analysis("initiative", "initiative:BeforeAfter")
@click.argument("when", metavar="DATE")
@click.option("--name", default=None, help="What began on that date.")
@click.option(
    "--period",
    type=click.Choice(["day", "week", "month", "quarter", "year"]),
    default=None,
    help="Length of the cohorts (default: month).",
)
@click.option("--at", type=click.IntRange(1), default=None, metavar="K", help="Which period after entry (default: 1).")
@click.option("--cohorts", type=click.IntRange(1), default=None, metavar="N", help="Whole cohorts on either side (default: 3).")
def verb(**own: Any) -> dict[str, Any]:
    """Did the cohorts that entered after DATE stay differently from those before? Together with it, not because of it.

    Initiatives named under [initiatives] in holdfast.toml are also marked on cohort grids. People: --people side=after.
    """
    return own
