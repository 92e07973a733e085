"""What a source is. To add one, copy the folder of another and fill this in (docs/sources.md)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from holdfast.server.sources.messages import Told

__all__ = ["Asked", "Ids", "Source", "signed_base64"]

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Ids:
    """How ids of a connection are written, so that two shops of one kind never mix.

    source  what message ids begin with: the kind of source, and the connection's prefix
    prefix  stands before the ids of orders and customers; empty for the first shop of a kind
    """

    source: str
    prefix: str = ""

    def one(self, value: Any) -> str | None:
        """An order's or a customer's id; None where there is none (0 is none: guests of WooCommerce)."""
        said = "" if value is None else str(value).strip()
        return f"{self.prefix}{said}" if said and said != "0" else None

    def message(self, *parts: Any) -> str:
        """The id of a message: the source, and what makes it this one."""
        return ":".join((self.source, *(str(part) for part in parts)))


@dataclass(frozen=True)
class Asked:
    """What a shop asks on behalf of one of its customers, or of all.

    kind    "erase" a customer, "tell" what is held of her, or "erase all": the shop left
    person  the customer's id; empty: all, or none that is known here
    """

    kind: Literal["erase", "tell", "erase all"]
    person: str = ""


@dataclass(frozen=True)
class Source:
    """One kind of shop or biller.

    kind       its name in URLs, in the inbox and in message ids
    label      its name for people
    secret_by  who makes the secret that signs: "them" (it is shown there and pasted here) or "us"
    steps      what to do there, in order; `{url}` and `{topics}` are filled in
    topics     what to subscribe to
    numbers    whose order and customer numbers are: "of the world" where no two shops have the same, "its own" where a second
               shop of this kind has them too and needs a beginning for its ids
    signed     (headers in lower case, raw body, secrets, seconds since 1970) → whether one of the secrets signed it
    topic      (headers, raw body) → the topic; empty where none is told
    greeting   whether a request is only a greeting when the webhook is saved: answered, never kept
    translate  (topic, body, ids) → messages
    asked      (topic, body, ids) → what it asks about privacy; None: nothing
    """

    kind: str
    label: str
    secret_by: Literal["them", "us"]
    steps: tuple[Any, ...]
    topics: tuple[str, ...]
    signed: Callable[[Headers, bytes, Sequence[str], float], bool]
    topic: Callable[[Headers, bytes], str]
    translate: Callable[[str, Mapping[str, Any], Ids], list[Told]]
    numbers: Literal["of the world", "its own"] = "its own"
    greeting: Callable[[Headers, bytes], bool] = lambda _headers, _body: False
    asked: Callable[[str, Mapping[str, Any], Ids], Asked | None] = lambda _topic, _body, _ids: None


def signed_base64(given: str, body: bytes, secrets: Sequence[str]) -> bool:
    """Whether a base64 text is the HMAC-SHA256 of the body under one of the secrets; all are tried, in constant time."""
    try:
        mac = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        return False
    found = [hmac.compare_digest(hmac.new(one.encode(), body, hashlib.sha256).digest(), mac) for one in secrets if one]
    return any(found)
