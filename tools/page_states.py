"""A workspace with something in every state, for the pages to be looked at (`axe_sweep`, `screenshots`).

fill(folder)     on the command line, before it is served: the real shop, some of its customers with made-up names
prepare()        in the server's Django: people, tasks, uploads, keys … in each state; the addresses that nothing links to
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from serving import Server

__all__ = [
    "ANN",
    "BEN",
    "LONG",
    "NAMES",
    "NOTHING",
    "PASSWORD",
    "fill",
    "fill_empty",
    "fill_shown",
    "owner",
    "prepare",
    "prepared",
    "shown",
]

PASSWORD = "a lamp on the harbour wall"

ANN, BEN, CLEO, DAN = "16029", "12347", "17723", "15749"
NAMES = {
    ANN: "Ann Archer", BEN: "Ben Bright", CLEO: "Cleo Castle", DAN: "Dan Dale", "14911": "Emma Ellis",
    "12748": "Femi Ford", "17841": "Greta Grove", "14606": "Hana Hill",
}  # fmt: skip
LONG, NOTHING, GONE = "12415", "nobody-1", "12346"
LONG_WORD = "Wolfeschlegelsteinhausenbergerdorff"
_HERE = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
AT = "2011-12-09T12:00:00Z"

ORDERS = "order number,customer id,order date,total\n" + "".join(
    f"U-{n},u{n % 3},2011-11-{n + 10},{n + 5}.50\n" for n in range(9)
)
SPOILT = ORDERS + "U-20,u1,the day before,7.00\nU-21,u2,2011-11-30,seven\n"


def fill(folder: Path) -> None:
    """The demo's shop, some of its customers with names; a file with rows that are refused."""
    _demo(folder)
    _import(folder, "people.jsonl", "".join(json.dumps(row) + "\n" for row in _told()))
    _import(folder, "spoilt.csv", SPOILT)


def fill_shown(folder: Path) -> None:
    """The demo's shop, some of its customers with names, an initiative marked on the charts."""
    from holdfast.workspace import Workspace

    _demo(folder)
    _import(folder, "people.jsonl", "".join(json.dumps(row) + "\n" for row in _named()))
    made = Workspace.open(folder)
    made.with_settings(initiatives=(("2011-06-01", "summer catalogue"),)).save_settings()


def fill_empty(folder: Path) -> None:
    """A workspace in which nothing has happened yet."""
    _holdfast("init", str(folder), "--name", "Corner shop", "--zone", "Europe/London", "--currency", "GBP")


def prepared(server: Server) -> dict[str, Any]:
    """`prepare` in the server's Django, once its customers are known."""
    from serving import until

    known = f"from holdfast.server.customers.models import Customer\nprint(Customer.objects.filter(person={NOTHING!r}).count())"
    until(lambda: server.shell(known).endswith("1"), 180, 2)
    told = server.shell(f"{_HERE}import json, page_states\nprint(json.dumps(page_states.prepare()))")
    return dict(json.loads(told.splitlines()[-1]))


def shown(server: Server) -> str:
    """Tasks, notes and a file in the server's Django, once its customers are known; the session of an owner."""
    from serving import until

    known = (
        f"from holdfast.server.customers.models import Customer\nprint(Customer.objects.filter(name={NAMES[ANN]!r}).count())"
    )
    until(lambda: server.shell(known).endswith("1"), 180, 2)
    return server.shell(f"{_HERE}import page_states\nprint(page_states.prepare_shown())").splitlines()[-1]


def prepare_shown() -> str:
    """In the server's Django: what a shop writes down; the session of an owner."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from holdfast.server.customers import notes, tags, tasks
    from holdfast.server.sources import uploads

    olga, now = _owner(), _now()
    notes.write(ANN, "Prefers the blue mugs. Asked for a catalogue in May.", olga, now, contact=True)
    tags.add_to_all(NAMES, "catalogue", olga)
    for days, person, title, kind in (
        (-3, ANN, "Ask why the last order was returned", "call"), (0, BEN, "Send the spring catalogue", "email"),
        (4, CLEO, "Thank her for the big order", "call"), (9, DAN, "Offer the tea set", "call"),
    ):  # fmt: skip
        tasks.make(person, title, olga, now, kind=kind, owner=olga, due=now.date() + timedelta(days=days))
    uploads.store(SimpleUploadedFile("orders-november.csv", ORDERS.encode()), olga)
    return _session(olga)


def owner(server: Server) -> str:
    """The session of an owner."""
    return server.shell(f"{_HERE}import page_states\nprint(page_states.session_of_owner())").splitlines()[-1]


def session_of_owner() -> str:
    """In the server's Django: the session of an owner, who is made where there is none."""
    return _session(_owner())


