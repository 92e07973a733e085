"""The drawn steps as a table of events: times, names, pages, products, orders and refunds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.datasets.made_carts import (
    MOST_LINES,
    PRODUCTS,
    Carts,
    brand_of,
    category_of,
    drawn_products,
    price_of,
    product_text,
)
from holdfast.datasets.made_people import MadePeople
from holdfast.datasets.made_recipe import BRANDS, CATEGORIES, CHANNELS, COUNTRIES, EXTRAS, PERSONAS, PLATFORMS, MadeStream
from holdfast.datasets.made_steps import ADDED, KINDS, LIST, ORDERED, PRODUCT, Stepped
from holdfast.datasets.made_visits import Visits

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["START", "customer_ids", "firm_names", "named", "stream_table"]

Ints = npt.NDArray[np.int64]

START = datetime(2025, 1, 1, tzinfo=UTC)
"""The first day of the stream."""

REFUNDED = len(KINDS)
_EVENTS = {
    "home": "Page Viewed", "search": "Products Searched", "list": "Product List Viewed", "product": "Product Viewed",
    "added": "Product Added", "cart": "Cart Viewed", "checkout": "Checkout Started", "shipping": "Checkout Step Completed",
    "payment": "Checkout Step Completed", "review": "Checkout Step Completed", "ordered": "Order Completed",
    "ticket": "Ticket Opened", **{name: name for name in EXTRAS}, "refunded": "Order Refunded",
}  # fmt: skip
_PATHS = {
    "home": "/", "search": "/search", "cart": "/cart", "checkout": "/checkout", "shipping": "/checkout/shipping",
    "payment": "/checkout/payment", "review": "/checkout/review", "ordered": "/checkout/thanks",
}  # fmt: skip
_STEPS = {"shipping": "1", "payment": "2", "review": "3"}
_NOT_OF_A_PRODUCT = ("Chat Started", "Newsletter Subscribed")
_OF_A_PRODUCT = (PRODUCT, ADDED, *(KINDS.index(name) for name in EXTRAS if name not in _NOT_OF_A_PRODUCT))


@dataclass(frozen=True)
class _Rows:
    """The events before they get their names: one place an event."""

    second: Ints
    kind: Ints
    visit: Ints
    product: Ints
    category: Ints
    taken: Ints
    """Cents paid, or given back; -1 for neither."""


def stream_table(
    recipe: MadeStream, people: MadePeople, visits: Visits, steps: Stepped, carts: Carts, random: np.random.Generator
) -> pa.Table:
    """All events, in order of time."""
    second = _seconds(recipe, people, visits, steps, random)
    shown = drawn_products(people.favourite[visits.who[steps.visit]], recipe, random)
    in_cart = carts.product[steps.visit, np.maximum(steps.line, 0)]
    product = np.where(np.isin(steps.kind, _OF_A_PRODUCT), np.where(steps.line >= 0, in_cart, shown), -1)
    category = np.where(product >= 0, category_of(product), np.where(steps.kind == LIST, category_of(shown), -1))
    taken = np.where(steps.kind == ORDERED, carts.revenue[steps.visit], -1)
    rows = _Rows(second, steps.kind, steps.visit, product, category, taken)
    rows = _sorted(_with_refunds(recipe, people, visits, rows, random))
    return _events(recipe, people, visits, carts, rows, random)


def _seconds(recipe: MadeStream, people: MadePeople, visits: Visits, steps: Stepped, random: np.random.Generator) -> Ints:
    """When each step happens: the visit at about the customer's hour, then step by step."""
    hour = np.clip(people.hour[visits.who] + random.normal(0.0, 1.5, len(visits)), 6.0, 22.0)
    begins = int(START.timestamp()) + visits.day * 86_400 + np.rint(hour * 3_600).astype(np.int64)
    least, mean = recipe.step_gap_seconds
    gaps = np.minimum(least + random.exponential(mean, len(steps.visit)), 1_200).astype(np.int64)
    passed = np.cumsum(gaps)
    first = np.r_[True, steps.visit[1:] != steps.visit[:-1]]
    return begins[steps.visit] + passed - np.repeat(passed[first], np.diff(np.r_[np.flatnonzero(first), len(gaps)]))


def _with_refunds(recipe: MadeStream, people: MadePeople, visits: Visits, rows: _Rows, random: np.random.Generator) -> _Rows:
    """A third of some orders of repeat buyers comes back, within the stream."""
    ordered = np.flatnonzero(rows.kind == ORDERED)
    repeat = people.persona[visits.who[rows.visit[ordered]]] == len(PERSONAS) - 1
    later = rows.second[ordered] + random.integers(3 * 86_400, 10 * 86_400, len(ordered))
    ends = int(START.timestamp()) + recipe.days * 86_400
    of = ordered[repeat & (random.random(len(ordered)) < recipe.refunded) & (later < ends)]
    nothing = np.full(len(of), -1)
    back = _Rows(
        later[np.searchsorted(ordered, of)], np.full(len(of), REFUNDED), rows.visit[of], nothing, nothing, rows.taken[of] // 3
    )
    return _Rows(*(np.concatenate([getattr(rows, name), getattr(back, name)]) for name in _Rows.__dataclass_fields__))


