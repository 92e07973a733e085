"""What a shop asks on behalf of a customer: erase her, tell what is held of her. A manager sees each request until it is done.

Erasing runs as a job as soon as it is asked: the shop has already checked who asks, and law and Shopify's rules set a term of
30 days. Telling, and what concerns the whole shop, is for a person to do.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from holdfast.server.people import audit
from holdfast.server.sources.models import Connection, PrivacyRequest
from holdfast.server.sources.source import Asked

__all__ = ["carry_out", "done_by_hand", "queue_again", "record", "waiting"]

ERASED = "erased"
"""What stands in place of the id of whoever was erased (`customers.removing`)."""


def record(connection: Connection, asked: Asked, delivery: str) -> PrivacyRequest:
    """Keep a request, once however often it is sent; an erasure is put into the queue."""
    made, fresh = PrivacyRequest.objects.get_or_create(
        delivery=delivery, defaults={"connection": connection, "kind": asked.kind, "person": asked.person[:254]}
    )
    if fresh:
        audit.record(f"source {connection.pk}", "privacy.asked", subject=made.person, kind=made.kind)
        if made.kind == "erase" and made.person:
            from holdfast.server.sources.jobs import erase_asked

            transaction.on_commit(lambda: erase_asked(made.pk))
    return made


def queue_again() -> int:
    """Queue every erasure that was asked and is not done: its job was lost, killed, or has failed too often; how many."""
    from holdfast.server.sources.jobs import erase_asked

    left = PrivacyRequest.objects.filter(kind="erase", done_at=None).exclude(person="").order_by("pk")
    numbers = list(left.values_list("pk", flat=True))
    for number in numbers:
        erase_asked(number)
    return len(numbers)


def carry_out(request: PrivacyRequest) -> None:
    """Erase the customer of a request; done once however often it is called."""
    from holdfast.server.customers.erasing import erase

    if request.done_at is not None:
        return
    if request.person != ERASED:  # else the worker died between the erasing and the line below
        erase(request.person, f"source {request.connection_id}")
    _done(request, "erased")


def done_by_hand(request: PrivacyRequest, by: Any) -> None:
    """Somebody did what was asked."""
    if request.done_at is None:
        audit.record(by, "privacy.done", subject=request.person, kind=request.kind)
        _done(request, "done by hand")


def waiting() -> list[PrivacyRequest]:
    """What is not done yet, the oldest first."""
    return list(PrivacyRequest.objects.filter(done_at=None).order_by("asked_at").select_related("connection")[:200])


def _done(request: PrivacyRequest, outcome: str) -> None:
    request.done_at, request.outcome = timezone.now(), outcome
    request.save(update_fields=["done_at", "outcome"])
