"""RFM: who bought lately, often and for much; eleven named segments and what to do with each (SEMANTICS 19, 21)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import defined, percent, scope_rules
from holdfast.analyses.rfm.cuts import METHODS, Cuts, Method, find_cuts
from holdfast.analyses.rfm.scores import Measure, score
from holdfast.analyses.rfm.segments import ACTIONS, CODES, SEGMENTS, code_place, code_segments
from holdfast.analyses.scope import EVERYONE, Condition, Scope, money
from holdfast.analyses.statistics import wilson
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import Moment
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import Timelines

__all__ = ["Rfm", "ScoreStep", "cuts_table", "resolve_cuts", "rfm_customers"]


@dataclass(frozen=True)
class ScoreStep:
    """A step: the same measuring and scoring as the answer's, with ids.

    measure, cuts, groups  as scored · wanted  uint8 [groups · 125]: which (segment, code) cells to name
    detail  rows of each named customer's values as well as the id
    """

    measure: Measure
    cuts: Cuts
    groups: int
    wanted: npt.NDArray[np.uint8]
    detail: bool = False

    def __call__(self, shard: Shard) -> Tally:
        """Rows `customer`, and with detail `recency`, `frequency`, `monetary`, `code`."""
        rows = self.measure(shard).rows
        _, codes, marks = score(rows, self.cuts, self.groups, self.wanted, keep=self.detail)
        found: dict[str, Any] = {"customer": shard.ids(marks)}
        if self.detail:
            chosen = marks == 1
            found |= {name: rows[name][chosen] for name in ("recency", "frequency", "monetary")} | {"code": codes[chosen]}
        return Tally({}, found)


@dataclass(frozen=True)
class Rfm(Question):
    """Every customer's recency, frequency and money, scored 1 to 5, and the segments they make.

    as_of        the instant up to which orders count
    window_days  only orders of that many local dates up to the as-of's; None: all history
    method       "quantile" (quintiles of the scored customers), "cuts" (given), "r-package" (as the R package rfm)
    cuts         the cut points of method "cuts": `Cuts.given(recency, frequency, monetary)`, four ascending numbers each
    by, where, moment  segments and conditions, at the first counting order ("entry") or now ("current")

    Table: a row per segment of `by` and RFM segment with segment, rfm, customers, n, share, low, high, revenue, revenue_share,
    recency (mean days), frequency (mean orders), monetary (mean money), action. Extra tables: scores (each of the 125 codes),
    cuts. People: rfm="Champions" or code="543", and segment=… when there are several.
    """

    as_of: date | datetime | str | None = None
    window_days: int | None = None
    method: Method = "quantile"
    cuts: Cuts | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("method", self.method, METHODS)
        if (self.method == "cuts") != (self.cuts is not None):
            raise UsageError("method 'cuts' and cut points go together", "give cuts=Cuts.given(recency, frequency, monetary)")
        if self.window_days is not None and self.window_days < 1:
            raise UsageError(f"window_days cannot be {self.window_days}", "give whole days, 1 or more")

    def measure(self, timelines: Timelines) -> Measure:
        """The step that measures this question's customers."""
        as_of = timelines.as_of(self.as_of)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        return Measure.over(as_of, timelines.settings.refunds, scope, self.window_days)

    def answer(self, timelines: Timelines) -> Answer:
        """Walk once to measure, find the cut points, score and tally."""
        measure = self.measure(timelines)
        rows = timelines.walk(measure).rows
        cuts = resolve_cuts(self, rows)
        labels = measure.scope.labels(timelines)
        tally, _, _ = score(rows, cuts, len(labels))
        table = _table(tally, labels)
        return Answer(
            question=self,
            words=_words(table, timelines.settings.currency),
            table=table,
            definition=self._definition(timelines, measure, int(tally[..., 0].sum())),
            source=timelines,
            notes=_notes(table, timelines.settings.small_group),
            extra={"scores": _scores(tally.sum(axis=0)), "cuts": cuts_table(cuts, timelines.settings.currency)},
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of an RFM segment (rfm=) or code (code=), of one segment of `by` (segment=) or of all; no key: all."""
        checked_cell(cell, "rfm", "code", "segment")
        measure = self.measure(timelines)
        labels = measure.scope.labels(timelines)
        wanted = _wanted_codes(cell)[None, :] & _wanted_segments(labels, cell.get("segment"))[:, None]
        cuts = self.cuts or find_cuts(self.method, timelines.walk(measure).rows)
        step = ScoreStep(measure, cuts, len(labels), wanted.astype(np.uint8).ravel())
        return People(tuple(sorted(timelines.walk(step).rows["customer"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The grid of R by FM, each cell as large in words as in customers; several segments as stacked shares."""
        from holdfast.charts.rfm import segment_grid, segment_shares

        rows = answer.table.to_pylist()
        if self.by is not None:
            return segment_shares(rows, title="RFM segments", subtitle=answer.words)
        return segment_grid(
            answer.extra["scores"].to_pylist(), title="How lately, how often and for how much", subtitle=answer.words
        )

    def _definition(self, timelines: Timelines, measure: Measure, n: int) -> Any:
        window = "all history" if self.window_days is None else f"{self.window_days} days"
        rules = {"method": self.method, "window": window, "refunds": measure.mode, **scope_rules(measure.scope)}
        return defined(
            timelines,
            measure.as_of,
            title="Who are our best customers?",
            text=_TEXT[self.method] + _SEGMENT_TEXT,
            rules=rules,
            n=n,
        )


def resolve_cuts(question: Rfm, rows: dict[str, Any]) -> Cuts:
    """The cut points of a question: given, or found among the measured customers."""
    return question.cuts or find_cuts(question.method, rows)


def rfm_customers(timelines: Timelines, question: Rfm | None = None) -> pa.Table:
    """Every scored customer: customer, recency (days), frequency, monetary, r, f, m, code, segment; in order of customer."""
    question = question or Rfm()
    measure = question.measure(timelines)
    cuts = resolve_cuts(question, timelines.walk(measure).rows)
    groups = len(measure.scope.labels(timelines))
    rows = timelines.walk(ScoreStep(measure, cuts, groups, np.ones(groups * 125, np.uint8), detail=True)).rows
    code = rows["code"].astype(np.int64)
    table = pa.table(
        {
            "customer": rows["customer"],
            "recency": rows["recency"].astype(np.int64),
            "frequency": rows["frequency"].astype(np.int64),
            "monetary": [money(value) for value in rows["monetary"].tolist()],
            "r": code // 25 + 1,
            "f": code // 5 % 5 + 1,
            "m": code % 5 + 1,
            "code": pa.array(CODES).take(pa.array(code)),
            "segment": pa.array(SEGMENTS).take(pa.array(code_segments()[code])),
        }
    )
    return table.sort_by("customer")


def _wanted_codes(cell: dict[str, Any]) -> npt.NDArray[np.bool_]:
    wanted = np.ones(125, bool)
    if "rfm" in cell:
        if cell["rfm"] not in SEGMENTS:
            raise UnknownName("RFM segment", str(cell["rfm"]), SEGMENTS)
        wanted &= code_segments() == SEGMENTS.index(cell["rfm"])
    if "code" in cell:
        if str(cell["code"]) not in CODES:
            raise UsageError(f"{cell['code']!r} is no RFM code", "give three digits, each 1 to 5, such as 543")
        wanted &= np.arange(125) == code_place(*map(int, str(cell["code"])))
    return wanted


def _wanted_segments(labels: tuple[str, ...], label: str | None) -> npt.NDArray[np.bool_]:
    if label is None or label == EVERYONE:
        return np.ones(len(labels), bool)
    if label not in labels:
        raise UnknownName("segment", str(label), labels)
    chosen: npt.NDArray[np.bool_] = np.array(labels) == label
    return chosen


SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "rfm")),
        *((name, pa.int64()) for name in ("customers", "n")),
        *((name, pa.float64()) for name in ("share", "low", "high", "revenue", "revenue_share")),
        *((name, pa.float64()) for name in ("recency", "frequency", "monetary")),
        ("action", pa.string()),
    ]
)


