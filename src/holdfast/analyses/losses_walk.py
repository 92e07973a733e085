"""How each lost customer left: the walk behind `losses`, over the spells of the bridge (DESIGN 6, SEMANTICS 12).

A loss is the end of a spell. Between the customer's last counting day and the end of the period in which the spell ends, the
walk looks for an event that ended it; the value of a property is the last one known by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.bridge import BridgeStep
from holdfast.settings import Contract
from holdfast.timelines.columns import Meta
from holdfast.timelines.walk import Shard, Tally

__all__ = ["KINDS", "LossStep", "Sizes"]

KINDS = ("contract end", "unsubscribed", "lapse")
"""How a customer is lost, the most definite first."""

CODES = 65_536
_START, _END, _UNSUBSCRIBE = 1, 2, 3

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sizes:
    """How many values each key of a loss has: segment, period, kind, event, reason; they are packed into one number."""

    segments: int
    periods: int
    events: int
    reasons: int

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """The sizes in the order of the keys."""
        return (self.segments, self.periods, len(KINDS), self.events, self.reasons)

    def packed(self, keys: tuple[Any, ...]) -> Ints:
        """One number a loss."""
        cell = np.zeros(len(keys[0]), np.int64)
        for key, size in zip(keys, self.shape, strict=True):
            cell = cell * size + key
        return cell

    def unpacked(self, cells: Any) -> list[Any]:
        """The keys of such numbers, an array each."""
        keys, rest = [], np.asarray(cells, np.int64)
        for size in reversed(self.shape):
            rest, key = np.divmod(rest, size)
            keys.append(key)
        return keys[::-1]


@dataclass(frozen=True)
class LossStep:
    """The losses of one shard, as rows "cell" (keys packed by `sizes`, each once) and "count"; sums "n": customers in scope.

    bridge       who is a customer when
    contract     its start and end events
    unsubscribe  events by which a customer leaves
    reason       the kept property that tells why, or None
    target       code of segment, period, kind, event, reason (-1: any) of the people to name, then rows "ids"; None: nobody
    """

    bridge: BridgeStep
    contract: Contract
    unsubscribe: tuple[str, ...]
    reason: str | None
    sizes: Sizes
    target: tuple[int, int, int, int, int] | None = None

    def __call__(self, shard: Shard) -> Tally:
        """The losses of a shard."""
        who, keys, n = self._losses(shard)
        cell, count = np.unique(self.sizes.packed(keys), return_counts=True)
        rows: dict[str, Any] = {"cell": cell, "count": count}
        if self.target is not None:
            wanted = np.ones(len(who), np.bool_)
            for key, code in zip(keys, self.target, strict=True):
                wanted &= (key == code) | (code < 0)
            mark = np.zeros(shard.high - shard.low, np.uint8)
            mark[who[wanted]] = 1
            rows["ids"] = shard.ids(mark)
        return Tally({"n": n}, rows)

    def _losses(self, shard: Shard) -> tuple[Ints, tuple[Any, ...], int]:
        """Of each loss: the customer's place in the shard, and its keys; and how many customers are in scope."""
        columns, step = shard.columns, self.bridge
        spells, segment, days = step.stays(shard)
        most = int(spells.offsets[-1])
        who, period, kind, event, reason = np.zeros((5, most), np.int64)
        size = shard.high - shard.low
        values = np.zeros(0, np.uint16) if self.reason is None else columns.properties[self.reason]
        found = _find(
            *(shard.low, shard.high, columns.offsets, columns.code, columns.day, columns.second, step.as_of.until),
            *(self._roles(columns.meta), values),
            *((np.zeros(size + 1, np.int64), np.zeros(0, np.uint16)) if days is None else (days.offsets, days.day)),
            *(spells.offsets, spells.end, segment, step.snapshots),
            *(who, period, kind, event, reason),
        )
        who, period, kind, event, reason = who[:found], period[:found], kind[:found], event[:found], reason[:found]
        n = int(np.count_nonzero((segment >= 0) & (spells.first >= 0)))
        return who, (segment[who], period, kind, event, reason), n

    def _roles(self, meta: Meta) -> npt.NDArray[np.uint8]:
        roles = np.zeros(CODES, np.uint8)
        for names, role in ((self.unsubscribe, _UNSUBSCRIBE), (self.contract.end, _END), (self.contract.start, _START)):
            roles[[code for code, name in enumerate(meta.events) if name in names]] = role
        roles[0] = 0
        return roles


@njit(cache=True, nogil=True)
def _find(
    low: int, high: int, offsets: Any, code: Any, day: Any, second: Any, until: int, roles: Any, values: Any,
    day_offsets: Any, days: Any, spell_offsets: Any, leave: Any, segment: Any, snapshots: Any,
    who: Any, period: Any, kind: Any, event: Any, reason: Any,
) -> int:  # fmt: skip
    kept = 0
    for own in range(high - low):
        if segment[own] < 0:
            continue
        i, place = offsets[low + own], day_offsets[own]
        since: Any = np.int64(-1)
        known: Any = np.int64(0)
        for spell in range(spell_offsets[own], spell_offsets[own + 1]):
            if leave[spell] >= len(snapshots):
                continue
            bound = snapshots[leave[spell]]
            while place < day_offsets[own + 1] and days[place] < bound:
                since = max(since, np.int64(days[place]))
                place += 1
            i, known, ended, unsubscribed = _until(
                i, offsets[low + own + 1], code, day, second, until, roles, values, since, bound, known
            )
            who[kept], period[kept], reason[kept] = own, leave[spell] - 1, known
            kind[kept] = 0 if ended > 0 else 1 if unsubscribed > 0 else 2
            event[kept] = ended if ended > 0 else unsubscribed
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def _until(
    i: Any, stop: int, code: Any, day: Any, second: Any, until: int, roles: Any, values: Any, since: Any, bound: Any, known: Any
) -> tuple[Any, Any, Any, Any]:
    """Go on from event i to the day `bound`: where to go on next, the value known, the codes of what ended and unsubscribed."""
    ended, unsubscribed, later = np.int64(0), np.int64(0), np.int64(-1)
    # Where the clock is put back at midnight, events of the day before still stand behind one of the next day.
    while i < stop and second[i] < until and day[i] <= bound:
        if day[i] == bound:
            later = i if later < 0 else later
            i += 1
            continue
        if len(values) > 0 and values[i] != 0:
            known = np.int64(values[i])
        role = roles[code[i]]
        if role == _START:
            ended = np.int64(0)
        elif role == _END and ended == 0 and day[i] >= since:
            ended = np.int64(code[i])
        elif role == _UNSUBSCRIBE and unsubscribed == 0 and day[i] >= since:
            unsubscribed = np.int64(code[i])
        i += 1
    return i if later < 0 else later, known, ended, unsubscribed
