"""Hostile input for the HTTP API: schemathesis makes requests of the OpenAPI, right and wrong ones; no answer is a 500.

    python -m benchmarks.fuzz_api [--cases 50000] [--seed 5]

In a process and a workspace of its own, through Django's own handler (no network). Every operation gets the same number of
cases. Each answer must have a status that the schema names, and a body of the shape that it promises; half of the requests
concern customers, notes and tasks that are there. Exit code 1 when anything was found.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHECKED = ("get", "post", "put", "patch", "delete")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=5)
    chosen = parser.parse_args()
    secret = _served()
    began = time.perf_counter()
    counts, found = fuzz(secret, chosen.cases, chosen.seed)
    seconds = time.perf_counter() - began
    print(f"{sum(counts.values()):,} cases in {seconds:.0f} s, seed {chosen.seed}: {dict(sorted(counts.items()))}")
    if counts[200] + counts[201] + counts[204] < chosen.cases // 10:
        found.append("hardly any request was understood: the run says nothing")
    for one in found:
        print(one)
    raise SystemExit(1 if found else 0)


def fuzz(secret: str, cases: int, seed: int) -> tuple[Counter[int], list[str]]:
    """Send so many requests in all; answers by status, and what is wrong with them."""
    import schemathesis

    from holdfast.server.api.the_api import api

    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), default=str)))
    operations = [one.ok() for one in schema.get_all_operations()]
    counts: Counter[int] = Counter()
    found: list[str] = []
    for operation in operations:
        try:
            _fuzz_one(operation, secret, max(1, cases // len(operations)), seed, counts)
        except BaseException as error:  # a case that fails is what is looked for
            found.append(f"{operation.method.upper()} {operation.path}: {type(error).__name__}: {str(error)[:400]}")
    return counts, found


def _fuzz_one(operation: Any, secret: str, cases: int, seed: int, counts: Counter[int]) -> None:
    """Send so many requests to one operation."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    declared = _declared(operation)

    @seeded(seed)
    @settings(
        max_examples=cases, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy())
    def one(case: Any) -> None:
        status = _answer(secret, case)
        counts[status] += 1
        if status >= 500 and status != 503:
            raise AssertionError(f"{case.method} {case.path}: {status}")
        if str(status) not in declared:
            raise AssertionError(f"{case.method} {case.path}: {status} is not in the schema")

    one()


def _declared(operation: Any) -> frozenset[str]:
    return frozenset(str(status) for status in operation.definition.raw["responses"])


def _answer(secret: str, case: Any) -> int:
    """The status of the answer to a case. Whatever the case before did to Olga and her token is put right first."""
    from urllib.parse import quote, urlencode

    from django.test import Client

    _put_right()
    path = case.path
    for name, value in (case.path_parameters or {}).items():
        path = path.replace("{" + name + "}", quote(_there(name, value), safe=""))
    body = case.body if isinstance(case.body, dict | list | str | int | float | bool) or case.body is None else None
    data = b"" if case.method == "GET" else json.dumps(body, default=str).encode("utf-8", "replace")
    query = urlencode(
        {name: value for name, value in (case.query or {}).items() if value is not None}, doseq=True, errors="replace"
    )
    answer = Client(SERVER_NAME="localhost").generic(
        case.method,
        path + (f"?{query}" if query else ""),
        data,
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    return int(answer.status_code)


def _put_right() -> None:
    from holdfast.server.people.models import ApiToken, User

    ApiToken.objects.filter(name="fuzz").update(revoked_at=None)
    User.objects.filter(email="olga@example.com").update(is_active=True, role="owner")


KNOWN: dict[str, Callable[[], str]] = {}
"""Path parameter → one that is there."""

_turns: Counter[str] = Counter()


def _there(name: str, value: Any) -> str:
    """Every other time something that is there, in the place of what was made up."""
    _turns[name] += 1
    return KNOWN[name]() if name in KNOWN and _turns[name] % 2 else str(value)


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
    from holdfast.server.jobs import huey

    huey.immediate = True
    return people_and_customer()


def people_and_customer() -> str:
    """Olga, a token of hers that may everything, and Ann, a customer; the token's secret."""
    from django.utils import timezone

    from holdfast.server.customers.links import key_of
    from holdfast.server.customers.models import Customer
    from holdfast.server.people.models import ApiToken, User

    olga = User.objects.create_user("olga@example.com", role="owner", name="Olga")
    User.objects.create_user("second@example.com", role="owner", name="Second")

    def ann() -> str:
        """Ann, made again where she was erased."""
        said = {"name": "Ann", "first_us": 1, "first_seen": timezone.now()}
        return key_of(Customer.objects.get_or_create(person="ann", defaults=said)[0].person)

    KNOWN["key"] = ann
    KNOWN["slug"] = lambda: "bridge"
    return ApiToken.make("fuzz", ["look", "care", "steer", "own"], olga)[1]


if __name__ == "__main__":
    main()
