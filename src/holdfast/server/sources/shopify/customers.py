"""Customers of Shopify, and whether they want marketing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.server.sources.messages import NotUnderstood, Told, address, identify, instant, plain, text
from holdfast.server.sources.source import Ids

__all__ = ["consent", "customer"]


def customer(body: Mapping[str, Any], ids: Ids) -> list[Told]:
    """Who a customer is now."""
    user, at = ids.one(body.get("id")), instant(body.get("updated_at") or body.get("created_at"))
    if user is None or at is None:
        raise NotUnderstood("shape_unknown", "the customer has no id or no time", "look at what was sent")
    traits = {
        "email": text(body.get("email")),
        "firstName": text(body.get("first_name")),
        "lastName": text(body.get("last_name")),
        "phone": text(body.get("phone")),
        "address": address(
            body.get("default_address"),
            street="address1",
            city="city",
            state="province",
            postalCode="zip",
            country="country_code",
        ),
        "createdAt": instant(body.get("created_at")),
        "tags": text(body.get("tags")),
        **_wants(body),
    }
    return [identify(id="", at=at, user=user, traits=traits, of=f"customer:{user}", version=at)]


def consent(body: Mapping[str, Any], ids: Ids) -> list[Told]:
    """That a customer wants marketing, or wants it no longer."""
    user = ids.one(body.get("customer_id") or body.get("id"))
    state = body.get("email_marketing_consent") or body.get("sms_marketing_consent")
    at = instant(plain(state, "consent_updated_at") or body.get("updated_at"))
    traits = _wants(body)
    if user is None:
        raise NotUnderstood("shape_unknown", "the consent names no customer", "look at what was sent")
    if at is None or not traits:
        return []
    channel = next(iter(sorted(traits)))
    return [identify(id="", at=at, user=user, traits=traits, of=f"{channel}:{user}", version=at)]


def _wants(body: Mapping[str, Any]) -> dict[str, bool]:
    """Marketing by e-mail and by text message, as far as it is told: `emailConsent`, `smsConsent`."""
    told: dict[str, bool] = {}
    for channel, name in (("emailConsent", "email_marketing_consent"), ("smsConsent", "sms_marketing_consent")):
        state = plain(body, name, "state")
        if state is not None:
            told[channel] = state == "subscribed"
    if "emailConsent" not in told and isinstance(body.get("accepts_marketing"), bool):
        told["emailConsent"] = bool(body["accepts_marketing"])
    return told
