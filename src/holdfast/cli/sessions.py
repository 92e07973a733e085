"""`holdfast sessions`: where do visits begin, and on which pages do they end at once?"""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.extra_views import Further, followed_by
from holdfast.cli.step_options import gap_option, naming_options
from holdfast.cli.views import chosen

__all__ = ["verb"]

_SHOWN = ("segment", "landing", "sessions", "customers", "bounces", "bounce_rate", "median_steps")
_HIDDEN = ("customers_bounced", "median_seconds", "share", "share_low", "share_high", "share_n", "mean_steps", "above_average")
_BOUNCE = ("segment", "sessions", "customers", "bounces", "bounce_rate", "low", "high")
_FURTHER = (
    Further("by_period", "The trend, all pages", ("period", "state", *_BOUNCE), ("landing", "(all pages)"), 31),
    Further(
        "exits", "Where sessions end", ("segment", "page", "exits", "customers_exited", "sessions", "exit_rate", "low", "high")
    ),
    Further("lengths", "Steps a session", ("segment", "length", "sessions", "customers", "share", "low", "high"), most=18),
)


@analysis("sessions", "sessions:Sessions", view=followed_by(chosen(*_SHOWN, hidden=_HIDDEN), *_FURTHER))
@naming_options
@gap_option
@click.option(
    "--elsewhere",
    type=click.Choice(["left out", "kept"]),
    default=None,
    help="Refunds, mails, tickets: no steps (default), or steps too.",
)
@click.option(
    "--period", type=click.Choice(["day", "week", "month", "quarter", "year"]), default=None, help="The trend by this period."
)
def verb(name_by: str | None, **own: Any) -> dict[str, Any]:
    """Sessions by landing page: traffic, bounces (sessions of one step), length; where sessions end, and how long they are.

    Pages: --name-by path --group '/product/*'.

    People: --people landing=/sale what=bounced (sessions, "went on"); --people exit=/cart; --people length=1.
    """
    return {**own, "page": name_by}
