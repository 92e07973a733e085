"""Which models of buying are tried, in which order, and what they are given to know.

1. BG/NBD, MBG/NBD and Pareto/NBD compete by the likelihood of the same histories: one that the data cannot identify is out.
2. NBD with silence, the fallback that always answers.
3. The plain rate, which stands where nothing beats it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from holdfast.analyses.models.histories import Histories
from holdfast.analyses.models.silence import Lesson
from holdfast.analyses.occasions import Occasions, occasions
from holdfast.timelines.zone import date_of

if TYPE_CHECKING:
    from holdfast.analyses.models.buying import Buying
    from holdfast.analyses.models.empirical import Empirical
    from holdfast.analyses.models.plain_rate import PlainRate
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["CANDIDATES", "SAMPLE", "Known", "competitors", "fallback", "halfway", "known", "plain", "thinned"]

CANDIDATES = {
    "BG/NBD": "holdfast.analyses.models.bg_nbd",
    "MBG/NBD": "holdfast.analyses.models.mbg_nbd",
    "Pareto/NBD": "holdfast.analyses.models.pareto_nbd",
}
"""The models that compete, each with its file; equal likelihoods are decided by this order."""

SAMPLE = 50_000
"""Models compete on at most about so many customers: every n-th in the order of the timelines, which is that of a hash."""


@dataclass(frozen=True)
class Known:
    """What is known at an instant.

    rows       the occasions of the customers, a sample where there are many
    histories  the same grouped, in weeks
    lesson     gives what the split halfway to the instant tells about silence; None: there is too little before it. A walk of
               its own, taken only where the fallback is asked
    """

    rows: Occasions
    histories: Histories
    lesson: Callable[[], Lesson | None]

    @property
    def repeaters(self) -> int:
        """Customers with a second occasion."""
        return int(np.count_nonzero(self.rows.x))


def known(timelines: Timelines, as_of: AsOf, until: AsOf | None = None, *, most: int | None = SAMPLE) -> Known:
    """What is known as of an instant.

    until  also count what came later, until then · most  of how many customers at most, about; None: of all
    """
    rows = thinned(occasions(timelines, as_of, until=until), most)
    return Known(rows, rows.histories(), partial(_lesson, timelines, as_of, rows, most))


def thinned(rows: Occasions, most: int | None) -> Occasions:
    """Every n-th row, so that at most `most` are left; None: all rows."""
    step = 1 if most is None else -(-len(rows) // most)
    if step <= 1:
        return rows
    places = np.arange(0, len(rows), step)
    names = ("segment", "first", "last", "x", "orders", "money", "repeat_money", "gap_squares", "later_x", "later_money")
    return replace(rows, ids=rows.ids.take(pa.array(places)), **{name: getattr(rows, name)[places] for name in names})


def halfway(rows: Occasions) -> date | None:
    """The date halfway between the first occasion of all and the last day of watching; None where there is none between."""
    if not len(rows):
        return None
    first, last = int(rows.first.min()), rows.day
    middle = (first + last) // 2
    return date_of(middle) if first < middle < last else None


def _lesson(timelines: Timelines, as_of: AsOf, rows: Occasions, most: int | None) -> Lesson | None:
    split = halfway(rows)
    if split is None:
        return None
    then = thinned(occasions(timelines, timelines.as_of(split), until=as_of), most)
    if len(then) < timelines.settings.small_group:
        return None
    histories = then.histories()
    return Lesson(histories, then.later_x, (then.until - then.day) / histories.unit_days)


def competitors(histories: Histories) -> dict[str, Buying]:
    """The models that compete, fitted to the same histories."""
    return {name: import_module(module).fitted(histories) for name, module in CANDIDATES.items()}


def fallback(found: Known) -> Empirical:
    """NBD with silence, fitted."""
    from holdfast.analyses.models.empirical import fitted

    return fitted(found.histories, found.lesson())


def plain(found: Known, base: Empirical) -> PlainRate:
    """The plain rate, with the P(alive) of the fallback."""
    from holdfast.analyses.models.plain_rate import fitted

    return fitted(found.histories, base)
