"""Single sign-on by OpenID Connect, the whole way: our login page, an issuer on loopback, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from holdfast.server.people.inviting import invite
from holdfast.server.people.models import AuditEntry, User
from holdfast.server.people.one_time import link
from holdfast.server.people.signing_on import OpenIdConnect

pytestmark = pytest.mark.usefixtures("served", "db")


class Issuer:
    """Says of everybody who comes what `says` holds."""

    def __init__(self) -> None:
        self.says: dict = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._give(issuer.discovery() if "well-known" in self.path else issuer.says)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._give({"access_token": "t", "token_type": "Bearer"})

            def _give(self, value: dict) -> None:
                body = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def discovery(self) -> dict:
        ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "userinfo_endpoint": "me", "jwks_uri": "keys"}
        return {"issuer": self.url} | {name: f"{self.url}/{end}" for name, end in ends.items()}


@pytest.fixture
def issuer(settings) -> Iterator[Issuer]:
    made = Issuer()
    apps = OpenIdConnect(made.url, "holdfast", "secret").apps
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": apps, "OAUTH_PKCE_ENABLED": True}}
    yield made
    made.server.shutdown()
    made.server.server_close()


def sign_on(issuer: Issuer, *, says: object = None, **more) -> Client:
    """Go the way of a browser: the button, the issuer, the way back."""
    issuer.says = {"sub": more["email"]} | more if says is None else says
    client = Client()
    assert "/accounts/oidc/sign-on/login/" in client.get("/accounts/login/").content.decode()
    away = client.post("/accounts/oidc/sign-on/login/")["Location"]
    assert away.startswith(f"{issuer.url}/authorize?")
    asked = parse_qs(urlsplit(away).query)
    assert asked["code_challenge_method"] == ["S256"]
    back = {"code": "c", "state": asked["state"][0]}
    client.landed = client.get(urlsplit(asked["redirect_uri"][0]).path, back, follow=True)
    return client


def signed_in(client: Client) -> bool:
    return client.get("/me/").status_code == 200


def entered(password: str) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": "max@example.com", "password": password})
    return client


def test_who_was_invited_comes_in_with_her_role(people, issuer):
    invite("ben@example.com", "agent", people["olga"])
    ben = sign_on(issuer, email="ben@example.com", email_verified=True, name="Ben B.")
    assert signed_in(ben)
    user = User.objects.get(email="ben@example.com")
    assert (user.role, user.name, user.has_usable_password()) == ("agent", "Ben B.", False)
    assert AuditEntry.objects.filter(action="user.join", subject=str(user.pk)).exists()
    assert signed_in(sign_on(issuer, email="ben@example.com", email_verified=True)), "and a second time"


def test_who_has_an_account_comes_into_it(people, issuer):
    assert signed_in(sign_on(issuer, email="max@example.com", email_verified=True))
    assert User.objects.count() == len(people)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("email", "verified"),
    [("max@example.com", False), ("max@example.com", "false"), ("max@example.com", 0), ("dan@example.com", True)],
)
def test_others_stay_outside(issuer, email, verified):
    """An address that the issuer did not verify, and one that nobody invited."""
    before = User.objects.count()
    assert not signed_in(sign_on(issuer, email=email, email_verified=verified))
    assert User.objects.count() == before


def test_who_is_shut_out_stays_outside(people, issuer):
    """And let in again she has the password that she had."""
    User.objects.filter(pk=people["max"].pk).update(is_active=False)
    assert not signed_in(sign_on(issuer, email="max@example.com", email_verified=True))
    assert User.objects.get(email="max@example.com").has_usable_password()


def test_when_the_issuer_is_gone_there_is_a_way_back(people, issuer):
    """Max came by the issuer, which dropped his password. He hears so. Once it is gone, a link lets him set another one."""
    max_, new = people["max"], "another good one here"
    client = sign_on(issuer, email="max@example.com", email_verified=True)
    assert "your password here is gone" in client.landed.content.decode()
    done = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert done == ["user.sign_on_connected", "user.password_dropped", "user.sign_in"]
    issuer.server.shutdown()
    issuer.server.server_close()
    gone = Client().post("/accounts/oidc/sign-on/login/")
    assert (gone.status_code, "holdfast user link" in gone.content.decode()) == (503, True)
    assert not signed_in(entered(new))
    again = Client()
    again.post(urlsplit(link(max_)).path)
    assert again.get("/accounts/password/set/").status_code == 200
    assert again.post("/accounts/password/set/", {"password1": new, "password2": new}).status_code == 302
    assert signed_in(entered(new))


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("says", [{}, {"sub": "x"}, ["no", "words"], "text", {"sub": None, "email": 7, "email_verified": True}])
def test_an_issuer_that_talks_nonsense_lets_nobody_in_and_breaks_nothing(issuer, monkeypatch, says):
    client = sign_on(issuer, email="max@example.com", says=says)
    assert client.landed.status_code in (200, 503)
    assert not signed_in(client)
    monkeypatch.setattr(issuer, "discovery", lambda: says)
    assert Client().post("/accounts/oidc/sign-on/login/").status_code == 503


def test_a_password_set_beside_single_sign_on_stays(people, issuer):
    client, new = sign_on(issuer, email="max@example.com", email_verified=True), "another good one here"
    client.post("/accounts/password/set/", {"password1": new, "password2": new})
    assert signed_in(sign_on(issuer, email="max@example.com", email_verified=True))
    assert signed_in(entered(new))
    assert AuditEntry.objects.filter(action="user.password_dropped", subject=str(people["max"].pk)).count() == 1
