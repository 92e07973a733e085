"""`holdfast repeat`: who orders a second time, and how soon?"""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis

__all__ = ["verb"]


@analysis("repeat", "repeat:Repeat")
@click.option(
    "--within",
    "within",
    multiple=True,
    type=click.IntRange(1),
    metavar="DAYS",
    help="Days after the first order; may be repeated.",
)
def verb(within: tuple[int, ...]) -> dict[str, Any]:
    """What share of customers ordered a second time, by when, and how long lies between orders?

    Only customers watched for that many days count. People: --people days=90 what=no_second (eligible, second).
    """
    return {"within": tuple(sorted(set(within))) or None}
