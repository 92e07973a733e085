"""The bridge in money: net revenue of a period against the one before, customer by customer (SEMANTICS 13).

A, B  a customer's net revenue in the previous period and in this one; A+ = max(A, 0)
A > 0, B > 0    expansion max(B - A, 0), contraction max(A - B, 0)      A > 0, B <= 0   lost A - B
A <= 0, B > 0   new (her first-ever order in this period) or returned B - A      A <= 0, B <= 0  B - A, by its sign
NRR = (start + expansion - contraction - lost) / start      GRR = sum of min(A+, B+) / sum of A+
quick ratio = (new + returned + expansion) / (contraction + lost)
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from holdfast.analyses.answer import Answer, People, Question, checked_cell
from holdfast.analyses.bridge import Span, span_of
from holdfast.analyses.definitions import defined, percent, scope_rules
from holdfast.analyses.scope import Condition, Scope, money, segment_code
from holdfast.analyses.statistics import Z95
from holdfast.errors import UnknownName
from holdfast.settings import RefundMode
from holdfast.timelines.attributes import Moment
from holdfast.timelines.periods import Periods, Unit
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["MOVES", "MoneyRetention", "MoneyStep", "shown"]

MOVES = ("start", "new", "returned", "expansion", "contraction", "lost", "end", "n")
"""What is summed, in the order of the kernel's rows; n counts customers with money in the previous period."""

_FLOATS = ("nrr_xx", "nrr_xy", "yy", "grr_xx", "grr_xy", "grr_yy")


@dataclass(frozen=True)
class MoneyStep:
    """Sums of one shard: "moves" int64 [segments, periods, MOVES] in ten-thousandths, "caps" the sums of min(A+, B+) and A+.

    days  period per day index, the period before the first asked one being 0, -1 outside
    """

    scope: Scope
    as_of: AsOf
    mode: RefundMode
    days: npt.NDArray[np.int32]
    periods: int
    segments: int
    number: int = -1
    at: int = -1
    only: int = -1

    def __call__(self, shard: Shard) -> Tally:
        """The money of a shard."""
        bought = shard.source.purchases(self.as_of.until, self.mode)
        segment = self._segments(shard)
        moves = np.zeros((self.segments, self.periods, len(MOVES)), np.int64)
        caps = np.zeros((self.segments, self.periods, 2), np.int64)
        squares = np.zeros((self.segments, self.periods, len(_FLOATS)), np.float64)
        mark = np.zeros(0 if self.number < 0 else len(segment), np.uint8)
        _walk_money(
            shard.low, shard.high, bought.offsets, bought.day, bought.amount,
            bought.adjust_offsets, bought.adjust_day, bought.adjust_amount,
            self.days, segment, moves, caps, squares, self.number, self.at, self.only, mark,
        )  # fmt: skip
        rows: dict[str, Any] = {"ids": shard.ids(mark)} if self.number >= 0 else {}
        return Tally({"moves": moves, "caps": caps, "squares": squares, "people": int(np.count_nonzero(segment >= 0))}, rows)

    def _segments(self, shard: Shard) -> npt.NDArray[np.int32]:
        """Everyone with money counts when nothing splits or filters: a refund without an order is money too."""
        if self.scope.trivial:
            return np.zeros(shard.high - shard.low, np.int32)
        return self.scope.by_first_order(shard, self.as_of, self.mode)


@njit(cache=True, nogil=True)
def _walk_money(
    low: int, high: int, offsets: Any, day: Any, amount: Any, ad_offsets: Any, ad_day: Any, ad_amount: Any,
    period_of: Any, segment: Any, moves: Any, caps: Any, squares: Any, number: int, at: int, only: int, mark: Any,
) -> None:  # fmt: skip
    periods = moves.shape[1]
    value = np.zeros(periods + 1, np.int64)
    for customer in range(low, high):
        own = segment[customer - low]
        if own < 0:
            continue
        least, most = periods + 1, -1
        for i in range(offsets[customer], offsets[customer + 1]):
            place = period_of[day[i]]
            if place >= 0:
                value[place] += amount[i]
                least, most = min(least, place), max(most, place)
        for i in range(ad_offsets[customer], ad_offsets[customer + 1]):
            place = period_of[ad_day[i]]
            if place >= 0:
                value[place] += ad_amount[i]
                least, most = min(least, place), max(most, place)
        born = -2
        if offsets[customer] < offsets[customer + 1]:
            born = period_of[day[offsets[customer]]]
        for place in range(max(least, 1), min(most + 1, periods) + 1):
            a, b = value[place - 1], value[place]
            if a == 0 and b == 0:
                continue
            kind = _kind(a, b, born == place)
            row = moves[own, place - 1]
            row[0] += a
            row[6] += b
            row[7] += a > 0
            row[kind] += abs(b - a)
            caps[own, place - 1, 0] += min(max(a, 0), max(b, 0))
            caps[own, place - 1, 1] += max(a, 0)
            _square(squares[own, place - 1], np.float64(a), np.float64(b if not (a <= 0 and b > 0) else a), np.float64(b))
            if len(mark) > 0 and at == place - 1 and (only < 0 or only == own) and _behind(number, kind, a, b):
                mark[customer - low] = 1
        for place in range(max(least, 0), most + 1):
            value[place] = 0


