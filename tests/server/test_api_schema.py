"""The OpenAPI: requests made of it give no 500 and only answers that it promises; all pages have their operation; it tells all.

A small seeded run; 50,000 cases by `python -m benchmarks.fuzz_api`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.test import Client

import holdfast.server.urls  # noqa: F401 - fills ROUTES
from holdfast.server.routing import ROUTES

pytestmark = pytest.mark.usefixtures("served", "db")

TABLE = Path(__file__).parents[2] / "docs" / "reference" / "http-api.md"


@pytest.fixture
def schema():
    return json.loads(Client().get("/api/v1/openapi.json").content)


def operations(schema):
    return [(method, path, one) for path, methods in schema["paths"].items() for method, one in methods.items()]


def test_hostile_input_gives_no_500_and_nothing_that_was_not_promised(needs, monkeypatch):
    needs("fuzzer")
    from benchmarks.fuzz_api import fuzz, people_and_customer
    from holdfast.server.api import gate
    from holdfast.server.people.limits import Bucket

    monkeypatch.setattr(gate, "_bucket", Bucket(1e6, 1_000_000))
    counts, found = fuzz(people_and_customer(), cases=220, seed=5)
    assert not found, "\n".join(found)
    assert sum(counts.values()) > 180
    assert counts[200] + counts[201] > 60, "many requests are right ones"


def test_the_run_notices_a_fault(needs, monkeypatch):
    """The test can fail: an operation that breaks, and one that answers with another shape than it promises."""
    needs("fuzzer")
    from django.http import JsonResponse

    from benchmarks.fuzz_api import fuzz, people_and_customer
    from holdfast.server.insights import api
    from holdfast.server.people import api as people_api

    secret = people_and_customer()
    monkeypatch.setattr(api, "_told", lambda _slug: 1 / 0)
    monkeypatch.setattr(people_api, "by_key", lambda *_: JsonResponse({"items": "none"}))
    for only, fault in (("/v1/insights/{slug}", "500"), ("/v1/invitations", "schema")):
        _counts, found = fuzz(secret, cases=8, seed=5, only=only)
        assert fault in "".join(found), only


def test_every_operation_is_told_in_full(schema):
    """Summary, description, needs, what comes of it twice, subject, errors; no two have one name."""
    assert schema["info"]["title"] == "Holdfast"
    names, subjects = [], {tag["name"] for tag in schema["tags"]}
    for method, path, one in operations(schema):
        where = f"{method} {path}"
        assert one["summary"], where
        assert one["description"], where
        assert one["security"], where
        assert one["x-needs"], where
        assert one["x-again"], where
        assert set(one["tags"]) <= subjects, where
        assert {"400", "401", "403", "404", "422", "429", "503"} <= set(one["responses"]), where
        assert ("304" in one["responses"]) == ("ETag" in one["responses"].get("200", {}).get("headers", {})), where
        assert all("Retry-After" in one["responses"][status]["headers"] for status in ("429", "503")), where
        assert all("description" in said for said in one["parameters"] if said["in"] != "path"), where
        names.append(one["operationId"])
    assert len(names) == len(set(names)) > 100


def test_bodies_have_an_example_that_is_right(schema):
    """Also every answer has a shape."""
    from jsonschema_rs import validator_for

    for method, path, one in operations(schema):
        for status, answer in one["responses"].items():
            assert status in ("204", "304") or answer.get("content"), f"{method} {path} {status}"
        body = one.get("requestBody", {}).get("content", {}).get("application/json")
        if body is not None:
            shape = body["schema"]
            reference = shape.get("$ref") or next(part["$ref"] for part in shape["anyOf"] if "$ref" in part)
            told = schema["components"]["schemas"][reference.rsplit("/", 1)[1]]
            whole = {"$ref": reference, "components": schema["components"]}
            assert "example" in told, f"{method} {path}"
            assert validator_for(whole).is_valid(told["example"]), f"{method} {path}: {told['example']}"


def test_what_can_be_sent_again_says_so(schema):
    for method, path, one in operations(schema):
        header = [said for said in one["parameters"] if said["name"] == "Idempotency-Key"]
        assert bool(header) == (one["x-again"] == "once") == ("409" in one["responses"]), f"{method} {path}"


def test_every_page_has_its_operation_or_a_reason(schema):
    """docs/reference/http-api.md names each route, and operations that there are; every operation is named."""
    told = {one["operationId"]: f"{method.upper()} {path.removeprefix('/api/v1')}" for method, path, one in operations(schema)}
    rows = dict(re.findall(r"^\| ([a-z-]+) \| `/[^|]*` \| (.*) \|$", TABLE.read_text("utf-8"), re.MULTILINE))
    assert set(rows) == set(ROUTES)
    named = {}
    for page, said in rows.items():
        found = dict(re.findall(r"`(\w+)` ([A-Z]+ /[^,|]*?)(?=, `|$)", said))
        assert found or said.startswith("– "), f"{page} has neither operation nor reason"
        named |= found
    assert named == told


def test_the_page_of_operations_shows_them_all(as_, schema):
    shown = as_("anna").get("/api/").content.decode()
    assert all(f'id="{one["operationId"]}"' in shown for _method, _path, one in operations(schema))
