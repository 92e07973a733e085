"""Another language reaches every page: what the server says goes through gettext, at the moment when it is said."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import resolve
from django.utils import timezone, translation
from django.utils.translation import trans_real
from looking import EVERY_ANALYSIS, kind

from holdfast.server.customers import consents, notes, projection, tags, tasks
from holdfast.server.customers.links import key_of
from holdfast.server.intake.models import OUTCOMES, RefusedEvent
from tests.server.backwards import LANGUAGE, Backwards, Page, untranslated
from tests.server.lakes import happened, pour

pytestmark = pytest.mark.one_database

ANNA, BEA, NOBODY = "άννα", "βέα", "κανείς"
FEW = ("bridge", "cohorts", "paths", "rate", "slipping")
"""The analyses that are looked at; all of them with HOLDFAST_TEST_EVERY_ANALYSIS."""

FILE = "order number,customer id,order date,total\nΑ1,γ,2026-01-03,7.50\nΑ2,δ,2026-01-04,8.50\n"
GOES_OUT = ("account_logout", "profile", "profile-sign-out", "people-sign-out", "people-role", "people-shut-out")
"""Forms that would end the session, or change the language or what may be seen in it."""


@pytest.fixture
def _backwards(monkeypatch: pytest.MonkeyPatch, settings, people) -> Iterator[None]:
    """The language can be chosen, and Olga has chosen it."""
    settings.LANGUAGES = [("en", "English"), (LANGUAGE, "Ελληνικά")]
    monkeypatch.setitem(trans_real._translations, LANGUAGE, Backwards())
    type(people["olga"]).objects.filter(pk=people["olga"].pk).update(language=LANGUAGE)
    yield
    trans_real.deactivate()


@pytest.fixture
def _shop(served, people) -> None:
    """A Greek shop that has something on every page."""
    for name, user in people.items():
        user.name = {"olga": "Όλγα", "max": "Μαξ", "agnes": "Αγνή", "anna": "Άννα"}[name]
        user.save()
    served.with_settings(name="Μαγαζί", initiatives=(("2026-02-01", "άνοιξη"),)).save_settings()
    orders = {"revenue": Decimal(20), "currency": "GBP", "products": json.dumps([{"name": "κούπα", "quantity": 1}])}
    pour(served, [
        happened(1, ANNA, kind="identify", day=0, **{"traits.name": "Άννα", "traits.email": "a@x.gr", "traits.phone": "+30 1"}),
        happened(2, BEA, kind="identify", day=0, **{"traits.name": "Βέα", "traits.email": "a@x.gr", "traits.plan": "χρυσό"}),
        happened(3, NOBODY, kind="identify", day=0, **{"traits.name": "Κ"}),
        *(happened(10 + n, ANNA, "Order Completed", order_id=f"α{n}", day=1 + 11 * n, **orders) for n in range(9)),
        *(happened(30 + n, BEA, "Order Completed", order_id=f"β{n}", day=1 + 3 * n, **orders) for n in range(9)),
        happened(50, ANNA, "Order Refunded", order_id="α1", revenue=Decimal(5), currency="GBP", day=14),
        *(happened(60 + n, who, kind="group", day=1, groupId="ομάδα", name="Ομάδα") for n, who in enumerate((ANNA, BEA))),
    ])  # fmt: skip
    projection.follow()
    _cared_for(people["olga"])
    _kept(people["olga"])
    _brought_in(people["olga"])


def _cared_for(olga) -> None:
    now, today = timezone.now(), timezone.now().date()
    notes.write(ANNA, "σημείωση", olga, now, contact=True)
    tags.add(ANNA, "καλή", olga)
    for days, sort in ((-9, "call"), (0, "email"), (9, "other")):
        tasks.make(ANNA, "κάτι", olga, now, kind=sort, owner=olga, due=today + timedelta(days=days))
    tasks.close(tasks.make(ANNA, "κάτι", olga, now), olga, now, outcome="reached", told="ναι")
    tasks.drop(tasks.make("", "κάτι", olga, now), olga, now)
    tasks.log_call(BEA, olga, now, outcome="voicemail", told="αύριο")
    tasks.Task.objects.filter(title="Call").update(title="κλήση")
    for name, state in (("email", "yes"), ("phone", "no")):
        consents.record_consent(ANNA, "channel", name, state, source="page", who="Όλγα")


def _kept(olga) -> None:
    from holdfast.server.keeping.models import Audience, Review, SavedReport
    from holdfast.server.people import inviting, keys
    from holdfast.server.people.models import ApiToken

    SavedReport.objects.create(name="αναφορά", slug="cohorts", made_by=olga)
    Audience.objects.create(name="όλοι", made_by=olga, origin={"slug": "rfm", "query": ""}).fill([ANNA, BEA])
    Review.objects.create(by=olga, decision="γράψε", next_on=timezone.now().date(), said={"words": "English"})
    inviting.invite("z@x.gr", "agent", olga)
    keys.make_write_key("κλειδί", olga)
    ApiToken.make("μηχανή", ["look", "care"], olga, timezone.now() + timedelta(days=30))


def _brought_in(olga) -> None:
    from holdfast.server.sources import connecting, uploads
    from holdfast.server.sources.models import Hour, PrivacyRequest, Upload

    shop, _secret = connecting.connect("shopify", "Αθήνα", "", olga)
    Hour.objects.create(connection=shop, start=timezone.now().replace(minute=0, second=0, microsecond=0), received=7, refused=1)
    type(shop).objects.filter(pk=shop.pk).update(received=7, last_at=timezone.now())
    for place, asked in enumerate(("erase", "tell", "shop")):
        PrivacyRequest.objects.create(connection=shop, kind=asked, person=BEA, delivery=f"{place}")
    connecting.connect("stripe", "Λεφτά", "", olga)
    done = {"rows": 2, "known": 1, "refused": 1, "counts": {"rows": 4, "orders": 2}, "fingerprint": "none"}
    for state, more in {
        "waits": {}, "reading": {"rows_done": 4, "rows_total": 9}, "failed": {"problem": "English", "mend": "English"},
        "cancelled": {}, "done": {"record": done},
    }.items():  # fmt: skip
        one = uploads.store(SimpleUploadedFile("α.csv", FILE.encode()), olga)
        Upload.objects.filter(pk=one.pk).update(**({} if state == "waits" else {"state": state} | more))
    for place, (outcome, _words) in enumerate(OUTCOMES):
        RefusedEvent.objects.create(
            inbox="α", inbox_row=1, place=place, received_at=timezone.now(), source="Αθήνα", kind="track", code="no_event",
            sentence="the track call names no event: ώ", mend="fill in event", message="{}", outcome=outcome,
        )  # fmt: skip


BEGIN = (
    "/", "/refused/?show=all", "/tasks/?show=overdue", "/tasks/?show=closed", "/customers/?q=ά", "/customers/?q=ωω",
    "/nowhere/", "/customers/hits/?q=ά", "/doubles/", "/erasures/", "/imports/1/?look=1", "/imports/2/", "/imports/3/",
    "/imports/4/", "/imports/5/", "/insights/cohorts/?period=ένα", "/insights/rate/people/?cell.what=lost", "/reviews/", "/me/",
    *(f"/customers/{key_of(ANNA)}/{part}" for part in ("", "expected/", "liking/", "merge/", "export/", "erase/", "timeline/")),
    f"/customers/{key_of(BEA)}/merge/?with={key_of(ANNA)}", f"/customers/{key_of(NOBODY)}/", "/accounts/2fa/webauthn/add/",
)  # fmt: skip
"""Pages and states of pages that are looked at, and all that they link to, one of each kind."""


class Reader:
    """Reads pages and says what nobody can translate."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.found: dict[tuple[str, str], str] = {}
        self.forms: dict[str, tuple[str, dict[str, str]]] = {}
        self.kinds: set[str] = set()
        self.pages = 0

    def walk(self) -> None:
        """The pages to begin with, and by their links all others, one of each kind."""
        waiting = [link for address in BEGIN for link in self.read(address)]
        for address in waiting:
            if self.is_new(address):
                waiting += self.read(address)

    def is_new(self, address: str) -> bool:
        """Whether a page is of a kind that was not seen; of the analyses, whether it is one of the few."""
        name = kind(address)
        analysis = "/insights/" in address and "/people/" not in address and address.split("/")[2]
        few = not analysis or analysis in FEW or os.environ.get(EVERY_ANALYSIS)
        return bool(name not in (None, *GOES_OUT) and name not in self.kinds and few)

    def read(self, address: str) -> list[str]:
        """A page; its links."""
        self.kinds.add(str(kind(address)))
        return self.look(address, self.client.get(address, headers={"host": "localhost"}))

    def press(self) -> None:
        """Every form that was seen, sent with nothing filled in: what is said then."""
        for address, fields in list(self.forms.values()):
            answer = self.client.post(address, fields, headers={"host": "localhost"}, follow=True)
            self.look(f"POST {address}", answer)

    def look(self, address: str, answer) -> list[str]:
        """What an answer says; its links."""
        sort = answer.headers.get("Content-Type", "text/html").split(";")[0]
        if answer.streaming or sort not in ("text/html", "application/json"):
            return []
        self.pages += 1
        text = answer.content.decode()
        if sort == "application/json":
            for name, value in json.loads(text).items():
                self.hear(address, name, str(value))
            return []
        page = Page(text)
        for where, said in page.said:
            self.hear(address, where, said)
        for action, fields in page.forms:
            target = (action or address.removeprefix("POST ")).split("?")[0]
            name = resolve(target).url_name
            if name not in GOES_OUT:
                self.forms.setdefault(name, (target, fields))
        return page.links

    def hear(self, address: str, where: str, said: str) -> None:
        """A text, seen or heard."""
        if left := untranslated(said):
            self.found.setdefault((where, left), address)

    def told(self) -> str:
        """What was found, a line each."""
        lines = [f"{address} | {where} | {left[:120]}" for (where, left), address in self.found.items()]
        return "\n".join(["", *lines[:60]])


