"""Refunds of an import in the light of what is in the lake: tied to orders of earlier imports, and never counted twice.

A reading ties a cancellation to orders of its own file (`holdfast.events.refunds.tie`). What it leaves untied is tied here, by
the same rule, to the orders that the customer has in the lake. Before that, what the lake holds of the same cancellation
(customer, instant and number) already is left out, whichever way it was tied then: so that overlapping exports, and a file
imported again in another shape, take nothing back twice.

An event made here is the event that one import of all the files would have made: same content, same id.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from holdfast.events.product_lists import ProductLine, line_amounts, product_lines, written
from holdfast.events.refunds import Holding, Part, ReturnedLine, tie
from holdfast.events.schema import MONEY_UNITS, ORDER

__all__ = ["Back", "backs", "holdings", "tied", "uncovered"]

_PIECE = 10_000


@dataclass(frozen=True)
class BackLine:
    """One line taken back: `quantity` in ten-thousandths of a piece, `amount` in ten-thousandths of the currency.

    product  None where it cannot be looked for (no product, or an event that can only be taken whole)
    shown    the line of the products list; None for an event that can only be taken whole
    """

    key: str
    product: str | None
    quantity: int
    amount: int
    shown: ProductLine | None


@dataclass(frozen=True)
class Back:
    """A refund event cut into lines; `event` is the row it came from, `order` what it is tied to, `changed` whether its lines
    or its order are no longer the event's."""

    event: dict[str, Any]
    lines: tuple[BackLine, ...]
    order: str | None
    changed: bool = False

    @property
    def cancellation(self) -> tuple[Any, ...]:
        """What two arrivals of one cancellation have in common."""
        return self.event["customer_id"], self.event["time"], self.number

    @property
    def number(self) -> str | None:
        """The number of the cancellation itself, where it has one."""
        properties = self.event["properties"]
        found = json.loads(properties).get("refund_id") if properties and "refund_id" in properties else None
        return None if found is None else str(found)

    @property
    def amount(self) -> int | None:
        """Money taken back, ten-thousandths; None where it is not known."""
        return None if self.event["revenue"] is None else sum(line.amount for line in self.lines)

    @property
    def products(self) -> str | None:
        """The products list of the lines."""
        if not self.changed or any(line.shown is None for line in self.lines):
            return str(self.event["products"]) if self.event["products"] is not None else None
        return written((line.shown, line.quantity) for line in self.lines if line.shown is not None)


def backs(events: Iterable[dict[str, Any]]) -> list[Back]:
    """Refund events (rows of the schema EVENTS) cut into their lines."""
    return [Back(event, tuple(_cut(event)), event["order_id"]) for event in events]


def _cut(event: dict[str, Any]) -> Iterator[BackLine]:
    total = int((event["revenue"] or 0) * MONEY_UNITS)
    lines = product_lines(event["products"])
    if not lines or any(line.quantity is None or line.quantity < 0 for line in lines):
        yield BackLine(event["products"] or "", None, total, total, None)
        return
    for line, amount in zip(lines, line_amounts(lines, total), strict=True):
        yield BackLine(line.key, line.product, line.quantity or 0, amount, line)


# ---------------------------------------------------------------------- what is in already


def uncovered(new: Iterable[Back], stored: Iterable[Back]) -> tuple[list[Back], list[Back]]:
    """Of new refunds what is not in the lake yet, and the stored refunds that hold the others.

    stored  refunds of the lake that are not, by their id, among the new ones
    """
    left: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    holders: dict[tuple[Any, ...], list[Back]] = defaultdict(list)
    for one in stored:
        for line in one.lines:
            left[one.cancellation][line.key] += line.quantity
            holders[*one.cancellation, line.key].append(one)
    fresh: list[Back] = []
    inside: dict[str, Back] = {}
    for one in new:
        lines = tuple(_rest(one, left[one.cancellation], holders))
        if lines:
            fresh.append(one if lines == one.lines else replace(one, lines=lines, changed=True))
        else:
            found = [before for line in one.lines for before in holders[*one.cancellation, line.key]]
            inside |= {before.event["event_id"]: before for before in found}
    return fresh, list(inside.values())


