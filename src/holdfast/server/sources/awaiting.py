"""Refunds whose order is not known yet: they name a payment, and what it paid is told by another webhook, perhaps a later one.

In the lake a refund cannot be given another order. So one that comes first is refused with the reason AWAITED and waits among
the refused events, where it can be seen, is erased with the person, and is never lost:

- as soon as its payment is tied to an order it is sent in again by itself, and finds that order;
- when it has waited for DAYS (shops send again what was lost for as long) it is sent in as it is: its payment is its order.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from holdfast.server.sources.messages import NotUnderstood

__all__ = ["AWAITED", "DAYS", "is_over", "send_overdue", "send_tied", "unknown"]

AWAITED = "order_awaited"
"""Code of the refusal."""

DAYS = 3
AT_ONCE = 900
"""Payments that are looked for together, and events that are sent in together."""

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
    every = sorted({(source, _sentence(payment)) for source, payment in tied})
    return sum(_sent(_waiting_for(every[start : start + AT_ONCE])) for start in range(0, len(every), AT_ONCE))


def send_overdue(now: datetime) -> int:
    """Send in again what has waited for long enough; how many."""
    from holdfast.server.intake.models import RefusedEvent

    waits = RefusedEvent.objects.filter(code=AWAITED, outcome="", received_at__lte=now - timedelta(days=DAYS))
    return _sent(list(waits.values_list("id", flat=True)))


def _waiting_for(named: Sequence[tuple[str, str]]) -> list[int]:
    """The refused events that wait, of these sources and for these reasons. The same reason may stand in another source."""
    from holdfast.server.intake.models import RefusedEvent

    waits = RefusedEvent.objects.filter(code=AWAITED, outcome="", sentence__in={sentence for _, sentence in named})
    wanted = set(named)
    found = waits.values_list("id", "kind", "sentence")
    return [event for event, kind, sentence in found if (kind.split(":")[1], sentence) in wanted]


def _sent(events: Sequence[int]) -> int:
    from holdfast.server.intake.inbox import InboxRefused, inbox
    from holdfast.server.intake.models import RefusedEvent
    from holdfast.server.intake.replaying import replay

    sent = 0
    try:
        for start in range(0, len(events), AT_ONCE):
            sent += replay(RefusedEvent.objects.filter(id__in=events[start : start + AT_ONCE]), inbox())
    except InboxRefused:
        log.warning("refunds whose order is known now could not be sent in again; they are when they are overdue")
    return sent


def _sentence(payment: str) -> str:
    return f"what the payment {payment} has paid is not known yet"
