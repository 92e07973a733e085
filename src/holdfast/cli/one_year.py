"""`holdfast one-year`: how many still buy a year after their first order."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis

__all__ = ["verb"]


@analysis("one-year", "cohorts.year:OneYear")
@click.option(
    "--days", type=click.IntRange(1), default=None, metavar="DAYS", help="How long after the first order (default: 365)."
)
@click.option("--gone-after", type=click.IntRange(1), default=None, metavar="DAYS", help="Days of silence that end a lifetime.")
def verb(**own: Any) -> dict[str, Any]:
    """Of the customers who first ordered at least a year ago, how many have ordered after their first year?"""
    return own
