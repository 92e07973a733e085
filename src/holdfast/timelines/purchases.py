"""What was really bought: orders after their refunds, as of an instant.

Two ways to count a refund (SEMANTICS 17), named in every result:

- `order`   a refund reduces its order, in the order's period; an order taken back in full leaves every count; a refund whose
            order is not known counts as negative money at its own date.
- `ledger`  every order counts in full; every refund counts as negative money at its own date.

An order over nothing of which nothing was paid back is no order in either: so a shop's order is told that was cancelled.

Either way the money of all orders and adjustments adds up to orders minus refunds, to the unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.timelines.columns import Columns

__all__ = ["Purchases", "RefundMode", "purchases"]

RefundMode = Literal["order", "ledger"]


@dataclass(frozen=True)
class Purchases:
    """Counting orders and money adjustments, by customer and time.

    offsets int64 [customers + 1] · day uint16 · second uint32 · amount int64 (net, ten-thousandths of the currency)
    place   int32: which of the customer's order rows each is
    adjust_offsets, adjust_day, adjust_second, adjust_amount: money (mostly negative) that belongs to no counting order
    """

    offsets: npt.NDArray[np.int64]
    day: npt.NDArray[np.uint16]
    second: npt.NDArray[np.uint32]
    amount: npt.NDArray[np.int64]
    place: npt.NDArray[np.int32]
    adjust_offsets: npt.NDArray[np.int64]
    adjust_day: npt.NDArray[np.uint16]
    adjust_second: npt.NDArray[np.uint32]
    adjust_amount: npt.NDArray[np.int64]


def purchases(columns: Columns, until: int, mode: RefundMode) -> Purchases:
    """The purchases of all customers, counting only rows before the instant `until` (UTC seconds, exclusive)."""
    rows = columns.orders
    refunds = int(rows.refund.sum())
    size = len(rows.order)
    made: tuple[npt.NDArray[Any], ...] = (
        *(np.zeros(len(rows.offsets), np.int64), np.empty(size - refunds, np.uint16), np.empty(size - refunds, np.uint32)),
        *(np.empty(size - refunds, np.int64), np.empty(size - refunds, np.int32)),
        *(
            np.zeros(len(rows.offsets), np.int64),
            np.empty(size, np.uint16),
            np.empty(size, np.uint32),
            np.empty(size, np.int64),
        ),
    )
    kept, adjusted = _settle(
        *(rows.offsets, rows.day, rows.second, rows.amount, rows.refund, rows.link, until, mode == "order"), *made
    )
    parts: list[npt.NDArray[Any]] = [
        made[0],
        *(array[:kept] for array in made[1:5]),
        made[5],
        *(array[:adjusted].copy() for array in made[6:]),
    ]
    for array in parts:
        array.setflags(write=False)
    return Purchases(*parts)


@njit(cache=True, nogil=True)
def _settle(
    offsets: Any, day: Any, second: Any, amount: Any, refund: Any, link: Any, until: int, tie: bool,
    to: Any, to_day: Any, to_second: Any, to_amount: Any, to_place: Any, ad: Any, ad_day: Any, ad_second: Any, ad_amount: Any,
) -> Any:  # fmt: skip
    kept = adjusted = 0
    back = np.zeros(16, np.int64)
    touched = np.zeros(16, np.uint8)
    for customer in range(len(offsets) - 1):
        start, stop = offsets[customer], offsets[customer + 1]
        if stop - start > len(back):
            back = np.zeros(2 * (stop - start), np.int64)
            touched = np.zeros(2 * (stop - start), np.uint8)
        back[: stop - start] = 0
        touched[: stop - start] = 0
        for i in range(start, stop):
            known = refund[i] == 1 and link[i] >= 0 and second[i] < until and second[start + link[i]] < until
            if known and (tie or (amount[i] == 0 and amount[start + link[i]] == 0)):
                back[link[i]] += amount[i]
                touched[link[i]] = 1
        for i in range(start, stop):
            if second[i] >= until:
                break
            own = refund[i] == 0
            net = amount[i] - back[i - start] if own else -amount[i]
            if own and not (touched[i - start] == 1 and net <= 0):
                to_day[kept], to_second[kept], to_amount[kept], to_place[kept] = day[i], second[i], net, i - start
                kept += 1
            elif net != 0 and (own or not (tie and link[i] >= 0 and second[start + link[i]] < until)):
                ad_day[adjusted], ad_second[adjusted], ad_amount[adjusted] = day[i], second[i], net
                adjusted += 1
        to[customer + 1] = kept
        ad[customer + 1] = adjusted
    return kept, adjusted