@njit(cache=True, nogil=True)
def _behind(number: int, kind: int, a: int, b: int) -> bool:
    """Whether a customer with A and B is behind that number of MOVES."""
    return (number == 0 and a != 0) or (number == 6 and b != 0) or (number == 7 and a > 0) or (number == kind and b != a)


@njit(cache=True, nogil=True)
def _kind(a: int, b: int, born: bool) -> int:
    """The place in MOVES of what happened between A and B."""
    if a > 0 and b <= 0:
        return 5
    if a <= 0 and b > 0:
        return 1 if born else 2
    return 3 if b >= a else 4


@njit(cache=True, nogil=True)
def _square(row: Any, a: float, x: float, b: float) -> None:
    """Add what the ratio's variance needs: x and a for NRR, min(A+, B+) and A+ for GRR."""
    kept, known = min(max(a, 0.0), max(b, 0.0)), max(a, 0.0)
    row[0] += x * x
    row[1] += x * a
    row[2] += a * a
    row[3] += kept * kept
    row[4] += kept * known
    row[5] += known * known


@dataclass(frozen=True)
class MoneyRetention(Question):
    """How much of last period's money came again, grew, shrank or went.

    period, first, last, as_of, by, where, moment  as in `Bridge`; segments are those of the first counting order

    Table: a row per segment and period with segment, period, state, start, new, returned, expansion, contraction, lost, end
    (money),
    n (customers with money in the previous period), nrr, nrr_low, nrr_high, grr, grr_low, grr_high, quick_ratio and note.
    People: period=…, what="start" | "new" | "returned" | "expansion" | "contraction" | "lost" | "end" | "n", segment=…
    """

    period: Unit = "month"
    first: str | date | None = None
    last: str | date | None = None
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def answer(self, timelines: Timelines) -> Answer:
        """Walk the timelines once and add."""
        step, span = self._step(timelines)
        tally = timelines.walk(step)
        table = _table(tally, step.scope.labels(timelines), span, trim=self.first is None)
        rules = {
            "clock": "calendar",
            "period": self.period,
            "refunds": step.mode,
            "money": "revenue",
            **scope_rules(step.scope),
        }
        return Answer(
            question=self,
            words=_words(table, timelines.settings.currency),
            table=table,
            definition=defined(
                timelines, step.as_of, title="Does the money stay?", text=_TEXT, rules=rules, n=tally.sums["people"]
            ),
            source=timelines,
            notes=_notes(table, timelines.settings.small_group),
        )

    def _step(self, timelines: Timelines) -> tuple[MoneyStep, Span]:
        as_of = timelines.as_of(self.as_of)
        span = span_of(timelines, as_of, self.period, self.first, self.last)
        starts = span.periods.starts
        every = Periods.covering(self.period, int(starts[0]) - 1, int(starts[-1]) - 1, timelines.settings.week_start)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        segments = len(scope.labels(timelines))
        return MoneyStep(scope, as_of, timelines.settings.refunds, every.of_day(), len(span.periods), segments), span

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers whose money a number adds up; n= opens to those with money in the previous period."""
        checked_cell(cell, "period", "what", "segment")
        what = cell.get("what", "end")
        if what not in MOVES:
            raise UnknownName("number of the money bridge", str(what), MOVES)
        step, span = self._step(timelines)
        at = span.place(cell["period"]) if "period" in cell else len(span.periods) - 1
        only = segment_code(step.scope, timelines, cell.get("segment"))
        tally = timelines.walk(replace(step, number=MOVES.index(what), at=at, only=only))
        return People(tuple(sorted(tally.rows["ids"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The latest complete period as a bridge; several segments as net retention over time."""
        from holdfast.charts.bridge import waterfall
        from holdfast.charts.lines import series_lines

        rows = answer.table.to_pylist()
        if len({row["segment"] for row in rows}) > 1:
            title = "Net revenue retention, by period"
            over = [row for row in rows if row["state"] == "complete"] or rows
            return series_lines(over, "period", "nrr", "segment", title=title, subtitle=answer.words, unit="share")
        row = shown(rows)
        parts = [(name, row[name]) for name in MOVES[:-1]] if row else []
        title = f"Where the money of {row['period'] if row else 'the period'} came from"
        return waterfall(parts, title=title, subtitle=answer.words, unit=answer.source.settings.currency)


