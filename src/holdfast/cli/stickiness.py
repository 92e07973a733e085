"""`holdfast stickiness`: of those active in a month, how many are active on a day?"""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.views import chosen

__all__ = ["verb"]

_SHOWN = ("segment", "date", "dau", "wau", "mau", "stickiness", "low", "high")


@analysis(
    "stickiness", "stickiness:Stickiness", view=chosen(*_SHOWN, hidden=("dau_state", "wau_state", "mau_state"), latest=31)
)
@click.option(
    "--events", multiple=True, metavar="EVENT", help="What counts as activity: any (default), orders, or names of events."
)
@click.option("--first", default=None, metavar="DATE", help="First date to show.")
@click.option("--last", default=None, metavar="DATE", help="Last date to show.")
def verb(events: tuple[str, ...], **own: Any) -> dict[str, Any]:
    """Of those active in a month, how many are active on a day or in a week? The screen shows the last 31 dates.

    People: --people date=2011-11-30 measure=mau (dau, wau).
    """
    chosen_events = events[0] if len(events) == 1 and events[0] in ("any", "orders") else events
    return {**own, "events": chosen_events or None}
