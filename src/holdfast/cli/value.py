"""`holdfast value`: life time value by the plain formula."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.errors import UsageError

__all__ = ["verb"]


@analysis("value", "clv:PlainClv")
@click.option("--lifespan", default=None, metavar="HOW", help="churn (default), observed, or a number of months.")
@click.option(
    "--gone-after", type=click.IntRange(1), default=None, metavar="DAYS", help="Days of silence after which a customer is gone."
)
def verb(lifespan: str | None, **own: Any) -> dict[str, Any]:
    """What is a customer worth by the plain formula: average order × orders × lifespan?

    Profit when holdfast.toml names a margin, revenue otherwise; the answer says which.
    """
    return {**own, "lifespan": _lifespan(lifespan)}


def _lifespan(text: str | None) -> str | float | None:
    if text is None or text in ("churn", "observed"):
        return text
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"the lifespan cannot be {text!r}", "choose churn, observed or a number of months") from error
