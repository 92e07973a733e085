"""No name goes by unheard: what an operation does not know is refused, and the nearest that it knows are told."""

from __future__ import annotations

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from holdfast.server.customers.models import Customer
from holdfast.server.people.models import ApiToken

pytestmark = [pytest.mark.usefixtures("served"), pytest.mark.one_database]

PLACES = {"slug": "rfm", "key": "YW5u", "day": "2024-09-01", "fingerprint": "f"}


@pytest.fixture
def till(people) -> Client:
    return Client(
        headers={"Authorization": f"Bearer {ApiToken.make('till', ['look', 'care', 'steer', 'own'], people['olga'])[1]}"}
    )


@pytest.fixture
def quick(monkeypatch):
    """So many requests as a test makes."""
    from holdfast.server.api import gate
    from holdfast.server.people.limits import Bucket

    monkeypatch.setattr(gate, "_bucket", Bucket(1e6, 1_000_000))


@pytest.fixture
def schema():
    return json.loads(Client().get("/api/v1/openapi.json").content)


def operations(schema):
    return [(method, path, one) for path, methods in schema["paths"].items() for method, one in methods.items()]


def shape(schema, one):
    """(how a body is sent, its shape) of an operation; None, {} where it takes none."""
    for kind, told in one.get("requestBody", {}).get("content", {}).items():
        said = told["schema"]
        said = next((part for part in said.get("anyOf", []) if "$ref" in part), said)
        return kind, schema["components"]["schemas"][said["$ref"].rsplit("/", 1)[1]] if "$ref" in said else said
    return None, {}


def asked(till, schema, method, path, one, query="", more=None):
    """The answer to a request that would be right but for what is added."""
    where = re.sub(r"{(\w+)}", lambda found: PLACES.get(found[1], "1"), path) + query
    kind, said = shape(schema, one)
    if kind == "multipart/form-data":
        return till.post(where, {"file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n"), **(more or {})})
    body = {**said.get("example", {}), **(more or {})}
    data = json.dumps(body) if body and method != "get" else ""
    return till.generic(method.upper(), where, data, content_type="application/json")


def test_no_parameter_goes_by_unheard(till, quick, schema):
    """Of every operation there is."""
    for method, path, one in operations(schema):
        answer = asked(till, schema, method, path, one, "?perod=90")
        assert answer.status_code == 422, f"{method} {path}: {answer.status_code} {answer.content[:200]}"
        told = answer.json()
        assert [said["at"] for said in told["where"]] == [["query", "perod"]], f"{method} {path}: {told}"
        assert "perod" in told["what"]
        known = [said["name"] for said in one["parameters"] if said["in"] == "query"]
        assert ("it takes none" in told["mend"]) == (not known), f"{method} {path}: {told}"


def test_no_field_goes_by_unheard(till, quick, schema):
    """Of every operation that is sent something, and of those that take nothing."""
    for method, path, one in operations(schema):
        if method == "get":
            continue
        answer = asked(till, schema, method, path, one, more={"unheard": 1})
        assert answer.status_code == 422, f"{method} {path}: {answer.status_code} {answer.content[:200]}"
        assert answer.json()["where"][0]["at"] == ["body", "unheard"], f"{method} {path}: {answer.json()}"


def test_bodies_are_closed_also_inside(schema):
    """The schema says it, so that a program that is made of it cannot send what would not be heard."""
    seen = set()

    def look(part, where):
        if isinstance(part, list):
            for one in part:
                look(one, where)
        elif isinstance(part, dict):
            name = str(part.get("$ref", "")).rsplit("/", 1)[-1]
            if name and name not in seen:
                seen.add(name)
                look(schema["components"]["schemas"][name], name)
            if "properties" in part:
                assert part.get("additionalProperties") is False, where
            for one in part.values():
                look(one, where)

    for method, path, one in operations(schema):
        for kind, told in one.get("requestBody", {}).get("content", {}).items():
            if kind == "application/json":
                look(told["schema"], f"{method} {path}")
    assert {"TaskIn", "PlanIn", "ReadAs"} <= seen


@pytest.mark.parametrize(
    ("path", "at", "mend"),
    [
        ("/insights/bridge/answer?perod=month", ["query", "perod"], "did you mean period"),
        ("/insights/bridge/table.csv?meassure=money", ["query", "meassure"], "did you mean measure"),
        ("/insights/attention/people?cel.group=quiet", ["query", "cel.group"], "there are: as-of"),
        ("/customers?contry=France", ["query", "contry"], "did you mean country"),
        ("/customers.csv?tagg=VIP", ["query", "tagg"], "did you mean tag"),
        ("/audit.csv?actr=max", ["query", "actr"], "did you mean actor"),
        ("/today?period=month", ["query", "period"], "it takes none"),
        ("/customers?country=France&country=Spain", ["query", "country"], ""),
    ],
)
def test_a_typo_is_answered_with_the_right_name(till, path, at, mend):
    answer = till.get("/api/v1" + path)
    assert answer.status_code == 422
    assert (answer.json()["type"], answer.json()["where"][0]["at"]) == ("not_valid", at)
    assert mend in answer.json()["mend"]


def test_what_may_be_said_several_times_may(till):
    Customer.objects.create(person="ann", name="Ann", first_us=1, first_seen=timezone.now())
    assert till.get("/api/v1/customers/YW5u/timeline?event=a&event=b").status_code == 200


