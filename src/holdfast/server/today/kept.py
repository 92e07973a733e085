"""What Today says, kept on disk beside the other answers: shown at once, made anew behind it when the data have moved."""

from __future__ import annotations

import time
from threading import Lock, Thread
from typing import TYPE_CHECKING

import msgspec

from holdfast.server.insights.kept import LEAST_SECONDS, TIMES, Data, data_now, place_of, write
from holdfast.server.today.told import TodayTold

if TYPE_CHECKING:
    from holdfast.server.analyst.desk import Desk

__all__ = ["Kept", "begin", "fresh", "make", "read"]

FORM = 2
"""Grows when what is kept has another shape or look."""


class Kept(msgspec.Struct, frozen=True):
    """What was said, of which data (`Data`), when (seconds since 1970), what it took. told None: nothing was to be told."""

    form: int
    data: str
    erasures: int
    at: float
    seconds: float
    told: TodayTold | None


_making = Lock()


def read(now: Data) -> Kept | None:
    """What is kept and may be shown."""
    try:
        found = msgspec.msgpack.decode(place_of("today", "page").read_bytes(), type=Kept)
    except (OSError, msgspec.DecodeError):
        return None
    return found if (found.form, found.erasures) == (FORM, now.erasures) else None


def fresh(found: Kept, now: Data, clock: float) -> bool:
    """Whether it needs not be made anew: of the same data, or not old for what it cost. That there was nothing never keeps."""
    if found.data == now.name or found.told is None:
        return found.data == now.name
    return clock - found.at < max(LEAST_SECONDS, TIMES * found.seconds)


def make(desk: Desk) -> None:
    """Errand "today.make": work it out and keep it."""
    from holdfast.server.today.telling import told_of

    begun = time.time()
    timelines = desk.timelines()
    now = data_now()
    told = told_of(timelines) if timelines.customers else None
    kept = Kept(FORM, now.name, now.erasures, time.time(), time.time() - begun, told)
    write(place_of("today", "page"), msgspec.msgpack.encode(kept))


def begin(desk: Desk) -> bool:
    """Errand "today.begin": have it worked out in the background, by one thread at a time; whether one was started."""
    if not _making.acquire(blocking=False):
        return False

    def work() -> None:
        try:
            make(desk)
        finally:
            _making.release()

    Thread(target=work, name="today", daemon=True).start()
    return True
