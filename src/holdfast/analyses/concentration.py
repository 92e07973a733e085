"""Revenue concentration: how few customers bring most of the money (MISSION 0.4, the 80/20 claim on the shop's own figures).

1. Customers with at least one counting order, ranked by net money (as RFM's M), the largest first.
2. The top p % are the first ⌈p·n / 100⌉. The curve gives their share of all money; it may pass 100 % where refunds leave
   customers below zero.
3. "Customers for 80 %" is the smallest number of customers, from the top, whose money reaches 80 % of the total.
4. Gini = Σ (2i − n − 1) x_i / (n Σ x), x ascending, i from 1 (Gini 1912); with negative money it may pass 1.
Who is tied at the border of a group is taken in the order of the id, so a group holds exactly its number of people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell
from holdfast.analyses.definitions import defined, percent, scope_rules
from holdfast.analyses.rfm.scores import Measure
from holdfast.analyses.scope import EVERYONE, Condition, Scope, money
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import Moment
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import Timelines

__all__ = ["TOPS", "Concentration", "MoneyStep", "Ranked", "ranked"]

TOPS = (1, 5, 10, 20, 50)
"""The percents of customers in the table."""


@dataclass(frozen=True)
class MoneyStep:
    """A step: the ids and money of the customers whose money lies between two bounds, both included.

    measure  as the answer's · low, high  ten-thousandths · group  segment code, -1 for all
    """

    measure: Measure
    low: int
    high: int
    group: int

    def __call__(self, shard: Shard) -> Tally:
        """Rows `customer` and `monetary`."""
        rows = self.measure(shard).rows
        chosen = (rows["frequency"] > 0) & (rows["monetary"] >= self.low) & (rows["monetary"] <= self.high)
        if self.group >= 0 and len(rows["group"]):
            chosen &= rows["group"] == self.group
        return Tally({}, {"customer": shard.ids(chosen), "monetary": rows["monetary"][chosen]})


@dataclass(frozen=True)
class Ranked:
    """Customers' money from the largest to the smallest, and its running sum: int64 ten-thousandths."""

    money: npt.NDArray[np.int64]
    running: npt.NDArray[np.int64]

    @property
    def n(self) -> int:
        """How many customers."""
        return len(self.money)

    @property
    def total(self) -> int:
        """All their money."""
        return int(self.running[-1]) if self.n else 0

    def top(self, percent_of_customers: float) -> int:
        """How many customers the top so many percent are."""
        return int(-(-self.n * round(percent_of_customers * 10_000) // 1_000_000))

    def share(self, customers: int) -> float | None:
        """The share of all money that the first so many bring; None when there is none to share."""
        if self.total <= 0:
            return None
        return float(self.running[customers - 1] / self.total) if customers else 0.0

    def reaching(self, percent_of_money: int) -> int | None:
        """The smallest number of customers from the top whose money reaches so many percent; None without money."""
        if self.total <= 0:
            return None
        target = -(-self.total * percent_of_money // 100)
        return int(np.argmax(self.running >= target)) + 1

    def gini(self) -> float | None:
        """The Gini coefficient, 0 (all alike) to 1 (one brings all); None without money."""
        if self.total <= 0:
            return None
        weighted = np.sum(self.running, dtype=np.longdouble) / (np.longdouble(self.n) * np.longdouble(self.total))
        return float(2 * weighted - 1 - np.longdouble(1) / self.n)


def ranked(values: npt.NDArray[np.int64]) -> Ranked:
    """Money laid out from the largest to the smallest."""
    ordered = np.sort(values)[::-1]
    return Ranked(ordered, np.cumsum(ordered))


@dataclass(frozen=True)
class Concentration(Question):
    """How much of the revenue the best customers bring.

    as_of        the instant up to which orders count
    window_days  only orders of that many local dates up to the as-of's; None: all history
    by, where, moment  segments and conditions, at the first counting order ("entry") or now ("current")

    Table: a row per segment and top percent (1, 5, 10, 20, 50) with segment, top, customers, n, revenue, share (of revenue).
    Extra tables: summary (n, revenue, gini, customers_for_80, share_for_80, zero, negative) and curve (101 points).
    People: top=20, what="reach 80" | "zero" | "negative", and segment=… when there are several.
    """

    as_of: date | datetime | str | None = None
    window_days: int | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        if self.window_days is not None and self.window_days < 1:
            raise UsageError(f"window_days cannot be {self.window_days}", "give whole days, 1 or more")

    def measure(self, timelines: Timelines) -> Measure:
        """The step that measures this question's customers."""
        as_of = timelines.as_of(self.as_of)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        return Measure.over(as_of, timelines.settings.refunds, scope, self.window_days)

    def answer(self, timelines: Timelines) -> Answer:
        """Walk once, rank, add up."""
        measure = self.measure(timelines)
        groups = _groups(timelines.walk(measure).rows, measure.scope.labels(timelines))
        summary = pa.Table.from_pylist([_summary(label, group) for label, group in groups.items()], SUMMARY)
        window = "all history" if self.window_days is None else f"{self.window_days} days"
        rules = {"window": window, "refunds": measure.mode, **scope_rules(measure.scope)}
        n = sum(group.n for group in groups.values())
        return Answer(
            question=self,
            words=_words(groups),
            table=pa.Table.from_pylist([row for label, group in groups.items() for row in _rows(label, group)], SCHEMA),
            definition=defined(
                timelines, measure.as_of, title="How few customers bring most of the money?", text=_TEXT, rules=rules, n=n
            ),
            source=timelines,
            notes=_notes(groups, timelines.settings.small_group),
            extra={"summary": summary, "curve": _curves(groups)},
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of a top group (top=20), or what="reach 80", "zero", "negative"; segment= when there are several."""
        checked_cell(cell, "top", "what", "segment")
        measure = self.measure(timelines)
        labels = measure.scope.labels(timelines)
        label = cell.get("segment", EVERYONE)
        if label != EVERYONE and label not in labels:
            raise UnknownName("segment", str(label), labels)
        group = -1 if label == EVERYONE else labels.index(label)
        rows = timelines.walk(measure).rows
        mine = (
            rows["frequency"] > 0 if group < 0 or not len(rows["group"]) else (rows["frequency"] > 0) & (rows["group"] == group)
        )
        low, high, size = _bounds(ranked(rows["monetary"][mine]), cell)
        found = timelines.walk(MoneyStep(measure, low, high, group)).rows
        order = sorted(zip((-found["monetary"]).tolist(), found["customer"].to_pylist(), strict=True))
        return People(tuple(sorted(name for _, name in order[:size])), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The curve of customers against revenue, the best first."""
        from holdfast.charts.concentration import pareto_curve

        curve, summary = answer.extra["curve"].to_pylist(), answer.extra["summary"].to_pylist()
        return pareto_curve(curve, summary, title="How few customers bring most of the money", subtitle=answer.words)


def _groups(rows: dict[str, Any], labels: tuple[str, ...]) -> dict[str, Ranked]:
    scored = rows["frequency"] > 0
    if len(rows["group"]) == 0 or len(labels) == 1:
        return {labels[0]: ranked(rows["monetary"][scored])}
    parts = {label: rows["monetary"][scored & (rows["group"] == code)] for code, label in enumerate(labels)}
    return {label: ranked(part) for label, part in parts.items() if len(part)}


def _bounds(group: Ranked, cell: dict[str, Any]) -> tuple[int, int, int]:
    """The lowest and highest money of a named group, and how many people it has."""
    what = cell.get("what", "top")
    if what == "top":
        top = cell.get("top", 100)
        if not isinstance(top, int | float) or not 0 <= top <= 100:
            raise UsageError(f"there is no top {top!r} %", "give a percent of customers, 0 to 100, such as top=20")
        size = group.top(top)
    elif what == "reach 80":
        size = group.reaching(80) or 0
    elif what in ("zero", "negative"):
        low, high = (0, 0) if what == "zero" else (-(2**62), -1)
        return low, high, group.n
    else:
        raise UnknownName("number of the concentration", str(what), ("top", "reach 80", "zero", "negative"))
    return (int(group.money[size - 1]), 2**62, size) if size else (1, 0, 0)


SCHEMA = pa.schema(
    [
        *(("segment", pa.string()), ("top", pa.int64()), ("customers", pa.int64()), ("n", pa.int64())),
        *((name, pa.float64()) for name in ("revenue", "share")),
    ]
)
SUMMARY = pa.schema(
    [
        *(("segment", pa.string()), ("n", pa.int64()), ("revenue", pa.float64()), ("gini", pa.float64())),
        *(("customers_for_80", pa.int64()), ("share_for_80", pa.float64()), ("zero", pa.int64()), ("negative", pa.int64())),
    ]
)


def _rows(label: str, group: Ranked) -> list[dict[str, Any]]:
    rows = []
    for top in TOPS:
        size = group.top(top)
        revenue = int(group.running[size - 1]) if size else 0
        rows.append(
            {
                "segment": label,
                "top": top,
                "customers": size,
                "n": group.n,
                "revenue": money(revenue),
                "share": group.share(size),
            }
        )
    return rows


def _summary(label: str, group: Ranked) -> dict[str, Any]:
    few = group.reaching(80)
    return {
        "segment": label, "n": group.n, "revenue": money(group.total), "gini": group.gini(),
        "customers_for_80": few, "share_for_80": None if few is None else few / group.n,
        "zero": int(np.count_nonzero(group.money == 0)), "negative": int(np.count_nonzero(group.money < 0)),
    }  # fmt: skip


def _curves(groups: dict[str, Ranked]) -> pa.Table:
    """The share of money of the top 0, 1, …, 100 % of customers (`share`), and of the least so many (`lorenz`)."""
    rows = []
    for label, group in groups.items():
        for point in range(101):
            size = group.top(point)
            share, rest = group.share(size), group.share(group.n - group.top(point))
            lorenz = None if rest is None else 1.0 - rest
            rows.append({"segment": label, "top": point, "customers": size, "share": share, "lorenz": lorenz})
    kinds = [
        ("segment", pa.string()),
        ("top", pa.int64()),
        ("customers", pa.int64()),
        ("share", pa.float64()),
        ("lorenz", pa.float64()),
    ]
    return pa.Table.from_pylist(rows, pa.schema(kinds))


def _words(groups: dict[str, Ranked]) -> str:
    if len(groups) > 1:
        largest = sorted(groups.items(), key=lambda item: -item[1].n)[:4]
        return (
            "The top 20 % of customers bring: "
            + ", ".join(f"{name} {percent(one.share(one.top(20)))}" for name, one in largest)
            + "."
        )
    group = next(iter(groups.values()), ranked(np.zeros(0, np.int64)))
    few, gini = group.reaching(80), group.gini()
    if few is None or gini is None:
        return "There is no revenue to share out."
    return (
        f"The top 20 % of customers ({group.top(20):,} of {group.n:,}) bring {percent(group.share(group.top(20)))} of revenue; "
        f"{few:,} customers ({percent(few / group.n)}) bring 80 %. Gini {gini:.2f}."
    )


def _notes(groups: dict[str, Ranked], small: int) -> tuple[str, ...]:
    notes = []
    low = sum(int(np.count_nonzero(group.money <= 0)) for group in groups.values())
    if low:
        verb = "customer has" if low == 1 else "customers have"
        notes.append(f"{low:,} {verb} no money left after refunds, or less than none; they are counted and stand last")
    few = [label for label, group in groups.items() if 0 < group.n < small]
    if few:
        notes.append(f"fewer than {small} customers, read with care: {', '.join(few[:12])}")
    return tuple(notes)


_TEXT = (
    "Customers with a counting order, ranked by their net money (orders after refunds, plus refunds of no known order), the "
    "largest first. The top p % are the first p·n/100, rounded up; their share is of all money of these customers. Customers "
    "for 80 %: the smallest number from the top that reaches it. Gini: 0 when all bring the same, near 1 when one brings all. "
    "Shares describe these customers exactly, so they carry no interval."
)
