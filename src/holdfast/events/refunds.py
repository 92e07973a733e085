"""Tying refunds to the orders they take back.

A line of a cancellation names its order (`refund_of`), or else takes back what the same customer bought of the same product,
the
most recent order first, as far as it was not taken back already, over several orders if need be. What cannot be tied stays a
refund
without order. The money of a line is shared by quantity in whole ten-thousandths, so that the parts add up to it exactly.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Holding", "Part", "ReturnedLine", "tie"]


@dataclass
class Holding:
    """What one order still holds of one product; `left` in ten-thousandths of a piece, running down as it is taken back."""

    order: str | None
    time: dt.datetime
    left: int


@dataclass(frozen=True)
class ReturnedLine:
    """One line of a cancellation: `quantity` (ten-thousandths of a piece) and `amount` (ten-thousandths of the currency) are
    positive."""

    cancellation: int
    time: dt.datetime
    customer: str | None
    product: str | None
    quantity: int
    amount: int
    refund_of: str | None = None


@dataclass(frozen=True)
class Part:
    """The share of a returned line that takes back one order (None: no order found)."""

    line: int
    order: str | None
    quantity: int
    amount: int


def tie(lines: Iterable[ReturnedLine], holdings: Iterable[tuple[str, str, Holding]]) -> Iterator[Part]:
    """Shares returned lines (in time order) out over the orders they take back.

    holdings  (customer, product, Holding), the oldest order first
    Comes back: parts in the order of the lines; the parts of a line add up to its amount and quantity.
    """
    stacks: dict[tuple[str, str], list[Holding]] = defaultdict(list)
    for customer, product, one in holdings:
        stacks[customer, product].append(one)
    for place, line in enumerate(lines):
        if line.refund_of is not None:
            yield Part(place, line.refund_of, line.quantity, line.amount)
            continue
        stack = stacks.get((line.customer, line.product), []) if line.customer is not None and line.product is not None else []
        yield from _share(place, line, stack)


def _share(place: int, line: ReturnedLine, stack: list[Holding]) -> Iterator[Part]:
    wanted, given, paid = line.quantity, 0, 0
    for one in reversed(stack):
        if given == wanted:
            break
        if one.left <= 0 or one.time > line.time:
            continue
        taken = min(one.left, wanted - given)
        one.left -= taken
        given += taken
        due = line.amount * given // wanted
        yield Part(place, one.order, taken, due - paid)
        paid = due
    if given < wanted or wanted == 0:
        yield Part(place, None, wanted - given, line.amount - paid)
