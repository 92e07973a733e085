"""The OpenAPI as somebody reads it who writes a program: what each status means, and which headers come with it."""

from __future__ import annotations

from typing import Any

__all__ = ["described"]

WORDS = {
    "202": "Accepted: it is being worked on.",
    "204": "Done; there is nothing more to say.",
    "304": "Not changed since the answer whose ETag was sent as `If-None-Match`.",
    "400": "The body is no JSON.",
    "401": "No token, or one that is wrong, revoked or over.",
    "403": "Beyond the scopes of the token, or beyond what the person who made it may.",
    "404": "There is none such.",
    "409": "A request with this `Idempotency-Key` still runs.",
    "413": "The body is too large.",
    "422": "What was sent cannot be right: a value, or an unknown parameter or field; `where` says where, `mend` how it would.",
    "429": "Too often.",
    "503": "Not ready: what is needed does not answer in time. Nothing is lost.",
}
"""What a status means; of others, their usual name."""


def _header(about: str, kind: str) -> dict[str, Any]:
    return {"description": about, "schema": {"type": kind}}


LATER = {"Retry-After": _header("Seconds after which to ask again.", "integer")}
TAG = {"ETag": _header("Of this answer: with `If-None-Match` it comes as 304 while it is the same.", "string")}
HEADERS = {"401": {"WWW-Authenticate": _header("Bearer", "string")}, "429": LATER, "503": LATER}
"""Headers that come with a status, whatever the operation."""


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with the meaning of every status, and its headers."""
    for methods in schema["paths"].values():
        for method, one in methods.items():
            if "responses" in one:
                one["responses"] = _answers(method, {str(status): told for status, told in one["responses"].items()})
    return schema


def _answers(method: str, answers: dict[str, Any]) -> dict[str, Any]:
    good = answers.get("200", {})
    tagged = method == "get" and "application/json" in good.get("content", {})
    if tagged:
        answers = {**answers, "304": {}}
    told = {}
    for status, answer in sorted(answers.items()):
        headers = HEADERS.get(status, {})
        if tagged and status in ("200", "304"):
            headers = TAG
        if status == "202" and method == "get":
            headers = LATER
        told[status] = answer | {"description": WORDS.get(status, answer.get("description", ""))}
        if headers:
            told[status]["headers"] = headers
    return told
