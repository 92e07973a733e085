"""One timeline of everything that a person did, under all her ids, newest first, page by page. For pages:

    shown = timeline("17", Wanted(events=("Order Completed",)), size=50)
    for row in shown.rows: row.at, row.event, row.amount …
    details("17", shown.rows)      products, properties, source of each row, in a second question (the lake is looked up)
    timeline("17", Wanted(), before=shown.next)

The analyst answers; AnalystAway and TimeoutError come from `analyst.client`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Detail", "Happened", "Shown", "Wanted", "details", "timeline"]

TOLD = ""
"""The event name of what is no activity: identify, group and alias calls, and orders that a later arrival replaced."""


@dataclass(frozen=True)
class Wanted:
    """Which events: all where nothing is said.

    events         names; "" stands for what is no activity
    since, until   local dates, both included
    """

    events: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Happened:
    """One event.

    time_us  UTC microseconds
    event    its name; "" for what is no activity (`details` says what it was)
    amount   of an order its money, of a refund what was taken back (negative), in the workspace's currency; else None
    fresh    whether it is so new that only the lake has it yet
    """

    time_us: int
    event: str
    amount: float | None = None
    fresh: bool = False

    @property
    def at(self) -> datetime:
        """The instant, UTC."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.time_us)


@dataclass(frozen=True)
class Shown:
    """A page of the timeline.

    rows   newest first; of one instant the later arrival first (where two records were merged after the timelines were
           stored, and both have events of one instant, their order within it is known again after the next level)
    next   what to give as `before` for the page behind it; "" on the last one
    names  event name → how many she has of it in all, whatever is filtered ("" among them)
    total  how many match the filter
    """

    rows: tuple[Happened, ...]
    next: str
    names: dict[str, int]
    total: int


@dataclass(frozen=True)
class Detail:
    """What the lake has of one event beyond its time and name."""

    type: str
    event: str
    order_id: str | None = None
    currency: str | None = None
    products: tuple[dict[str, object], ...] = ()
    properties: dict[str, str] = field(default_factory=dict)
    source: str | None = None


def timeline(
    person: str,
    wanted: Wanted | None = None,
    before: str = "",
    size: int = 50,
    *,
    ids: Sequence[str] = (),
    within_seconds: float = 10.0,
) -> Shown:
    """A page of what this person did, under all her ids, up to the event that the lake took last.

    before  `Shown.next` of the page before; "" for the newest
    ids     all her ids, where they are known already
    """
    from holdfast.server.analyst.client import call
    from holdfast.server.customers.models import ids_of

    told: Shown = call(
        "customers.timeline",
        within_seconds=within_seconds,
        ids=list(ids) or ids_of(person),
        wanted=wanted or Wanted(),
        before=before,
        size=size,
    )
    return told


def details(
    person: str, rows: Sequence[Happened], *, ids: Sequence[str] = (), within_seconds: float = 10.0
) -> list[Detail | None]:
    """What the lake has of each of these rows, in their order; None for one that it does not have any more.

    ids  all her ids, where they are known already
    """
    from holdfast.server.analyst.client import call
    from holdfast.server.customers.models import ids_of

    if not rows:
        return []
    found: list[Detail | None] = call(
        "customers.details",
        within_seconds=within_seconds,
        ids=list(ids) or ids_of(person),
        rows=[(row.time_us, row.event) for row in rows],
    )
    return found
