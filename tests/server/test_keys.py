"""Write keys and tokens: shown once, hashed, revoked at once; what a token may."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from holdfast.server.api import gate
from holdfast.server.intake.call import kind_of
from holdfast.server.people.keys import make_token
from holdfast.server.people.limits import Bucket
from holdfast.server.people.models import ApiToken, AuditEntry, WriteKey, hashed
from holdfast.server.people.snippets import snippets, token_snippets

pytestmark = pytest.mark.usefixtures("served", "db")


def me(secret: str):
    return Client().get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})


def test_a_write_key_is_shown_once_and_kept_as_its_hash(as_):
    olga = as_("olga")
    page = olga.post("/keys/write/", {"name": "Web shop"}).content.decode()
    secret = re.search(r"wk_[\w-]{20,}", page)[0]
    key = WriteKey.objects.get()
    assert (key.hash, key.prefix) == (hashed(secret), secret[:9])
    assert page.count(secret) >= 5, "the key, and four things to paste"
    again = olga.get("/keys/").content.decode()
    assert secret not in again
    assert key.prefix in again
    assert secret not in str(list(WriteKey.objects.values())) + str(list(AuditEntry.objects.values()))


def test_a_token_works_until_it_is_revoked(as_):
    olga = as_("olga")
    page = olga.post("/keys/tokens/", {"name": "Till", "scopes": ["look", "care"], "days": "30"}).content.decode()
    secret = re.search(r"at_[\w-]{30,}", page)[0]
    token = ApiToken.objects.get()
    assert (token.scopes, (token.expires_at - timezone.now()).days) == (["look", "care"], 29)
    answer = me(secret)
    assert answer.status_code == 200
    assert (answer.json()["kind"], answer.json()["may"]) == ("token", ["look", "care"])
    olga.post(f"/keys/tokens/{token.pk}/revoke/")
    assert me(secret).status_code == 401


def test_a_token_makes_none_that_may_more_or_lasts_longer(people):
    """Of a program that was given `own` for a day nobody makes a reader of customers for ever."""
    end = timezone.now() + timedelta(days=1)
    secret = ApiToken.make("till", ["own"], people["olga"], end)[1]

    def make(scopes: list[str], days: int):
        said = {"name": "child", "scopes": scopes, "days": days}
        headers = {"Authorization": f"Bearer {secret}"}
        return Client().post("/api/v1/tokens", said, content_type="application/json", headers=headers)

    assert [make(["own", "look"], 1).status_code, make(["look"], 1).status_code] == [403, 403]
    assert ApiToken.objects.count() == 1
    assert {make(["own"], days).status_code for days in (0, 90)} == {201}
    assert {one.expires_at for one in ApiToken.objects.all()} == {end}


def test_a_token_ends(people):
    _token, secret = ApiToken.make("Till", ["look"], people["olga"], timezone.now() + timedelta(seconds=30))
    assert me(secret).status_code == 200
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert me(secret).status_code == 401


def test_last_use_is_written_at_most_once_a_minute(people):
    token, secret = ApiToken.make("Till", ["look"], people["olga"])
    me(secret)
    token.refresh_from_db()
    first = token.last_used_at
    me(secret)
    token.refresh_from_db()
    assert token.last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(seconds=61))
    me(secret)
    token.refresh_from_db()
    assert token.last_used_at >= first


@pytest.mark.parametrize("missing", ["name", "scopes"])
def test_what_is_missing_is_said(as_, missing):
    said = {"name": "Till", "scopes": ["look"], "days": "30"}
    del said[missing]
    answer = as_("olga").post("/keys/tokens/", said)
    assert answer.status_code == 422
    assert "required" in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_beyond_its_rate_a_token_waits_and_others_do_not(people, monkeypatch):
    monkeypatch.setattr(gate, "_bucket", Bucket(0.5, 3))
    _one, busy = ApiToken.make("Busy", ["look"], people["olga"])
    _two, calm = ApiToken.make("Calm", ["look"], people["olga"])
    answers = [me(busy) for _call in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert (answers[-1]["Retry-After"], answers[-1].json()["type"]) == ("2", "too_often")
    assert me(calm).status_code == 200


def test_a_bucket_fills_again_and_forgets_the_oldest():
    bucket = Bucket(2, 2, most=2)
    assert [bucket.wait("a", 0), bucket.wait("a", 0)] == [0, 0]
    assert bucket.wait("a", 0) == 0.5
    assert bucket.wait("a", 0.5) == 0
    bucket.wait("b", 0.5)
    bucket.wait("c", 0.5)
    assert bucket.wait("a", 0.5) == 0, "a was forgotten, and is full again"


def test_a_browser_calls_the_api_with_its_session_and_the_csrf_token(people):
    client = Client(enforce_csrf_checks=True)
    client.force_login(people["olga"])
    assert client.get("/api/v1/me").json()["kind"] == "user"
    said = {"name": "Till"}
    refused = client.post("/api/v1/write-keys", said, content_type="application/json")
    assert (refused.status_code, refused.json()["type"]) == (403, "not_allowed")
    assert "X-CSRFToken" in refused.json()["mend"]
    client.get("/me/")
    token = client.cookies["csrftoken"].value
    made = client.post("/api/v1/write-keys", said, content_type="application/json", headers={"X-CSRFToken": token})
    assert made.status_code == 201
    assert made.json()["secret"].startswith("wk_")


def test_errors_say_what_happened_and_how_to_mend_it(people):
    _token, secret = ApiToken.make("All", ["look", "own"], people["olga"])
    headers = {"Authorization": f"Bearer {secret}"}
    client = Client()
    cases = {
        401: client.get("/api/v1/me"),
        403: client.get("/api/v1/audit", headers=headers),
        404: client.delete("/api/v1/tokens/987654", headers=headers),
        422: client.post("/api/v1/tokens", {"name": ""}, content_type="application/json", headers=headers),
    }
    for status, answer in cases.items():
        assert answer.status_code == status
        assert set(answer.json()) >= {"type", "what", "mend"}
    assert cases[401]["WWW-Authenticate"] == "Bearer"
    last = client.patch(
        f"/api/v1/users/{people['olga'].pk}", {"role": "agent"}, content_type="application/json", headers=headers
    )
    assert (last.status_code, last.json()["mend"]) == (422, "make somebody else an owner first")
    assert client.get("/api/v1/nothing").json()["type"] == "not_found"


def test_lists_come_in_pages(people):
    _token, secret = ApiToken.make("All", ["own"], people["olga"])
    headers = {"Authorization": f"Bearer {secret}"}
    seen, cursor = [], ""
    while cursor is not None:
        page = Client().get(f"/api/v1/users?limit=3&cursor={cursor}", headers=headers).json()
        seen += [one["email"] for one in page["items"]]
        cursor = page["next"]
    assert sorted(seen) == ["agnes@example.com", "anna@example.com", "max@example.com", "olga@example.com"]
    assert Client().get("/api/v1/users?cursor=x", headers=headers).status_code == 422


def test_what_is_pasted_leads_somewhere(client):
    """Every address in the lines that come with a key is one of ours."""
    site = settings.SITE_URL
    told = "\n".join(one.text for one in (*snippets(site, "wk_x"), *token_snippets(site, "at_x")))
    found = set(re.findall(re.escape(site) + r"(/[\w./-]+)", told))
    assert found == {"/holdfast.js", "/v1/track", "/api/v1/me"}
    assert client.get("/holdfast.js").status_code == 200
    assert client.get("/api/v1/me").status_code == 401
    assert kind_of("/v1/track") == "track"


def test_who_tries_made_up_tokens_waits(people, monkeypatch):
    """Refusals have a rate for each address; a right token from there goes through all the same."""
    monkeypatch.setattr(gate, "_refusals", Bucket(1, 3))
    _token, secret = make_token("till", ["look"], people["olga"])

    def ask(token: str, address: str = "203.0.113.7"):
        return Client().get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {token}", REMOTE_ADDR=address)

    assert [ask(f"at_{n}").status_code for n in range(5)] == [401, 401, 401, 429, 429]
    assert int(ask("at_made_up")["Retry-After"]) >= 1
    assert ask("at_made_up", "203.0.113.8").status_code == 401
    assert ask(secret).status_code == 200
