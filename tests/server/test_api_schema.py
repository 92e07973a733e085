"""Requests made of the OpenAPI, right and wrong ones: no 500, and no status that the schema does not name.

A small seeded run; 50,000 cases by `python -m benchmarks.fuzz_api`.
"""

from __future__ import annotations

import json

import pytest
from django.test import Client

pytestmark = pytest.mark.usefixtures("served", "db")


def test_hostile_input_gives_no_500(needs, monkeypatch):
    needs("fuzzer")
    from benchmarks.fuzz_api import fuzz, people_and_customer
    from holdfast.server.api import gate
    from holdfast.server.people.limits import Bucket

    monkeypatch.setattr(gate, "_bucket", Bucket(1e6, 1_000_000))
    counts, found = fuzz(people_and_customer(), cases=330, seed=5)
    assert not found, "\n".join(found)
    assert sum(counts.values()) > 250
    assert counts[200] + counts[201] > 60, "many requests are right ones"


def test_the_schema_is_there_for_all_and_names_every_error():
    schema = json.loads(Client().get("/api/v1/openapi.json").content)
    assert schema["info"]["title"] == "Holdfast"
    for path, methods in schema["paths"].items():
        for method, one in methods.items():
            assert {"401", "403", "422", "429"} <= set(one["responses"]), f"{method} {path}"
            assert one["summary"], f"{method} {path}"
            assert one["security"], f"{method} {path}"