def _table(tally: npt.NDArray[np.int64], labels: tuple[str, ...]) -> pa.Table:
    """A row per segment of the scope with anyone in it and RFM segment."""
    place = code_segments()
    rows = []
    for group, label in enumerate(labels):
        sums = [tally[group][place == segment].sum(axis=0).tolist() for segment in range(len(SEGMENTS))]
        n, revenue = sum(one[0] for one in sums), sum(one[1] for one in sums)
        if n or len(labels) == 1:
            rows += [_row(label, name, one, n, revenue) for name, one in zip(SEGMENTS, sums, strict=True)]
    return pa.Table.from_pylist(rows, SCHEMA)


def _row(label: str, name: str, sums: list[int], n: int, revenue: int) -> dict[str, Any]:
    customers, spent, days, orders = sums
    low, high = wilson(customers, n)
    return {
        "segment": label, "rfm": name, "customers": customers, "n": n,
        "share": customers / n if n else None, "low": low, "high": high,
        "revenue": money(spent), "revenue_share": spent / revenue if revenue > 0 else None,
        "recency": days / customers if customers else None,
        "frequency": orders / customers if customers else None,
        "monetary": money(spent / customers) if customers else None,
        "action": ACTIONS[name],
    }  # fmt: skip


def _scores(tally: npt.NDArray[np.int64]) -> pa.Table:
    segments = code_segments()
    return pa.table(
        {
            "code": list(CODES),
            **{name: [int(code[place]) for code in CODES] for place, name in enumerate("rfm")},
            "rfm": [SEGMENTS[place] for place in segments],
            "customers": tally[:, 0],
            "revenue": [money(value) for value in tally[:, 1].tolist()],
        }
    )


