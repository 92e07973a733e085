"""Getting in: the first owner, passwords and lock-out, second factor, one-time links, sessions, single sign-on."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from holdfast.errors import SettingsError
from holdfast.server.people.jobs import swept
from holdfast.server.people.mailing import backend
from holdfast.server.people.members import sign_out_everywhere
from holdfast.server.people.models import AuditEntry, OneTimeLink, User
from holdfast.server.people.one_time import found, link, setup_link, used
from holdfast.server.people.signing_on import sign_on
from tests.server.conftest import PASSWORD

pytestmark = pytest.mark.usefixtures("served", "db")

LOGIN = "/accounts/login/"


def path_of(full: str) -> str:
    return full.removeprefix(settings.SITE_URL)


def enter(client: Client, email: str, password: str = PASSWORD, **more):
    return client.post(LOGIN, {"login": email, "password": password}, **more)


def signed_in(client: Client) -> bool:
    return client.get("/me/").status_code == 200


def code_now(secret: str, back: int = 0) -> str:
    counter = next(iter(yield_hotp_counters_from_time())) - back
    return format_hotp_value(hotp_value(secret, counter))


def test_the_first_owner_sets_herself_up_once():
    """An empty workspace: the link that serve prints shows a form; whoever fills it in owns the business, and is in."""
    first = path_of(setup_link())
    client = Client()
    assert client.get(first).status_code == 200
    weak = client.post(first, {"name": "Olga", "email": "olga@example.com", "password": "olga@example.com"})
    assert weak.status_code == 200
    assert not User.objects.exists()
    done = client.post(first, {"name": "Olga", "email": "olga@example.com", "password": PASSWORD})
    assert (done.status_code, done["Location"]) == (302, "/")
    assert User.objects.get().role == "owner"
    assert signed_in(client)
    assert client.get(first).status_code == 410
    assert setup_link() == ""


def test_a_new_set_up_link_ends_the_one_before():
    old, new = setup_link(), setup_link()
    assert Client().get(path_of(old)).status_code == 410
    assert Client().get(path_of(new)).status_code == 200


def test_a_one_time_link_works_once_and_not_when_only_looked_at(people):
    """A mail scanner that opens the link does not use it up; of two clicks one gets in."""
    address = path_of(link(people["olga"]))
    scanner, olga, thief = Client(), Client(), Client()
    assert scanner.get(address).status_code == 200
    assert not signed_in(scanner)
    olga.post(address)
    assert signed_in(olga)
    assert thief.post(address).status_code == 410
    assert not signed_in(thief)


def test_a_link_ends_with_its_minutes_with_the_next_and_with_its_user(people):
    now = timezone.now()
    token = link(people["olga"], now=now).rstrip("/").rsplit("/", 1)[1]
    assert found(token, now=now + timedelta(minutes=29))
    assert not found(token, now=now + timedelta(minutes=31))
    assert not found(token[:-1] + ("A" if token[-1] != "A" else "B"))
    people["olga"].is_active = False
    people["olga"].save()
    assert not found(token)
    people["olga"].is_active = True
    people["olga"].save()
    one = found(token)
    assert [used(one), used(one)] == [True, False]
    assert token.split(":")[0] not in str(list(OneTimeLink.objects.values()))


@pytest.mark.usefixtures("people")
def test_password_lets_in_and_the_audit_log_knows():
    client = Client()
    assert enter(client, "olga@example.com")["Location"] == "/"
    assert signed_in(client)
    client.post("/accounts/logout/")
    assert not signed_in(client)
    done = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert done == ["user.sign_in", "user.sign_out"]


def test_passwords_are_kept_with_argon2(people):
    assert people["olga"].password.startswith("argon2$")


def test_an_account_is_locked_after_five_failures_also_for_the_right_password(people):
    """The count stands in the database: another process, or another address to come from, changes nothing."""
    for _try in range(5):
        assert "not correct" in enter(Client(), "max@example.com", "wrong", REMOTE_ADDR=f"10.0.{_try}.1").content.decode()
    client = Client()
    answer = enter(client, "max@example.com", REMOTE_ADDR="10.9.9.9")
    assert "Too many failed" in answer.content.decode()
    assert not signed_in(client)
    assert AuditEntry.objects.filter(action="user.sign_in_failed", subject=str(people["max"].pk)).count() == 5
    other = Client()
    enter(other, "anna@example.com")
    assert signed_in(other)


@pytest.mark.usefixtures("people")
def test_an_account_stays_locked_whatever_host_the_request_names():
    """A port that is made up is allowed, for it changes nothing: neither the count."""
    for port in range(5):
        enter(Client(), "max@example.com", "wrong", REMOTE_ADDR=f"10.0.{port}.1", HTTP_HOST=f"localhost:{1000 + port}")
    for email in ("max@example.com", "MAX@example.com"):
        answer = enter(Client(), email, REMOTE_ADDR="10.9.9.9", HTTP_HOST="localhost:7777")
        assert "Too many failed" in answer.content.decode(), email


@pytest.mark.usefixtures("people")
def test_one_address_that_tries_many_accounts_is_stopped():
    answers = [enter(Client(), f"somebody{n}@example.com", "wrong") for n in range(12)]
    assert "Too many failed" in answers[-1].content.decode()


@pytest.mark.usefixtures("people")
def test_who_tries_cannot_tell_who_has_an_account():
    """The same words for a wrong password and an unknown address; the same page for every reset."""
    plain = re.compile(r'value="[^"]*"|csrf[^>]*|hx-headers[^=]*=\'[^\']*\'')
    known, unknown = (
        plain.sub("", enter(Client(), email, "wrong").content.decode()) for email in ("max@example.com", "nobody@example.com")
    )
    assert known == unknown
    for email in ("max@example.com", "nobody@example.com"):
        assert Client().post("/accounts/password/reset/", {"email": email})["Location"] == "/accounts/password/reset/done/"
    unknown = AuditEntry.objects.filter(subject__startswith="unknown").get()
    assert "nobody@example.com" not in str(vars(unknown))


@pytest.mark.usefixtures("people")
def test_a_forgotten_password_is_chosen_anew_by_a_link_that_works_once():
    Client().post("/accounts/password/reset/", {"email": "max@example.com"})
    address = re.search(r"https?://\S+/password/reset/key/\S+", mail.outbox[0].body)[0]
    client = Client()
    form = client.get(re.sub(r"https?://[^/]+", "", address))["Location"]
    client.post(form, {"password1": "another good one here", "password2": "another good one here"})
    inside = Client()
    enter(inside, "max@example.com", "another good one here")
    assert signed_in(inside)
    again = Client().get(re.sub(r"https?://[^/]+", "", address))
    assert again.status_code == 200
    assert "does not work any more" in again.content.decode()


@pytest.mark.usefixtures("people")
def test_nobody_signs_up_by_herself():
    assert Client().get("/accounts/signup/").status_code == 404
    assert Client().post("/accounts/signup/", {"email": "x@example.com", "password1": PASSWORD}).status_code == 404


@pytest.mark.usefixtures("people")
def test_next_leads_only_to_pages_of_ours():
    inside = enter(Client(), "olga@example.com")
    assert inside["Location"] == "/"
    said = {"login": "olga@example.com", "password": PASSWORD}
    assert Client().post(LOGIN, said | {"next": "/me/"})["Location"] == "/me/"
    for elsewhere in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        assert Client().post(LOGIN, said | {"next": elsewhere})["Location"] == "/"


def test_a_second_factor_is_asked_for_and_each_recovery_code_works_once(people):
    olga = people["olga"]
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(olga, secret)
    codes = RecoveryCodes.activate(olga).get_unused_codes()
    client = Client()
    assert enter(client, "olga@example.com")["Location"].startswith("/accounts/2fa/authenticate/")
    assert not signed_in(client)
    assert client.get("/accounts/2fa/authenticate/").status_code == 200
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert not signed_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
    assert signed_in(client)
    ways = []
    for _turn in range(2):
        other = Client()
        enter(other, "olga@example.com")
        other.post("/accounts/2fa/authenticate/", {"code": codes[0]})
        ways.append(signed_in(other))
    assert ways == [True, False]
    assert AuditEntry.objects.filter(action="user.second_factor_failed").exists()


def test_a_one_time_link_asks_for_the_second_factor_too(people):
    TOTP.activate(people["olga"], "JBSWY3DPEHPK3PXP")
    client = Client()
    assert client.post(path_of(link(people["olga"])))["Location"].startswith("/accounts/2fa/authenticate/")
    assert not signed_in(client)


def test_whose_role_must_have_a_second_factor_gets_nothing_before(people, settings):
    """Max must have one, Anna need not."""
    settings.SECOND_FACTOR_FOR = frozenset({"manager", "owner"})
    client = Client()
    enter(client, "max@example.com")
    assert client.get("/audit/")["Location"] == "/accounts/2fa/totp/activate/"
    assert client.get("/api/v1/me").status_code == 403
    again = client.get("/accounts/2fa/totp/activate/")["Location"]
    form = client.post(again, {"password": PASSWORD}, follow=True)
    secret = form.context["form"].secret
    done = client.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)})
    assert done.status_code == 302
    assert client.get("/audit/").status_code == 200
    assert Authenticator.objects.filter(user=people["max"], type="totp").exists()
    anna = Client()
    enter(anna, "anna@example.com")
    assert signed_in(anna)


def test_sign_out_everywhere_ends_every_session_at_once(people):
    here, there = Client(), Client()
    for client in (here, there):
        enter(client, "anna@example.com")
    assert UserSession.objects.filter(user=people["anna"]).count() == 2
    here.post("/accounts/sessions/")
    assert [signed_in(here), signed_in(there)] == [True, False]
    assert AuditEntry.objects.get(action="user.sign_out_everywhere").details == {"sessions": 1}
    enter(there, "anna@example.com")
    here.post("/me/sign-out-everywhere/")
    assert [signed_in(here), signed_in(there)] == [False, False]


@pytest.mark.usefixtures("people")
def test_a_changed_password_ends_the_other_sessions():
    here, there = Client(), Client()
    for client in (here, there):
        enter(client, "anna@example.com")
    new = "a quite different one"
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert [signed_in(here), signed_in(there)] == [True, False]


def test_who_changed_her_password_can_still_be_signed_out_by_an_owner(people):
    """The change gives her session a new key: the laptop that is lost next is on the list all the same."""
    client, new = Client(), "a quite different one"
    enter(client, "anna@example.com")
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    client.get("/me/")
    assert signed_in(client)
    sign_out_everywhere(people["anna"], people["olga"])
    assert not signed_in(client)


@pytest.mark.usefixtures("people")
def test_sessions_end_by_themselves():
    client = Client()
    enter(client, "anna@example.com")
    client.get("/me/")
    assert client.session.get_expiry_age() <= settings.SESSION_COOKIE_AGE == 14 * 86_400
    row = client.session.model.objects.get(session_key=client.session.session_key)
    row.expire_date = timezone.now() - timedelta(seconds=1)
    row.save()
    assert not signed_in(client)


@pytest.mark.usefixtures("people")
def test_cookies_are_for_this_site_alone():
    client = Client()
    client.get(LOGIN)
    enter(client, "anna@example.com")
    session = client.cookies["sessionid"]
    assert session["httponly"]
    assert session["samesite"] == client.cookies["csrftoken"]["samesite"] == "Lax"


def test_single_sign_on_is_an_issuer_a_client_and_a_secret():
    one = sign_on("https://id.example.com/realms/shop holdfast s3cret")
    assert (one.origin, one.apps[0]["settings"]["server_url"]) == (
        "https://id.example.com",
        "https://id.example.com/realms/shop",
    )
    assert sign_on("  ") is None
    with pytest.raises(SettingsError, match="issuer"):
        sign_on("id.example.com holdfast")


def sociallogin(email: str, verified: bool):
    """What the issuer says of somebody who comes back from it."""
    from allauth.account.models import EmailAddress
    from allauth.socialaccount.models import SocialAccount, SocialLogin

    account = SocialAccount(provider="sign-on", uid=email, extra_data={})
    return SocialLogin(
        user=User(email=email), account=account, email_addresses=[EmailAddress(email=email, verified=verified, primary=True)]
    )


def test_by_sign_on_comes_who_was_invited_with_a_verified_address(people, rf):
    """Ben was invited as agent. An issuer that did not verify his address does not bring him in; nor does it bring in Dan."""
    from holdfast.server.people.adapters import SignOn
    from holdfast.server.people.inviting import invite

    invite("ben@example.com", "agent", people["olga"])
    adapter = SignOn()
    assert not adapter.is_open_for_signup(rf.get("/"), sociallogin("ben@example.com", verified=False))
    assert not adapter.is_open_for_signup(rf.get("/"), sociallogin("dan@example.com", verified=True))
    ben = sociallogin("ben@example.com", verified=True)
    assert adapter.is_open_for_signup(rf.get("/"), ben)
    request = rf.get("/")
    request.session = Client().session
    adapter.save_user(request, ben)
    assert User.objects.get(email="ben@example.com").role == "agent"
    assert not adapter.is_open_for_signup(rf.get("/"), sociallogin("ben@example.com", verified=True))


def test_accounts_from_the_terminal(served):
    """Add, list, lock out, reset: in a process of its own, on a database of its own."""

    def say(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "holdfast", "user", *words, "-w", str(served.path)],
            capture_output=True,
            text=True,
            check=False,
        )

    began = time.monotonic()
    first = say("link").stdout
    assert "This link makes the first owner" in first
    assert re.search(r"^http://\S+/set-up/\S+/$", first, re.MULTILINE)
    assert "/welcome/" in say("add", "Olga@example.com", "--role", "owner").stdout
    last = say("role", "olga@example.com", "--role", "agent")
    assert (last.returncode, "last owner" in last.stderr) == (2, True)
    assert "/welcome/" in say("reset", "olga@example.com").stdout
    missing = say("reset", "olag@example.com")
    assert (missing.returncode, "olga@example.com" in missing.stderr) == (2, True)
    assert time.monotonic() - began < 60


def test_a_forgotten_password_where_no_mail_goes_out(people, settings, caplog):
    """A server that cannot be reached, and none at all: the same page for who has an account and who has none."""
    for way in ({"EMAIL_BACKEND": "holdfast.server.people.mailing.Nowhere"}, backend("smtp://127.0.0.1:9")):
        for name, value in way.items():
            setattr(settings, name, value)
        for email in ("olga@example.com", "nobody@example.com"):
            answer = Client().post("/accounts/password/reset/", {"email": email})
            assert (answer.status_code, "No e-mail goes out here" in answer.content.decode()) == (503, True)
    assert "/password/reset/key/" not in caplog.text


def test_a_changed_password_stays_changed_where_no_mail_goes_out(people, settings):
    for name, value in backend("smtp://127.0.0.1:9").items():
        setattr(settings, name, value)
    olga = Client()
    olga.post("/accounts/login/", {"login": "olga@example.com", "password": PASSWORD})
    said = {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"}
    assert olga.post("/accounts/password/change/", said).status_code == 302
    people["olga"].refresh_from_db()
    assert people["olga"].check_password("another long one")


def test_the_link_of_a_forgotten_password_leads_where_people_go():
    """Whatever name the request was sent to."""
    User.objects.create_user("ann@example.com", PASSWORD)
    Client(HTTP_HOST="localhost").post("/accounts/password/reset/", {"email": "ann@example.com"})
    assert f"{settings.SITE_URL}/accounts/password/reset/key/" in mail.outbox[0].body


def test_how_mail_goes_is_told_in_one_address():
    told = backend("smtp://ann%40example.com:a%2Fb%3Ac@mail.example:587")
    assert (told["EMAIL_HOST_USER"], told["EMAIL_HOST_PASSWORD"], told["EMAIL_PORT"]) == ("ann@example.com", "a/b:c", 587)
    assert (told["EMAIL_USE_TLS"], told["EMAIL_USE_SSL"]) == (True, False)
    safe = backend("smtps://mail.example")
    assert (safe["EMAIL_PORT"], safe["EMAIL_USE_SSL"], safe["EMAIL_USE_TLS"]) == (465, True, False)
    for wrong in ("mail.example:25", "http://mail.example", "smtp://", "smtp://mail.example:many"):
        with pytest.raises(SettingsError, match="HOLDFAST_EMAIL_URL"):
            backend(wrong)


def test_a_lock_out_is_not_swept_away_by_others(people):
    """Hundreds of made-up addresses are tried elsewhere: what is known of Max's failures stays."""
    for number in range(5):
        enter(Client(), "max@example.com", "wrong", REMOTE_ADDR=f"10.0.{number}.1")
    for number in range(400):
        cache.set(f"another-{number}", 1, 900)
    assert "Too many failed" in enter(Client(), "max@example.com", REMOTE_ADDR="10.9.9.9").content.decode()
    client = Client()
    client.post(path_of(link(people["max"])))
    assert signed_in(client), "a link from the terminal lets in meanwhile"


def test_what_is_over_is_thrown_away():
    now = timezone.now()
    ann = User.objects.create_user("ann@example.com", PASSWORD)
    client = Client()
    client.force_login(ann)
    cache.set("short", 1, 60)
    cache.set("long", 1, 6 * 3600)
    link(ann, now=now - timedelta(days=30))
    swept(now + timedelta(hours=1))
    assert (cache.get("long"), OneTimeLink.objects.count()) == (1, 0)
    assert client.get("/me/").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kept_for_a_while WHERE cache_key LIKE %s", ["%short"])
        assert cursor.fetchone() == (0,)
    swept(now + timedelta(days=60))
    assert Session.objects.count() == UserSession.objects.count() == 0
