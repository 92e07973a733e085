"""After how many silent days a customer counts as gone, suggested from the data (DESIGN 6, MISSION 4.22).

Every customer's gaps between consecutive counting orders are waits that ended; the last, open one is a wait that is censored at
the as-of. Kaplan-Meier over all of them gives the share of waits that have ended by day d. The suggestion is the first day by
which nine in ten of the returns have come that come at all within the horizon, the longest wait that at least thirty gaps have
reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.bridge_walks import Counting, counting_of
from holdfast.analyses.definitions import defined
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


def _suggest(curve: Curve, waits: int) -> Resolved:
    if waits < ENOUGH:
        why = f"only {waits} gaps have ended, too few to suggest from; {FALLBACK} days are assumed"
        return Resolved(FALLBACK, "fallback", why)
    horizon = int(np.flatnonzero(curve.at_risk >= ENOUGH)[-1])
    returned = 1 - curve.waiting
    days = max(1, int(np.flatnonzero(returned >= EXPECTED * returned[horizon] - 1e-12)[0]))
    why = f"{100 * EXPECTED:.0f} % of the returns to be expected within {horizon} days come within {days} days"
    return Resolved(days, "suggested", why, horizon)


def _gaps(timelines: Timelines, as_of: AsOf, counting: Counting) -> tuple[Curve, int]:
    zone = timelines.zone
    last = day_of(as_of.last)
    first = min(zone.day_at(timelines.meta.first_second), last)
    tally = timelines.walk(GapStep(counting, last, last - first + 2))
    return gap_curve(tally.sums["ended"], tally.sums["open"]), int(tally.sums["ended"].sum())


@dataclass(frozen=True)
class GapStep:
    """Waits between consecutive counting events, per day of length: ended, and open at the last day.

    last   day index of the as-of's last day · span  number of day lengths
    above  mark those whose open wait is longer than this (side "gone") or not ("here"); None: nobody
    """

    counting: Counting
    last: int
    span: int
    above: int | None = None
    side: Literal["gone", "here"] = "gone"

    def __call__(self, shard: Shard) -> Tally:
        """The waits of a shard."""
        days = self.counting.days(shard)
        ended, still = np.zeros(self.span, np.int64), np.zeros(self.span, np.int64)
        wait = np.full(shard.high - shard.low, -1, np.int32)
        _count_gaps(days.offsets, days.day, self.last, ended, still, wait)
        rows: dict[str, Any] = {}
        if self.above is not None:
            rows["ids"] = shard.ids((wait >= 0) & ((wait > self.above) == (self.side == "gone")))
        return Tally({"ended": ended, "open": still}, rows)


@njit(cache=True, nogil=True)
def _count_gaps(offsets: Any, day: Any, last: int, ended: Any, still: Any, wait: Any) -> None:
    for customer in range(len(offsets) - 1):
        start, stop = offsets[customer], offsets[customer + 1]
        if stop == start:
            continue
        for i in range(start + 1, stop):
            ended[max(np.int64(day[i]) - np.int64(day[i - 1]), 0)] += 1
        wait[customer] = max(last - np.int64(day[stop - 1]), 0)
        still[wait[customer]] += 1


@dataclass(frozen=True)
class GoneAfter(Question):
    """After how many days without a counting event does a customer count as gone?

    as_of  the instant up to which rows count

    Table: a row per day of waiting up to the horizon: day, at_risk (gaps that reached it), returned (gaps that ended on it),
    censored, waiting (share that waits longer, Kaplan-Meier), share_returned, share_of_expected. Extra table "suggestion": the
    days, how they were found, gaps, and how many customers wait longer (gone) or not (here). People: what="gone" or "here".
    """

    as_of: date | datetime | str | None = None

    def answer(self, timelines: Timelines) -> Answer:
        """Suggest the days from the gaps between counting events."""
        as_of = timelines.as_of(self.as_of)
        counting = counting_of(timelines.settings, timelines.meta, as_of.until)
        curve, waits = _gaps(timelines, as_of, counting)
        found = _suggest(curve, waits)
        gone, here = int(curve.censored[found.days + 1 :].sum()), int(curve.censored[: found.days + 1].sum())
        used = resolve_gone_after(timelines, as_of)
        notes: tuple[str, ...] = (found.why,) if found.how == "fallback" else ()
        if used.how == "chosen":
            notes += (f"the settings say {used.days} days, and that is what every answer uses",)
        definition = defined(
            timelines, as_of, title="When does a customer count as gone?", text=_TEXT, n=gone + here,
            rules={"counting events": counting.words(), "refunds": counting.mode, "waits": "the open last one censored"},
            names=counting.names or ("Order Completed",),
        )  # fmt: skip
        return Answer(
            question=self,
            words=_words(found, waits, gone, gone + here),
            table=_table(curve, found),
            definition=definition,
            source=timelines,
            notes=notes,
            extra={"suggestion": _suggestion(found, waits, gone, here)},
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Those who have been silent longer than the suggested days (what="gone") or not (what="here")."""
        checked_cell(cell, "what")
        side = cell.get("what", "gone")
        checked_choice("what", side, ("gone", "here"))
        as_of = timelines.as_of(self.as_of)
        counting = counting_of(timelines.settings, timelines.meta, as_of.until)
        days = _suggest(*_gaps(timelines, as_of, counting)).days
        last = day_of(as_of.last)
        span = last - min(timelines.zone.day_at(timelines.meta.first_second), last) + 2
        ids = timelines.walk(GapStep(counting, last, span, days, side)).rows["ids"].to_pylist()
        return People(tuple(sorted(ids)), {"what": side})

    def figure(self, answer: Answer) -> go.Figure:
        """The share of expected returns seen by day, with the suggested day marked."""
        from holdfast.charts.lines import threshold_curve

        row = answer.extra["suggestion"].to_pylist()[0]
        return threshold_curve(
            answer.table["day"].to_pylist(), answer.table["share_of_expected"].to_pylist(), row["gone_after"],
            title="How long until those who come back have come back", subtitle=answer.words,
            x="days since the last order", y="share of expected returns",
        )  # fmt: skip


