"""Do customers order again, and how soon (SEMANTICS 16, MISSION 3.3).

The rate of a second order within d days is taken only over customers who could be watched for d days. Kaplan-Meier uses the
rest
as well: a customer without a second order is a wait that is censored at the as-of, as is the open last gap of every customer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from holdfast.analyses.answer import Answer, People, Question, checked_cell
from holdfast.analyses.definitions import defined, percent, scope_rules
from holdfast.analyses.rates import rate
from holdfast.analyses.scope import Condition, Scope, segment_code
from holdfast.analyses.statistics import Survival, kaplan_meier
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import RefundMode
from holdfast.timelines.attributes import Moment
from holdfast.timelines.walk import Shard, Tally
from holdfast.timelines.zone import DAY, day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["Repeat", "RepeatStep"]

WITHIN = (30, 60, 90, 180, 365)
WHATS = ("customers", "repeat", "single", "eligible", "second", "no_second")
"""Whom a number counts: with an order; two or more; one; watched for d days; of those with a second order by then, without."""


@dataclass(frozen=True)
class RepeatStep:
    """Counts of one shard, per segment.

    Sums: customers, repeat [segments]; eligible, second [segments, days]; first_ended, first_open, gap_ended, gap_open
    [segments, span] by whole local days.
    last    day index of the as-of's last day · span  number of day lengths
    number, at, only  place in WHATS, place in `within` and segment code (-1: all) of the people to name; -1: nobody
    """

    scope: Scope
    as_of: AsOf
    mode: RefundMode
    within: tuple[int, ...]
    last: int
    span: int
    segments: int
    number: int = -1
    at: int = -1
    only: int = -1

    def __call__(self, shard: Shard) -> Tally:
        """The repeat orders of a shard."""
        bought = shard.source.purchases(self.as_of.until, self.mode)
        segment = self.scope.by_first_order(shard, self.as_of, self.mode)
        customers = np.zeros((self.segments, 2), np.int64)
        within = np.zeros((self.segments, len(self.within), 2), np.int64)
        waits = np.zeros((self.segments, 4, self.span), np.int64)
        mark = np.zeros(0 if self.number < 0 else len(segment), np.uint8)
        _walk_repeat(
            shard.low, shard.high, bought.offsets, bought.day, bought.second, segment,
            np.array(self.within, np.int64) * DAY, self.as_of.until, self.last,
            customers, within, waits, self.number, self.at, self.only, mark,
        )  # fmt: skip
        rows: dict[str, Any] = {"ids": shard.ids(mark)} if self.number >= 0 else {}
        return Tally({"customers": customers, "within": within, "waits": waits}, rows)


@njit(cache=True, nogil=True)
def _walk_repeat(
    low: int, high: int, offsets: Any, day: Any, second: Any, segment: Any, spans: Any, until: int, last: int,
    customers: Any, within: Any, waits: Any, number: int, at: int, only: int, mark: Any,
) -> None:  # fmt: skip
    for customer in range(low, high):
        own = segment[customer - low]
        start, stop = offsets[customer], offsets[customer + 1]
        if own < 0 or start == stop:
            continue
        many = stop - start > 1
        customers[own, 0] += 1
        customers[own, 1] += many
        asked = len(mark) > 0 and (only < 0 or only == own)
        if asked and (number == 0 or (number == 1 and many) or (number == 2 and not many)):
            mark[customer - low] = 1
        begun = np.int64(second[start])
        for place in range(len(spans)):
            if begun + spans[place] > until:
                continue
            again = many and np.int64(second[start + 1]) - begun <= spans[place]
            within[own, place, 0] += 1
            within[own, place, 1] += again
            if asked and place == at and (number == 3 or (number == 4 and again) or (number == 5 and not again)):
                mark[customer - low] = 1
        for i in range(start + 1, stop):
            wait = max(np.int64(day[i]) - np.int64(day[i - 1]), 0)
            waits[own, 2, wait] += 1
            if i == start + 1:
                waits[own, 0, wait] += 1
        still = max(last - np.int64(day[stop - 1]), 0)
        waits[own, 3, still] += 1
        if not many:
            waits[own, 1, still] += 1


@dataclass(frozen=True)
class Repeat(Question):
    """What share of customers ordered a second time, by when, and how long lies between orders.

    within  days after the first order, each n x 24 h
    as_of, by, where, moment  as in `Bridge`; segments are those of the first counting order

    Table: a row per segment and number of days with segment, days, n (customers watched for that long), second (of those, with
    a
    second order by then), rate, low, high (Wilson) and km_rate, km_low, km_high (Kaplan-Meier, all customers, local days).
    Extra tables: "summary" (a row per segment: customers, repeat, repeat_share with interval, first_to_second_days (median with
    interval), gap_days (median with interval, open gaps censored), closed_gap_days (median of closed gaps only), gaps), and
    "curve" (Kaplan-Meier of the second order, all segments together: day, share).
    People: what="eligible" | "second" | "no_second" with days=…, what="customers" | "repeat" | "single"; segment=…
    """

    within: tuple[int, ...] = WITHIN
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        if not self.within or any(days < 1 for days in self.within):
            raise UsageError(f"within cannot be {self.within}", "give whole days, 1 or more")

    def answer(self, timelines: Timelines) -> Answer:
        """Walk once and count."""
        step = self._step(timelines)
        sums = timelines.walk(step).sums
        labels = step.scope.labels(timelines)
        chosen = [code for code in range(len(labels)) if len(labels) == 1 or sums["customers"][code, 0]]
        seconds = {code: _curve(sums["waits"][code, 0], sums["waits"][code, 1]) for code in chosen}
        summary = pa.Table.from_pylist([_summary(labels[code], sums, code, seconds[code]) for code in chosen], SUMMARY)
        rows = [row for code in chosen for row in self._rows(labels[code], sums["within"][code], seconds[code])]
        n = int(sums["customers"][:, 0].sum())
        rules = {"clock": "elapsed", "second order": "n x 24 h from the first", "refunds": step.mode, **scope_rules(step.scope)}
        whole = _curve(sums["waits"][:, 0].sum(axis=0), sums["waits"][:, 1].sum(axis=0))
        return Answer(
            question=self,
            words=_words(rows, summary.to_pylist()),
            table=pa.Table.from_pylist(rows, SCHEMA),
            definition=defined(timelines, step.as_of, title="Do customers order again?", text=_TEXT, rules=rules, n=n),
            source=timelines,
            notes=_notes(rows, timelines.settings.small_group),
            extra={"summary": summary, "curve": pa.table({"day": whole.time, "share": 1 - whole.survival})},
        )

    def _rows(self, label: str, within: npt.NDArray[np.int64], curve: Survival) -> list[dict[str, Any]]:
        rows = []
        for place, days in enumerate(self.within):
            n, second = (int(value) for value in within[place])
            found = rate(second, n)
            row: dict[str, Any] = {"segment": label, "days": days, "n": n, "second": second}
            stay = curve.at(days) if n else (None, None, None)
            km = [None if value is None else 1 - value for value in (stay[0], stay[2], stay[1])]
            rates = {"rate": found.share, "low": found.low, "high": found.high}
            rows.append({**row, **rates, "km_rate": km[0], "km_low": km[1], "km_high": km[2]})
        return rows

    def _step(self, timelines: Timelines) -> RepeatStep:
        as_of = timelines.as_of(self.as_of)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        last = day_of(as_of.last)
        span = last - min(timelines.zone.day_at(timelines.meta.first_second), last) + 2
        return RepeatStep(scope, as_of, timelines.settings.refunds, self.within, last, span, len(scope.labels(timelines)))

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who ordered again, or did not, within days= of those watched that long; or with two orders or one."""
        checked_cell(cell, "days", "what", "segment")
        what, days = cell.get("what", "second"), cell.get("days", self.within[0])
        if what not in WHATS:
            raise UnknownName("count of the repeat orders", str(what), WHATS)
        if str(days) not in {str(known) for known in self.within}:
            raise UnknownName("number of days", str(days), [str(known) for known in self.within])
        step = self._step(timelines)
        at, only = self.within.index(int(days)), segment_code(step.scope, timelines, cell.get("segment"))
        tally = timelines.walk(replace(step, number=WHATS.index(what), at=at, only=only))
        return People(tuple(sorted(tally.rows["ids"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The share with a second order by day (Kaplan-Meier) and the rates of those watched; segments as lines."""
        from holdfast.charts.lines import series_lines, step_curve

        rows = answer.table.to_pylist()
        title = "How soon customers order again"
        if len({row["segment"] for row in rows}) > 1:
            return series_lines(rows, "days", "rate", "segment", title=title, subtitle=answer.words, unit="share")
        curve, points = answer.extra["curve"], [{**row, "share": row["rate"]} for row in rows]
        return step_curve(
            [0, *curve["day"].to_pylist()], [0, *curve["share"].to_pylist()], title=title, subtitle=answer.words,
            x="days since the first order", y="share with a second order", points=points,
        )  # fmt: skip


_TEXT = (
    "Second order within d days: of the customers whose first counting order lies at least d x 24 h before the as-of, those "
    "whose "
    "second came no later than d x 24 h after it; Wilson 95 % interval. Kaplan-Meier uses everyone, a customer without a "
    "second order "
    "being censored at the as-of. Time between orders: the Kaplan-Meier median over all gaps in local days, the open last gap "
    "of each "
    "customer censored; the median of closed gaps alone is shorter and named so. Repeat share: customers with two or more "
    "orders."
)

SCHEMA = pa.schema(
    [
        ("segment", pa.string()),
        *((name, pa.int64()) for name in ("days", "n", "second")),
        *((name, pa.float64()) for name in ("rate", "low", "high", "km_rate", "km_low", "km_high")),
    ]
)
_MEDIANS = (
    "first_to_second_days",
    "first_to_second_low",
    "first_to_second_high",
    "gap_days",
    "gap_low",
    "gap_high",
    "closed_gap_days",
)
SUMMARY = pa.schema(
    [
        ("segment", pa.string()),
        *((name, pa.int64()) for name in ("customers", "repeat")),
        *((name, pa.float64()) for name in ("repeat_share", "repeat_low", "repeat_high", *_MEDIANS)),
        ("gaps", pa.int64()),
    ]
)


def _curve(ended: npt.NDArray[np.int64], still: npt.NDArray[np.int64]) -> Survival:
    days = np.arange(len(ended))
    happened = np.repeat(np.array([1, 0]), len(days))
    weight = np.concatenate([ended, still])
    return kaplan_meier(np.tile(days, 2)[weight > 0], happened[weight > 0], weight[weight > 0])


def _summary(label: str, sums: dict[str, Any], code: int, second: Survival) -> dict[str, Any]:
    customers, again = (int(value) for value in sums["customers"][code])
    share, ended = rate(again, customers), sums["waits"][code, 2]
    medians = (*second.quantile(), *_curve(ended, sums["waits"][code, 3]).quantile(), _closed_median(ended))
    named: dict[str, Any] = dict(zip(_MEDIANS, medians, strict=True))
    return {
        "segment": label, "customers": customers, "repeat": again, "repeat_share": share.share,
        "repeat_low": share.low, "repeat_high": share.high, **named, "gaps": int(ended.sum()),
    }  # fmt: skip


def _closed_median(ended: npt.NDArray[np.int64]) -> float | None:
    """The median of counts per day; of an even number the mean of the middle two."""
    total = int(ended.sum())
    if not total:
        return None
    reached = ended.cumsum()
    low, high = (int(np.searchsorted(reached, place, side="right")) for place in ((total - 1) // 2, total // 2))
    return (low + high) / 2


def _words(rows: list[dict[str, Any]], summary: list[dict[str, Any]]) -> str:
    some = [row for row in rows if row["rate"] is not None]
    if not some:
        return "No customer has been watched long enough to tell whether she orders again."
    days = 90 if any(row["days"] == 90 for row in some) else some[0]["days"]
    told = sorted((row for row in some if row["days"] == days), key=lambda row: -row["n"])[:4]
    if len(summary) > 1:
        return (
            f"Second order within {days} days: " + ", ".join(f"{row['segment']} {percent(row['rate'])}" for row in told) + "."
        )
    only = summary[0]
    gap = only["gap_days"]
    between = "" if gap is None else f" Half of all waits for the next order end within {gap:.0f} days."
    return (
        f"{percent(told[0]['rate'], told[0]['low'], told[0]['high'])} of customers order a second time within {days} days "
        f"(n {told[0]['n']:,}); {percent(only['repeat_share'])} have ordered again by now.{between}"
    )


def _notes(rows: list[dict[str, Any]], small: int) -> tuple[str, ...]:
    notes = []
    for days in sorted({row["days"] for row in rows if row["n"] == 0}):
        notes.append(f"not everyone can be watched for {days} days: where n is 0 the rate is not known")
    if any(0 < row["n"] < small for row in rows):
        notes.append(f"some rates stand on fewer than {small} customers: read them with their intervals")
    return tuple(notes)
