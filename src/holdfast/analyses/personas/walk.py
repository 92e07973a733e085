"""The walk of the personas: who stands where, with which money, and who of them is still a customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.personas.marks import Marks
from holdfast.analyses.personas.rules import PERSONAS, PersonaRule
from holdfast.analyses.personas.who import Who
from holdfast.timelines.walk import Shard, Tally
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    from holdfast.analyses.status_trait import StatusTrait

__all__ = ["CODES", "PersonaStep", "Wanted", "WhatCounts", "count_money"]

CODES = len(PERSONAS) + 1
"""The six personas, and as code 0 nobody yet."""

WhatCounts = Literal["customers", "before", "kept", "gone"]
_CUSTOMER, _GONE = 1, 2


@dataclass(frozen=True)
class Wanted:
    """Whom to name: persona and mark code, segment (each -1 for any), and which of the counts.

    what   "customers": there at the as-of; "before": there at the earlier instant `until`; "kept" or "gone" at the as-of
    """

    persona: int = -1
    mark: int = -1
    segment: int = -1
    what: WhatCounts = "customers"
    until: int = 0


@dataclass(frozen=True)
class PersonaStep:
    """A step: count, for a shard, the customers of each persona by segment.

    rule      the six rules as of the instant · who  scope and segments · marks  of repeat buyers
    earlier   earlier instants (UTC seconds) at which sizes are counted too
    standing  who is still a customer and who is gone; None: the data cannot say
    days      how many days since the last event are told apart
    wanted    whom to name; None: nobody
    """

    rule: PersonaRule
    who: Who
    marks: Marks
    earlier: tuple[int, ...]
    standing: StatusTrait | None
    days: int
    wanted: Wanted | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Sums by [segment, code]: see `_sums`; rows `customer` when someone is wanted."""
        segment = self.who.segments(shard)
        code = self.rule.codes(shard)
        marks = self.marks.codes(shard, self.rule, (code == CODES - 1) & (segment >= 0))
        standing = np.zeros(len(code), np.uint8) if self.standing is None else self.standing.codes(shard)
        sums = self._sums(shard, segment, code, marks, standing)
        if self.wanted is None:
            return Tally(sums, {})
        return Tally(sums, {"customer": shard.ids(self._found(shard, self.wanted, segment, code, marks, standing))})

    def _sums(self, shard: Shard, segment: Any, code: Any, marks: Any, standing: Any) -> dict[str, Any]:
        """customers, kept, gone, revenue, order_money, orders [segments, 7]; earlier [instants, segments, 7];
        mark and mark_revenue [segments, 3]; since [segments, 7, days]; gave_back: cart abandoners with an order taken back."""
        bought, columns = shard.source.purchases(self.rule.until, self.rule.mode), shard.columns
        table = np.zeros((6, self.who.groups, CODES), np.int64)
        marked = np.zeros((2, self.who.groups, 3), np.int64)
        since = np.zeros((self.who.groups, CODES, self.days), np.int64)
        gave_back = _count(
            shard.low, shard.high, segment, code, marks, standing, bought.offsets, bought.amount,
            bought.adjust_offsets, bought.adjust_amount, columns.orders.offsets, columns.orders.second,
            columns.offsets, columns.code, columns.day, columns.second, self.rule.until, day_of(self.who.as_of.last),
            table, marked, since,
        )  # fmt: skip
        names = ("customers", "kept", "gone", "revenue", "order_money", "orders")
        found = dict(zip(names, table, strict=True)) | {"mark": marked[0], "mark_revenue": marked[1], "since": since}
        return found | {"earlier": self._earlier(shard, segment), "gave_back": gave_back}

    def _earlier(self, shard: Shard, segment: Any) -> npt.NDArray[np.int64]:
        shape = (self.who.groups, CODES)
        inside = segment >= 0
        out = np.zeros((len(self.earlier), *shape), np.int64)
        for place, until in enumerate(self.earlier):
            cell = segment[inside].astype(np.int64) * CODES + self.rule.at(until).codes(shard)[inside]
            out[place] = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
        return out

    def _found(self, shard: Shard, wanted: Wanted, segment: Any, code: Any, marks: Any, standing: Any) -> Any:
        there = self.rule.at(wanted.until).codes(shard) if wanted.what == "before" else code
        found = (segment >= 0) & (there > 0)
        if wanted.persona >= 0:
            found &= there == wanted.persona
        if wanted.segment >= 0:
            found &= segment == wanted.segment
        if wanted.mark >= 0:
            found &= (marks == wanted.mark) & (there == CODES - 1)
        if wanted.what in ("kept", "gone"):
            found &= standing == (_CUSTOMER if wanted.what == "kept" else _GONE)
        return found


def count_money(
    shard: Shard,
    rule: PersonaRule,
    today: int,
    code: npt.NDArray[np.int64],
    standing: npt.NDArray[np.uint8],
    size: int,
    days: int,
) -> dict[str, Any]:
    """The same counts for groups of any kind: customers, kept, gone, revenue, order_money, orders [size], since [size, days].

    code  int64 [customers of the shard]: the group, 0 for those left out · today  the local day of the as-of
    """
    bought, columns = shard.source.purchases(rule.until, rule.mode), shard.columns
    table, since = np.zeros((6, 1, size), np.int64), np.zeros((1, size, days), np.int64)
    nothing = np.zeros(len(code), np.uint8)
    _count(
        shard.low, shard.high, np.zeros(len(code), np.int32), code.astype(np.uint8), nothing, standing, bought.offsets,
        bought.amount, bought.adjust_offsets, bought.adjust_amount, columns.orders.offsets, columns.orders.second,
        columns.offsets, columns.code, columns.day, columns.second, rule.until, today,
        table, np.zeros((2, 1, 3), np.int64), since,
    )  # fmt: skip
    names = ("customers", "kept", "gone", "revenue", "order_money", "orders")
    return dict(zip(names, table[:, 0], strict=True)) | {"since": since[0]}


@njit(cache=True, nogil=True)
def _count(
    low: int, high: int, segment: Any, code: Any, marks: Any, standing: Any, bought: Any, amount: Any, ad: Any, ad_amount: Any,
    rows: Any, row_second: Any, offsets: Any, event: Any, day: Any, second: Any, until: int, today: int,
    table: Any, marked: Any, since: Any,
) -> int:  # fmt: skip
    gave_back = 0
    longest = since.shape[2] - 1
    for customer in range(low, high):
        own = customer - low
        group, what = segment[own], code[own]
        if group < 0 or what == 0:
            continue
        table[0, group, what] += 1
        table[1, group, what] += standing[own] == 1
        table[2, group, what] += standing[own] == 2
        money = np.int64(0)
        for i in range(bought[customer], bought[customer + 1]):
            money += amount[i]
        table[4, group, what] += money
        table[5, group, what] += bought[customer + 1] - bought[customer]
        for i in range(ad[customer], ad[customer + 1]):
            money += ad_amount[i]
        table[3, group, what] += money
        if what == 6:
            marked[0, group, marks[own]] += 1
            marked[1, group, marks[own]] += money
        elif what == 3 and rows[customer] < rows[customer + 1] and row_second[rows[customer]] < until:
            gave_back += 1
        last = offsets[customer + 1] - 1
        while second[last] >= until or event[last] == 0:
            last -= 1
        since[group, what, min(max(today - np.int64(day[last]), 0), longest)] += 1
    return gave_back
