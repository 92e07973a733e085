"""After how many silent days a customer counts as gone, suggested from the data, also per segment (DESIGN 6, MISSION 4.22).

Every customer's gaps between consecutive counting orders are waits that ended; the last, open one is a wait that is censored at
the as-of. Kaplan-Meier over all of them gives the share of waits that have ended by day d. The suggestion is the first day by
which nine in ten of the returns have come that come at all within the horizon, the longest wait that at least thirty gaps have
reached. Products differ (a planner is opened every week, an invoice written every month): each segment can have its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.bridge_walks import Counting, Days, counting_of
from holdfast.analyses.definitions import counted, defined, scope_rules
from holdfast.analyses.gone_after_tables import Group, curves, figure_rows, notes, suggestions, words
from holdfast.analyses.scope import Condition, Scope, last_events, segment_code
from holdfast.errors import UsageError
from holdfast.timelines.attributes import Moment
from holdfast.timelines.walk import Shard, Tally
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["EXPECTED", "FALLBACK", "Curve", "GapStep", "GoneAfter", "Resolved", "gap_curve", "resolve_gone_after"]

EXPECTED = 0.9
"""The share of the expected returns that have come by the suggested day."""

ENOUGH = 30
"""Closed gaps needed for a suggestion, and gaps still waiting at the horizon."""

FALLBACK = 90
"""Days, where the data cannot say."""

MOST_SEGMENTS = 1_000
"""Segments with a curve each; every one has a count for every day of the data."""


@dataclass(frozen=True)
class Curve:
    """Kaplan-Meier over waiting times in whole days.

    at_risk, ended, censored  int64 per day 0, 1, 2, …: waits that reached the day, that ended on it, that are known only so far
    waiting                   float64 per day: the share that waits longer
    """

    at_risk: npt.NDArray[np.int64]
    ended: npt.NDArray[np.int64]
    censored: npt.NDArray[np.int64]
    waiting: npt.NDArray[np.float64]


def gap_curve(ended: npt.NDArray[np.int64], censored: npt.NDArray[np.int64]) -> Curve:
    """The curve of counts per day; a wait that ended on a day goes before one censored on it."""
    left = (ended + censored)[::-1].cumsum()[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        stay = np.where(left > 0, 1 - ended / left, 1.0)
    return Curve(left, ended, censored, np.cumprod(stay, dtype=np.float64))


@dataclass(frozen=True)
class Resolved:
    """The days after which a customer counts as gone, and where they come from.

    days     1 or more · how  "chosen" in the question or settings, "suggested" from the data, or "fallback"
    why      one sentence
    horizon  longest wait that at least thirty gaps have reached; None unless suggested
    """

    days: int
    how: Literal["chosen", "suggested", "fallback"]
    why: str
    horizon: int | None = None

    def rule(self) -> str:
        """The value for a definition's rules."""
        return f"{self.days} days ({self.how})"


def resolve_gone_after(timelines: Timelines, as_of: AsOf, chosen: int | None = None) -> Resolved:
    """The chosen days, else those of the settings, else those suggested by the data; kept with the timelines."""
    chosen = chosen if chosen is not None else timelines.settings.gone_after
    if chosen is not None:
        return Resolved(chosen, "chosen", f"a customer counts as gone after {chosen} days, as chosen")
    counting = counting_of(timelines.settings, timelines.meta, as_of.until)
    key = ("gone_after", counting)
    if key not in timelines.source.kept:
        timelines.source.kept[key] = _suggest(*_gaps(timelines, as_of, counting))
    found: Resolved = timelines.source.kept[key]
    return found


