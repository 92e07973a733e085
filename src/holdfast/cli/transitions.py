"""`holdfast transitions`: which step follows which, how surely and how fast?"""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.extra_views import Further, followed_by
from holdfast.cli.step_options import naming, step_options, versus_option
from holdfast.cli.views import chosen

__all__ = ["verb"]

_SHOWN = ("segment", "from", "to", "probability", "customers", "median_seconds", "count", "p90_seconds")
_HIDDEN = ("transitions", "n", "share", "share_low", "share_high", "share_n", "low", "high")
_SIDES = ("from", "to", "difference", "low", "high", "probability_a", "probability_b", "p_adjusted")
_FURTHER = (
    Further("difference", "Side by side, a = {segment_a}, b = {segment_b}; the surest differences first", _SIDES, most=15),
)


@analysis("transitions", "transitions:Transitions", view=followed_by(chosen(*_SHOWN, hidden=_HIDDEN), *_FURTHER))
@step_options
@click.option(
    "--times", type=click.Choice(["exact", "none"]), default=None, help="Median and 90 % quantile of the time between, or not."
)
@click.option("--most", type=click.IntRange(1), default=None, metavar="N", help="Steps shown by name; rarer ones are (other).")
@versus_option
def verb(**own: Any) -> dict[str, Any]:
    """Which step follows which: counts, customers, probability, median and 90 % time.

    Two groups side by side: --by country --versus France,Germany.

    People: --people from=Cart "to=Order Completed"; --people node=Cart.
    """
    own["naming"] = naming(own)
    return own
