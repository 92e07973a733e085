"""Cutting customers into strata: in which respects they are held alike, and how finely the data allow.

tenure    the period of the entry: months, coarser where a period would hold few customers
basket    the first order of the first days: none, or the third of all such orders that its money falls in
activity  the weight of the events in the first days (`weights_of`), in levels that grow by 5 %, or by more where customers are
          few or so many behaviours are compared that finer ones would not fit

Strata may be sparse: the pooled difference and its test stand on all of them together, and those with one group alone drop out.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.drivers.walk import Strata
from holdfast.timelines.periods import Periods, Unit

if TYPE_CHECKING:
    from holdfast.analyses.first_days import Window
    from holdfast.timelines.timelines import Timelines
    from holdfast.timelines.walk import Tally

__all__ = ["ADJUSTABLE", "EVERYONE_ALIKE", "strata_of"]

ADJUSTABLE = ("tenure", "basket", "activity")

A_PERIOD, A_STRATUM = 200, 10
"""How many customers a period, and a stratum, should hold on average."""

GROWTH = (1.05, 1.1, 1.2, 1.35, 1.5, 2.0, 3.0, 10.0)
"""By how much the number of events grows from a level to the next, finest first; small numbers are levels of their own."""

MOST_CELLS = 1 << 20
"""Strata times tests of one walk: two counts each, kept once a shard."""

LEAST_LEVELS = 8
UNITS: tuple[Unit, ...] = ("month", "quarter", "year")

EVERYONE_ALIKE = Strata(np.zeros(1, np.int32), 1, (), False, np.zeros(1, np.int32), 1)
"""One stratum that holds everyone."""


def strata_of(
    adjust: tuple[str, ...], timelines: Timelines, window: Window, look: Tally, tests: int
) -> tuple[Strata, dict[str, Any]]:
    """The strata, and what a definition says about them.

    look   the sums of a `LookStep` · tests  how many tests will share the strata: more tests, coarser strata
    """
    sizes, n = look.sums["activity"], int(look.sums["activity"].sum())
    room = max(1, MOST_CELLS // max(tests, 1))
    by_basket = "basket" in adjust and len(look.rows["baskets"]) > 0
    baskets = _thirds(look.rows["baskets"]) if by_basket else ()
    held = len(baskets) + 2 if by_basket else 1
    unit, periods = _periods(timelines, window, n, room // held) if "tenure" in adjust else (None, None)
    count = 1 if periods is None else len(periods)
    most = min(room // (count * held), max(LEAST_LEVELS, n // (A_STRATUM * count * held)))
    levels = _levels(sizes, most) if "activity" in adjust else np.zeros(1, np.int32)
    table = np.zeros(1, np.int32) if periods is None else np.maximum(periods.of_day(), 0)
    strata = Strata(table, count, baskets, by_basket, levels, int(levels.max()) + 1)
    return strata, {"alike in": _said(unit, held, strata.levels, "activity" in adjust)}


def _thirds(money: npt.NDArray[np.int64]) -> tuple[int, ...]:
    """Where the second and the last third of the first orders begin; equal values stay in one third."""
    if not len(money):
        return ()
    cuts = np.quantile(money, [1 / 3, 2 / 3], method="higher")
    return tuple(sorted({int(cut) for cut in cuts if cut > money.min()}))


def _periods(timelines: Timelines, window: Window, n: int, room: int) -> tuple[Unit | None, Periods | None]:
    """The entries' months, or the first coarser periods that hold enough customers; none where even years are too many."""
    first = timelines.zone.day_at(timelines.meta.first_second)
    last = max(window.as_of.day - window.first_days - window.horizon_days, first)
    for unit in UNITS:
        periods = Periods.covering(unit, first, last, timelines.settings.week_start)
        if len(periods) == 1 or (len(periods) * A_PERIOD <= n and len(periods) * LEAST_LEVELS <= room):
            return unit, periods
    return None, None


def _levels(sizes: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.int32]:
    """The level of each weight of events, the finest growth that gives at most `most` levels with customers in them.

    sizes  customers by the weight of their events
    """
    table = np.zeros(len(sizes), np.int32)
    for growth in GROWTH:
        edges, edge = [0], 1
        while edge < len(sizes):
            edges.append(edge)
            edge = max(edge + 1, int(edge * growth))
        held = [sizes[begin:end].sum() > 0 for begin, end in pairwise([*edges, len(sizes)])]
        table = np.repeat(np.maximum(np.cumsum(held) - 1, 0), np.diff([*edges, len(sizes)])).astype(np.int32)
        if sum(held) <= most:
            break
    return table


def _said(unit: Unit | None, held: int, levels: int, by_activity: bool) -> str:
    parts = [] if unit is None else [f"{unit} of entry"]
    parts += [f"first order ({held} groups)"] if held > 1 else []
    parts += [f"activity of the first days ({levels} levels)"] if by_activity else []
    return ", ".join(parts) or "nothing"
