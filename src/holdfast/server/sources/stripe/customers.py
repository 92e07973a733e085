"""Customers of Stripe."""

from __future__ import annotations

from holdfast.server.sources.messages import Message, NotUnderstood, Told, address, identify, instant, once, plain, text
from holdfast.server.sources.source import Ids
from holdfast.server.sources.stripe.event import Event

__all__ = ["customer"]


def customer(event: Event, ids: Ids) -> list[Told]:
    """Who a customer is now; and who she is in the business's own app, where her metadata say user_id."""
    body = event.thing
    user = ids.one(body.get("id"))
    if user is None:
        raise NotUnderstood("shape_unknown", "the customer has no id", "look at what was sent")
    traits = {
        "email": text(body.get("email")),
        "name": text(body.get("name")),
        "phone": text(body.get("phone")),
        "address": address(
            body.get("address"), street="line1", city="city", state="state", postalCode="postal_code", country="country"
        ),
        "createdAt": instant(body.get("created")),
        "delinquent": body.get("delinquent") or None,
    }
    known = identify(id="", at=event.at, user=user, traits=traits, of=f"customer:{user}", version=event.at)
    own = text(plain(body, "metadata", "user_id"))
    return [known] if own is None else [known, _joined(event, ids, user, own)]


def _joined(event: Event, ids: Ids, user: str, own: str) -> Message:
    body = {
        "type": "alias",
        "messageId": ids.message("alias", user, own),
        "timestamp": instant(event.thing.get("created")) or event.at,
        "userId": own,
        "previousId": user,
    }
    return once(Message(body))
