"""Errands of the analyst: what is to be expected of one customer (value, risk, next order), and what she would like next.

The first one asked about has everybody's answers worked out; they are kept beside the desk for ten minutes, so that the next
customer is a look-up although events arrive all the time. Their date is told with them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from threading import RLock
from typing import TYPE_CHECKING, Any

from holdfast.errors import HoldfastError

if TYPE_CHECKING:
    from holdfast.server.analyst.desk import Desk

__all__ = ["Foreseen", "Liking", "foreseen_errand", "liking_errand"]

KEPT = "customers.foreseen"
KEPT_SECONDS = 600
EVERYBODY = 10**9
LIKED = 6


@dataclass(frozen=True)
class Foreseen:
    """What is to be expected of somebody, as of the end of the data; each part is None where it cannot be told.

    next_order  last_order, next_order, half_from, half_to, unusual_on, usual_days, band
    value       value with low and high (90 %: her own future), p_alive, value_at_risk, over `months`
    risk        risk with low and high, band, reasons, over `days`
    why_not     part → why it cannot be told
    """

    as_of: date
    next_order: dict[str, Any] | None = None
    value: dict[str, Any] | None = None
    risk: dict[str, Any] | None = None
    why_not: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Liking:
    """What somebody would like next: (item, name, reason), the best first."""

    items: tuple[tuple[str, str, str], ...]
    said: str


@dataclass
class _Kept:
    """Answers about everybody, of the same timelines; the lock lets the second one who asks wait for the first one's."""

    timelines: Any
    until: float
    made: dict[str, Any] = field(default_factory=dict)
    lock: Any = field(default_factory=RLock)


def foreseen_errand(desk: Desk, person: str) -> Foreseen:
    """What is to be expected of a person."""
    made = {name: _kept(desk, name, make) for name, make in _QUESTIONS.items()}
    rows = {name: _row(answer, person) for name, answer in made.items()}
    return Foreseen(
        as_of=_kept(desk, "as_of", lambda timelines: timelines.as_of().last),
        next_order=rows["next_order"],
        value=rows["value"],
        risk=rows["risk"],
        why_not={name: answer for name, answer in made.items() if isinstance(answer, str)},
    )


def liking_errand(desk: Desk, person: str) -> Liking:
    """What a person would like next, of what others like her bought."""
    from holdfast.analyses.recommend import Recommend

    timelines = _kept(desk, "timelines", lambda timelines: timelines)
    lines = _kept(desk, "lines", lambda _: desk.workspace.order_lines())
    try:
        answer = Recommend(lines=lines, customer=person, top=LIKED).answer(timelines)
    except HoldfastError as error:
        return Liking((), str(error))
    rows = answer.table.to_pylist()
    return Liking(tuple((str(row["item"]), str(row["name"] or row["item"]), str(row["reason"])) for row in rows), answer.words)


def _next_order(timelines: Any) -> Any:
    from holdfast.analyses.next_order import NextOrder

    return NextOrder(limit=EVERYBODY).answer(timelines).table


def _value(timelines: Any) -> Any:
    from holdfast.analyses.value import CustomerValue

    return CustomerValue(limit=EVERYBODY).answer(timelines).table


def _risk(timelines: Any) -> Any:
    from holdfast.analyses.risk import Risk

    return Risk(limit=EVERYBODY).answer(timelines).table


_QUESTIONS: dict[str, Callable[[Any], Any]] = {"next_order": _next_order, "value": _value, "risk": _risk}


def _kept(desk: Desk, name: str, make: Callable[[Any], Any]) -> Any:
    """What `make` gives for the timelines, made at most every ten minutes; the text of the error where it cannot be told."""
    kept = desk.kept.get(KEPT)
    if kept is None or time.monotonic() > kept.until:
        kept = desk.kept[KEPT] = _Kept(desk.timelines(), time.monotonic() + KEPT_SECONDS)
    with kept.lock:
        if name not in kept.made:
            try:
                kept.made[name] = make(kept.timelines)
            except HoldfastError as error:
                kept.made[name] = str(error)
    return kept.made[name]


def _row(table: Any, person: str) -> dict[str, Any] | None:
    if isinstance(table, str) or not table.num_rows:
        return None
    import pyarrow.compute as pc

    place = pc.index(table["customer"], person).as_py()
    return None if place < 0 else dict(table.slice(place, 1).to_pylist()[0])
