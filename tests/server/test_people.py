"""Who may do what: roles, invitations, shutting out; one's own page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from holdfast.errors import UnknownName, UsageError
from holdfast.server.people.inviting import LIFETIME, accept, again, invite, opened, revoke, too_often
from holdfast.server.people.keys import make_token
from holdfast.server.people.members import change_role, let_in_again, shut_out
from holdfast.server.people.models import AuditEntry, Invitation, User
from tests.server.conftest import PASSWORD

pytestmark = pytest.mark.usefixtures("served", "db")


def path_of(full: str) -> str:
    return full.removeprefix(settings.SITE_URL)


def token_of(link: str) -> str:
    return link.rstrip("/").rsplit("/", 1)[1]


@pytest.mark.usefixtures("people")
def test_olga_invites_ben_who_joins_as_agent(as_):
    """The mail holds the link; it works once; Ben is in with the role that Olga chose."""
    as_("olga").post("/people/invite/", {"email": "Ben@Example.com", "role": "agent"})
    assert mail.outbox[0].to == ["ben@example.com"]
    assert "Olga invites you to Corner shop" in mail.outbox[0].body
    address = path_of(re.search(r"http\S+/invitation/\S+", mail.outbox[0].body)[0])
    ben = as_(None)
    assert "ben@example.com" in ben.get(address).content.decode()
    done = ben.post(address, {"name": "Ben", "password": PASSWORD})
    assert done["Location"] == "/"
    joined = User.objects.get(email="ben@example.com")
    assert (joined.role, joined.name, ben.get("/me/").status_code) == ("agent", "Ben", 200)
    assert as_(None).get(address).status_code == 410
    assert list(AuditEntry.objects.filter(action__in=("user.invite", "user.join")).values_list("actor", flat=True)) == [
        "ben@example.com",
        "olga@example.com",
    ]


def test_the_link_is_shown_once_to_who_invited(as_):
    olga = as_("olga")
    olga.post("/people/invite/", {"email": "ben@example.com", "role": "analyst"})
    assert "/invitation/" in olga.get("/people/").content.decode()
    assert "/invitation/" not in olga.get("/people/").content.decode()


def test_an_invitation_ends_by_time_by_revoking_and_by_sending_it_again(people):
    now = timezone.now()
    invitation, first = invite("ben@example.com", "agent", people["olga"], now=now)
    assert opened(token_of(first), now=now + LIFETIME - timedelta(minutes=1))
    assert not opened(token_of(first), now=now + LIFETIME + timedelta(minutes=1))
    second = again(invitation, people["olga"])
    assert (opened(token_of(first)), opened(token_of(second))) == (None, invitation)
    revoke(invitation, people["olga"])
    assert opened(token_of(second)) is None
    assert token_of(second).split(":")[0] not in str(list(Invitation.objects.values()))


def test_an_invitation_is_accepted_once(people):
    invitation, _link = invite("ben@example.com", "agent", people["olga"])
    assert accept(invitation, "Ben", PASSWORD)
    assert accept(invitation, "Thief", PASSWORD) is None
    assert User.objects.filter(email="ben@example.com").count() == 1


def test_whoever_works_here_is_not_invited_again(people):
    with pytest.raises(UsageError, match="already works here"):
        invite("MAX@example.com", "owner", people["olga"])


def test_invitations_have_a_rate(as_):
    olga = as_("olga")
    answers = [olga.post("/people/invite/", {"email": f"b{n}@example.com", "role": "agent"}).status_code for n in range(31)]
    assert answers == [302] * 30 + [429]


def test_an_owner_always_remains(people):
    """Olga cannot leave, nor be shut out, nor take a lower role, until Max is an owner, too."""
    olga, big = people["olga"], people["max"]
    for leave in (lambda: change_role(olga, "manager", olga), lambda: shut_out(olga, olga)):
        with pytest.raises(UsageError, match="last owner"):
            leave()
    olga.refresh_from_db()
    assert (olga.role, olga.is_active) == ("owner", True)
    change_role(big, "owner", olga)
    change_role(olga, "manager", big)
    with pytest.raises(UsageError, match="last owner"):
        shut_out(big, olga)
    with pytest.raises(UnknownName, match="manger"):
        change_role(big, "manger", olga)


def test_who_is_shut_out_is_out_at_once(as_, people):
    anna = as_(None)
    anna.post("/accounts/login/", {"login": "anna@example.com", "password": PASSWORD})
    assert anna.get("/me/").status_code == 200
    as_("olga").post(f"/people/{people['anna'].pk}/shut-out/")
    assert anna.get("/me/").status_code == 302
    refused = anna.post("/accounts/login/", {"login": "anna@example.com", "password": PASSWORD})
    assert refused.get("Location") != "/"
    assert anna.get("/me/").status_code == 302
    let_in_again(User.objects.get(pk=people["anna"].pk), people["olga"])
    assert anna.get("/me/").status_code == 302, "an old session does not live again"


def test_a_role_changes_what_one_sees_with_the_next_click(as_, people):
    anna = as_("anna")
    assert anna.get("/audit/").status_code == 403
    as_("olga").post(f"/people/{people['anna'].pk}/role/", {"role": "manager"})
    assert anna.get("/audit/").status_code == 200
    entry = AuditEntry.objects.get(action="user.role")
    assert (entry.subject, entry.details) == (str(people["anna"].pk), {"before": "analyst", "after": "manager"})


@pytest.mark.usefixtures("people")
def test_the_list_says_who_and_how_safe(as_):
    as_("anna").get("/me/")
    page = as_("olga").get("/people/").content.decode()
    assert "<b>4 people</b> can sign in; 4 of them have no second factor" in page
    assert page.count("never") == 2, "Max and Agnes were never here"


def test_one_changes_ones_own_name_and_nothing_else(as_, people):
    anna = as_("anna")
    anna.post("/me/", {"name": "Anna B.", "weekly_report": "on", "role": "owner", "email": "x@example.com", "language": ""})
    people["anna"].refresh_from_db()
    assert (people["anna"].name, people["anna"].weekly_report) == ("Anna B.", True)
    assert (people["anna"].role, people["anna"].email) == ("analyst", "anna@example.com")


@pytest.mark.usefixtures("people")
def test_last_seen_is_written_at_most_once_in_five_minutes(as_):
    anna = as_("anna")
    anna.get("/me/")
    first = User.objects.get(email="anna@example.com").last_seen_at
    anna.get("/me/")
    assert User.objects.get(email="anna@example.com").last_seen_at == first
    User.objects.update(last_seen_at=first - timedelta(minutes=6))
    anna.get("/me/")
    assert User.objects.get(email="anna@example.com").last_seen_at > first - timedelta(minutes=1)


def test_nobody_reads_the_list_but_owners(as_):
    for name in ("anna", "agnes", "max"):
        assert as_(name).get("/people/").status_code == 403
    assert Client().get("/people/").status_code == 302


def test_who_got_an_account_in_another_way_meanwhile_is_not_made_twice(people):
    """Ben was invited, then made from the terminal: his link says that it is over, and does not fall over."""
    _made, link = invite("ben@example.com", "owner", people["olga"])
    User.objects.create_user("ben@example.com", role="analyst")
    said = {"name": "Ben", "password": "long enough to be good"}
    assert Client().post(path_of(link), said).status_code == 410
    assert User.objects.get(email="ben@example.com").role == "analyst"


def test_invitations_over_the_api_have_the_same_rate(as_, people):
    for _ in range(30):
        assert not too_often(people["olga"])
    olga = as_("olga")
    answer = olga.post("/api/v1/invitations", {"email": "ben@example.com", "role": "agent"}, "application/json")
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert not mail.outbox


def test_where_no_mail_goes_out_the_inviter_hears_so(as_, settings, caplog):
    settings.EMAIL_BACKEND = "holdfast.server.people.mailing.Nowhere"
    page = as_("olga").post("/people/invite/", {"email": "ben@example.com", "role": "agent"}, follow=True).content.decode()
    assert "no e-mail could be sent" in page
    assert "/invitation/" in page
    assert "/invitation/" not in caplog.text, "links that let in are not logged"


def test_what_one_changes_about_oneself_is_in_the_audit_log(as_):
    as_("anna").post("/me/", {"name": "Anna B.", "language": "", "weekly_report": "on"})
    as_("anna").patch("/api/v1/me", {"weekly_report": False}, "application/json")
    told = AuditEntry.objects.filter(action="user.profile").order_by("id").values_list("actor", "details")
    assert list(told) == [
        ("anna@example.com", {"changed": "name weekly_report"}),
        ("anna@example.com", {"changed": "weekly_report"}),
    ]


def test_who_may_not_invite_any_more_leaves_no_door_open(people):
    """Max, an owner for a day, invites another address of his as owner, by hand and by a token, and is shut out."""
    change_role(people["max"], "owner", people["olga"])
    _invitation, by_hand = invite("max@home.example", "owner", people["max"])
    token, _secret = make_token("till", ["own"], people["max"])
    _invitation, by_token = invite("max2@home.example", "owner", token)
    _invitation, olgas = invite("ben@example.com", "agent", people["olga"])
    change_role(people["max"], "manager", people["olga"])
    assert (opened(token_of(by_hand)), opened(token_of(by_token))) == (None, None)
    assert opened(token_of(olgas)) is not None
    assert AuditEntry.objects.filter(action="user.invite_revoked").count() == 2
