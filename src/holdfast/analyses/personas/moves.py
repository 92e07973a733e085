"""Moves between personas: who stood where at one date and stands where at another.

Both dates are told apart by the same rules, with the split of the second, so a move is a change of the customer. *Not yet here*
had no event by the first date. The rows add up to the personas at the first date, the columns to those at the second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.answer import Answer, Definition, People, Question, checked_cell
from holdfast.analyses.definitions import counted, defined, long_date, percent, scope_rules
from holdfast.analyses.personas.rules import PERSONAS, PersonaRule, persona_rule
from holdfast.analyses.personas.walk import CODES
from holdfast.analyses.personas.who import Who, about_rules, who_of
from holdfast.analyses.scope import Condition, Scope, money
from holdfast.analyses.statistics import wilson
from holdfast.analyses.steps import SESSION_GAP_MINUTES
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import Moment
from holdfast.timelines.walk import Shard, Tally
from holdfast.timelines.zone import date_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import Timelines

__all__ = ["MOVES", "NOT_YET", "MovesStep", "PersonaMoves", "moves_table"]

NOT_YET = "not yet here"
"""The state before of who had no event by the first date."""

STATES = (NOT_YET, *PERSONAS)


@dataclass(frozen=True)
class MovesStep:
    """A step: count, for a shard, the customers of each (persona before, persona after), and mark those of one.

    rule    the rules as of the later date · first  UTC second of the earlier date, exclusive · who  who is in
    wanted  (code before, code after) to name, -1 for any; None names nobody
    """

    rule: PersonaRule
    first: int
    who: Who
    wanted: tuple[int, int] | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Sums "moves" int64 [7, 7], by code; rows `customer` when someone is wanted."""
        inside = self.who.segments(shard) >= 0
        before, after = self.rule.at(self.first).codes(shard), self.rule.codes(shard)
        inside &= after > 0
        cell = before[inside].astype(np.int64) * CODES + after[inside]
        moves = np.bincount(cell, minlength=CODES * CODES).reshape(CODES, CODES)
        if self.wanted is None:
            return Tally({"moves": moves}, {})
        for state, wanted in ((before, self.wanted[0]), (after, self.wanted[1])):
            if wanted >= 0:
                inside = inside & (state == wanted)
        return Tally({"moves": moves}, {"customer": shard.ids(inside)})


