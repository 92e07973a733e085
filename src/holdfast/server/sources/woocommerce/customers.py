"""Customers of WooCommerce."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.server.sources.messages import NotUnderstood, Told, address, identify, instant, plain, text
from holdfast.server.sources.source import Ids
from holdfast.server.sources.woocommerce.orders import who

__all__ = ["customer", "ordered_by"]


def customer(body: Mapping[str, Any], ids: Ids) -> list[Told]:
    """Who a customer is now."""
    user = ids.one(body.get("id"))
    at = instant(body.get("date_modified_gmt") or body.get("date_created_gmt"))
    if user is None or at is None:
        raise NotUnderstood("shape_unknown", "the customer has no id or no time", "choose API version WP REST API v3")
    traits = {**_traits(body, body.get("billing") or {}), "createdAt": instant(body.get("date_created_gmt"))}
    return [identify(id="", at=at, user=user, traits=traits, of=f"customer:{user}", version=at)]


def ordered_by(body: Mapping[str, Any], ids: Ids) -> list[Told]:
    """Who ordered, as the new order tells it."""
    user, at = who(body, ids), instant(body.get("date_created_gmt"))
    given = body.get("billing") or {}
    if user is None or at is None:
        return []
    return [identify(id=ids.message("ordered-by", body.get("id")), at=at, user=user, traits=_traits(given, given))]


def _traits(named: Mapping[str, Any], billing: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "email": text(plain(named, "email") or plain(billing, "email")),
        "firstName": text(plain(named, "first_name") or plain(billing, "first_name")),
        "lastName": text(plain(named, "last_name") or plain(billing, "last_name")),
        "phone": text(plain(billing, "phone")),
        "company": text(plain(billing, "company")),
        "address": address(billing, street="address_1", city="city", state="state", postalCode="postcode", country="country"),
    }