def _sorted(rows: _Rows) -> _Rows:
    order = np.argsort(rows.second, kind="stable")
    return _Rows(*(getattr(rows, name)[order] for name in _Rows.__dataclass_fields__))


def _events(
    recipe: MadeStream, people: MadePeople, visits: Visits, carts: Carts, rows: _Rows, random: np.random.Generator
) -> pa.Table:
    import pyarrow as pa

    who = visits.who[rows.visit]
    kinds = list(_EVENTS)
    cart = (rows.kind >= ADDED) & (rows.kind <= ORDERED) & (carts.lines[rows.visit] > 0)
    order = (rows.kind == ORDERED) | (rows.kind == REFUNDED)
    coupon = (rows.kind == ORDERED) & carts.coupon[rows.visit]
    platform, channel = _ways_in(recipe, people, visits, random)
    columns: dict[str, Any] = {
        "customer_id": customer_ids(len(people)).take(pa.array(who)),
        "event": named(rows.kind, [_EVENTS[kind] for kind in kinds]),
        "time": pa.array(rows.second * 1_000_000, pa.timestamp("us", tz="UTC")),
        "order_id": _numbered("o", rows.visit, order),
        "revenue": _money(rows.taken, rows.taken >= 0),
        "currency": named(np.where(order, 0, -1), ["EUR"]),
        "products": _products(carts, rows),
        "path": named(*_paths(rows)),
        "product_id": named(rows.product, [str(one) for one in range(PRODUCTS)]),
        "category": named(rows.category, CATEGORIES),
        "brand": named(np.where(rows.product >= 0, brand_of(rows.product), -1), BRANDS),
        "price": _money(price_of(np.maximum(rows.product, 0)), rows.product >= 0),
        "step": named(rows.kind, [_STEPS.get(kind) for kind in kinds]),
        "cart_id": _numbered("c", rows.visit, cart),
        "coupon": named(np.where(coupon, 0, -1), ["SAVE15"]),
        "discount": _money(carts.discount[rows.visit], coupon),
        "platform": named(platform[rows.visit], PLATFORMS),
        "channel": named(channel[rows.visit], CHANNELS),
        "account": firm_names(people.firm[who]),
        "country": named(people.country[who], COUNTRIES),
    }
    return pa.table(columns)


def _ways_in(recipe: MadeStream, people: MadePeople, visits: Visits, random: np.random.Generator) -> tuple[Ints, Ints]:
    """The platform and the channel of each visit: mostly the customer's own."""
    count, main = len(visits), random.random((2, len(visits))) < recipe.main_platform
    platform = np.where(main[0], people.platform[visits.who], random.integers(0, len(PLATFORMS), count))
    return platform, np.where(main[1], people.channel[visits.who], random.integers(0, len(CHANNELS), count))


def _paths(rows: _Rows) -> tuple[Ints, list[str]]:
    """The page of each event, as a place in the list of all pages; -1 for what is no page."""
    kinds = list(_EVENTS)
    pages = [*_PATHS.values(), *(f"/category/{name}" for name in CATEGORIES), *(f"/product/{one}" for one in range(PRODUCTS))]
    fixed = np.array([list(_PATHS).index(kind) if kind in _PATHS else -1 for kind in kinds])
    place = fixed[rows.kind]
    place = np.where(rows.kind == LIST, len(_PATHS) + rows.category, place)
    return np.where(rows.kind == PRODUCT, len(_PATHS) + len(CATEGORIES) + rows.product, place), pages


def _products(carts: Carts, rows: _Rows) -> pa.Array:
    """The JSON list of the products of each order."""
    import pyarrow as pa

    texts = {(one, pieces): product_text(one, pieces) for one in range(PRODUCTS) for pieces in range(1, MOST_LINES + 1)}
    found: list[str | None] = [None] * len(rows.kind)
    for place in np.flatnonzero(rows.kind == ORDERED).tolist():
        visit = rows.visit[place]
        lines = range(int(carts.lines[visit]))
        found[place] = f"[{', '.join(texts[int(carts.product[visit, i]), int(carts.quantity[visit, i])] for i in lines)}]"
    return pa.array(found, pa.string())


def _money(cents: Ints, present: npt.NDArray[np.bool_]) -> pa.Array:
    """Cents as exact decimals, null where not present."""
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = pc.cast(pa.array(cents, mask=~present), pa.decimal128(19, 0))
    return pc.cast(pc.multiply(whole, pa.scalar(Decimal("0.01"))), pa.decimal128(18, 4))


def _numbered(letter: str, number: Ints, present: npt.NDArray[np.bool_]) -> pa.Array:
    """Ids such as "o17", null where not present."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(letter, pc.cast(pa.array(number, mask=~present), pa.string()), "")


def named(place: Ints, names: Iterable[str | None]) -> pa.Array:
    """Places in a list of names as text; null for -1."""
    import pyarrow as pa

    return pa.array(list(names), pa.string()).take(pa.array(place, mask=place < 0))


def customer_ids(count: int) -> pa.Array:
    """The customers' ids: "c00000", "c00001", ..."""
    import pyarrow as pa

    return pa.array([f"c{number:05d}" for number in range(count)], pa.string())


def firm_names(firm: Ints) -> pa.Array:
    """The names of firms: "firm 0", "firm 1", ...; null for -1."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_join_element_wise("firm ", pc.cast(pa.array(firm, mask=firm < 0), pa.string()), "")
