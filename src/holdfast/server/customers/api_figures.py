"""Operations: what is known and expected of one customer: figures, traits, value and risk, what she would like."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Schema

from holdfast.server.analyst.client import AnalystAway, call
from holdfast.server.api.errors import ERRORS
from holdfast.server.api.fields import Key
from holdfast.server.api.gate import Router
from holdfast.server.customers import known
from holdfast.server.customers.computed import computed
from holdfast.server.customers.figures import figures
from holdfast.server.customers.standing import Standing, standing_told
from holdfast.server.place import settings

__all__ = ["StandingOut", "router", "standing_of"]

router = Router(tags=["customers"])

PATIENT_SECONDS = 20.0


class StandingOut(Schema):
    """How we stand with somebody: orders, money net of refunds, days (local) and her rhythm.

    `unusual`: she has been silent for three of her own mean gaps.
    """

    words: str
    orders: int
    revenue: float
    currency: str
    first_order: date | None
    last_order: date | None
    first_seen: date | None
    last_seen: date | None
    silent_days: int | None
    gap_days: float | None
    unusual: bool
    segment: str
    as_of: date


class TraitsOut(Schema):
    """What the analyses know of her, as last worked out; empty while nothing is."""

    traits: dict[str, Any]
    as_of: str | None
    made_at: str | None


class Expected(Schema):
    """What is to be expected of her; each part is null where it cannot be told, and `why_not` says why.

    `money`: what the value is in, profit where the settings have a margin.
    """

    as_of: date
    next_order: dict[str, Any] | None
    value: dict[str, Any] | None
    risk: dict[str, Any] | None
    why_not: dict[str, str]
    money: str


class Liked(Schema):
    """Something that she would like, and why."""

    item: str
    name: str
    reason: str


class LikingOut(Schema):
    """What she would like next, the best first."""

    items: list[Liked]
    words: str


@router.get("/customers/{key}/standing", needs="look", response={200: StandingOut} | ERRORS, summary="How do we stand?")
def customer_standing(request: HttpRequest, key: Key) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """The sentence of her page, and its figures."""
    who = known.who_or_404(key)
    found = figures(who.ids[:1], PATIENT_SECONDS)
    if found is None:
        raise AnalystAway("customers.figures")
    return standing_of(found.get(who.person) or Standing(None, None, 0, 0.0, known.today()))


@router.get("/customers/{key}/traits", needs="look", response={200: TraitsOut} | ERRORS, summary="What do analyses know?")
def customer_traits(request: HttpRequest, key: Key) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """Segment, persona, value, risk, … for everybody worked out once a day and after large changes."""
    told = computed(known.who_or_404(key).person)
    return {"traits": {}, "as_of": None, "made_at": None} if told is None else dict(vars(told))


@router.get("/customers/{key}/expected", needs="look", response={200: Expected} | ERRORS, summary="What is to be expected?")
def customer_expected(request: HttpRequest, key: Key) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """Her next order, her future value, the risk that she leaves."""
    return dict(vars(call("customers.foreseen", within_seconds=PATIENT_SECONDS, person=known.who_or_404(key).person)))


@router.get("/customers/{key}/liking", needs="look", response={200: LikingOut} | ERRORS, summary="What would she like next?")
def customer_liking(request: HttpRequest, key: Key) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """Of what others like her bought."""
    told = call("customers.liking", within_seconds=PATIENT_SECONDS, person=known.who_or_404(key).person)
    items = [dict(zip(Liked.model_fields, one, strict=True)) for one in told.items]
    return {"items": items, "words": told.said}


def standing_of(told: Standing) -> dict[str, Any]:
    """A standing as the API gives it."""
    currency = settings().currency
    first_order, last_order = told.ordered or (None, None)
    first_seen, last_seen = told.seen or (None, None)
    return {
        "words": standing_told(told, currency), "currency": currency, "first_order": first_order, "last_order": last_order,
        "first_seen": first_seen, "last_seen": last_seen,
        **{name: getattr(told, name) for name in ("orders", "revenue", "silent_days", "gap_days")},
        **{name: getattr(told, name) for name in ("unusual", "segment", "as_of")},
    }  # fmt: skip
