"""What Today says, kept on disk beside the other answers: shown at once, made anew behind it when the data have moved."""

from __future__ import annotations

import logging
import time
from threading import Lock, Thread
from typing import TYPE_CHECKING

import msgspec

from holdfast.server.insights.kept import Data, data_now, place_of, still_good, write
from holdfast.server.today.told import TodayTold

if TYPE_CHECKING:
    from holdfast.server.analyst.desk import Desk

__all__ = ["Kept", "begin", "fresh", "make", "read"]

log = logging.getLogger(__name__)

FORM = 5
"""Grows when what is kept has another shape or look."""


class Kept(msgspec.Struct, frozen=True):
    """What was said, of which data (`Data`), when (seconds since 1970), what it took. told None: nothing was to be told."""

    form: int
    data: str
    settings: str
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
    """Whether it needs not be made anew, as for any answer. That there was nothing never keeps."""
    return found.data == now.name if found.told is None else still_good(found, now, clock)


def make(desk: Desk) -> None:
    """Errand "today.make": work it out and keep it."""
    from holdfast.server.today.telling import told_of

    begun, of = time.time(), data_now()
    timelines = desk.timelines()
    if not of.name:
        of = data_now()  # the timelines were built for this
    told = told_of(timelines) if timelines.customers else None
    kept = Kept(FORM, of.name, of.settings, of.erasures, time.time(), time.time() - begun, told)
    if of.erasures == data_now().erasures:
        write(place_of("today", "page"), msgspec.msgpack.encode(kept))


def begin(desk: Desk) -> bool:
    """Errand "today.begin": have it worked out in the background, by one thread at a time; whether one was started."""
    if not _making.acquire(blocking=False):
        return False

    def work() -> None:
        try:
            make(desk)
        except Exception:
            log.exception("Today could not be worked out")
        finally:
            _making.release()

    Thread(target=work, name="today", daemon=True).start()
    return True