def _rest(new: Back, left: Counter[str], holders: Mapping[tuple[Any, ...], list[Back]]) -> Iterator[BackLine]:
    """The lines, or parts of them, that no stored refund of the same cancellation covers."""
    for line in new.lines:
        covered = min(left[line.key], line.quantity)
        left[line.key] -= covered
        if covered < line.quantity or (*new.cancellation, line.key) not in holders:
            due = line.amount * covered // line.quantity if line.quantity else 0
            yield replace(line, quantity=line.quantity - covered, amount=line.amount - due)


# ---------------------------------------------------------------------- orders of earlier imports


def holdings(
    purchases: Iterable[dict[str, Any]], here: Collection[tuple[str, str]], going_in: Iterable[Back]
) -> list[tuple[str, str, Holding]]:
    """What each order of the lake still holds of each product: (customer, product, Holding), the oldest first.

    purchases  orders and tied refunds of the customers concerned in order of arrival; the later arrival of an order counts
    here       (customer, order id) of the orders that the import itself brings: its own reading has tied those
    going_in   tied refunds of the import itself that are not in the lake yet
    """
    orders: dict[tuple[str, str], dict[str, Any]] = {}
    gone: Counter[tuple[str, str, str]] = Counter()
    for one in purchases:
        owner = one["customer_id"], one["order_id"]
        if one["event"] == ORDER:
            orders[owner] = one
        else:
            _take(gone, owner, product_lines(one["products"]))
    for back in going_in:
        if back.order is not None:
            _take(gone, (back.event["customer_id"], back.order), back.lines)
    chosen = sorted((one for owner, one in orders.items() if owner not in here), key=lambda one: one["time"])
    return [held for one in chosen for held in _held(one, gone)]


def _take(gone: Counter[tuple[str, str, str]], owner: tuple[str, str], lines: Iterable[ProductLine | BackLine]) -> None:
    for line in lines:
        if line.product is not None:
            gone[*owner, line.product] += abs(line.quantity or 0)


def _held(order: dict[str, Any], gone: Counter[tuple[str, str, str]]) -> Iterator[tuple[str, str, Holding]]:
    bought: Counter[str] = Counter()
    for line in product_lines(order["products"]):
        if line.product is not None:
            bought[line.product] += _PIECE if line.quantity is None else line.quantity
    for product, quantity in bought.items():
        left = quantity - gone[order["customer_id"], order["order_id"], product]
        yield order["customer_id"], product, Holding(order["order_id"], order["time"], left)


def tied(untied: list[Back], held: list[tuple[str, str, Holding]], orders: Collection[tuple[str, str | None]]) -> list[Back]:
    """The refunds that untied ones become: for each one for each order it takes back, one more for what stays untied.

    held    what the orders of the lake hold
    orders  (customer, order id) of the orders in the lake: a refund that carries the number of one takes that order back
    Together the parts have the refund's money to the last ten-thousandth.
    """
    found: dict[int, list[Back]] = {}
    lines: list[tuple[int, BackLine]] = []
    for place, one in enumerate(untied):
        if (one.event["customer_id"], one.number) in orders:
            found[place] = [replace(one, order=one.number, changed=True)]
        else:
            lines += [(place, line) for line in one.lines]
    lines.sort(key=lambda each: untied[each[0]].event["time"])
    returned = [
        ReturnedLine(
            place, untied[place].event["time"], untied[place].event["customer_id"], line.product, line.quantity, line.amount
        )
        for place, line in lines
    ]
    parts: dict[int, dict[str | None, list[tuple[BackLine, Part]]]] = defaultdict(lambda: defaultdict(list))
    for part in tie(returned, held):
        place, line = lines[part.line]
        parts[place][part.order].append((line, part))
    for place, shares in parts.items():
        found[place] = _parted(untied[place], shares)
    return [part for place in range(len(untied)) for part in found[place]]


def _parted(one: Back, shares: dict[str | None, list[tuple[BackLine, Part]]]) -> list[Back]:
    if set(shares) == {None}:
        return [one]
    return [
        replace(
            one,
            order=order,
            lines=tuple(replace(line, quantity=part.quantity, amount=part.amount) for line, part in some),
            changed=True,
        )
        for order, some in shares.items()
    ]
