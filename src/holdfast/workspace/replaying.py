"""Order lines that come after their order: refused once, mended, and imported again from the refusals file.

An order that arrives again replaces the stored one, as a correction does. Lines that were refused are no correction: what goes
in is the stored order and the lines together. Its id names both, so that the same lines are never added twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from holdfast.events.product_lists import appended, product_lines

__all__ = ["completed"]

_WITH = "+"
"""Between the id of the stored order and the ids of what was added to it."""


def completed(
    orders: list[dict[str, Any]], stored: Iterable[dict[str, Any]], origin: str | None
) -> tuple[list[dict[str, Any]], int]:
    """Replayed orders (events as rows) completed by the stored ones of the same order id and customer.

    orders  what the replayed lines give by themselves
    stored  the latest stored order of each order id and customer, for these order ids
    origin  the import that refused the lines; None where that is not known
    Comes back: the events that go in (those whose lines are in already: the stored order again, which the lake knows), and how
    many stored orders were completed.

    A line without a customer belongs to the customer of its order number where only one has such an order. Where another import
    brought the order since (the file was mended and imported whole) and it holds these lines, they are in already.
    """
    kept = {_key(one): one for one in stored}
    owners: dict[str, list[dict[str, Any]]] = {}
    for one in kept.values():
        owners.setdefault(one["order_id"], []).append(one)
    found, joined = [], 0
    for order in orders:
        before = kept.get(_key(order)) or _only(order, owners.get(order["order_id"], []))
        if before is None or _nobody(before):
            found.append(order)
        elif _in_already(order, before, origin):
            found.append(before)
        else:
            kept[_key(before)] = together = _together(before, order)
            found.append(together)
            joined += 1
    return found, joined


def _key(event: dict[str, Any]) -> tuple[str, str | None, str | None]:
    """Order id and person: a customer, or where there is none, a device."""
    customer = event["customer_id"]
    return event["order_id"], customer, event["anonymous_id"] if customer is None else None


def _nobody(event: dict[str, Any]) -> bool:
    """Orders of nobody add up: none replaces another."""
    return event["customer_id"] is None and event["anonymous_id"] is None


def _only(order: dict[str, Any], owners: list[dict[str, Any]]) -> dict[str, Any] | None:
    return owners[0] if _nobody(order) and len(owners) == 1 else None


def _in_already(order: dict[str, Any], stored: dict[str, Any], origin: str | None) -> bool:
    if order["event_id"] in stored["event_id"].split(_WITH)[1:]:
        return True
    lines = _lines(order)
    return stored["batch"] != origin and lines.total() > 0 and lines <= _lines(stored)


def _lines(event: dict[str, Any]) -> Counter[tuple[Any, ...]]:
    return Counter((line.key, line.quantity, line.price) for line in product_lines(event["products"]))


def _together(stored: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    amounts = [one["revenue"] for one in (stored, added) if one["revenue"] is not None]
    return stored | {
        "event_id": stored["event_id"] + _WITH + added["event_id"],
        "time": min(stored["time"], added["time"]),
        "revenue": sum(amounts[1:], amounts[0]) if amounts else None,
        "currency": stored["currency"] or added["currency"],
        "products": appended(stored["products"], added["products"]),
        "source": added["source"],
    }
