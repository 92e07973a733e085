"""What Today says at this moment."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from holdfast.server.analyst.client import AnalystAway, call
from holdfast.server.insights.kept import data_now
from holdfast.server.options import option
from holdfast.server.today.kept import fresh, read
from holdfast.server.today.told import TodayTold

__all__ = ["State", "current", "sentence", "settled"]


@dataclass(frozen=True)
class State:
    """What can be shown.

    told     None: nothing yet · made_at  when it was made
    working  it is being made anew · empty  there is nothing to tell: no customer is known
    """

    told: TodayTold | None = None
    made_at: datetime | None = None
    working: bool = False
    empty: bool = False


def current() -> State:
    """What is kept, at once; where the data have moved on, it is also made anew in the background."""
    now, clock = data_now(), time.time()
    found = read(now)
    working = found is None or not fresh(found, now, clock)
    if working:
        _begin()
        found = read(data_now())
        working = found is None or not fresh(found, data_now(), clock)
    if found is None:
        return State(working=True)
    return State(found.told, datetime.fromtimestamp(found.at, UTC), working, found.told is None and not working)


def settled(within_seconds: float) -> State:
    """What can be said of the data as they stand, worked out first where what is kept is of older data; for who can wait.

    Where the analyst does not answer in time, what is kept, said to be in the working.
    """
    found = read(data_now())
    if found is None or found.data != data_now().name:
        try:
            call("today.make", within_seconds=within_seconds)
        except (AnalystAway, TimeoutError):
            return State(None if found is None else found.told, working=True)
        found = read(data_now())
    return State(working=True) if found is None else State(found.told, datetime.fromtimestamp(found.at, UTC))


def sentence() -> dict[str, Any]:
    """What it says in a sentence, and as of when; empty where nothing is known."""
    found = read(data_now())
    return {} if found is None or found.told is None else {"words": found.told.words, "as_of": found.told.as_of}


def _begin() -> None:
    """Have it made: in the analyst's background; in tests, where there is no analyst, at once."""
    try:
        call("today.make" if option("ANALYST") == "inline" else "today.begin")
    except (AnalystAway, TimeoutError):
        return  # the page says that it is being worked out, and asks again