@pytest.mark.usefixtures("_shop", "_backwards")
def test_every_word_of_every_page_can_be_translated(as_):
    reader = Reader(as_("olga"))
    reader.walk()
    assert reader.pages > 50
    reader.press()
    asked = {"host": "localhost", "accept": "application/json"}
    reader.look("upload", reader.client.post("/imports/upload/", headers=asked))
    assert not reader.found, reader.told()


@pytest.mark.usefixtures("_shop", "_backwards")
def test_every_word_at_the_door_and_in_the_mails_can_be_translated(people, as_):
    from holdfast.server.customers.reminding import remind_owners
    from holdfast.server.people import inviting
    from holdfast.server.people.error_pages import error_page
    from holdfast.server.today.today import current
    from holdfast.server.today.weekly import send_weekly

    mail.outbox.clear()
    out = Reader(as_(None))
    out.client.defaults["HTTP_ACCEPT_LANGUAGE"] = LANGUAGE
    for address in ("/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/key/1-bad/", "/invitation/bad/",
                    "/welcome/bad/", "/accounts/inactive/", "/accounts/password/reset/done/", "/nowhere/"):  # fmt: skip
        out.read(address)
    out.press()
    with translation.override(LANGUAGE):
        for status in (400, 403, 413, 429, 500, 503):
            out.look("error", error_page(RequestFactory().get("/"), status))
        inviting.invite("y@x.gr", "analyst", people["olga"])
    out.client.post("/accounts/password/reset/", {"email": "olga@example.com"}, headers={"host": "localhost"})
    out.client.post("/accounts/password/reset/", {"email": "nobody@example.com"}, headers={"host": "localhost"})
    type(people["olga"]).objects.filter(pk=people["olga"].pk).update(weekly_report=True)
    monday = datetime(2030, 1, 7, 7, 10, tzinfo=ZoneInfo("Europe/London"))
    assert (remind_owners(monday), send_weekly(monday)) == (1, 1)
    assert len(mail.outbox) == 5
    told = current().told
    answers = [told.words, told.looked, *(words for look in told.looks for words in (look.title, look.do))]
    for one in mail.outbox:
        out.hear("mail", "subject", without(one.subject, answers))
        for html, _type in getattr(one, "alternatives", ()):
            out.look("/", type("Html", (), {"content": html.encode(), "headers": {}, "streaming": False}))
        for line in one.body.splitlines():
            out.hear("mail", one.subject, without(line, answers))
    assert not out.found, out.told()


def without(text: str, answers: list[str]) -> str:
    """A line of a mail up to where a sentence of the library begins, which a plain text cannot mark."""
    for one in answers:
        text = text.partition(one[:60])[0]
    return text


def test_a_word_that_is_not_translated_is_found():
    page = Page('<p>⟦Hello ⟧Άννα</p><p title="Close">x <b lang="en">Answer</b><code>code</code></p><p>⟦a⟧ Bare</p>')
    assert [left for _where, said in page.said if (left := untranslated(said))] == ["Close", "Bare"]
    assert Backwards().gettext("%(n)s of <b>all</b> %%") == "%(n)s⟦ of ⟧<b>⟦all⟧</b> %%"