_TEXT = (
    "Net revenue of each customer in a period (B) against the period before (A): expansion and contraction where both are "
    "above 0, "
    "lost where only A is, new where only B is and her first-ever order falls in the period, returned otherwise. "
    "start + new + returned + expansion - contraction - lost = end, to the cent. NRR = (start + expansion - contraction - "
    "lost) "
    "/ start leaves out new and returned; GRR caps each customer at her start. The 95 % intervals are those of a ratio of "
    "sums over "
    "customers (delta method). Quick ratio = (new + returned + expansion) / (contraction + lost)."
)

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "period", "state")),
        *((name, pa.float64()) for name in MOVES[:-1]),
        ("n", pa.int64()),
        *((name, pa.float64()) for name in ("nrr", "nrr_low", "nrr_high", "grr", "grr_low", "grr_high", "quick_ratio")),
        ("note", pa.string()),
    ]
)


def _table(tally: Tally, labels: tuple[str, ...], span: Span, trim: bool) -> pa.Table:
    moves, caps, squares = (tally.sums[name] for name in ("moves", "caps", "squares"))
    busy = np.flatnonzero(moves.any(axis=(0, 2)))
    from_period = int(busy[0]) if trim and len(busy) else 0
    names = span.periods.labels()
    rows = []
    for code, label in enumerate(labels):
        if len(labels) > 1 and not moves[code].any():
            continue
        for place in range(from_period, len(span.periods)):
            state = "complete" if span.complete[place] else "in progress"
            sums = dict(zip(MOVES, (int(value) for value in moves[code, place]), strict=True))
            rates = _rates(sums, [int(value) for value in caps[code, place]], squares[code, place])
            amounts = {name: money(sums[name]) for name in MOVES[:-1]}
            rows.append({"segment": label, "period": names[place], "state": state, **amounts, "n": sums["n"], **rates})
    return pa.Table.from_pylist(rows, SCHEMA)


def _rates(sums: dict[str, int], caps: list[int], squares: npt.NDArray[np.float64]) -> dict[str, Any]:
    start, gone = sums["start"], sums["contraction"] + sums["lost"]
    kept = start + sums["expansion"] - gone
    nrr = kept / start if start > 0 else None
    grr = caps[0] / caps[1] if caps[1] > 0 else None
    nrr_low, nrr_high = _interval(nrr, sums["n"], start, *(float(value) for value in squares[:3]))
    grr_low, grr_high = _interval(grr, sums["n"], caps[1], *(float(value) for value in squares[3:]))
    gained = sums["new"] + sums["returned"] + sums["expansion"]
    return {
        "nrr": nrr, "nrr_low": nrr_low, "nrr_high": nrr_high, "grr": grr, "grr_low": grr_low,
        "grr_high": None if grr_high is None else min(grr_high, 1.0), "quick_ratio": gained / gone if gone else None,
        "note": "" if start > 0 else "no money in the previous period",
    }  # fmt: skip


def _interval(ratio: float | None, n: int, whole: int, xx: float, xy: float, yy: float) -> tuple[float | None, float | None]:
    """The interval of sum(x) / sum(y) over n customers, not below 0; rounded, because sums of squares depend on their order."""
    if ratio is None or n < 2:
        return None, None
    spread = max(xx - 2 * ratio * xy + ratio * ratio * yy, 0.0) * n / (n - 1)
    half = Z95 * math.sqrt(spread) / whole
    return round(max(ratio - half, 0.0), 9), round(ratio + half, 9)


def shown(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The row that the words tell about: of the last complete period with money before it in any segment, else of the last."""
    some = [row for row in rows if row["nrr"] is not None]
    over = [row for row in some if row["state"] == "complete"]
    return max(over or some, key=lambda row: str(row["period"]), default=None)


def _words(table: pa.Table, currency: str) -> str:
    rows = table.to_pylist()
    row = shown(rows)
    if row is None:
        return "No period follows one with money, so there is nothing to keep yet."
    same = [other for other in rows if other["period"] == row["period"]]
    if len(same) > 1:
        largest = sorted(same, key=lambda other: -(other["start"] or 0))[:4]
        return (
            f"Net revenue retention in {row['period']}: "
            + ", ".join(f"{o['segment']} {percent(o['nrr'])}" for o in largest)
            + "."
        )
    quick = "" if row["quick_ratio"] is None else f" For each {currency} lost or shrunk, {row['quick_ratio']:.2f} came in."
    return (
        f"Of {row['start']:,.2f} {currency} in the period before, {percent(row['nrr'], row['nrr_low'], row['nrr_high'])} came "
        f"again in "
        f"{row['period']} from the same customers ({percent(row['grr'])} before growth); with new and returned customers it "
        f"was "
        f"{row['end']:,.2f}.{quick}"
    )


def _notes(table: pa.Table, small: int) -> tuple[str, ...]:
    notes = []
    if any(0 < n < small for n in table["n"].to_pylist()):
        notes.append(f"some periods follow one with fewer than {small} paying customers: read their rates with their intervals")
    if "in progress" in table["state"].to_pylist():
        notes.append("the last period is in progress: its money, and so its retention, is not yet all there")
    return tuple(notes)
