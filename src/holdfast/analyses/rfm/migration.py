"""Migration: who moved from which RFM segment to which between two dates (SEMANTICS 20).

Both dates are scored by the cut points of the first. *Entered* had no counting order in the window at the first date; *Left*
has none at the second (its window passed, or its orders were refunded since). So the rows add up to the segments at the first
date and the columns to those at the second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell
from holdfast.analyses.definitions import defined, long_date, percent, scope_rules
from holdfast.analyses.rfm.cuts import Cuts, Method
from holdfast.analyses.rfm.question import Rfm, cuts_table, resolve_cuts
from holdfast.analyses.rfm.scores import NOT_SCORED, Measure, score
from holdfast.analyses.rfm.segments import SEGMENTS, code_segments
from holdfast.analyses.scope import Condition, Scope
from holdfast.analyses.statistics import wilson
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import Moment
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import Timelines

__all__ = ["ENTERED", "LEFT", "MigrationStep", "RfmMigration"]

ENTERED, LEFT = "Entered", "Left"
STATES = len(SEGMENTS) + 1
"""Eleven segments and, as the last state, nowhere."""


@dataclass(frozen=True)
class MigrationStep:
    """A step: count, for a shard, the customers of each (state before, state after), and mark those of one.

    before, after  the two measurements, without a scope · scope_before, scope_after  who is in, as of either date
    cuts           cut points for both · wanted  (state before, state after) to name, -1 for any; None names nobody
    """

    before: Measure
    after: Measure
    scope_before: Scope
    scope_after: Scope
    cuts: Cuts
    wanted: tuple[int, int] | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Sums "moves" int64 [12, 12]; rows `customer` when someone is wanted."""
        inside = self.inside(shard)
        before, after = (self._states(shard, measure, inside) for measure in (self.before, self.after))
        moves = np.bincount(before * STATES + after, minlength=STATES * STATES).reshape(STATES, STATES)
        moves[-1, -1] = 0
        if self.wanted is None:
            return Tally({"moves": moves}, {})
        marks = (before != STATES - 1) | (after != STATES - 1)
        for state, wanted in ((before, self.wanted[0]), (after, self.wanted[1])):
            if wanted >= 0:
                marks &= state == wanted
        return Tally({"moves": moves}, {"customer": shard.ids(marks)})

    def inside(self, shard: Shard) -> npt.NDArray[np.bool_] | None:
        """Who is in scope: as of the first date if she had ordered by then, otherwise as of the second; None: everyone."""
        if self.scope_before.trivial:
            return None
        had = np.diff(shard.source.purchases(self.before.as_of.until, self.before.mode).offsets[shard.low : shard.high + 1]) > 0
        first = self.scope_before.by_first_order(shard, self.before.as_of, self.before.mode) >= 0
        second = self.scope_after.by_first_order(shard, self.after.as_of, self.after.mode) >= 0
        return np.where(had, first, second)

    def _states(self, shard: Shard, measure: Measure, inside: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
        rows = dict(measure(shard).rows)
        if inside is not None:
            rows["frequency"] = np.where(inside, rows["frequency"], 0)
        _, codes, _ = score(rows, self.cuts, 1, keep=True)
        table = np.full(256, STATES - 1, np.int64)
        table[: len(code_segments())] = code_segments()
        table[NOT_SCORED] = STATES - 1
        return table[codes]


@dataclass(frozen=True)
class RfmMigration(Question):
    """How many customers moved from each RFM segment to each other between two dates, scored by the same cut points.

    first, second  the two dates; second None: the end of the data
    window_days, method, cuts  as for `Rfm`; the cut points are those of the first date
    where, moment  conditions, as of the first date for those who had ordered by then

    Table: a row per pair with before, after, customers, n (the size of `before`), share, low, high. Extra tables: sizes, cuts.
    People: before="Champions", after="At Risk"; either may be left out; "Entered" and "Left" are states too.
    """

    first: date | datetime | str
    second: date | datetime | str | None = None
    window_days: int | None = None
    method: Method = "quantile"
    cuts: Cuts | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        self._rfm(self.first)

    def _rfm(self, when: date | datetime | str | None) -> Rfm:
        return Rfm(when, self.window_days, self.method, self.cuts, None, self.where, self.moment)

    def step(self, timelines: Timelines) -> MigrationStep:
        """The step with the cut points of the first date; UsageError when the second date comes first."""
        if timelines.as_of(self.second).until <= timelines.as_of(self.first).until:
            raise UsageError(f"the second date {self.second} is not after the first {self.first}", "turn them round")
        first = self._rfm(self.first)
        before, after = first.measure(timelines), self._rfm(self.second).measure(timelines)
        cuts = resolve_cuts(first, timelines.walk(before).rows)
        everyone = Scope()
        plain = [replace(measure, scope=everyone) for measure in (before, after)]
        return MigrationStep(plain[0], plain[1], before.scope, after.scope, cuts)

    def answer(self, timelines: Timelines) -> Answer:
        """Walk once for the cut points, once for the moves."""
        step = self.step(timelines)
        moves = timelines.walk(step).sums["moves"]
        return Answer(
            question=self,
            words=_words(moves, step),
            table=_table(moves),
            definition=self._definition(timelines, step, int(moves.sum())),
            source=timelines,
            notes=_notes(moves, timelines.settings.small_group),
            extra={"sizes": _sizes(moves), "cuts": cuts_table(step.cuts, timelines.settings.currency)},
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of one move; before= and after= name it, one left out means any."""
        checked_cell(cell, "before", "after")
        wanted = (_state(cell.get("before"), ENTERED), _state(cell.get("after"), LEFT))
        rows = timelines.walk(replace(self.step(timelines), wanted=wanted)).rows
        return People(tuple(sorted(rows["customer"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """A heat map: rows where customers were, columns where they are."""
        from holdfast.charts.rfm import migration_map

        names = ((*SEGMENTS, ENTERED), (*SEGMENTS, LEFT))
        counts = {(row["before"], row["after"]): row["customers"] for row in answer.table.to_pylist()}
        cells = [[counts.get((before, after), -1) for after in names[1]] for before in names[0]]
        return migration_map(list(names[0]), list(names[1]), cells, title="Where customers moved", subtitle=answer.words)

    def _definition(self, timelines: Timelines, step: MigrationStep, n: int) -> Any:
        window = "all history" if self.window_days is None else f"{self.window_days} days"
        rules = {"first": str(step.before.as_of.last), "method": self.method, "window": window, "refunds": step.before.mode}
        title = "Who moved between the RFM segments?"
        return defined(timelines, step.after.as_of, title=title, text=_TEXT, rules=rules | scope_rules(step.scope_before), n=n)


def _state(name: str | None, nowhere: str) -> int:
    if name is None:
        return -1
    names = (*SEGMENTS, nowhere)
    if name not in names:
        raise UnknownName("RFM segment", str(name), names)
    return names.index(name)


def _table(moves: npt.NDArray[np.int64]) -> pa.Table:
    """Every pair of states but (entered, left), which holds nobody."""
    rows = []
    for i, before in enumerate((*SEGMENTS, ENTERED)):
        n = int(moves[i].sum())
        for j, after in enumerate((*SEGMENTS, LEFT)):
            if (before, after) != (ENTERED, LEFT):
                low, high = wilson(int(moves[i, j]), n)
                share = int(moves[i, j]) / n if n else None
                rows.append(
                    {
                        "before": before,
                        "after": after,
                        "customers": int(moves[i, j]),
                        "n": n,
                        "share": share,
                        "low": low,
                        "high": high,
                    }
                )
    kinds = [("before", pa.string()), ("after", pa.string()), ("customers", pa.int64()), ("n", pa.int64())]
    return pa.Table.from_pylist(rows, pa.schema([*kinds, *((name, pa.float64()) for name in ("share", "low", "high"))]))


def _sizes(moves: npt.NDArray[np.int64]) -> pa.Table:
    before, after = moves.sum(axis=1)[:-1], moves.sum(axis=0)[:-1]
    stayed = np.diagonal(moves)[:-1]
    return pa.table({"rfm": list(SEGMENTS), "before": before, "after": after, "stayed": stayed, "change": after - before})


def _words(moves: npt.NDArray[np.int64], step: MigrationStep) -> str:
    there = int(moves[:-1].sum())
    if there == 0:
        return (
            f"Nobody had a counting order in the window by {long_date(step.before.as_of.last)}: there is nothing to move from."
        )
    good = [SEGMENTS.index(name) for name in ("Champions", "Loyal")]
    kept, good_n = int(moves[np.ix_(good, good)].sum()), int(moves[good].sum())
    held = (
        f"{percent(kept / good_n, *wilson(kept, good_n))} of the {good_n:,} Champions and Loyal still are"
        if good_n
        else "nobody was Loyal"
    )
    same = int(np.trace(moves[:-1, :-1]))
    return (
        f"From {long_date(step.before.as_of.last)} to {long_date(step.after.as_of.last)}, {held}; of {there:,} customers "
        f"{same:,} stayed in their segment, {int(moves[:-1, -1].sum()):,} left the scores and {int(moves[-1].sum()):,} entered."
    )


def _notes(moves: npt.NDArray[np.int64], small: int) -> tuple[str, ...]:
    few = [name for name, n in zip((*SEGMENTS, ENTERED), moves.sum(axis=1).tolist(), strict=True) if 0 < n < small]
    return (f"fewer than {small} customers at the first date, read with care: {', '.join(few)}",) if few else ()


_TEXT = (
    "Customers are scored at either date by the cut points of the first, so a move is a change of the customer, not of the "
    "scale. Entered: no counting order in the window at the first date. Left: none at the second. Rows add up to the segments "
    "at the first date, columns to those at the second."
)
