"""A cohort grid in words: the answer in two sentences, the remarks, the definition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from holdfast.analyses.cohorts.grid import COMPLETE, HIDDEN, IN_PROGRESS, Grid
from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.statistics import wilson
from holdfast.events.schema import MONEY_UNITS

if TYPE_CHECKING:
    from holdfast.analyses.cohorts.question import Cohorts

__all__ = ["notes", "text", "words"]

_ENTERS = {
    "first ever": "A customer enters once, at her first {start} ever",
    "first in window": "A customer enters once, at her first {start} within the window, whatever she did before",
    "each period": "A customer enters in every period in which she has {start}, at the first one of that period",
}
_RETURNS = {
    "on": "retained in period k means a return in period k itself",
    "on or after": "retained at period k means a return in period k or any later one up to the as-of",
    "on or before": "retained at period k means a return in any period from 0 to k",
    "every": "retained at period k means a return in each of the periods 1 to k",
}
_CLOCKS = {
    "calendar": "Periods are those of the calendar: k is the difference between the {step}s of the two local dates.",
    "elapsed": "Periods run from each customer's own entry, exact to the second.",
}


def words(question: Cohorts, grid: Grid, labels: Sequence[str], shown: Sequence[int]) -> str:
    """The main rate with its interval, of how many, over how many complete cohorts."""
    if not shown:
        return "Nobody has entered yet: there is no cohort to follow."
    k = _telling(grid)
    n, kept = int(grid.eligible[:, k].sum()), int(grid.kept[:, k].sum())
    if not n:
        entered = int(grid.members.sum())
        have = f"{counted(entered, 'customer')} {'has' if entered == 1 else 'have'}"
        return f"{have} entered; no period is over yet, so every cell is in progress."
    some = (grid.sizes > 0).any(axis=0)
    full = (some & ((grid.states[:, :, k] == COMPLETE) | (grid.sizes == 0)).all(axis=0)).sum()
    entries = counted(n, "entry", "entries") if question.entry == "each period" else counted(n, "customer")
    rate = percent(kept / n, *wilson(kept, n))
    said = f"{rate} of {entries} {_came_back(question, k)}, over {full} complete of {some.sum()} cohorts."
    if question.measure != "customers":
        said += _brought(question, grid, k)
    return said + (_best_and_least(grid, labels, shown, k) if len(shown) > 1 else "")


def _telling(grid: Grid) -> int:
    """Period 1 where it is over for someone, else 0."""
    return 1 if grid.periods > 1 and grid.eligible[:, 1].any() else 0


def _came_back(question: Cohorts, k: int) -> str:
    orders = question.back_events in ((), ("Order Completed",))
    verb = "ordered again" if orders else f"had {_named(question.back_events)} again"
    if question.brackets is not None:
        place = f"{question.bracket_labels()[k]} after"
    elif question.clock == "elapsed":
        place = f"in {question.period} {k} (the first is 0) after"
    elif k == 0:
        place = f"within the {question.period} of"
    else:
        place = f"in the {question.period} after"
    so_far = {"on": "", "on or after": " or later", "on or before": " or sooner", "every": ""}[question.returns]
    first = "their first one" if question.entry == "first ever" else "entry"
    return f"{verb} {place} {first}{so_far}"


def _brought(question: Cohorts, grid: Grid, k: int) -> str:
    complete = (grid.states[:, :, k] == COMPLETE) & (grid.sizes > 0)
    units = grid.money[:, :, : k + 1].sum(axis=2) if question.measure == "cumulative revenue" else grid.money[:, :, k]
    each = int(np.where(complete, units, 0).sum()) / int(grid.eligible[:, k].sum()) / MONEY_UNITS
    until = "up to" if question.measure == "cumulative revenue" else "in"
    return f" They brought {each:,.2f} each {until} {question.step} {k}, net of refunds."


def _best_and_least(grid: Grid, labels: Sequence[str], shown: Sequence[int], k: int) -> str:
    large = [s for s in shown if grid.eligible[s, k] >= 30]
    if len(large) < 2:
        return ""
    ranked = sorted(large, key=lambda s: float(grid.kept[s, k] / grid.eligible[s, k]))
    ends = [f"{labels[s]} {percent(float(grid.kept[s, k] / grid.eligible[s, k]))}" for s in (ranked[-1], ranked[0])]
    return f" Highest {ends[0]}, lowest {ends[1]}, of segments with 30 or more."


def notes(question: Cohorts, grid: Grid, small: int) -> tuple[str, ...]:
    """Remarks: what is cut off, what is still open, what is small."""
    width = grid.periods
    shown = np.broadcast_to((grid.sizes > 0)[:, :, None], (*grid.sizes.shape, width))
    states = grid.states[:, :, :width]
    found = []
    if question.entry == "first in window":
        members = int(grid.members.sum())
        found.append(f"Cut off on the left: {grid.earlier:,} of {members:,} customers had started before the window.")
    if question.entry == "each period":
        found.append('Rows of cohort "all" count each customer once; the curve counts each entry.')
    if moving := int((shown & (states == IN_PROGRESS)).sum()):
        found.append(f"{_cells(moving)} in progress: the time of the last members is not over, and rates can still rise.")
    if hidden := int((shown & (states == HIDDEN)).sum()):
        found.append(f"{_cells(hidden)} not observable yet and left empty, not 0.")
    cohorts = int((grid.sizes > 0).sum())
    if few := int(((grid.sizes > 0) & (grid.sizes < small)).sum()):
        found.append(f"{few:,} of {cohorts:,} cohorts have fewer than {small} customers: read them with their intervals.")
    return tuple(found)


def _cells(n: int) -> str:
    return f"{counted(n, 'cell')} {'is' if n == 1 else 'are'}"


def text(question: Cohorts) -> str:
    """The definition in words."""
    start, back = _named(question.start), _named(question.back_events)
    said = [
        _ENTERS[question.entry].format(start=start) + "; those who enter in the same " + question.period + " are a cohort.",
        f"A return is a later {back} than the entry; {_RETURNS[question.returns]}.",
        _clock(question),
        "A cell is complete when its period is over for the cohort's last member, in progress when it has begun for someone, "
        "else empty.",
        'Cohort "all" pools complete cells: the sum of the retained over the sum of the members. Intervals are Wilson 95 %.',
    ]
    if "Order Completed" in (start, back) or not question.start:
        said.append("Orders refunded in full do not count; a customer whose first order was refunded enters at the next one.")
    if question.measure != "customers":
        said.append("Money is that of orders from the entry on, net of refunds; money before the entry is in no cell.")
    return " ".join(said)


def _clock(question: Cohorts) -> str:
    if question.brackets is not None:
        apart = "local days apart" if question.clock == "calendar" else "24 hours each"
        return f"Periods are brackets of days since entry ({', '.join(question.bracket_labels())}), {apart}."
    return _CLOCKS[question.clock].format(step=question.period)


def _named(names: tuple[str, ...]) -> str:
    if not names or names == ("Order Completed",):
        return "order"
    return "activity" if "any" in names else " or ".join(names)