def cuts_table(cuts: Cuts, currency: str) -> pa.Table:
    """The cut points as a table: measure, unit, cut1 to cut4."""
    points = (cuts.recency, cuts.frequency, cuts.monetary)
    return pa.table(
        {
            "measure": ["recency", "frequency", "monetary"],
            "unit": ["days", "orders", currency],
            **{f"cut{place + 1}": [float(point[place]) for point in points] for place in range(4)},
        }
    )


def _words(table: pa.Table, currency: str) -> str:
    rows = table.to_pylist()
    n = sum(row["customers"] for row in rows)
    if n == 0:
        return "Nobody can be scored: there is no counting order in the window."
    best, slipping = _joined(rows, ("Champions",)), _joined(rows, ("At Risk", "Cannot Lose Them"))
    total = sum(row["revenue"] for row in rows)
    brought = f" and bring {percent(best[1] / total)} of revenue" if total > 0 else ""
    worth = f", worth {slipping[1]:,.0f} {currency} so far" if total > 0 else ""
    return (
        f"{best[0]:,} of {n:,} customers, {percent(best[0] / n, *wilson(best[0], n))}, are Champions{brought}; "
        f"{slipping[0]:,} good customers are at risk{worth}."
    )


def _joined(rows: list[dict[str, Any]], names: tuple[str, ...]) -> tuple[int, float]:
    chosen = [row for row in rows if row["rfm"] in names]
    return sum(row["customers"] for row in chosen), sum(row["revenue"] for row in chosen)


def _notes(table: pa.Table, small: int) -> tuple[str, ...]:
    rows = table.to_pylist()
    few = [row for row in rows if 0 < row["customers"] < small]
    names = ", ".join(sorted({row["rfm"] for row in few}))
    unpaid = any(row["customers"] for row in rows) and not any(row["revenue"] for row in rows)
    return (
        *(("no order has an amount: money is the same for everyone and tells nobody apart",) if unpaid else ()),
        *((f"fewer than {small} customers, read with care: {names}",) if few else ()),
    )


_SHARED = (
    "Recency: local date of the as-of minus that of the last counting order, in days. Frequency: counting orders. "
    "Monetary: their net amounts plus refunds of no known order. Only who has a counting order in the window is scored. "
)
_EQUAL = "Equal values get equal scores; R is 6 minus the rank of recency, so 5 is the most recent. "
_TEXT = {
    "quantile": _SHARED
    + "A score is 1 plus the number of quintile cut points (linear interpolation) strictly below the value. "
    + _EQUAL,
    "cuts": _SHARED + "A score is 1 plus the number of given cut points strictly below the value. " + _EQUAL,
    "r-package": _SHARED + "A score is 1 plus the number of thresholds (quintile + 1) at or below the value. " + _EQUAL,
}
_SEGMENT_TEXT = (
    "The segment is read off R and FM = (F + M + 1) // 2: every one of the 125 codes has exactly one of eleven names."
)
