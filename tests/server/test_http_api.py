"""The HTTP API by its stories: the examples of docs/http-api.md run, what is sent twice is done once."""

from __future__ import annotations

import base64
import json
import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from holdfast.server.customers.care import Note, Task
from holdfast.server.customers.models import Customer
from holdfast.server.customers.rows import words_added
from holdfast.server.customers.words import stored, words_of
from holdfast.server.people.models import ApiToken

DOCS = Path(__file__).parents[2] / "docs" / "http-api.md"
ORDERS = "Order,Customer,Date,Total\n900001,17850,02/12/2011 10:00,10.50\n900002,13047,03/12/2011 11:30,7.25\n"


@pytest.fixture
def program(people):
    """`program("look", "care")` is a till with a token of Olga's that may so much."""

    def made(*scopes: str) -> Client:
        return Client(headers={"Authorization": f"Bearer {ApiToken.make('till', list(scopes), people['olga'])[1]}"})

    return made


def ann() -> Customer:
    """Ann with her profile, as a search finds her."""
    said = {"name": "Ann", "email": "ann@example.com", "first_us": 1, "first_seen": timezone.now()}
    made = Customer.objects.create(person="17850", **said)
    words_added((made.pk, stored(word)) for word in words_of(["Ann"], ["ann@example.com"], [], ["17850"]))
    return made


