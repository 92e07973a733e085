"""Of two tellings of one order the newer holds, in whichever order they arrive.

Shops promise neither order nor uniqueness. In the lake the later *arrival* of an order replaces the earlier one, so a telling
that is older than what is known must not go in at all. For each object the version and the content last told are kept here:

- an older version is left out;
- a newer version that says the same again goes under the id of the first telling, so that it is one event;
- the same version again goes in again: the digester may have died between here and the lake, and leaves out what it has;
- of two contents with one version (clocks of shops tick in seconds) the one with the greater digest holds;
- where only a change is an event (paused, resumed) the first state is remembered and silent.

So any order of arrival and any repetition end with the same order. Objects are known here by a hash of their ids under the
server's key, so that nothing in this table names anybody: there is nothing to erase.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

from holdfast.server.place import secret_key
from holdfast.server.sources.messages import Message, Tie, Told

__all__ = ["kept"]


def kept(source: str, told: Iterable[Told]) -> list[dict[str, Any]]:
    """The bodies of those messages that hold, each with its id."""
    from django.db import transaction

    listed = list(told)
    if all(isinstance(one, Message) and one.of is None and one.tied_by is None for one in listed):
        return [one.body for one in listed if isinstance(one, Message)]
    with transaction.atomic():
        bodies = [_told(source, one) for one in listed]
    return [body for body in bodies if body is not None]


def _told(source: str, one: Told) -> dict[str, Any] | None:
    if isinstance(one, Tie):
        _remember(source, one)
        return None
    if one.tied_by is not None:
        return _tied(source, one)
    return one.body if one.of is None else _held(source, one)


def _held(source: str, message: Message) -> dict[str, Any] | None:
    """The body under its id, and remembered as the newest; None where a newer one is known, or the first is silent."""
    from holdfast.server.sources.models import Newest

    said, key = message.digest, _key(source, str(message.of))
    name = f"{source}:{key}:{message.version}:{said}"
    known, fresh = Newest.objects.select_for_update().get_or_create(
        source=source,
        of=key,
        defaults={"version": message.version, "digest": said, "message": "" if message.first == "silent" else name},
    )
    if not fresh:
        if (message.version, said) < (known.version, known.digest):
            return None
        known.message = known.message if said == known.digest else name
        known.version, known.digest = message.version, said
        known.save(update_fields=["version", "digest", "message"])
    return {**message.body, "messageId": known.message} if known.message else None


def _remember(source: str, tie: Tie) -> None:
    from holdfast.server.sources.models import Newest

    Newest.objects.update_or_create(source=source, of=_payment(source, tie.payment), defaults={"message": tie.order})


def _tied(source: str, message: Message) -> dict[str, Any]:
    """The body with the order that its payment paid, where that is known."""
    from holdfast.server.sources.models import Newest

    known = Newest.objects.filter(source=source, of=_payment(source, str(message.tied_by)))
    found = known.values_list("message", flat=True).first()
    if found is None:
        return message.body
    return {**message.body, "properties": {**message.body["properties"], "order_id": found}}


def _payment(source: str, payment: str) -> str:
    return _key(source, f"payment:{payment}")


def _key(source: str, of: str) -> str:
    """An object as it is known here: what kind of thing it is, and a hash of its id."""
    mac = hmac.new(secret_key().encode(), f"{source} {of}".encode(), hashlib.sha256).hexdigest()
    return f"{of.partition(':')[0]}-{mac[:32]}"