_TEXT = (
    "Waits are the days between a customer's consecutive counting events; the one since the last is censored at the as-of. "
    "Kaplan-Meier gives the share of waits that have ended by each day. The horizon is the longest wait that at least 30 have "
    "reached; the suggestion is the first day by which 90 % of the returns within the horizon have come."
)


def _words(found: Resolved, waits: int, gone: int, everyone: int) -> str:
    if found.how == "fallback":
        return f"There are too few repeat orders to tell ({waits} gaps): {found.days} days are assumed."
    return (
        f"Count a customer as gone after {found.days} days of silence: 9 in 10 of those who come back within "
        f"{found.horizon} days have come back by then. {gone:,} of {everyone:,} customers have been silent longer."
    )


def _table(curve: Curve, found: Resolved) -> pa.Table:
    known = np.flatnonzero(curve.at_risk > 0)
    last = found.horizon if found.horizon is not None else int(known[-1]) if len(known) else -1
    part = slice(0, last + 1)
    returned = 1 - curve.waiting[part]
    expected = returned[-1] if len(returned) and returned[-1] > 0 else None
    share = [None] * len(returned) if expected is None else returned / expected
    return pa.table(
        {
            "day": np.arange(last + 1),
            "at_risk": curve.at_risk[part],
            "returned": curve.ended[part],
            "censored": curve.censored[part],
            "waiting": curve.waiting[part],
            "share_returned": returned,
            "share_of_expected": pa.array(share, pa.float64()),
        }
    )


def _suggestion(found: Resolved, waits: int, gone: int, here: int) -> pa.Table:
    row = {"gone_after": found.days, "how": found.how, "horizon": found.horizon, "closed_gaps": waits}
    return pa.Table.from_pylist([{**row, "gone": gone, "here": here}])
