"""Which event belongs to which stage of the way from stranger to regular: a default by the usual names, editable.

awareness       she has heard of the shop: page and screen views, home page, promotions, mails opened
consideration   she looks around: searches, lists, filters, product pages
evaluation      she weighs: wish list, comparison, cart, coupon, checkout, delivery and payment details
purchase        the first order
after purchase  delivery, refund, return, review, support: only once there is an order
loyalty         the second and every later order; referral, sharing, a review of her own, points: only once there is an order

Names are compared without regard to case, spaces, dashes and underscores: `Product Viewed`, `product_viewed` and
`PRODUCT-VIEWED` are one. The first pattern that fits counts; what the settings or the question say comes before the default.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

import numpy as np
import numpy.typing as npt

from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import ORDER, REFUND
from holdfast.settings import STAGES
from holdfast.timelines.columns import Meta

__all__ = ["DEFAULT", "NO_STAGE", "PURCHASE", "StageMap", "parse_stages", "stage_map"]

NO_STAGE = "none"
"""The name under which events are listed that say nothing about the stage."""

DEFAULT: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "purchase",
        (
            *("order completed", "order placed", "order", "purchase", "purchased", "purchase completed", "transaction"),
            *("payment done", "payment success*", "payment completed", "checkout completed", "subscription started"),
        ),
    ),
    (
        "loyalty",
        (
            *("product shared", "cart shared", "share*", "product reviewed", "referral*", "refer *", "invit*", "friend *"),
            *("loyalty*", "points*", "reward*", "tier *", "member*", "subscription renewed", "rebuy*", "reorder*"),
        ),
    ),
    (
        "after purchase",
        (
            *("order delivered", "order shipped", "order fulfilled", "order refunded", "order cancelled", "order updated"),
            *("order tracked", "order returned", "delivered", "shipped", "refund*", "return*", "review*", "rating*"),
            *("support*", "ticket*", "complaint*", "help*", "chat*", "survey*", "nps*"),
        ),
    ),
    (
        "evaluation",
        (
            *("product added*", "product removed*", "add to *", "remove from *", "added to *", "cart*", "* cart", "basket*"),
            *("wishlist*", "wish list*", "* wishlist", "favourite*", "favorite*", "compare*", "* compared", "checkout*"),
            *("begin checkout", "coupon*", "voucher*", "payment*", "shipping*", "delivery*", "add payment info"),
        ),
    ),
    (
        "consideration",
        (
            *("products", "products searched", "product list*", "product view*", "product page*", "product clicked", "product"),
            *("product[0-9]*", "view item*", "select item", "view product*", "search*", "catalog*", "category*", "categories"),
            *("filter*", "sort*", "listing*", "collection*"),
        ),
    ),
    (
        "awareness",
        (
            *("page", "page view*", "screen", "screen view*", "home", "home page", "homepage", "main", "main page", "landing*"),
            *("promo*", "ad *", "campaign*", "blog*", "visit*", "first visit", "session start*", "email opened"),
            *("email clicked", "email link clicked", "push notification *", "application opened", "app open*", "deep link *"),
        ),
    ),
)
"""Stage and its patterns, in the order in which they are tried."""

PLAIN, NAMED_ORDER, ORDERS, VALUED = range(4)
"""How an event counts: as it is; an order by its name; an order of the house's own, which a refund may undo; as it is, but it
has a row among the orders and refunds."""

PURCHASE = STAGES.index("purchase")

_BREAK = re.compile(r"(?:[\s_]|-(?![^\[]*\]))+")
"""Spaces, underscores and dashes, but not the dash of a pattern's [0-9]."""


@dataclass(frozen=True)
class StageMap:
    """The stage of each event by code; it travels with a step.

    stage  int8: place in STAGES, -1 for events without a stage
    kind   uint8: how the event counts
    """

    stage: npt.NDArray[np.int8]
    kind: npt.NDArray[np.uint8]

    def named(self, meta: Meta) -> dict[str, tuple[str, ...]]:
        """The events of the data by stage, "none" for those without one; stages without events are empty."""
        found: dict[str, list[str]] = {name: [] for name in (*STAGES, NO_STAGE)}
        for code, name in enumerate(meta.events):
            if code:
                found[STAGES[self.stage[code]] if self.stage[code] >= 0 else NO_STAGE].append(name)
        return {name: tuple(events) for name, events in found.items()}


def stage_map(meta: Meta, own: Sequence[tuple[str, Sequence[str]]] = ()) -> StageMap:
    """The map for columns of that meaning.

    own  (stage or "none", names or patterns) that come before the default, such as ("evaluation", ("Quote *",))
    UnknownName for a stage that does not exist.
    """
    for name, _ in own:
        if name not in (*STAGES, NO_STAGE):
            raise UnknownName("stage", name, (*STAGES, NO_STAGE))
    stage = np.full(len(meta.events), -1, np.int8)
    kind = np.zeros(len(meta.events), np.uint8)
    for code, name in enumerate(meta.events):
        if not code:
            continue
        place = _stage_of(name, tuple((one, tuple(patterns)) for one, patterns in own))
        stage[code] = place
        if place == PURCHASE:
            kind[code] = ORDERS if name == ORDER else NAMED_ORDER
        elif name in (ORDER, REFUND):
            kind[code] = VALUED
    return StageMap(stage, kind)


def parse_stages(texts: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """A map of texts such as `evaluation=Quote *,Call Booked`; UnknownName or UsageError for what is none."""
    found = []
    for text in texts:
        name, _, patterns = text.partition("=")
        if not patterns.strip():
            raise UsageError(f"{text!r} is no line of a stage map", "write it as evaluation=Quote *,Call Booked")
        if name.strip() not in (*STAGES, NO_STAGE):
            raise UnknownName("stage", name.strip(), (*STAGES, NO_STAGE))
        found.append((name.strip(), tuple(part.strip() for part in patterns.split(",") if part.strip())))
    return tuple(found)


@cache
def _stage_of(name: str, own: tuple[tuple[str, tuple[str, ...]], ...]) -> int:
    plain = _plain(name)
    for stage, patterns in (*own, *DEFAULT):
        if any(fnmatchcase(plain, _plain(pattern)) for pattern in patterns):
            return -1 if stage == NO_STAGE else STAGES.index(stage)
    return -1


def _plain(name: str) -> str:
    return _BREAK.sub(" ", name.strip().lower())
