"""Checkouts of Shopify: begun, and (where no order follows) abandoned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.server.sources.messages import NotUnderstood, Told, identify, instant, money, once_of_checkout, plain, text, track
from holdfast.server.sources.shopify.orders import line
from holdfast.server.sources.source import Ids

__all__ = ["checkout"]


def checkout(body: Mapping[str, Any], ids: Ids) -> list[Told]:
    """That a checkout was begun, once, with what was in it when it was first heard of.

    One that names no customer yet is told of its own token; as soon as a customer is named, the token is said to be hers.
    """
    token, at = text(body.get("token") or body.get("id")), instant(body.get("created_at"))
    if token is None or at is None:
        raise NotUnderstood("shape_unknown", "the checkout has no token or no time", "look at what was sent")
    heard = instant(body.get("updated_at")) or at
    told = {
        "checkout_id": token,
        "value": money(body.get("total_price")),
        "currency": text(body.get("currency")),
        "coupon": ", ".join(code for one in body.get("discount_codes") or [] if (code := text(one.get("code")))),
        "products": [line(one) for one in body.get("line_items") or []],
    }
    user, anonymous = ids.one(plain(body, "customer", "id")), f"checkout-{token}"
    begun = track("Checkout Started", id=ids.message("checkout", token), at=at, user=user, anonymous=anonymous, properties=told)
    if user is None:
        return [once_of_checkout(begun, heard)]
    hers = identify(id=ids.message("checkout-by", token), at=at, user=user, anonymous=anonymous, traits={})
    return [once_of_checkout(begun, heard), once_of_checkout(hers, heard)]
