"""Everything that a page can do: each form that is sent, each button of its own, each file that is given, has its operation.

What is left to pages alone stands in ALONE with a reason.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.test import Client

import holdfast.server
import holdfast.server.urls
from holdfast.server.people.safety import NOT_OURS
from holdfast.server.routing import ROUTES

SERVER = Path(holdfast.server.__file__).parent
TABLE = Path(__file__).parents[2] / "docs" / "reference" / "http-api.md"

ALONE = {
    **dict.fromkeys(
        NOT_OURS, "signing in, passwords, second factors, sessions: of a person at a browser; a program has a token"
    ),
    "one-time": "signing in by a link, once",
    "set-up": "the first owner, before there is anybody who could make a token",
    "invitation": "whoever was invited chooses a password",
    "hooks": "shops send here, and sign what they send",
}
"""Pages that are sent something and have no operation, and why."""

READING = {
    "customer-export": "a button makes the archive, so that no link does; for a program it is a file like any other",
    "healthz": "takes no form",
    "readyz": "takes no form",
    "metrics": "takes no form",
    "holdfast-js": "takes no form",
}
"""Addresses that change nothing although a form may be sent to them, and why."""

OWN = {
    "reports.html": {"reports"}, "reviews.html": {"reviews"}, "audiences.html": {"audiences"}, "audience.html": {"audience"},
    "task.html": {"task"}, "export.html": {"customer-export"}, "erase.html": {"customer-erase"}, "note.html": {"note"},
    "merge.html": {"customer-merge"}, "connect.html": {"source-connect"}, "refusals.html": {"import-refusals"},
    "refused.html": {"refused"}, "refused_event.html": {"refused-event"}, "initiatives.html": {"initiatives"},
    "profile.html": {"profile"}, "join.html": {"invitation"}, "set_up.html": {"set-up"}, "one_time.html": {"one-time"},
}  # fmt: skip
"""Templates whose forms are sent to the page itself: to which one."""

BY_VARIABLE = {"{{ cancel_address }}": "insight-cancel", "{{ attrs.action }}": "mfa_index", "{{ action_url }}": "account_login"}
"""Addresses that a view puts in, and whose they are."""

BUTTONS = {
    ("report", "do=forget"): "forget_report",
    ("audience", "do=forget"): "forget_audience",
    ("initiatives", "remove=1"): "remove_initiative",
    ("customer-consent", "state=yes"): "new_consent",
    ("customer-consent", "state=no"): "new_consent",
    ("erasure", ""): "erase",
    ("account_login", "action="): "",
}
"""Buttons that do something of their own beside the form that they stand in, and the operation that does the same."""


SHOWN = "the page that shows it is the customer's, for whoever looks; this address is for the form alone"
ELSEWHERE = {
    "customer_notes": SHOWN,
    "customer_tags": SHOWN,
    "customer_tasks": SHOWN,
    "customer_consents": SHOWN,
    "privacy_requests": "a part of the page Sources that it shows only to those who steer",
}
"""Operations that need something else than the page that they stand beside in the table, and why."""


@pytest.fixture
def said(served, db):
    """(operations of each page by the table of the docs, operations by name)."""
    schema = json.loads(Client().get("/api/v1/openapi.json").content)
    known = {one["operationId"]: (method, one) for methods in schema["paths"].values() for method, one in methods.items()}
    rows = re.findall(r"^\| ([a-z-]+) \| `/[^|]*` \| (.*) \|$", TABLE.read_text("utf-8"), re.MULTILINE)
    return {page: re.findall(r"`(\w+)` [A-Z]+ /", row) for page, row in rows}, known


def forms():
    """(template, what the form is sent to, its buttons of their own) of every form that is sent by POST."""
    for path in sorted(SERVER.rglob("templates/**/*.html")):
        text = path.read_text("utf-8")
        for found in re.finditer(r"<form\b(?P<tag>[^>]*(?:\{%[^%]*%\}[^>]*)*)>(?P<inner>.*?)</form>", text, re.DOTALL):
            if not re.search(r"""method=["']?post""", found["tag"], re.IGNORECASE):
                continue
            where = re.findall(r'(?<![a-z-])(?:form)?action="((?:\{[%{].*?[%}]\}|[^"])*)"', found[0])
            buttons = re.findall(r'<button\b[^>]*?name="(\w+)"(?: value="(\w+)")?', found["inner"])
            yield path, where, {f"{name}={value}" for name, value in buttons}


def sent_to(path, where):
    """The names of the URLs that a form is sent to."""
    named = {name for one in where for name in re.findall(r"\{% url ['\"]([\w-]+)['\"]", one)}
    named |= {BY_VARIABLE[one] for one in where if one in BY_VARIABLE}
    return named or OWN.get(path.name, set())


def test_whatever_can_be_sent_has_an_operation_that_changes_something(said):
    """Of every URL that takes a form, also those that no template shows."""
    by_page, known = said
    left = {
        name
        for name, route in ROUTES.items()
        if (route.writes or route.needs is None) and all(known[one][0] == "get" for one in by_page[name])
    }
    assert left - set(ALONE) == set(READING)


def test_every_form_is_of_a_page_that_has_an_operation(said):
    """A form that is sent elsewhere, or a button that was added, is found here."""
    by_page, known = said
    seen, buttons = set(), set()
    for path, where, own in forms():
        names = sent_to(path, where)
        if path.parts[-2] in ("account", "mfa", "elements", "socialaccount", "usersessions", "layouts"):
            names = names or {"account_login"}
        assert names, f"{path.name}: {where}"
        for name in names:
            assert name in ALONE or name in ROUTES, f"{path.name}: {name}"
            assert name in ALONE or by_page[name], f"{path.name}: {name}"
        seen |= names
        buttons |= {(name, one) for name in names for one in own}
    assert {(name, one) for name, one in BUTTONS if one} >= buttons
    assert all(not operation or operation in known for operation in BUTTONS.values())
    sent = {name for name, route in ROUTES.items() if route.writes}
    assert sent - seen == set(), "URLs that take a form which no template has"


def test_every_file_that_a_page_gives_is_given_by_an_operation(said):
    by_page, known = said
    files = {name for name, route in ROUTES.items() if re.search(r"\.\w+$|\.<|export/$", route.pattern)} - {"holdfast-js"}
    assert len(files) == 8
    for name in files:
        kinds = [kind for one in by_page[name] for kind in known[one][1]["responses"].get("200", {}).get("content", {})]
        assert set(kinds) - {"application/json"}, f"{name} gives a file"


def test_an_operation_asks_for_what_its_page_asks_for(said):
    """Who may not do it on the page may not do it by the API, and the other way round."""
    by_page, known = said
    found = set()
    for name, names in by_page.items():
        for one in names:
            method, told = known[one]
            need = ROUTES[name].needs if method == "get" else ROUTES[name].writes
            if told["x-needs"] != need:
                found.add(one)
    assert found == set(ELSEWHERE)