def _suggest(curve: Curve, waits: int, instead: Resolved | None = None, small: int = 0) -> Resolved:
    """The days that a curve suggests.

    instead  what all customers count with, for a part of them that is too small to say; None: FALLBACK
    small    customers below whom a part is too small
    """
    customers = int(curve.censored.sum())
    if waits < ENOUGH or customers < small:
        ended = f"{counted(waits, 'gap')} {'has' if waits == 1 else 'have'} ended"
        few = ended if waits < ENOUGH else f"{counted(customers, 'customer')} to learn from"
        days = FALLBACK if instead is None else instead.days
        assumed = f"{days} days" if instead is None else f"the {days} days of all customers"
        return Resolved(days, "fallback", f"only {few}, too few to suggest from; {assumed} are assumed")
    horizon = int(np.flatnonzero(curve.at_risk >= ENOUGH)[-1])
    returned = 1 - curve.waiting
    days = max(1, int(np.flatnonzero(returned >= EXPECTED * returned[horizon] - 1e-12)[0]))
    why = f"{100 * EXPECTED:.0f} % of the returns to be expected within {horizon} days come within {days} days"
    return Resolved(days, "suggested", why, horizon)


def _gaps(timelines: Timelines, as_of: AsOf, counting: Counting) -> tuple[Curve, int]:
    return _curve(timelines.walk(_step(timelines, as_of, counting, Scope())), 0)


def _curve(tally: Tally, code: int) -> tuple[Curve, int]:
    """The curve of a segment, and how many of its gaps have ended."""
    ended = tally.sums["ended"][code]
    return gap_curve(ended, tally.sums["open"][code]), int(ended.sum())


def _step(timelines: Timelines, as_of: AsOf, counting: Counting, scope: Scope) -> GapStep:
    last = day_of(as_of.last)
    span = last - min(timelines.zone.day_at(timelines.meta.first_second), last) + 2
    segments = len(scope.labels(timelines))
    if segments > MOST_SEGMENTS:
        raise UsageError(f"{scope.by} has {segments:,} values", f"split by a property of at most {MOST_SEGMENTS:,}")
    return GapStep(counting, scope, as_of, last, span, segments)


@dataclass(frozen=True)
class GapStep:
    """Waits between consecutive counting events, per segment and day of length: ended, and open at the last day.

    last   day index of the as-of's last day · span  number of day lengths
    above  days per segment: mark those whose open wait is longer (side "gone") or not ("here"); None: nobody
    only   code of the segment to mark in; -1: all
    """

    counting: Counting
    scope: Scope
    as_of: AsOf
    last: int
    span: int
    segments: int
    above: tuple[int, ...] | None = None
    side: Literal["gone", "here"] = "gone"
    only: int = -1

    def __call__(self, shard: Shard) -> Tally:
        """The waits of a shard."""
        days = self.counting.days(shard, entries=not self.scope.trivial)
        segment = self._segments(shard, days)
        ended, still = np.zeros((2, self.segments, self.span), np.int64)
        wait = np.full(shard.high - shard.low, -1, np.int32)
        _count_gaps(days.offsets, days.day, self.last, segment, ended, still, wait)
        rows: dict[str, Any] = {}
        if self.above is not None:
            longer = wait > np.array(self.above, np.int32)[segment]
            asked = (wait >= 0) if self.only < 0 else (wait >= 0) & (segment == self.only)
            rows["ids"] = shard.ids(asked & (longer == (self.side == "gone")))
        return Tally({"ended": ended, "open": still}, rows)

    def _segments(self, shard: Shard, days: Days) -> npt.NDArray[np.int32]:
        if self.scope.trivial:
            return np.zeros(shard.high - shard.low, np.int32)
        if self.scope.moment == "current":
            return self.scope.segments(shard, last_events(shard, self.as_of, days.entry >= 0))
        return self.scope.segments(shard, days.entry)


@njit(cache=True, nogil=True)
def _count_gaps(offsets: Any, day: Any, last: int, segment: Any, ended: Any, still: Any, wait: Any) -> None:
    for customer in range(len(offsets) - 1):
        own = segment[customer]
        start, stop = offsets[customer], offsets[customer + 1]
        if own < 0 or stop == start:
            continue
        for i in range(start + 1, stop):
            ended[own, max(np.int64(day[i]) - np.int64(day[i - 1]), 0)] += 1
        wait[customer] = max(last - np.int64(day[stop - 1]), 0)
        still[own, wait[customer]] += 1