def examples():
    """(what curl is told, the answer that is shown or None), in the order of the page."""
    blocks = re.findall(r"```(sh|json)\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    for place, (kind, text) in enumerate(blocks):
        if kind == "sh":
            shown = blocks[place + 1][1] if place + 1 < len(blocks) and blocks[place + 1][0] == "json" else None
            yield text[text.index("curl") :].replace("\\\n", " "), json.loads(shown) if shown else None


def sent(client: Client, curl: str):
    """A curl command, sent through the test client."""
    words, headers, method, data, url = shlex.split(curl)[1:], {}, "GET", None, ""
    while words:
        word = words.pop(0)
        if word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-X":
            method = words.pop(0)
        elif word == "-d":
            data = words.pop(0)
        elif word == "-F":
            name, _, file = words.pop(0).partition("=@")
            return client.post(urlsplit(url).path, {name: SimpleUploadedFile(file, ORDERS.encode())})
        elif word == "-o":
            words.pop(0)
        elif word.startswith("$API"):
            url = "/api/v1" + word.removeprefix("$API")
    headers.pop("Authorization")
    kind = headers.pop("Content-Type", "application/json")
    return client.generic(method, url, (data or "").encode(), content_type=kind, headers=headers)


def holds(whole, part) -> bool:
    """Whether an answer holds all that is shown of it."""
    if isinstance(part, dict):
        return all(name in whole and holds(whole[name], value) for name, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(holds(one, other) for one, other in zip(whole, part, strict=True))
    return whole == part


@pytest.mark.one_database  # the examples show the ids of a new database
@pytest.mark.usefixtures("giftware")
def test_the_examples_of_the_docs_run(program):
    ann()
    till, seen = program("look", "care", "steer"), 0
    for curl, shown in examples():
        answer = sent(till, curl)
        assert answer.status_code < 300, f"{curl}\n{answer.content!r}"
        if shown is not None:
            assert holds(answer.json(), shown), f"{curl}\n{answer.content.decode()[:1500]}"
        seen += 1
    assert seen == 14


@pytest.mark.usefixtures("served")
def test_a_note_that_is_sent_twice_with_one_key_is_one_note(program):
    ann()
    till = program("look", "care")
    said, headers = {"text": "Called."}, {"Idempotency-Key": "call-1"}
    url = "/api/v1/customers/MTc4NTA/notes"
    first = till.post(url, said, content_type="application/json", headers=headers)
    again = till.post(url, said, content_type="application/json", headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert Note.objects.count() == 1
    other = till.post(url, {"text": "Another."}, content_type="application/json", headers=headers)
    assert other.status_code == 422
    assert "another body" in other.json()["what"]
    assert till.post(url, said, content_type="application/json").json()["id"] != first.json()["id"]
    somebody = program("look", "care").post(url, said, content_type="application/json", headers=headers)
    assert somebody.json()["id"] != first.json()["id"], "a key counts for whoever calls"


@pytest.mark.usefixtures("served")
def test_what_was_refused_can_be_sent_again_with_the_same_key(program):
    till, headers = program("look", "care"), {"Idempotency-Key": "1"}
    wrong = till.post("/api/v1/tasks", {"title": "Call", "owner_id": 77}, content_type="application/json", headers=headers)
    assert wrong.status_code == 422
    right = till.post("/api/v1/tasks", {"title": "Call"}, content_type="application/json", headers=headers)
    assert right.status_code == 201
    Task.objects.all().delete()
    gone = till.post("/api/v1/tasks", {"title": "Call"}, content_type="application/json", headers=headers)
    assert gone.status_code == 404, "it was made, and deleted since: it is not made once more"


@pytest.mark.usefixtures("served")
def test_nothing_of_what_was_sent_is_kept_for_a_key(program):
    from django.db import connection

    ann()
    till = program("look", "care")
    till.post(
        "/api/v1/customers/MTc4NTA/notes",
        {"text": "a very private thing"},
        content_type="application/json",
        headers={"Idempotency-Key": "1"},
    )
    with connection.cursor() as cursor:
        cursor.execute("select value from kept_for_a_while")
        kept = [base64.b64decode(row[0]) for row in cursor.fetchall()]
    assert kept
    assert not any(b"private" in one for one in kept)


@pytest.mark.usefixtures("served")
def test_what_did_not_change_is_not_sent_again(program):
    ann()
    till = program("look", "care")
    first = till.get("/api/v1/customers/MTc4NTA")
    same = till.get("/api/v1/customers/MTc4NTA", headers={"If-None-Match": first["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    till.post("/api/v1/customers/MTc4NTA/tags", {"name": "VIP"}, content_type="application/json")
    other = till.get("/api/v1/customers/MTc4NTA", headers={"If-None-Match": first["ETag"]})
    assert (other.status_code, other.json()["tags"]) == (200, ["VIP"])


@pytest.mark.usefixtures("served")
def test_pages_of_an_audience_follow_each_other_to_the_end(program):
    till = program("look", "steer")
    said = {"name": "Friends", "persons": ["ann", "ben", "cleo", "dan", "ann"]}
    made = till.post("/api/v1/audiences", said, content_type="application/json").json()
    assert made["people"] == 4
    seen, cursor = [], ""
    for _ in range(2):
        page = till.get(f"/api/v1/audiences/{made['id']}/people?limit=3&cursor={cursor}").json()
        seen, cursor = [*seen, *(one["id"] for one in page["items"])], page["next"]
    assert (seen, cursor) == (["ann", "ben", "cleo", "dan"], None)
    assert till.post("/api/v1/audiences", {"name": "Both"}, content_type="application/json").status_code == 422


@pytest.mark.usefixtures("served")
def test_an_initiative_is_its_day_and_is_noted_once(program):
    till, url = program("look", "steer"), "/api/v1/initiatives/2024-09-01"
    for what in ("Points", "New loyalty programme"):
        assert till.put(url, {"what": what}, content_type="application/json").status_code == 200
    assert till.get("/api/v1/initiatives").json()["items"] == [{"date": "2024-09-01", "what": "New loyalty programme"}]
    assert till.delete(url).status_code == 204
    assert till.delete(url).status_code == 404


@pytest.mark.usefixtures("served")
def test_the_secret_of_a_source_is_told_once(program):
    own = program("look", "steer", "own")
    made = own.post("/api/v1/sources", {"kind": "woocommerce", "name": "Shop"}, content_type="application/json").json()
    assert len(made["secret"]) > 20
    shown = own.get(f"/api/v1/sources/{made['id']}").json()
    assert shown["has_secret"]
    assert made["secret"] not in json.dumps(shown)
    assert own.delete(f"/api/v1/sources/{made['id']}").status_code == 204
    assert own.get("/api/v1/sources").json()["items"] == []


@pytest.mark.usefixtures("served")
def test_a_file_that_cannot_be_read_is_the_senders_fault_and_not_ours(program):
    answer = program("look", "steer").post("/api/v1/uploads", {"file": SimpleUploadedFile("empty.csv", b"")})
    assert (answer.status_code, answer.json()["what"]) == (422, "empty.csv is empty")
