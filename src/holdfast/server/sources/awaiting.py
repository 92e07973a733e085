"""Refunds whose order is not known yet: they name a payment, and what it paid is told by another webhook, perhaps a later one.

In the lake a refund cannot be given another order. So one that comes first is refused with the reason AWAITED and waits among
the refused events, where it can be seen, is erased with the person, and is never lost:

- as soon as its payment is tied to an order it is sent in again by itself, and finds that order;
- when it has waited for DAYS (shops send again what was lost for as long) it is sent in as it is: its payment is its order.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from holdfast.server.sources.messages import NotUnderstood

__all__ = ["AWAITED", "DAYS", "is_over", "send_overdue", "send_tied", "unknown"]

AWAITED = "order_awaited"
"""Code of the refusal."""

DAYS = 3
AT_ONCE = 200
"""Payments that are looked for together."""

log = logging.getLogger(__name__)


def unknown(payment: str) -> NotUnderstood:
    """The refusal of what waits for the order of a payment."""
    mend = "nothing: it is sent in again by itself as soon as that is told, and as it is when nobody tells it for three days"
    return NotUnderstood(AWAITED, _sentence(payment), mend)


def is_over(since_us: int, now: datetime) -> bool:
    """Whether what has waited since then has waited long enough."""
    return since_us <= (now - timedelta(days=DAYS)).timestamp() * 1_000_000


def send_tied(tied: Iterable[tuple[str, str]]) -> int:
    """Send in again what waits for these payments, (source, payment) each; how many."""
    every, sent = sorted(set(tied)), 0
    for start in range(0, len(every), AT_ONCE):
        named = Q()
        for source, payment in every[start : start + AT_ONCE]:
            named |= Q(kind__startswith=f"webhook:{source}:", sentence=_sentence(payment))
        sent += _sent(named)
    return sent


def send_overdue(now: datetime) -> int:
    """Send in again what has waited for long enough; how many."""
    return _sent(Q(received_at__lte=now - timedelta(days=DAYS)))


def _sent(which: Q) -> int:
    from holdfast.server.intake.inbox import InboxRefused, inbox
    from holdfast.server.intake.models import RefusedEvent
    from holdfast.server.intake.replaying import replay

    found = RefusedEvent.objects.filter(which, code=AWAITED, outcome="")
    try:
        return replay(found, inbox()) if found.exists() else 0
    except InboxRefused:
        log.warning("refunds whose order is known now could not be sent in again; they are when they are overdue")
        return 0


def _sentence(payment: str) -> str:
    return f"what the payment {payment} has paid is not known yet"