@dataclass(frozen=True)
class GoneAfter(Question):
    """After how many days without a counting event does a customer count as gone?

    as_of  the instant up to which rows count
    by, where, moment  segments and conditions as in `Bridge`, at the first counting event: each segment has its own days. One
                       with too few gaps or customers to say takes the days that all customers count with.

    Table: a row per segment and day of waiting up to the segment's horizon: segment, day, at_risk (gaps that reached it),
    returned (gaps that ended on it), censored, waiting (share that waits longer, Kaplan-Meier), share_returned,
    share_of_expected, gone_after (the segment's suggestion). Extra table "suggestions", the largest segment first: segment,
    gone_after, how, horizon, closed_gaps, customers, gone (silent longer), here, note. People: what="gone" or "here", segment=…
    """

    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def answer(self, timelines: Timelines) -> Answer:
        """Suggest the days from the gaps between counting events, of each segment on its own."""
        step = self._step(timelines)
        groups = self._groups(timelines, step)
        used = resolve_gone_after(timelines, step.as_of)
        largest = sorted((group for group in groups if len(groups) == 1 or group.customers), key=lambda one: -one.customers)
        counting = step.counting
        rules = {"counting events": counting.words(), "refunds": counting.mode, "waits": "the open last one censored"}
        return Answer(
            question=self,
            words=words(largest),
            table=curves([group for group in groups if group in largest]),
            definition=defined(
                timelines, step.as_of, title="When does a customer count as gone?", text=_TEXT,
                rules=rules | scope_rules(step.scope, "first counting event" if counting.names else "first order"),
                n=sum(group.customers for group in groups), names=counting.names or ("Order Completed",),
            ),
            source=timelines,
            notes=notes(largest, used, not step.scope.trivial),
            extra={"suggestions": suggestions(largest, used)},
        )  # fmt: skip

    def _step(self, timelines: Timelines) -> GapStep:
        as_of = timelines.as_of(self.as_of)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        return _step(timelines, as_of, counting_of(timelines.settings, timelines.meta, as_of.until), scope)

    def _groups(self, timelines: Timelines, step: GapStep) -> list[Group]:
        """Every segment by code, also those without customers."""
        tally = timelines.walk(step)
        instead, small = None, 0
        if not step.scope.trivial:
            instead, small = resolve_gone_after(timelines, step.as_of), timelines.settings.small_group
        groups = []
        for code, label in enumerate(step.scope.labels(timelines)):
            curve, waits = _curve(tally, code)
            groups.append(Group(label, curve, waits, _suggest(curve, waits, instead, small)))
        return groups

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Those who have been silent longer than their segment's days (what="gone") or not (what="here"); segment=…"""
        checked_cell(cell, "what", "segment")
        side = cell.get("what", "gone")
        checked_choice("what", side, ("gone", "here"))
        step = self._step(timelines)
        only = segment_code(step.scope, timelines, cell.get("segment"))
        above = tuple(group.found.days for group in self._groups(timelines, step))
        ids = timelines.walk(replace(step, above=above, side=side, only=only)).rows["ids"].to_pylist()
        return People(tuple(sorted(ids)), {**cell, "what": side})

    def figure(self, answer: Answer) -> go.Figure:
        """The share of expected returns seen by day, with the suggested day marked; a curve per segment."""
        from holdfast.charts.lines import threshold_curve, threshold_curves

        drawn = figure_rows(answer.table, answer.extra["suggestions"])
        title = "How long until those who come back have come back"
        x, y = "days since the last order", "share of expected returns"
        if self.by is not None:
            return threshold_curves(drawn, title=title, subtitle=answer.words, x=x, y=y)
        one = drawn[0]
        return threshold_curve(one["days"], one["shares"], one["at"], title=title, subtitle=answer.words, x=x, y=y)


_TEXT = (
    "Waits are the days between a customer's consecutive counting events; the one since the last is censored at the as-of. "
    "Kaplan-Meier gives the share of waits that have ended by each day. The horizon is the longest wait that at least 30 have "
    "reached; the suggestion is the first day by which 90 % of the returns within the horizon have come. Each segment has its "
    "own; one with fewer than 30 closed gaps, or too small a group, takes the days that all customers count with."
)
