"""Hostile input for the HTTP API: schemathesis makes requests of the OpenAPI, right and wrong ones; no answer is a 500.

    python -m benchmarks.fuzz_api [--cases 50000] [--seed 5] [--only /tasks]

In a process and a workspace of its own, through Django's own handler (no network), each case in a transaction that is taken
back. Every operation gets the same number of cases. Of each answer the status, the media type and the body must be such as the
schema promises (schemathesis' own checks); half of the requests concern customers, notes, tasks, … that are there. Exit code 1
when anything was found.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

ALLOWED = {500: "a 500 is a fault of ours", 502: "no gateway here", 504: "no gateway here"}


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--only", default="", help="operations whose path holds this")
    chosen = parser.parse_args()
    secret = _served()
    began = time.perf_counter()
    counts, found = fuzz(secret, chosen.cases, chosen.seed, chosen.only)
    seconds = time.perf_counter() - began
    total = sum(counts.values())
    print(f"{total:,} cases in {seconds:.0f} s ({total / seconds:.0f}/s), seed {chosen.seed}: {dict(sorted(counts.items()))}")
    if sum(counts[status] for status in (200, 201, 202, 204)) < chosen.cases // 10:
        found.append("hardly any request was understood: the run says nothing")
    for one in found:
        print(one)
    raise SystemExit(1 if found else 0)


def fuzz(secret: str, cases: int, seed: int, only: str = "") -> tuple[Counter[int], list[str]]:
    """Send so many requests in all; answers by status, and what is wrong with them."""
    import schemathesis

    from holdfast.server.api.the_api import api

    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), default=str)))
    operations = [one.ok() for one in schema.get_all_operations()]
    operations = [one for one in operations if only in one.path]
    counts: Counter[int] = Counter()
    found: list[str] = []
    for operation in operations:
        try:
            _fuzz_one(operation, secret, max(1, cases // len(operations)), seed, counts)
        except BaseException as error:  # a case that fails is what is looked for
            if isinstance(error, KeyboardInterrupt):
                raise
            found.append(f"{operation.method.upper()} {operation.path}: {type(error).__name__}: {_told(error)}")
    return counts, found


def _told(error: BaseException) -> str:
    inner = getattr(error, "exceptions", None)
    said = "; ".join(f"{type(one).__name__}: {one}" for one in inner) if inner else str(error)
    return " ".join((said + " " + " ".join(getattr(error, "__notes__", []))).split())[:1500]


def _fuzz_one(operation: Any, secret: str, cases: int, seed: int, counts: Counter[int]) -> None:
    """Send so many requests to one operation."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    @seeded(seed)
    @settings(
        max_examples=cases, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy())
    def one(case: Any) -> None:
        answer = _answer(secret, case)
        counts[answer.status_code] += 1
        _checked(case, answer)

    one()


def _checked(case: Any, answer: Any) -> None:
    """Status, media type and body are such as the schema promises."""
    from schemathesis.core.transport import Response
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if answer.status_code in ALLOWED:
        raise AssertionError(f"{answer.status_code} {ALLOWED[answer.status_code]}: {_request(case)} {content[:300]!r}")
    headers = {name: [value] for name, value in answer.headers.items()}
    told = Response(answer.status_code, headers, content, _prepared(case), 0.0, verify=False, encoding="utf-8")
    case.validate_response(told, checks=[status_code_conformance, content_type_conformance, response_schema_conformance])


def _prepared(case: Any) -> Any:
    import requests

    return requests.Request(case.method, f"http://localhost{case.path}").prepare()


def _request(case: Any) -> str:
    return f"{case.method} {case.path} {case.path_parameters} {case.query} {case.body!r}"[:800]


def _answer(secret: str, case: Any) -> Any:
    """The answer to a case; whatever it did to the database is taken back."""
    from urllib.parse import quote, urlencode

    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.db import transaction

    path, told = case.path, {name: _there(name, value) for name, value in (case.path_parameters or {}).items()}
    for name, value in told.items():
        path = path.replace("{" + name + "}", quote(value, safe=""))
    said = {name: value for name, value in (case.query or {}).items() if value is not None}
    query = urlencode(_choices(told["slug"], said) if "slug" in told else said, doseq=True, errors="replace")
    headers = {"Authorization": f"Bearer {secret}"}
    headers |= {
        name: value for name, value in (case.headers or {}).items() if name == "Idempotency-Key" and value.isprintable()
    }
    where, client = path + (f"?{query}" if query else ""), _client()
    with transaction.atomic():
        if case.media_type == "multipart/form-data" and isinstance(case.body, dict):
            sent = {name: SimpleUploadedFile("made.csv", _bytes(value)) for name, value in case.body.items()}
            answer = client.post(where, sent, headers=headers)
        else:
            body = case.body if isinstance(case.body, dict | list | str | int | float | bool) or case.body is None else None
            data = b"" if case.method == "GET" else json.dumps(body, default=str).encode("utf-8", "replace")
            answer = client.generic(case.method, where, data, content_type="application/json", headers=headers)
        transaction.set_rollback(True)
    return answer


@cache
def _client() -> Any:
    """One for all: setting up the middleware takes three times as long as an answer."""
    from django.test import Client

    return Client(SERVER_NAME="localhost", raise_request_exception=False)


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


KNOWN: dict[str, list[str]] = {}
"""Path parameter → some that are there."""

_turns: Counter[str] = Counter()


