"""A line of the timeline, as people read it. Pure: an event and what the lake has of it in, words and small tables out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from holdfast.report.values import cleaned
from holdfast.server.customers.timeline import Detail, Happened

__all__ = ["Line", "line_of"]

TOLD_NAMES = {"identify": "Profile told", "group": "Account told", "alias": "Ids joined"}
TITLES = ("title", "name", "product_name", "query", "path", "page_path", "url", "sku", "product_id", "subject", "text")
"""Properties that say what an event was about, the best first."""

QUIET = ("revenue", "order_id", "currency", "products", "total")
MOST_PROPERTIES = 40


@dataclass(frozen=True)
class Line:
    """A line of the timeline.

    kind      as in `telling.KINDS` · title  what happened · about  what it was about · text  what was written
    amount    money of an order, negative of a refund
    products  of an order: (name, quantity, price) each
    facts     further properties: (name, value) each
    by        who of us, or from where
    """

    at: datetime
    kind: str
    title: str
    about: str = ""
    text: str = ""
    amount: float | None = None
    products: tuple[tuple[str, str, Any], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    by: str = ""
    fresh: bool = False


def line_of(row: Happened, detail: Detail | None, kind: str) -> Line:
    """An event as a line."""
    properties = dict(detail.properties) if detail else {}
    products = tuple(_product(one) for one in detail.products) if detail else ()
    used = set(QUIET)
    about = _about(kind, products, properties, used)
    facts = tuple((name, cleaned(str(value))) for name, value in sorted(properties.items()) if name not in used and value)
    return Line(
        at=row.at,
        kind=kind,
        title=_title(kind, row, detail),
        about=about,
        amount=row.amount,
        products=products,
        facts=facts[:MOST_PROPERTIES],
        by=(detail.source or "") if detail else "",
        fresh=row.fresh,
    )


def _title(kind: str, row: Happened, detail: Detail | None) -> str:
    if kind == "orders":
        return _("Order %(id)s") % {"id": cleaned(detail.order_id)} if detail and detail.order_id else _("Order")
    if kind == "refunds":
        return _("Refund of order %(id)s") % {"id": cleaned(detail.order_id)} if detail and detail.order_id else _("Refund")
    if kind == "told":
        return TOLD_NAMES.get(detail.type, cleaned(detail.event or detail.type)) if detail else _("Profile told")
    return cleaned(row.event)


def _about(kind: str, products: Any, properties: dict[str, str], used: set[str]) -> str:
    if products:
        first = cleaned(products[0][0])
        more = len(products) - 1
        return first + (ngettext(" and one more product", " and %(n)s more products", more) % {"n": more} if more else "")
    if kind == "told":
        bare = (name.removeprefix("context.").removeprefix("traits.") for name in list(properties)[:6])
        return ", ".join(cleaned(name) for name in bare)
    for name in TITLES:
        if properties.get(name):
            used.add(name)
            return cleaned(str(properties[name]))
    return ""


def _product(one: dict[str, Any]) -> tuple[str, str, Any]:
    name = next((str(one[key]) for key in ("name", "title", "product_name", "sku", "product_id", "id") if one.get(key)), "?")
    price = one.get("price")
    try:
        paid = float(price) if price not in (None, "") else None
    except (TypeError, ValueError):
        paid = None
    return cleaned(name), cleaned(str(one.get("quantity", "") or "")), paid
