"""What each customer's taste is, by what was learned of the shop: codes per customer, for tables, people and traits alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.rhythm import HALF_DAY
from holdfast.analyses.models.rhythm import Rhythm as Pace
from holdfast.analyses.next_order.walk import DECIMALS, LATE, RANGES, Orders, part_of
from holdfast.analyses.scope import Scope
from holdfast.analyses.statistics import wilson_arrays
from holdfast.analyses.taste.walk import NOBODY, Kind, Learned, Rhythm, entries
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.walk import Shard, Tally

__all__ = ["DISCOUNT", "DUE", "NO_FAVOURITE", "Judge", "TasteStep", "Wanted"]

NO_FAVOURITE = "(no clear favourite)"
DISCOUNT = (NOT_KNOWN, "seeker", "sometimes", "never")
"""How a customer stands to discounts, by code."""

DUE = (NOT_KNOWN, "not due", "due", "overdue")
"""Whether her next order is to be expected, by code."""


@dataclass(frozen=True)
class Judge:
    """Everything by which a customer's taste is told; it travels with a step.

    kinds    what is looked at · rhythm  what orders say · learned  what the shop is like
    least    touches that a favourite needs
    pace     what is usual of waits between orders, as `holdfast next` has it; None: nobody waited, or nobody asks
    """

    kinds: tuple[Kind, ...]
    rhythm: Rhythm
    learned: Learned
    least: int
    pace: Pace | None = None

    def labels(self, name: str) -> tuple[str, ...]:
        """What the codes of a kind, of "discount" or of "due" mean."""
        if name in ("discount", "due"):
            return DISCOUNT if name == "discount" else DUE
        return (NOT_KNOWN, NO_FAVOURITE, *self.kind(name).labels)

    def kind(self, name: str) -> Kind:
        """The kind of that name."""
        return next(kind for kind in self.kinds if kind.name == name)

    def favourite(self, shard: Shard, name: str, wanted: int = -1, asked: Any = NOBODY) -> tuple[Any, ...]:
        """(code, touches of the most touched, touches, touched) of a kind, per customer of the shard; see `Kind.judge`."""
        share = self.learned.shares[name]
        return self.kind(name).judge(shard, self.rhythm.as_of.until, share, self.least, wanted, asked)

    def discount(self, shard: Shard) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """(code, orders with a discount, orders) per customer: a seeker's share is above the shop's, interval and all."""
        k, n = self.rhythm.reduced(shard)
        code = np.zeros(len(n), np.uint8)
        if self.rhythm.discounts:
            low, _ = wilson_arrays(k, n)
            average = self.learned.reduced / max(self.learned.orders, 1)
            code[n > 0] = DISCOUNT.index("sometimes")
            code[(n > 0) & (k == 0)] = DISCOUNT.index("never")
            code[(n > 0) & (low > average)] = DISCOUNT.index("seeker")
        return code, k, n

    def due(self, shard: Shard) -> npt.NDArray[np.uint8]:
        """Whether the next order of each customer is to be expected: before, in or after the range of four in five."""
        waits = self._orders.waits(shard)
        code, told = np.zeros(len(waits), np.uint8), np.flatnonzero(waits.n > 0)
        if self.pace is not None and len(told):
            some = part_of(waits, told)
            left = self.pace.still_waiting(some, some.silent + HALF_DAY, self.pace.regularity(some))
            code[told] = DUE.index("due")
            code[told[left >= LATE]] = DUE.index("not due")
            code[told[left < 1 - LATE]] = DUE.index("overdue")
        return code

    def dates(self, shard: Shard, mask: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[np.float64]]:
        """Days of some customers: the usual wait, and next, soon, late from the last order; nan where they are not known."""
        waits = part_of(self._orders.waits(shard), np.flatnonzero(mask))
        known = (waits.n > 0) & (self.pace is not None)
        out = {name: np.full(len(waits), np.nan) for name in ("usual", "next", "soon", "late")}
        if self.pace is not None and known.any():
            some = part_of(waits, known)
            k, (low, high) = self.pace.regularity(some), RANGES["80 % range"]
            out["usual"][known] = np.round(self.pace.quantile(some, 0.5, k), DECIMALS)
            for name, share in (("next", 0.5), ("soon", low), ("late", high)):
                out[name][known] = self.pace.quantile_now(some, share, k)
        return out

    @property
    def _orders(self) -> Orders:
        return Orders(self.rhythm.as_of, self.rhythm.mode)

    def codes(self, shard: Shard, name: str) -> npt.NDArray[Any]:
        """The codes of a kind, of "discount" or of "due", per customer of the shard."""
        if name == "discount":
            return self.discount(shard)[0]
        found: npt.NDArray[Any] = self.due(shard) if name == "due" else self.favourite(shard, name)[0]
        return found


@dataclass(frozen=True)
class Wanted:
    """The people to name: who has that code, or has touched that label (`touched`); of one segment, or of all (-1)."""

    name: str
    code: int = -1
    touched: int = -1
    only: int = -1


@dataclass(frozen=True)
class TasteStep:
    """A step that tells each customer's taste.

    names     the kinds, "discount" and "due", as far as the data say
    chosen    hashes of the ids whose rows are asked for, ascending; None: how many have which code, and everyone's money
    """

    judge: Judge
    names: tuple[str, ...]
    scope: Scope
    segments: int
    chosen: npt.NDArray[np.uint64] | None = None
    wanted: Wanted | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Sums of codes [segments, codes] by name and "n" [segments] with rows person and money; or the rows of the chosen."""
        segment = entries(shard, self.scope, self.judge.rhythm.as_of)
        if self.wanted is not None:
            return Tally({}, {"ids": shard.ids(self._named(shard, segment))})
        person = shard.columns.id_hash[shard.low : shard.high]
        if self.chosen is not None:
            return Tally({}, self._rows(shard, segment, np.isin(person, self.chosen)))
        inside = segment >= 0
        sums: dict[str, Any] = {"n": np.bincount(segment[inside], minlength=self.segments)}
        for name in self.names:
            code, size = self.judge.codes(shard, name)[inside].astype(np.int64), len(self.judge.labels(name))
            flat = np.bincount(segment[inside] * size + code, minlength=self.segments * size)
            sums[name] = flat.reshape(self.segments, size)
        return Tally(sums, {"person": np.array(person[inside]), "money": self._money(shard)[inside]})

    def _named(self, shard: Shard, segment: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        assert self.wanted is not None
        wanted = self.wanted
        if wanted.touched >= 0:
            marks = self.judge.favourite(shard, wanted.name, wanted.touched)[3] > 0
        elif wanted.code >= 0:
            marks = self.judge.codes(shard, wanted.name) == wanted.code
        else:
            marks = np.ones(len(segment), np.bool_)
        found: npt.NDArray[np.bool_] = marks & ((segment >= 0) if wanted.only < 0 else segment == wanted.only)
        return found

    def _money(self, shard: Shard) -> npt.NDArray[np.int64]:
        """The net money of each customer of the shard."""
        bought = shard.source.purchases(self.judge.rhythm.as_of.until, self.judge.rhythm.mode)
        own = bought.offsets[shard.low : shard.high + 1]
        other = bought.adjust_offsets[shard.low : shard.high + 1]
        return _summed(bought.amount, own) + _summed(bought.adjust_amount, other)

    def _rows(self, shard: Shard, segment: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_]) -> dict[str, Any]:
        rows: dict[str, Any] = {"ids": shard.ids(mask), "segment": segment[mask], "money": self._money(shard)[mask]}
        for kind in self.judge.kinds:
            code, top, total, _ = self.judge.favourite(shard, kind.name, asked=mask)
            rows |= {kind.name: code[mask], f"{kind.name} top": top[mask], f"{kind.name} n": total[mask]}
        code, k, n = self.judge.discount(shard)
        rows |= {"discount": code[mask], "reduced": k[mask], "orders": n[mask]}
        found = self.judge.rhythm.waits(shard)
        rows |= {"due": self.judge.due(shard)[mask]} | {name: value[mask] for name, value in found.items()}
        return rows | self.judge.dates(shard, mask)


def _summed(amount: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    total = np.concatenate([[0], np.cumsum(amount[offsets[0] : offsets[-1]], dtype=np.int64)])
    sums: npt.NDArray[np.int64] = total[offsets[1:] - offsets[0]] - total[offsets[:-1] - offsets[0]]
    return sums