def _there(name: str, value: Any) -> str:
    """Every other time something that is there, in the place of what was made up."""
    _turns[name] += 1
    known = KNOWN.get(name)
    return known[_turns[name] // 2 % len(known)] if known and _turns[name] % 2 else str(value)


def _choices(slug: str, said: dict[str, Any]) -> dict[str, Any]:
    """Two times of three the names of choices that the analysis has, in the place of those that were made up."""
    from holdfast.server.insights.catalogue import controls

    _turns["choices"] += 1
    if slug not in KNOWN["slug"] or _turns["choices"] % 3 == 0:
        return said
    names = [one.name for one in controls(slug) if one.name not in ("limit", "cursor")]
    own = {name: value for name, value in said.items() if name in ("limit", "cursor")}
    made_up = [value for name, value in said.items() if name not in own]
    return own | {names[(_turns["choices"] + at) % len(names)]: value for at, value in enumerate(made_up)}


def _served() -> str:
    """A workspace of its own with a customer; the secret of a token that may everything."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-fuzz-"))
    from holdfast.settings import Settings
    from holdfast.workspace import Workspace

    Workspace.create(folder / "shop", Settings(name="Corner shop", zone="Europe/London", currency="GBP"))
    os.environ |= {
        "HOLDFAST_WORKSPACE": str(folder / "shop"),
        "HOLDFAST_ANALYST": "inline",
        "HOLDFAST_API_PER_SECOND": "1000000",
    }
    from holdfast.server.process.migrating import migrate

    migrate()
    from django.conf import settings

    from holdfast.server.jobs import huey

    huey.immediate, settings.EMAIL_BACKEND = True, "django.core.mail.backends.dummy.EmailBackend"
    return people_and_customer()


def people_and_customer() -> str:
    """Olga, a token of hers that may everything, and of everything else one that is there; the token's secret."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.utils import timezone

    from holdfast.server.customers.care import Note, Tag, Task
    from holdfast.server.customers.links import key_of
    from holdfast.server.customers.models import Customer, Erasure
    from holdfast.server.intake.models import RefusedEvent
    from holdfast.server.keeping.models import SavedReport
    from holdfast.server.people.models import ApiToken, User, WriteKey
    from holdfast.server.sources import uploads
    from holdfast.server.sources.models import PrivacyRequest

    olga = User.objects.create_user("olga@example.com", role="owner", name="Olga")
    second = User.objects.create_user("second@example.com", role="owner", name="Second")
    now = timezone.now()
    for person, name in (("ann", "Ann"), ("ben", "Ben")):
        Customer.objects.create(person=person, name=name, email="both@example.com", account="firm", first_us=1, first_seen=now)
    note = Note.objects.create(person="ann", text="called", author=olga, author_name="Olga")
    event = RefusedEvent.objects.create(
        inbox="main", inbox_row=1, place=0, received_at=now, source="key:1", kind="track", code="no_id", sentence="Nobody",
        mend="Say who", message="{}",
    )  # fmt: skip
    KNOWN.clear()
    _orders()
    upload = uploads.store(SimpleUploadedFile("orders.csv", ORDERS.encode()), olga)
    asked = PrivacyRequest.objects.create(kind="tell", person="ann", delivery="1")
    report = SavedReport.objects.create(name="Churn", slug="bridge")
    rows = {
        "user_id": second, "note_id": note, "tag_id": Tag.objects.create(name="VIP", folded="vip"), "event_id": event,
        "task_id": Task.objects.create(title="Call", person="ann"), "upload_id": upload, "request_id": asked,
        "report_id": report, "key_id": WriteKey.make("shop", olga)[0], "audience_id": _audience(olga),
        "source_id": _source(olga),
        "invitation_id": _invited(olga), "erasure_id": Erasure.objects.create(hash="0" * 64, by="Olga"),
        "token_id": ApiToken.make("other", ["look"], olga)[0],
    }  # fmt: skip
    KNOWN.update({name: [str(row.pk)] for name, row in rows.items()})
    KNOWN["key"] = [key_of("ann"), key_of("ben"), key_of("firm")]
    KNOWN["slug"] = ["bridge", "cohorts", "rate", "attention"]
    KNOWN["day"] = ["2024-09-01"]
    return ApiToken.make("fuzz", ["look", "care", "steer", "own"], olga)[1]


ORDERS = "order,customer,date,total,item\n" + "".join(
    f"{number},{'ann' if number % 3 else 'ben'},2024-{1 + number % 12:02}-{1 + number % 28:02} 10:00:00,{10 + number}.50,cup\n"
    for number in range(60)
)
"""A year of orders of two customers."""


def _orders() -> None:
    """The orders are in the lake, so that analyses have something to say; the row that is no order was refused."""
    from holdfast.events.plan import plan_import
    from holdfast.events.reading import read_events
    from holdfast.server.place import workspace

    shop = workspace()
    path = shop.path / "orders.csv"
    path.write_text(ORDERS + "77,ann,no day,1.00,cup\n")
    plan = plan_import(str(path), shop.settings)
    KNOWN["fingerprint"] = [shop.import_(plan, read_events(plan, shop.settings)).fingerprint]


def _audience(by: Any) -> Any:
    from holdfast.server.keeping.keeping import audience_of

    return audience_of("Friends", ["ann", "ben"], by)


def _source(by: Any) -> Any:
    from holdfast.server.sources.connecting import connect

    return connect("stripe", "Till", "", by)[0]


def _invited(by: Any) -> Any:
    from holdfast.server.people.inviting import invite

    return invite("ben@example.com", "agent", by)[0]


if __name__ == "__main__":
    main()
