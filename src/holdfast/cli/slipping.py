"""`holdfast slipping`: whose activity falls against her own habit, and who of them says nothing."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.views import chosen

__all__ = ["verb"]

_SHOWN = ("customer", "value", "ratio", "days_silent", "usual_interval_days", "before_per_30", "now_per_30")
_LATER = ("last_seen", "window_days", "p", "complained")


@analysis("slipping", "early_signs:EarlySigns", view=chosen(*_SHOWN, money=("value",), hidden=_LATER))
@click.option(
    "--events",
    multiple=True,
    metavar="EVENT",
    help="What counts as activity: active (default: as the settings say, else all she does herself), any, orders, or names.",
)
@click.option(
    "--window", "window_days", type=click.IntRange(1), default=None, metavar="DAYS", help="The days that are now, for everyone."
)
@click.option("--alpha", type=click.FloatRange(0, 0.5, min_open=True), default=None, help="The level of an alarm (0.05).")
@click.option(
    "--control",
    type=click.Choice(["fdr", "each"]),
    default=None,
    help="fdr: few false among the alarms (default); each: every customer at the level.",
)
@click.option(
    "--quiet-days", type=click.IntRange(1), default=None, metavar="DAYS", help="How long a complaint is no silence (90)."
)
@click.option("--show", type=click.Choice(["silent", "complained", "all"]), default=None, help="Which of the falling (silent).")
@click.option("--months", type=click.IntRange(0), default=6, metavar="N", help="Month ends to look back to (6).")
@click.option("--limit", type=click.IntRange(1), default=None, metavar="N", help="How many rows (50; --csv: all).")
def verb(events: tuple[str, ...], **own: Any) -> dict[str, Any]:
    """Who comes less often than she used to, and says nothing? Those with most money at stake first.

    People: --people status=falling what=silent (complained; status rising, steady, "too little known", gone).
    """
    named = events[0] if len(events) == 1 and events[0] in ("active", "any", "orders") else events
    return {**own, "events": named or None}