def test_a_link_of_a_page_can_be_sent_as_it_is(till):
    """Also what the page writes above the people; and how many at most is no choice of the analysis."""
    answer = till.get("/api/v1/insights/attention/people?period=month&shown.number=3&shown.name=quiet&cell.group=quiet&limit=2")
    assert answer.json()["where"][0]["at"] == ["query", "period"]
    answer = till.get("/api/v1/insights/attention/people?shown.number=3&shown.name=quiet&cell.group=quiet&limit=0")
    assert answer.json()["where"] == [{"at": ["query", "limit"], "what": "Input should be greater than or equal to 1"}]


def test_a_question_that_is_kept_holds_no_typo(till):
    """Also in what is written as an address within a body: else the report would answer another question for ever."""
    for url, query in (("reports", "perod=month"), ("audiences", "cell.group=quiet&bye=Country")):
        said = {"name": "Churn", "slug": "bridge", "query": query}
        answer = till.post(f"/api/v1/{url}", said, content_type="application/json")
        assert answer.status_code == 422
        assert answer.json()["where"][0]["at"] == ["body", "query", query.split("&")[-1].split("=")[0]]
    persons = {"name": "Two", "persons": ["ann"], "query": "cell.group=quiet"}
    assert till.post("/api/v1/audiences", persons, content_type="application/json").status_code == 422


def test_places_are_told_as_they_were_sent(till):
    """Not by the names that our own code has for them."""
    answer = till.post("/api/v1/tasks", {"tilte": "Call"}, content_type="application/json").json()
    assert [one["at"] for one in answer["where"]] == [["body", "title"], ["body", "tilte"]]
    assert answer["mend"] == "did you mean title?"
    inner = till.put("/api/v1/uploads/1/plan", {"options": {"curency": "GBP"}}, content_type="application/json").json()
    assert (inner["where"][0]["at"], inner["mend"]) == (["body", "options", "curency"], "did you mean currency?")


@pytest.mark.parametrize("body", ["", "{}", "null"])
def test_an_empty_body_is_nothing(till, body):
    answer = till.generic("POST", "/api/v1/me/sign-out", body, content_type="application/json")
    assert answer.status_code == 200


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
def test_a_body_for_nothing_is_no_fault_of_ours(till, as_, kind):
    """Nor from a browser, whose CSRF token was looked for in the form before."""
    for client in (till, as_("olga")):
        answer = client.generic("POST", "/api/v1/me/sign-out", "[1]", content_type=kind)
        assert answer.status_code in (200, 422), answer.content
        answer = client.generic("POST", "/api/v1/tasks", "[1]", content_type=kind)
        assert answer.status_code in (400, 422), answer.content


def test_a_body_nested_a_thousand_deep_is_no_fault_of_ours(till):
    answer = till.generic("POST", "/api/v1/me/sign-out", "[" * 5000, content_type="application/json")
    assert answer.status_code == 422


def test_thousands_of_wrong_names_cost_no_more_than_twenty(till, quick):
    many = {f"n{number}": 1 for number in range(3000)}
    query = "?" + "&".join(f"{name}=1" for name in list(many)[:500])
    asked = [
        till.get("/api/v1/customers" + query),
        till.generic("POST", "/api/v1/me/sign-out", json.dumps(many), content_type="application/json"),
        till.generic("POST", "/api/v1/tasks", json.dumps(many), content_type="application/json"),
    ]
    assert [(one.status_code, len(one.json()["where"]) <= 20) for one in asked] == [(422, True)] * 3


def test_a_form_of_a_browser_may_carry_its_token(as_):
    answer = as_("olga").post("/api/v1/me/sign-out", {"csrfmiddlewaretoken": "x"})
    assert answer.status_code == 200


def test_a_search_that_would_not_be_narrowed_is_refused(till):
    answer = till.get("/api/v1/customers?q=ann&country=France")
    assert (answer.status_code, "nothing is filtered" in answer.json()["what"]) == (422, True)


def test_the_schema_says_that_no_name_goes_by_unheard(schema):
    assert "unknown" in schema["info"]["description"]
    assert all("unknown" in one["responses"]["422"]["description"] for _method, _path, one in operations(schema))


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("/insights/bridge.csv?perod=month", "period"),
        ("/insights/bridge/people.csv?perod=month&cell.what=lost", "period"),
        ("/customers.csv?contry=France", "country"),
        ("/customers.csv?q=ann", ""),
        ("/audit.csv?acton=customer.", "action"),
        ("/refused/refused.jsonl?shw=all", "show"),
    ],
)
def test_a_file_of_a_page_is_of_what_was_asked_or_there_is_none(as_, address, near):
    """A page shows what it understood; a file cannot say what it left out."""
    answer = as_("olga").get(address)
    assert answer.status_code == 400
    said = answer.content.decode()
    assert "no parameter is called" in said
    assert near in said


def test_a_search_for_nothing_gives_a_file_of_everybody(as_):
    """A blank is no search: the list stands there, and its link to the file leads there."""
    Customer.objects.create(person="ann", name="Ann", first_us=1, first_seen=timezone.now())
    page = as_("olga").get("/customers/?q=+&open=1").content.decode()
    link = re.search(r'href="(/customers\.csv[^"]*)"', page)[1]
    assert as_("olga").get(link).status_code == 200


def test_a_page_says_what_it_left_out(as_):
    assert (
        "Left out, since this page has no such choice: perod."
        in as_("olga").get("/insights/bridge/?perod=month").content.decode()
    )
    assert as_("olga").get("/insights/nonsense.csv?perod=month").status_code == 404