def prepare() -> dict[str, Any]:
    """Everything in every state; addresses and secrets by name."""
    from holdfast.server.people.models import User

    olga = _owner()
    max_ = User.objects.create_user("max@example.com", PASSWORD, role="manager", name="Max")
    User.objects.create_user("agnes@example.com", role="agent", name="Agnes")
    User.objects.create_user("anna@example.com", role="analyst", name=f"Anna {LONG_WORD}")
    User.objects.create_user("dora@example.com", role="agent", name="Dora", is_active=False)
    made: dict[str, Any] = {
        "session": _session(olga),
        "max": _session(max_),
        "anna": _session(User.objects.get(role="analyst")),
    }
    for part in (_care, _kept, _doors, _sources, _files, _refused, _erasures, _factor, _broken):
        made |= part(olga)
    return made


def _owner() -> Any:
    from holdfast.server.people.models import User

    return User.objects.filter(role="owner").first() or User.objects.create_user("olga@example.com", role="owner", name="Olga")


def _demo(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        _holdfast("demo", "--folder", str(folder), "--no-open")


def _import(folder: Path, name: str, text: str) -> None:
    file = folder.parent / name
    file.write_text(text, "utf-8")
    _holdfast("import", str(file), "-w", str(folder), "--yes")


def _holdfast(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "holdfast", *words], check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


def _named() -> list[dict[str, Any]]:
    return [_of(who, name=name, email=f"{name.split()[0].lower()}@example.com", city="Leeds") for who, name in NAMES.items()]


def _of(who: str, **traits: object) -> dict[str, Any]:
    return {"type": "identify", "userId": who, "timestamp": AT, "traits": traits}


def _told() -> list[dict[str, Any]]:
    rich = _of(
        ANN, phone="+44 20 7946 0001", company="Acme & Sons", plan="gold", gender="female", interests="tea, lamps",
        birthday="1980-05-01", newsletter="yes", country="United Kingdom",
    )  # fmt: skip
    long = _of(LONG, name=LONG_WORD * 4, email=f"{LONG_WORD.lower() * 2}@example.com", company=LONG_WORD * 2)
    more = [_of(BEN, company="Acme & Sons"), _of(DAN, email="ann@example.com"), _of(NOTHING, name="\u202eمحمد gnp.exe")]
    visit = {"type": "page", "userId": ANN, "timestamp": AT, "name": "Teapots", "properties": {"path": "/teapots"}}
    refund = {
        "type": "track", "event": "Order Refunded", "userId": ANN, "timestamp": AT,
        "properties": {"order_id": "R-1", "revenue": 5, "currency": "GBP"},
    }  # fmt: skip
    first = {"type": "track", "event": "Signed Up", "userId": GONE, "timestamp": AT, "properties": {}}
    return [*_named(), rich, long, *more, visit, refund, first]


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()


def _session(user: Any) -> str:
    from django.test import Client

    client = Client()
    client.force_login(user)
    return str(client.cookies["sessionid"].value)


def _care(olga: Any) -> dict[str, Any]:
    """Notes, tags, tasks, consents, a merge."""
    from holdfast.server.customers import consents, notes, tags, tasks

    now, today = _now(), _now().date()
    notes.write(ANN, "Prefers the blue mugs.\nAsked for a catalogue in May.", olga, now, contact=True)
    notes.write(ANN, f"https://example.com/{'very-long-' * 20}", olga, now - timedelta(days=90))
    for name in ("VIP", "catalogue", LONG_WORD):
        tags.add(ANN, name, olga)
    late = tasks.make(ANN, "Ask why the last order was returned", olga, now, owner=olga, due=today - timedelta(days=9))
    tasks.make(ANN, "Send the spring catalogue", olga, now, kind="email", due=today)
    tasks.make(BEN, LONG_WORD * 3, olga, now, kind="other", owner=olga, due=today + timedelta(days=30))
    tasks.make("", "Tidy up the tags", olga, now, kind="other")
    done = tasks.make(ANN, "Thank her for the big order", olga, now)
    tasks.close(done, olga, now, outcome="reached", told="She was glad.")
    tasks.drop(tasks.make(CLEO, "Call about the lamp", olga, now), olga, now)
    tasks.log_call(BEN, olga, now, outcome="voicemail", told="Back on Monday")
    for name, state in (("email", "yes"), ("phone", "no"), ("sms", "no")):
        consents.record_consent(ANN, "channel", name, state, source="page", who="olga")
    return {"task": f"/tasks/{late.pk}/", "task-done": f"/tasks/{done.pk}/"}


def _kept(olga: Any) -> dict[str, Any]:
    """Reports, an audience, decisions."""
    from holdfast.server.keeping.models import Audience, Review, SavedReport

    SavedReport.objects.create(name="Cohorts for Monday", slug="cohorts", query="", note="With the team", made_by=olga)
    SavedReport.objects.create(name=LONG_WORD * 3, slug="rfm", note=LONG_WORD * 6)
    Audience.objects.create(name=LONG_WORD * 3, made_by=olga).fill([ANN, BEN, LONG, NOTHING])
    Audience.objects.create(name="Nobody left")
    Review.objects.create(
        by=olga, decision="Write to the fading ones\neach month.", next_on=_now().date(), said={"words": "x" * 90}
    )
    return {}


def _doors(olga: Any) -> dict[str, Any]:
    """Invitations, keys, tokens, links."""
    from holdfast.server.people import inviting, keys, one_time
    from holdfast.server.people.models import ApiToken, Invitation, User

    _open, link = inviting.invite("zoe@example.com", "agent", olga)
    old, _ = inviting.invite(f"{LONG_WORD.lower()}@example.com", "analyst", olga)
    Invitation.objects.filter(pk=old.pk).update(expires_at=_now() - timedelta(days=1))
    _key, secret = keys.make_write_key("Shop", olga)
    gone, _ = keys.make_write_key(LONG_WORD * 2, olga)
    keys.revoke(gone, olga)
    for name, days in (("Warehouse", 30), ("Old one", -1)):
        ApiToken.make(name, ["look", "care"], olga, _now() + timedelta(days=days))
    demo = User.objects.create_user("demo2@example.com", role="owner", name="Demo")
    return {"invitation": link, "one-time": one_time.link(demo), "write-key": secret}


def _sources(olga: Any) -> dict[str, Any]:
    """Shops that send, sent, and ask."""
    from holdfast.server.sources import connecting
    from holdfast.server.sources.models import Hour, PrivacyRequest

    shop, _ = connecting.connect("shopify", "Shop in Leeds", "", olga)
    hour = _now().replace(minute=0, second=0, microsecond=0)
    Hour.objects.bulk_create(
        Hour(connection=shop, start=hour - timedelta(hours=n), received=n * 7 % 40, refused=n % 5) for n in range(48)
    )
    shop.received, shop.refused, shop.last_at, shop.last_refused_at = 900, 90, _now(), _now()
    shop.save()
    connecting.connect("woocommerce", LONG_WORD * 2, "de-", olga)
    off, _ = connecting.connect("stripe", "Bills", "", olga)
    connecting.disconnect(off, olga)
    for place, kind in enumerate(("erase", "tell", "shop")):
        PrivacyRequest.objects.create(connection=shop, kind=kind, person=CLEO if kind == "tell" else "", delivery=f"d{place}")
    return {"source": f"/sources/{shop.pk}/"}


def _files(olga: Any) -> dict[str, Any]:
    """An upload in each state."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from holdfast.server.place import workspace
    from holdfast.server.sources import uploads
    from holdfast.server.sources.models import Upload

    refused = next(record for record in reversed(workspace().imports()) if record.refused)
    later, long_ago = _now() + timedelta(hours=6), _now() - timedelta(hours=3)
    done = {"rows": 18, "known": 2, "refused": 0, "counts": {"rows": 20, "orders": 9}}
    waiting = {"refused": refused.refused, "fingerprint": refused.fingerprint}
    said: dict[str, dict[str, Any]] = {
        "waits": {},
        "running": {"state": "reading", "rows_done": 4_000, "rows_total": 9_000, "beat_at": later},
        "begins": {"state": "reading", "beat_at": later},
        "stopped": {"state": "reading", "rows_done": 400, "beat_at": long_ago},
        "failed": {"state": "failed", "problem": "The disk is full", "mend": "make room and read it again"},
        "cancelled": {"state": "cancelled"},
        "done": {"state": "done", "record": done, "notes": ["Two rows stood there twice."], "name": f"{LONG_WORD * 3}.csv"},
        "repeated": {"state": "done", "record": done | {"repeated": True, "rows": 0, "known": 18}},
        "refused": {"state": "done", "record": done | waiting},
        "unclear": {},
    }
    made = {"refusals": f"/imports/refusals/{refused.fingerprint}/"}
    for name, fields in said.items():
        text = "a,b\n1,2\n3,4\n" if name == "unclear" else ORDERS
        one = uploads.store(SimpleUploadedFile(f"{name}.csv", text.encode()), olga)
        Upload.objects.filter(pk=one.pk).update(**{"name": one.name} | fields)
        made[f"file-{name}"] = f"/imports/{one.pk}/"
    return made


def _refused(_olga: Any) -> dict[str, Any]:
    """Events that were refused."""
    from holdfast.server.intake.models import OUTCOMES, RefusedEvent

    for place in range(8):
        RefusedEvent.objects.create(
            inbox="made", inbox_row=1, place=place, received_at=_now(), source="key Shop", kind="track",
            code=("time_unreadable", "event_missing")[place % 2], sentence="The time “soon” cannot be read.",
            mend="Write it as 2024-05-01T10:00:00Z.", message=json.dumps({"type": "track", "event": LONG_WORD * 3}, indent=1),
            outcome=OUTCOMES[place // 2][0],
        )  # fmt: skip
    return {"refused-event": f"/refused/{RefusedEvent.objects.first().pk}/"}


def _erasures(olga: Any) -> dict[str, Any]:
    """Erasures asked for, failed and done."""
    from holdfast.server.customers.erasing import ask_to_erase
    from holdfast.server.customers.models import Erasure

    asked = ask_to_erase(GONE, olga)
    Erasure.objects.create(hash="a" * 64, person="nobody-2", by="Olga", state="failed", error="OSError")
    Erasure.objects.create(hash="b" * 64, person="nobody-3", by="Olga", state="running")
    return {
        "erasure": f"/erasures/{asked.pk}/",
        "erasure-failed": f"/erasures/{asked.pk + 1}/",
        "erasure-runs": f"/erasures/{asked.pk + 2}/",
    }


def _factor(_olga: Any) -> dict[str, Any]:
    """Somebody with a second factor."""
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    from holdfast.server.people.models import User

    tess = User.objects.create_user("tess@example.com", PASSWORD, role="agent", name="Tess")
    TOTP.activate(tess, generate_totp_secret())
    RecoveryCodes.activate(tess)
    return {"tess": _session(tess)}


def _broken(_olga: Any) -> dict[str, Any]:
    """The pages of errors that cannot be brought about by an address."""
    from django.contrib.auth.models import AnonymousUser
    from django.template.loader import render_to_string
    from django.test import RequestFactory

    from holdfast.server.people.error_pages import error_page

    pages = {}
    for status in (413, 429, 500, 503):
        request = RequestFactory().get("/")
        request.user = AnonymousUser()
        pages[f"error-{status}"] = error_page(request, status).content.decode()
    pages["error-csrf"] = render_to_string("403_csrf.html", {}, request)
    pages["error-429-allauth"] = render_to_string("429.html", {}, request)
    return {"pages": pages}
