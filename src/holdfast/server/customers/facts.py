"""What one event tells about a person or her firm: traits and consents, out of its properties (all text, as the lake has them).

    identify   every property, "traits." taken off; what stands in "context." but traits and consent is about the call
    group      `groupId` is her firm; every other property is a trait of the firm
    others     "traits." and "context.traits."; of orders also the address fields that shops send along
    consent    traits such as accepts_marketing, "context.consent.…", and the events CONSENT_EVENTS

A fact is the latest by (time, sequence), so that the order of arrival changes nothing: `later` adds two tellings up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from holdfast.server.customers.trait_names import SHOWN, plain

__all__ = ["CONSENT_EVENTS", "TELLING", "Facts", "Heard", "Told", "facts_of", "later", "shown_fields"]

Told = dict[str, list[Any]]
"""Name → [time µs, sequence, text]."""

MOST = 300
"""Traits of one id that are kept: the latest."""

LONGEST = 2_000
NAME = 128

CONSENT_EVENTS = frozenset(
    {
        *("Consent Changed", "Preferences Updated", "Segment Consent Preference Updated", "Consent Preference Updated"),
        *("Unsubscribed", "Email Unsubscribed", "Subscribed", "Email Subscribed", "SMS Unsubscribed", "SMS Subscribed"),
    }
)
"""Events that say what somebody allows."""

ORDER = "Order Completed"
"""As in `holdfast.events.schema`, which would bring Arrow into the web."""

TELLING = r'"(?:context\.)?traits\.|"context\.consent\.'
"""What stands in the properties of an event that tells of a person though it is neither identify nor group nor an order."""

OF_ORDERS = {
    "email": "email",
    "customer_email": "email",
    "contact_email": "email",
    "phone": "phone",
    "customer_phone": "phone",
    "customer_name": "name",
    "billing_name": "name",
    "billing_phone": "phone",
    "billing_city": "city",
    "shipping_city": "city",
    "billing_country": "country",
    "shipping_country": "country",
    "country": "country",
    "city": "city",
}
"""Properties of orders that tell of the person, and the trait that each is."""

CONSENT_TRAITS = {
    "accepts_marketing": ("channel", "email"),
    "buyer_accepts_marketing": ("channel", "email"),
    "marketing_opt_in": ("channel", "email"),
    "email_opt_in": ("channel", "email"),
    "email_consent": ("channel", "email"),
    "email_subscribed": ("channel", "email"),
    "subscribed_to_email": ("channel", "email"),
    "email_marketing_consent_state": ("channel", "email"),
    "sms_opt_in": ("channel", "sms"),
    "sms_consent": ("channel", "sms"),
    "sms_marketing_consent_state": ("channel", "sms"),
    "push_opt_in": ("channel", "push"),
    "push_enabled": ("channel", "push"),
    "phone_opt_in": ("channel", "phone"),
    "newsletter": ("topic", "newsletter"),
    "newsletter_opt_in": ("topic", "newsletter"),
}
"""Traits that are consents: kind and name."""

NO = frozenset(
    {
        "false",
        "no",
        "0",
        "off",
        "unsubscribed",
        "not_subscribed",
        "opted_out",
        "opt_out",
        "denied",
        "never",
        "redacted",
        "invalid",
        "",
    }
)
YES = frozenset({"true", "yes", "1", "on", "subscribed", "opted_in", "opt_in", "granted", "confirmed"})
CHOICES = {"topics": "topic", "brands": "brand", "categories": "category", "channels": "channel"}
SINGLE = {"topic": "topic", "brand": "brand", "category": "category", "channel": "channel"}


@dataclass(frozen=True)
class Heard:
    """One consent that an event tells."""

    kind: str
    name: str
    state: str
    source: str


@dataclass(frozen=True)
class Facts:
    """What an event tells: traits of the person, her firm and its traits, consents."""

    traits: dict[str, str] = field(default_factory=dict)
    account: str = ""
    firm: dict[str, str] = field(default_factory=dict)
    consents: tuple[Heard, ...] = ()


def facts_of(kind: str, event: str, properties: str | None) -> Facts:
    """The facts of an event.

    kind        its type: identify, group, track, …
    event       its name
    properties  the JSON object of the lake; what is none tells nothing
    """
    told = _object(properties)
    if not told:
        return Facts()
    if kind == "group":
        return _of_group(told)
    traits = _traits(told, whole=kind == "identify")
    if event == ORDER:
        traits = {**_of_order(told), **traits}
    return Facts(traits, consents=tuple(dict.fromkeys(_consents(event, told, traits))))


def later(*tellings: Told) -> Told:
    """All tellings together: of each name the latest, of all names the latest MOST."""
    held: Told = {}
    for telling in tellings:
        for name, one in telling.items():
            if name not in held or tuple(one) > tuple(held[name]):
                held[name] = one
    if len(held) > MOST:
        names = sorted(held, key=lambda name: (held[name][0], held[name][1], name))[-MOST:]
        held = {name: held[name] for name in names}
    return dict(sorted(held.items()))


def shown_fields(traits: dict[str, str], longest: dict[str, int]) -> dict[str, str]:
    """name, email, phone, account, city and country out of traits, each at most so long."""
    if not traits:
        return dict.fromkeys(SHOWN, "")
    by_name = {plain(name): value for name, value in sorted(traits.items(), reverse=True)}
    found = {field: next((by_name[one] for one in names if by_name.get(one)), "") for field, names in SHOWN.items()}
    if not found["name"]:
        found["name"] = " ".join(by_name[one] for one in ("first_name", "last_name") if by_name.get(one))
    for field_name in ("city", "country"):
        found[field_name] = found[field_name] or by_name.get(f"address_{field_name}", "")
    return {name: value.strip()[: longest[name]] for name, value in found.items()}


def _of_group(told: dict[str, str]) -> Facts:
    account = next((told[one] for one in ("groupId", "group_id", "account_id", "accountId", "account") if told.get(one)), "")
    firm = _traits({name: value for name, value in told.items() if plain(name) != "group_id"}, whole=True)
    return Facts({"group_id": account} if account else {}, account, firm if account else {})


def _traits(told: dict[str, str], *, whole: bool) -> dict[str, str]:
    """The traits among properties; `whole`: all that has no other prefix is one."""
    found: dict[str, str] = {}
    for name, value in told.items():
        if name.startswith("context.traits."):
            bare = name[15:]
        elif name.startswith("traits."):
            bare = name[7:]
        elif whole and not name.startswith(("context.", "integrations.")):
            bare = name
        else:
            continue
        if bare and len(bare) <= NAME:
            found[bare] = value[:LONGEST]
    return found


def _of_order(told: dict[str, str]) -> dict[str, str]:
    named = {OF_ORDERS[plain(name)]: value[:LONGEST] for name, value in reversed(told.items()) if plain(name) in OF_ORDERS}
    return {name: value for name, value in named.items() if value}


def _consents(event: str, told: dict[str, str], traits: dict[str, str]) -> Iterable[Heard]:
    for name, value in traits.items():
        about = CONSENT_TRAITS.get(plain(name))
        if about:
            yield Heard(*about, _state(value), "trait")
        elif re.match(r"(email_|communication_)?preferences?[._]", name):
            yield from _choice(
                plain(name).partition("preferences_")[2] or plain(name).partition("preference_")[2], value, "trait"
            )
    for name, value in told.items():
        if name.startswith("context.consent.categoryPreferences."):
            yield Heard("purpose", name[36:][:NAME], _state(value), "context")
    if event in CONSENT_EVENTS:
        yield from _of_event(event, told)


def _of_event(event: str, told: dict[str, str]) -> Iterable[Heard]:
    """An event about consent: one subject and its state, or lists of what is wanted."""
    state = next((told[one] for one in ("state", "consent", "subscribed", "status", "value", "granted") if one in told), None)
    if state is None and event.endswith("subscribed"):
        state = "no" if "Unsub" in event else "yes"
    subjects = [(SINGLE[name], value) for name, value in told.items() if name in SINGLE and value]
    if not subjects and event.endswith("subscribed"):
        subjects = [("channel", "sms" if event.startswith("SMS") else "email")]
    if state is not None:
        for kind, name in subjects:
            yield Heard(kind, name[:NAME], _state(state), "event")
    for name, value in told.items():
        yield from _choice(plain(name.removeprefix("preferences.")), value, "event")


def _choice(name: str, value: str, source: str) -> Iterable[Heard]:
    """A list of wanted topics, a topic said to be wanted or not (topics.news = true), or how often."""
    if name == "frequency":
        yield Heard("frequency", "all", value.strip().lower()[:64], source)
    elif name in CHOICES:
        for one in _list(value):
            yield Heard(CHOICES[name], one[:NAME], "yes", source)
    else:
        head, _, rest = name.partition("_")
        if head in CHOICES and rest:
            yield Heard(CHOICES[head], rest[:NAME], _state(value), source)


def _state(value: str) -> str:
    word = value.strip().lower()
    return "no" if word in NO else "yes" if word in YES else word[:64]


def _list(value: str) -> list[str]:
    if value.startswith("["):
        try:
            return [str(one) for one in json.loads(value)][:100]
        except ValueError:
            return []
    return [one.strip() for one in value.split(",") if one.strip()][:100]


def _object(text: str | None) -> dict[str, str]:
    try:
        told = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(told, dict):
        return {}
    return {str(name).replace("\0", ""): _text(value) for name, value in told.items() if value is not None}


def _text(value: Any) -> str:
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).replace("\0", "")
