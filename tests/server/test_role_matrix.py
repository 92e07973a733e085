"""Every URL of the server and every operation of the API, asked by everybody: nobody gets in where she may not.

The list is the resolver's own, so that a new URL is covered without a word here. A URL with an argument that has no sample
in SAMPLES fails, and says what to add.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from django.test import Client
from django.test.client import ClientHandler
from django.urls import URLPattern, URLResolver, get_resolver

from holdfast.server.analyst.client import AnalystAway
from holdfast.server.people.access import ROLES
from holdfast.server.people.limits import Bucket
from holdfast.server.people.models import ApiToken
from holdfast.server.people.safety import NOT_OURS
from holdfast.server.routing import ROUTES

pytestmark = pytest.mark.usefixtures("served", "db", "_analyst_away")


@pytest.fixture
def _analyst_away(monkeypatch):
    """Who gets in does not hang on figures: nothing is worked out, so that every page is seen in seconds."""

    def away(_desk, name, _arguments):
        raise AnalystAway(f"{name} is not answered in this test")

    monkeypatch.setattr("holdfast.server.analyst.desk.Desk.run", away)


# Setting the middleware up (static files are listed) takes longer than most answers: once for all clients.
HANDLER = ClientHandler(enforce_csrf_checks=False)

WHO = {"anonymous": None, "analyst": "anna", "agent": "agnes", "manager": "max", "owner": "olga"}
EVERYBODY = [pytest.param(who, marks=() if who == "owner" else pytest.mark.one_database) for who in WHO]
"""Who may see all asks all that the pages ask of a database."""

# What stands in the place of an argument: by name, else by converter. None of these exists, so that nothing is changed.
SAMPLES = {
    "pk": "987654",
    "key": "bm9ib2R5",
    "token": "made-up",
    "provider_id": "sign-on",
    "uidb36": "zz",
    "<int>": "987654",
    "<slug>": "none",
    "<str>": "none",
    "<uuid>": "00000000-0000-4000-8000-000000000000",
    "<path>": "none",
}

# Who is not signed in may read these of allauth; the others ask for a login.
ENTRANCES = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "openid_connect_login",
    "openid_connect_callback",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
    "account_reauthenticate",
}


@dataclass(frozen=True)
class Address:
    """A URL of the resolver: its pattern, its name, its view, the names before it."""

    pattern: str
    name: str
    view: object
    spaces: tuple[str, ...]

    def filled(self) -> str:
        """With samples in the places of its arguments."""
        return "/" + re.sub(r"<(?:(\w+):)?(\w+)>", self._sample, self.pattern)

    def _sample(self, found: re.Match[str]) -> str:
        converter, name = found[1] or "str", found[2]
        sample = SAMPLES.get(name) or SAMPLES.get(f"<{converter}>")
        assert sample, f"{self.pattern}: add a sample for the argument {name!r} of <{converter}> to SAMPLES in {__file__}"
        return sample


def addresses() -> list[Address]:
    return list(_walk(get_resolver(), "", ()))


def _walk(resolver: URLResolver, before: str, spaces: tuple[str, ...]):
    for one in resolver.url_patterns:
        text = before + _plain(one)
        if isinstance(one, URLPattern):
            yield Address(text, one.name or "", one.callback, spaces)
        else:
            yield from _walk(one, text, (*spaces, one.namespace) if one.namespace else spaces)


def _plain(one) -> str:
    """A pattern as `path` writes it, also where it is an expression."""
    text = str(one.pattern).removeprefix("^").removesuffix("$").removesuffix(r"\Z")
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", text)


def outcome(response) -> str:
    """in, login (sent to sign in), refused, or gone (there is no such URL)."""
    if response.status_code == 401:
        return "login"
    if response.status_code == 302 and response["Location"].startswith("/accounts/login/?next="):
        return "login"
    return "refused" if response.status_code == 403 else "in"


def client_of(people, who: str) -> Client:
    client = Client(raise_request_exception=False)
    client.handler = HANDLER
    if WHO[who]:
        client.force_login(people[WHO[who]])
    return client


def expected(who: str, need: str | None) -> str:
    if need is None:
        return "in"
    if who == "anonymous":
        return "login"
    return "in" if need in ROLES[who] else "refused"


OURS = [one for one in addresses() if hasattr(one.view, "route")]
THE_API = [one for one in addresses() if one.spaces == ("api",)]
OTHERS = [one for one in addresses() if one not in OURS and one not in THE_API]


def test_every_url_of_ours_is_in_the_list_and_the_other_way_round():
    assert {one.view.route.name for one in OURS} == set(ROUTES)
    assert len(OURS) == len(ROUTES), "two URLs have the same name"


@pytest.mark.parametrize("who", EVERYBODY)
def test_pages_let_in_who_may(people, who):
    """GET for what reading needs, POST for what writing needs; a wrong token in the header changes nothing."""
    wrong = []
    for one in OURS:
        route = one.view.route
        for method, need in (("get", route.needs), ("post", route.writes)):
            if method == "post" and need is None:
                continue
            client = client_of(people, who)
            response = getattr(client, method)(one.filled(), headers={"Authorization": "Bearer at_wrong"})
            got = outcome(response)
            if got != expected(who, need):
                wrong.append(f"{who} {method} {one.pattern} needs {need}: {got} ({response.status_code})")
            if response.status_code == 500:
                wrong.append(f"{who} {method} {one.pattern}: 500")
    assert not wrong, "\n".join(wrong)


@pytest.mark.one_database
@pytest.mark.parametrize("who", WHO)
def test_a_page_that_only_reads_takes_no_post(people, who):
    for one in OURS:
        if one.view.route.writes is None and one.view.route.needs is not None:
            assert client_of(people, who).post(one.filled()).status_code == 405, one.pattern


@pytest.mark.one_database
def test_a_post_without_the_csrf_token_is_refused(people):
    client = Client(enforce_csrf_checks=True)
    for one in OURS:
        if one.view.route.writes is not None:
            client.cookies.clear()
            client.force_login(people["olga"])
            assert client.post(one.filled()).status_code == 403, one.pattern


def test_what_is_not_ours_is_listed_or_does_not_exist(people):
    """Of allauth only the URLs of NOT_OURS are there; who is not signed in sees the entrances alone."""
    for one in OTHERS:
        inside, outside = client_of(people, "owner").get(one.filled()), client_of(people, "anonymous").get(one.filled())
        if one.name not in NOT_OURS:
            assert (inside.status_code, outside.status_code) == (404, 404), one.pattern
        else:
            assert inside.status_code < 500, one.pattern
            if one.name not in ENTRANCES:
                assert outcome(outside) == "login", (one.pattern, outside.status_code)


def operations():
    from holdfast.server.api.the_api import api

    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, one in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield method, re.sub(r"\{(\w+)\}", _api_sample, path), one


def _api_sample(found: re.Match[str]) -> str:
    return SAMPLES["<int>"] if found[1].endswith("_id") or found[1] == "id" else SAMPLES.get(found[1], "none")


def test_every_operation_says_what_it_needs():
    assert all(one.get("x-needs") in ROLES["owner"] for _method, _path, one in operations())
    documented = sum(1 for _one in operations())
    assert documented >= len([one for one in THE_API if one.name not in ("openapi-json", "api-root")])


@pytest.mark.parametrize("who", EVERYBODY)
def test_operations_let_in_who_may(people, who):
    wrong = []
    for method, path, one in operations():
        response = getattr(client_of(people, who), method)(path, content_type="application/json", data={})
        if outcome(response) != expected(who, one["x-needs"]) or response.status_code == 500:
            wrong.append(f"{who} {method} {path} needs {one['x-needs']}: {response.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.one_database
@pytest.mark.parametrize("scope", [None, "look", "care", "steer", "own"])
def test_tokens_get_in_within_their_scopes(people, scope, monkeypatch):
    """A wrong token gets in nowhere; a token with one scope gets in where that scope is needed, and nowhere else."""
    monkeypatch.setattr("holdfast.server.api.gate._bucket", Bucket(1e6, 1_000_000))
    secret = ApiToken.make("till", [scope], people["olga"])[1] if scope else "at_wrong"
    wrong = []
    for method, path, one in operations():
        headers = {"Authorization": f"Bearer {secret}"}
        response = getattr(client_of(people, "anonymous"), method)(
            path, headers=headers, content_type="application/json", data={}
        )
        should = "login" if scope is None else "in" if one["x-needs"] == scope else "refused"
        if outcome(response) != should or response.status_code == 500:
            wrong.append(f"{scope} {method} {path} needs {one['x-needs']}: {response.status_code}")
    assert not wrong, "\n".join(wrong)


def test_the_matrix_notices_an_open_door(people, monkeypatch):
    """The test can fail: with everybody allowed everything, an analyst gets into the page of people."""
    with monkeypatch.context() as patch:
        patch.setattr("holdfast.server.routing.may", lambda _user, _need: True)
        assert outcome(client_of(people, "analyst").get("/people/")) == "in"
    assert outcome(client_of(people, "analyst").get("/people/")) == "refused"