@dataclass(frozen=True)
class PersonaMoves(Question):
    """How many customers moved from each persona to each other between two dates.

    first, second  the two dates; second None: the end of the data
    split, cart, exclude, gap_minutes, about, where, moment  as for `Personas`; the split is that of the second date

    Table: a row per pair with before, after, customers, n (the size of `before`), share, low, high. Extra table: sizes.
    People: before="cart abandoner", after="repeat buyer"; either may be left out; "not yet here" is a state before.
    """

    first: date | datetime | str
    second: date | datetime | str | None = None
    split: float | None = None
    cart: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    gap_minutes: float | None = SESSION_GAP_MINUTES
    about: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def step(self, timelines: Timelines) -> MovesStep:
        """The step without anyone to name; UsageError when the second date is not after the first."""
        first, second = timelines.as_of(self.first), timelines.as_of(self.second)
        if second.until <= first.until:
            raise UsageError(f"the second date {second.last} is not after the first {first.last}", "turn them round")
        rule = persona_rule(
            *(timelines, second),
            cart=self.cart,
            exclude=self.exclude,
            gap_minutes=self.gap_minutes,
            split=self.split,
        )
        who = who_of(timelines, second, Scope(None, self.where, self.moment), self.about)
        return MovesStep(rule, first.until, who)

    def answer(self, timelines: Timelines) -> Answer:
        """Walk once and count."""
        step = self.step(timelines)
        moves = timelines.walk(step).sums["moves"]
        return Answer(
            question=self,
            words=_words(moves, timelines, step),
            table=moves_table(moves),
            definition=self._definition(timelines, step, int(moves.sum())),
            source=timelines,
            notes=_notes(moves, timelines.settings.small_group),
            extra={"sizes": _sizes(moves)},
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of one move; before= and after= name it, one left out means any."""
        checked_cell(cell, "before", "after")
        wanted = (_state(cell.get("before"), STATES), _state(cell.get("after"), PERSONAS, 1))
        rows = timelines.walk(replace(self.step(timelines), wanted=wanted)).rows
        return People(tuple(sorted(rows["customer"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """A heat map: rows where customers were, columns where they are."""
        from holdfast.charts.personas import persona_moves

        counts = {(row["before"], row["after"]): row["customers"] for row in answer.table.to_pylist()}
        rows = [before for before in (*PERSONAS, NOT_YET) if any(counts[before, after] for after in PERSONAS)]
        columns = [after for after in PERSONAS if any(counts[before, after] for before in (*PERSONAS, NOT_YET))]
        cells = [[counts[before, after] for after in columns] for before in rows]
        return persona_moves(rows, columns, cells, title="Moves between personas", subtitle=answer.words)

    def _definition(self, timelines: Timelines, step: MovesStep, n: int) -> Definition:
        how = "median first order" if self.split is None else "given"
        split = f"{money(step.rule.split):,.2f} {timelines.settings.currency} ({how})"
        rules = {"first": str(timelines.as_of(self.first).last), "split": split, "refunds": step.rule.mode}
        rules |= about_rules(step.who) | scope_rules(step.who.scope, "first event")
        return defined(timelines, step.who.as_of, title="Who moved between personas?", text=_TEXT, rules=rules, n=n)


def _state(name: str | None, names: tuple[str, ...], first: int = 0) -> int:
    if name is None:
        return -1
    if name not in names:
        raise UnknownName("persona", str(name), names)
    return names.index(name) + first


def moves_table(moves: npt.NDArray[np.int64], states: tuple[str, ...] = STATES) -> pa.Table:
    """Every pair of states (by code, the first: not yet here), those not yet here last."""
    rows = []
    for i in (*range(1, len(states)), 0):
        n = int(moves[i].sum())
        for j in range(1, len(states)):
            k = int(moves[i, j])
            low, high = wilson(k, n)
            rows.append(
                {"before": states[i], "after": states[j], "customers": k, "n": n, "share": k / n if n else None,
                 "low": low, "high": high}
            )  # fmt: skip
    return pa.Table.from_pylist(rows, MOVES)


MOVES = pa.schema(
    [
        *((name, pa.string()) for name in ("before", "after")),
        *((name, pa.int64()) for name in ("customers", "n")),
        *((name, pa.float64()) for name in ("share", "low", "high")),
    ]
)
"""The columns of the table of moves."""


def _sizes(moves: npt.NDArray[np.int64]) -> pa.Table:
    before, after = moves.sum(axis=1)[1:], moves.sum(axis=0)[1:]
    stayed = np.diagonal(moves)[1:]
    return pa.table({"persona": list(PERSONAS), "before": before, "after": after, "stayed": stayed, "change": after - before})


def _words(moves: npt.NDArray[np.int64], timelines: Timelines, step: MovesStep) -> str:
    there = int(moves[1:].sum())
    first = timelines.zone.day_at(step.first - 1)
    if there == 0:
        return f"Nobody had an event by {_date(first)}: there is nothing to move from."
    looked, buyers = int(moves[1:4].sum()), int(moves[1:4, 4:].sum())
    once, again = int(moves[4:6].sum()), int(moves[4:6, 6].sum())
    parts = []
    if looked:
        parts.append(f"{percent(buyers / looked, *wilson(buyers, looked))} of {looked:,} who had not bought became buyers")
    if once:
        parts.append(f"{percent(again / once, *wilson(again, once))} of {once:,} one-time buyers bought again")
    told = " and ".join(parts) + "; " if parts else ""
    came, same = int(moves[0].sum()), counted(int(np.trace(moves[1:, 1:])), "customer")
    return (
        f"From {_date(first)} to {long_date(step.who.as_of.last)}, {told}{same} of {there:,} kept their persona, "
        f"{came:,} came new."
    )


def _date(day: int) -> str:
    return long_date(date_of(day))


def _notes(moves: npt.NDArray[np.int64], small: int) -> tuple[str, ...]:
    few = [name for name, n in zip(STATES, moves.sum(axis=1).tolist(), strict=True) if 0 < n < small]
    return (f"fewer than {small} customers at the first date, read with care: {', '.join(few)}",) if few else ()


_TEXT = (
    "Personas at either date by the same rules and the split of the second, so a move is a change of the customer. Not yet "
    "here: no event by the first date. Rows add up to the personas at the first date, columns to those at the second. A "
    "refund may take a buyer back among those who did not buy."
)
