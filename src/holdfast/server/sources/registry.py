"""All sources, and what their webhooks mean. The digester asks `translated`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from holdfast.server.intake.checked import HALF
from holdfast.server.sources import newest
from holdfast.server.sources.messages import NotUnderstood, Told
from holdfast.server.sources.shopify import SHOPIFY
from holdfast.server.sources.source import Ids, Source
from holdfast.server.sources.stripe import STRIPE
from holdfast.server.sources.woocommerce import WOOCOMMERCE

__all__ = ["SOURCES", "NotUnderstood", "ids_of", "meant", "payload", "source_of", "translated"]

SOURCES: dict[str, Source] = {one.kind: one for one in (SHOPIFY, WOOCOMMERCE, STRIPE)}
"""Kind → source."""


def source_of(source: str) -> Source:
    """The source of a name as it stands in the inbox: its kind, or kind/prefix of a further shop of that kind."""
    kind = source.partition("/")[0]
    if kind not in SOURCES:
        raise NotUnderstood("source_unknown", f"there is no source called {kind}", "update the server")
    return SOURCES[kind]


def ids_of(source: str) -> Ids:
    """How the ids of a source of the inbox are written."""
    return Ids(source, source.partition("/")[2])


def payload(body: bytes) -> Mapping[str, Any]:
    """The body of a webhook. Amounts stay text, so that 10.05 stays 10.05. NotUnderstood where it is no JSON object."""
    try:
        read = json.loads(body, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood("not_json", "the body is no JSON", "look at what the shop sends") from error
    if not isinstance(read, dict):
        raise NotUnderstood("not_json", "the body is no JSON object", "look at what the shop sends")
    return read if HALF.search(body) is None else _whole(read)


def _whole(read: dict[str, Any]) -> dict[str, Any]:
    """With a question mark for each half of a character: a name that was cut in the middle of an emoji costs no order."""
    told: dict[str, Any] = json.loads(json.dumps(read, ensure_ascii=False).encode("utf-8", "replace"))
    return told


def meant(source: str, topic: str, body: bytes) -> list[Told]:
    """What a webhook says, whatever arrived before; pure.

    A topic that nobody knows says nothing: a shop may be told to send more than is read. NotUnderstood where a known one
    lacks what it must have.
    """
    try:
        return source_of(source).translate(topic, payload(body), ids_of(source))
    except NotUnderstood:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise NotUnderstood("shape_unknown", f"{topic} has another shape than is known", "look at what was sent") from error


def translated(
    source: str, topic: str, body: bytes, memory: newest.Memory, row: int, since_us: int = 0
) -> list[dict[str, Any]]:
    """The Segment messages of a webhook row of the inbox.

    source    between the colons of the row's kind `webhook:<source>:<topic>`
    topic     the rest of the kind
    memory    of the rows that are digested together, given in the order of the inbox
    row       the row's id
    since_us  since when it waits for what must be told first, in microseconds since 1970; 0: for long

    What was told before, and what is older than that, is left out (`newest`). NotUnderstood is a refusal: reason, sentence,
    mend.
    """
    return newest.kept(source, meant(source, topic, body), memory, row, since_us)
