"""What is kept of second factors tells nothing without the server's key; what was kept in the clear before goes on working."""

from __future__ import annotations

import importlib
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.apps import apps
from django.core.cache import cache
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from holdfast.server import place
from holdfast.server.people import second_factors, witness
from holdfast.server.people.models import AuditEntry
from holdfast.server.people.second_factors import SecondFactors
from tests.server.conftest import PASSWORD

pytestmark = pytest.mark.usefixtures("served", "db")

SECRET = "JBSWY3DPEHPK3PXP"
ASKED = "/accounts/2fa/authenticate/"


def entered(code: str) -> Client:
    """Olga, who said her password, says a code."""
    client = Client()
    client.post("/accounts/login/", {"login": "olga@example.com", "password": PASSWORD})
    client.answer = client.post(ASKED, {"code": code})
    return client


def signed_in(client: Client) -> bool:
    return client.get("/me/").status_code == 200


def code_now() -> str:
    return format_hotp_value(hotp_value(SECRET, list(yield_hotp_counters_from_time())[1]))


def kept() -> dict[str, dict]:
    return {one.type: one.data for one in Authenticator.objects.all()}


@pytest.fixture
def another_key(monkeypatch: pytest.MonkeyPatch):
    """The server's key is another one from now on, as after a restore without secrets."""

    def change() -> None:
        monkeypatch.setattr(second_factors, "secret_key", lambda: "another key than before")

    return change


def test_a_copy_of_the_database_reckons_no_codes(people):
    TOTP.activate(people["olga"], SECRET)
    codes = RecoveryCodes.activate(people["olga"])
    assert SECRET not in str(kept())
    assert not set("ghijklmnopqrstuvwxyz").isdisjoint(kept()["recovery_codes"]["seed"]), "a seed in the clear is hexadecimal"
    assert signed_in(entered(code_now()))
    assert signed_in(entered(codes.get_unused_codes()[0]))


@pytest.mark.parametrize("later", [0, 45])
def test_a_code_that_was_seen_over_her_shoulder_lets_nobody_in(people, monkeypatch, later):
    """It is right for a period longer than it is shown, in case a clock is slow; used, it is used."""
    TOTP.activate(people["olga"], SECRET)
    began = time.time() // 30 * 30 + 1
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.time.time", lambda: began)
    code = code_now()
    assert signed_in(entered(code))
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.time.time", lambda: began + later)
    cache.delete_many([f"allauth.mfa.totp.used?user={people['olga'].pk}&code={code}"] if later > 30 else [])
    assert not signed_in(entered(code))
    assert AuditEntry.objects.filter(action="user.second_factor_failed").exists()


def test_what_was_kept_in_the_clear_works_and_is_sealed_by_the_migration(people):
    """Olga set hers up before anything was sealed: her app and the codes that she printed go on working."""
    olga = people["olga"]
    Authenticator.objects.create(user=olga, type="totp", data={"secret": SECRET})
    seed = RecoveryCodes.generate_seed()
    Authenticator.objects.create(user=olga, type="recovery_codes", data={"seed": seed, "used_mask": 1})
    Authenticator.objects.create(user=people["max"], type="webauthn", data={"name": "key"})
    printed = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    assert signed_in(entered(printed[0]))
    migration = importlib.import_module("holdfast.server.people.migrations.0003_seal_second_factors")
    migration.sealed(apps, None)
    migration.sealed(apps, None)
    assert SECRET not in str(kept())
    assert seed not in str(kept())
    assert kept()["webauthn"] == {"name": "key"}
    assert signed_in(entered(code_now()))
    assert [signed_in(entered(code)) for code in printed[:2]] == [False, True]
    migration.opened(apps, None)
    assert (kept()["totp"]["secret"], kept()["recovery_codes"]["seed"]) == (SECRET, seed)


def test_under_another_key_nobody_gets_in_by_a_code_and_hears_the_way_back(people, another_key):
    TOTP.activate(people["olga"], SECRET)
    printed = RecoveryCodes.activate(people["olga"]).get_unused_codes()
    another_key()
    for code in (code_now(), printed[0], "000000"):
        client = entered(code)
        assert not signed_in(client)
        assert (client.answer.status_code, "holdfast user reset" in client.answer.content.decode()) == (503, True)


def test_who_comes_by_passkey_after_that_can_mend_her_second_factors(people, another_key):
    """Codes that let nobody in are gone, so that the page opens; the app is hers to take away."""
    olga = people["olga"]
    TOTP.activate(olga, SECRET)
    RecoveryCodes.activate(olga)
    another_key()
    witness._in(olga)
    assert set(kept()) == {"totp"}
    assert AuditEntry.objects.filter(action="user.recovery_codes_dropped", subject=str(olga.pk)).count() == 1
    client = Client()
    client.force_login(olga)
    assert client.get("/accounts/2fa/").status_code == 200


@given(text=st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: not text.startswith("sealed.")))
def test_what_is_sealed_comes_back_and_is_never_sealed_twice(text):
    box = SecondFactors()
    sealed = box.encrypt(text)
    assert (box.decrypt(sealed), box.encrypt(sealed), box.decrypt(text)) == (text, sealed, text)
    assert sealed != box.encrypt(text), "the same twice does not look the same"


def test_its_key_is_no_other_key_of_the_server():
    """A label of its own: what signs sessions or seals webhooks does not open it."""
    from cryptography.fernet import InvalidToken

    from holdfast.server.sources import sealing

    with pytest.raises(InvalidToken):
        sealing._box().decrypt(SecondFactors().encrypt(SECRET).removeprefix("sealed."))
    assert place.secret_key() not in SecondFactors().encrypt(SECRET)
