"""Each customer's contacts with support, and the days she was new and existing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.scope import Scope
from holdfast.settings import RefundMode
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf

__all__ = ["ServiceStep"]


@dataclass(frozen=True)
class ServiceStep:
    """Lays out the contacts of a shard's customers.

    contact   bool by event code: whether it is a contact with support
    minutes   property and float64 by its value code: minutes of the contact, 0 where not known; None: no such property
    new_days  a customer is new on that many days from her first counting order on
    gone      she is one on the day of each order and so many local days after it
    end       local day index of the as-of
    """

    scope: Scope
    as_of: AsOf
    mode: RefundMode
    contact: npt.NDArray[np.bool_]
    minutes: tuple[str, npt.NDArray[np.float64]] | None
    new_days: int
    gone: int
    end: int

    def __call__(self, shard: Shard) -> Tally:
        """Rows, a buyer in scope each: ids, days, contacts, minutes and known (contacts with minutes), float64
        [customers, 2]: as a new and as an existing customer. Sums: outside, contacts before the first order or while gone."""
        columns = shard.columns
        bought = shard.source.purchases(self.as_of.until, self.mode)
        segment = self.scope.by_first_order(shard, self.as_of, self.mode)
        days, contacts, minutes, known = np.zeros((4, len(segment), 2))
        outside = np.zeros(1, np.int64)
        name, worth = self.minutes or ("", np.zeros(1))
        values = columns.properties[name] if self.minutes else columns.code[:0].astype(np.uint16)
        rules = (self.new_days, self.gone, self.end)
        _days(shard.low, shard.high, bought.offsets, bought.day, segment, *rules, days)
        _contacts(
            shard.low, shard.high, columns.offsets, columns.code, columns.day, columns.second, self.as_of.until, self.contact,
            values, worth, bought.offsets, bought.day, segment, *rules[:2], contacts, minutes, known, outside,
        )  # fmt: skip
        some = segment >= 0
        rows = {"ids": shard.ids(some), "days": days, "contacts": contacts, "minutes": minutes, "known": known}
        return Tally({"outside": outside}, {key: value if key == "ids" else value[some] for key, value in rows.items()})


@njit(cache=True, nogil=True)
def _days(
    low: int, high: int, bought: Any, order_day: Any, segment: Any, new_days: int, gone: int, end: int, days: Any
) -> None:  # fmt: skip
    for customer in range(low, high):
        own, stop = customer - low, bought[customer + 1]
        if segment[own] < 0:
            continue
        turn = np.int64(order_day[bought[customer]]) + new_days
        for k in range(bought[customer], stop):
            d = np.int64(order_day[k])
            over = min(d + gone, np.int64(end)) + 1
            if k + 1 < stop:
                over = min(over, np.int64(order_day[k + 1]))
            days[own, 0] += max(min(over, turn) - d, 0)
            days[own, 1] += max(over - max(d, turn), 0)


@njit(cache=True, nogil=True)
def _contacts(
    low: int, high: int, offsets: Any, code: Any, day: Any, second: Any, until: int, contact: Any, values: Any, worth: Any,
    bought: Any, order_day: Any, segment: Any, new_days: int, gone: int,
    contacts: Any, minutes: Any, known: Any, outside: Any,
) -> None:  # fmt: skip
    for customer in range(low, high):
        own, at, stop = customer - low, bought[customer], bought[customer + 1]
        if segment[own] < 0:
            continue
        first = np.int64(order_day[at])
        for i in range(offsets[customer], offsets[customer + 1]):
            if second[i] >= until:
                break
            if not contact[code[i]]:
                continue
            d = np.int64(day[i])
            while at + 1 < stop and np.int64(order_day[at + 1]) <= d:
                at += 1
            if d < first or d - np.int64(order_day[at]) > gone:
                outside[0] += 1
                continue
            old = 0 if d < first + new_days else 1
            contacts[own, old] += 1
            if len(values) > 0 and worth[values[i]] > 0:
                minutes[own, old] += worth[values[i]]
                known[own, old] += 1
