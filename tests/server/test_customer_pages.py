"""One customer's page and the list: who is she, how do we stand with her, who may see and change what."""

from __future__ import annotations

import csv
import io
import re

import pyarrow as pa
import pytest

from holdfast.server.customers.links import key_of
from holdfast.server.customers.models import Consent, Customer, Erasure
from holdfast.server.customers.pages.customers import csv_safe
from holdfast.server.customers.standing import Standing, initials, name_shown, standing_told
from holdfast.server.people.models import AuditEntry
from holdfast.settings import Settings
from holdfast.workspace import Workspace
from tests.server.corner import HOSTILE, LONG, RTL, SLASHED, VISITOR, open_corner, order, url
from tests.server.lakes import happened, pour

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def shop(served, db):
    return open_corner(served)


def text(answer) -> str:
    return answer.content.decode()


def test_annas_look_at_ann_tells_who_she_is_and_how_we_stand_with_her(shop, as_):
    """Six orders on days 1, 11, … 51: every 10 days; 20 + … + 25 = 135, less 5; last seen on day 59 of 2026-01-01."""
    page = text(as_("anna").get(url("ann")))
    assert "Ann Archer" in page
    assert "ann@example.com" in page
    assert "A regular since January 2026: 6 orders, £130.00; usually every 10 days, silent for 8 days." in page
    assert "Acme &amp; Sons &lt;b&gt;" in page
    assert "female" in page
    assert "tea" in page
    assert page.index("demographic") < page.index("psychographic")


def test_the_silence_of_ben_is_unusual_for_him(shop, as_):
    page = text(as_("anna").get(url("ben", "standing")))
    assert "usually every 3 days, silent for 49 days, over three times as long." in page


@pytest.mark.parametrize("person", [HOSTILE, SLASHED, RTL, LONG, VISITOR, "cleo-1"])
def test_every_kind_of_id_and_name_opens_and_harms_nobody(shop, as_, person):
    max_ = as_("max")
    for part in ("", "panel", "standing", "expected", "timeline", "merge", "export", "erase"):
        answer = max_.get(url(person, part) if part else url(person) + "?all=1", **(HTMX if part == "timeline" else {}))
        assert answer.status_code == 200, part
        page = text(answer)
        assert not re.search(r"<script>|<img src=x|<svg onload|\bonmouseover=\"alert|\u202e", page)


def test_who_is_nobody_is_not_found(shop, as_):
    assert as_("anna").get(url("nobody-at-all")).status_code == 404
    assert as_("anna").get("/customers/%25%25/").status_code == 404


TYPED = (
    *("/customers/?after=²", "/customers/?q=%00&open=1", f"/customers/?q={'a' * 5_000}", "/customers/?tag=%00&account=%00"),
    *("timeline/?before=--5.0", "timeline/?before=²", "timeline/?before=²&all=1", "timeline/?before=-9999999999999999.0"),
    *("timeline/?since=0001-01-01&until=9999-12-31", "news/?seen=٣", "?undo=9999999999999999999", "tags/names/?name=%00"),
    *(f"/tasks/?owner={'9' * 30}", f"/tasks/{'9' * 30}/", "/customers/AA/", "/customers/gA/", "/firms/?q=%00&after=%00"),
    *("/found/?q=%00a", "/found/?q=%25_", "/uncontacted/?days=²", f"/erasures/{'9' * 30}/", "/firms/AA/"),
)
SENT = (
    ("consent", {"kind": "channel", "name": "e\0", "state": "no"}),
    ("notes", {"text": "\0"}),
    ("unmerge", {"previous": "a\0"}),
    ("merge", {"with": "AA"}),
    ("tasks", {"title": "x", "owner": "9" * 30, "due": "9999-99-99"}),
    ("tags/remove", {"tag": "²"}),
)


def test_nothing_that_somebody_types_or_sends_breaks_a_page(shop, as_):
    max_ = as_("max")
    told = {one: max_.get(one if one.startswith("/") else url("ann") + one).status_code for one in TYPED}
    told |= {part: max_.post(url("ann", part), said).status_code for part, said in SENT}
    assert set(told.values()) <= {200, 204, 302, 400, 404, 422}, told


def test_the_timeline_has_what_she_did_and_what_we_did_newest_first(shop, as_):
    agnes = as_("agnes")
    agnes.post(url("ann", "notes"), {"text": "Likes green <b>tea</b>"})
    page = text(agnes.get(url("ann", "timeline"), **HTMX))
    places = [
        page.index(what)
        for what in ("Likes green &lt;b&gt;tea&lt;/b&gt;", "Teapots", "Order o25", "Refund of order o20", "Order o20")
    ]
    assert places == sorted(places)
    assert "Blue &lt;b&gt;mug&lt;/b&gt;" in page
    assert "−£5.00" in page


def test_filters_of_the_timeline_narrow_it_and_are_a_permalink(shop, as_):
    anna = as_("anna")
    orders = text(anna.get(url("ann", "timeline") + "?kind=orders", **HTMX))
    assert "Order o25" in orders
    assert "Teapots" not in orders
    assert "Refund of" not in orders
    early = text(anna.get(url("ann", "timeline") + "?since=2026-01-10&until=2026-01-15", **HTMX))
    assert "Order o21" in early
    assert "Order o22" not in early
    assert "Refund of order o20" in early
    whole = text(anna.get(url("ann") + "?kind=orders&all=1"))
    assert 'value="orders" checked' in whole
    assert "Teapots" not in whole
    assert f'hx-get="{url("ann", "timeline")}?kind=orders"' in text(anna.get(url("ann") + "?kind=orders"))


def test_more_of_a_long_timeline_follows_without_gap_or_repetition(shop, as_):
    pour(shop, [happened(1_000 + n, "dan", "Page Viewed", day=60 + n / 100, title=f"Page {n:03}!") for n in range(100)])
    anna, seen = as_("anna"), []
    query = ""
    while True:
        page = text(anna.get(url("dan", "timeline") + query, **HTMX))
        seen += re.findall(r"Page \d{3}!", page)
        further = re.search(r'hx-get="[^"]*timeline/(\?[^"]*before[^"]*)"', page)
        if not further:
            break
        query = further.group(1).replace("&amp;", "&")
    assert seen == [f"Page {n:03}!" for n in reversed(range(100))]


def test_new_events_are_told_and_nothing_is_where_nothing_is_new(shop, as_):
    anna = as_("anna")
    seen = re.search(r"news/\?seen=(\d+)", text(anna.get(url("dan", "timeline"), **HTMX))).group(1)
    assert anna.get(f"{url('dan', 'news')}?seen={seen}").status_code == 204
    pour(shop, [order(500, "dan", 9, 60), happened(501, "dan", day=60.1)])
    assert "2 new events" in text(anna.get(f"{url('dan', 'news')}?seen={seen}"))
    assert anna.get(url("dan", "news") + "?seen=x").status_code == 204


def test_without_scripts_all_of_it_is_one_page(shop, as_):
    page = text(as_("anna").get(url("ann") + "?all=1"))
    assert "Order o25" in page
    assert "Risk of leaving" in page or "Too little has happened" in page
    assert 'hx-trigger="load"' not in page


def test_without_an_analyst_the_page_still_tells_who_she_is(shop, as_, monkeypatch):
    from holdfast.server.analyst import client

    def away(*_args, **_more):
        raise client.AnalystAway("gone for lunch")

    monkeypatch.setattr(client, "call", away)
    anna = as_("anna")
    assert "Ann Archer" in text(anna.get(url("ann")))
    assert "analyst does not answer" in text(anna.get(url("ann", "standing")))
    assert "analyst does not answer" in text(anna.get(url("ann", "timeline"), **HTMX))
    assert "analyst does not answer" in text(anna.get(url("ann", "expected")))
    assert "Ann Archer" in text(anna.get("/customers/"))


@pytest.mark.parametrize(("margin", "word"), [(None, "revenue"), (0.4, "profit")])
def test_the_value_says_whether_it_is_revenue_or_profit(as_, tmp_path, monkeypatch, margin, word):
    """SEMANTICS 14: profit when a margin is given, revenue otherwise, and the result says which."""
    from holdfast.server.customers import foreseen

    made = open_corner(Workspace.create(tmp_path / "margins", Settings(name="Margins", currency="GBP", margin=margin)))
    anna = as_("anna")
    monkeypatch.setenv("HOLDFAST_WORKSPACE", str(made.path))
    row = {"customer": ["ann"], "value": [90.0], "low": [10.0], "high": [200.0], "p_alive": [0.9], "value_at_risk": [9.0]}
    monkeypatch.setattr(foreseen, "_QUESTIONS", foreseen._QUESTIONS | {"value": lambda _timelines: pa.table(row)})
    assert f"£10.00 to £200.00 · {word}" in text(anna.get(url("ann", "expected")))


def test_a_ticket_can_hold_the_panel(shop, as_):
    as_("agnes").post(url("ann", "tasks"), {"title": "Call Ann", "kind": "call"})
    page = text(as_("anna").get(url("ann", "panel")))
    assert "<html" not in page
    assert "Call Ann" in page
    assert "ann@example.com" in page


# -------------------------------------------------------------------------------------------------------------- consent
def test_agnes_writes_down_that_ann_wants_no_more_mail_and_when_and_who(shop, as_):
    page = text(as_("agnes").post(url("ann", "consent"), {"kind": "channel", "name": "email", "state": "no"}, **HTMX))
    assert 'class="state no"' in page
    (one,) = Consent.objects.filter(person="ann", name="email", source="page")
    assert (one.state, one.who) == ("no", "agnes@example.com")
    assert AuditEntry.objects.filter(action="consent.change", subject="ann").exists()


@pytest.mark.parametrize(
    "sent", [{}, {"kind": "magic", "name": "x", "state": "no"}, {"kind": "channel", "name": " ", "state": "no"}]
)
def test_a_consent_about_nothing_is_not_kept(shop, as_, sent):
    as_("agnes").post(url("ann", "consent"), sent)
    assert not Consent.objects.filter(source="page").exists()


# ------------------------------------------------------------------------------------------------------- search and list
def test_search_finds_people_and_accounts_as_one_types(shop, as_):
    anna = as_("anna")
    hits = text(anna.get("/found/?q=arch"))
    assert "Ann Archer" in hits
    assert url("ann") in hits
    assert "Acme &amp; Sons" in text(anna.get("/found/?q=acm"))
    assert "Nobody is found" in text(anna.get("/found/?q=zzz"))
    assert text(anna.get("/found/?q=")).strip() == ""
    assert "&lt;script&gt;" in text(anna.get("/found/", {"q": "<script>alert(1)</script>"}))


def test_without_scripts_the_one_hit_opens(shop, as_):
    answer = as_("anna").get("/customers/?q=dan@nowhere&open=1")
    assert answer.status_code == 200
    assert as_("anna").get("/customers/?q=Dale&open=1").url == url("dan")


def test_the_list_narrows_by_country_account_tag_and_open_tasks(shop, as_):
    agnes = as_("agnes")
    agnes.post(url("ben", "tags"), {"name": "VIP"})
    agnes.post(url("dan", "tasks"), {"title": "Ring", "kind": "call"})
    wanted = {"country=Ireland": "Dan Dale", "account=acme": "Ann Archer", "tag=vip": "Ben Brook", "tasks=open": "Dan Dale"}
    for query, name in wanted.items():
        page = text(agnes.get(f"/customers/?{query}"))
        assert name in page, query
        assert "Slash Ünïcode" not in page, query
        assert f"?{query}" in page  # the permalink
    assert "Nobody is chosen" in text(agnes.get("/customers/?country=Nowhere"))


def test_the_list_goes_on_page_by_page_without_leaving_anybody_out(shop, as_):
    pour(shop, [happened(2_000 + n, f"many-{n:03}", day=1) for n in range(120)])
    from holdfast.server.customers import projection

    projection.follow()
    anna, address, seen = as_("anna"), "/customers/?known=yes", []
    while address:
        page = text(anna.get(address))
        seen += re.findall(r"many-\d{3}(?=</bdi></a>)", page)
        further = re.search(r'<a href="([^"]+)" rel="next"', page)
        address = "/customers/" + further.group(1).replace("&amp;", "&") if further else ""
    assert len(seen) == len(set(seen)) == 120


def test_an_empty_shop_says_what_to_do(as_):
    page = text(as_("anna").get("/customers/"))
    assert "Nobody yet." in page
    assert "upload a file" in page


def test_max_takes_the_list_with_him_and_anna_may_not(shop, as_):
    lines = b"".join(as_("max").get("/customers.csv?account=acme").streaming_content).decode()
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(lines))}
    assert rows["ann"]["name"] == "Ann Archer"
    assert rows["ann"]["phone"] == "+44 20 7946 0001"
    assert (rows["ann"]["orders"], rows["ann"]["revenue"]) == ("6", "130.00")
    assert set(rows) == {"ann", "ben"}
    assert AuditEntry.objects.filter(action="customers.export").count() == 1
    assert as_("anna").get("/customers.csv").status_code == 403


def test_no_cell_is_a_formula():
    assert csv_safe("=1+1") == "'=1+1"
    assert csv_safe("@SUM(A1)") == "'@SUM(A1)"
    assert csv_safe("+44 20 7946 0001") == "+44 20 7946 0001"
    assert csv_safe(None) == ""


# ------------------------------------------------------------------------------------------------- merge, export, erase
def test_max_merges_cleo_and_takes_it_apart_again(shop, as_):
    max_ = as_("max")
    as_("agnes").post(url("cleo-1", "notes"), {"text": "Rang about a lost mug"})
    assert "Compare" in text(max_.get("/doubles/"))
    from holdfast.server.customers.links import key_of

    compared = text(max_.get(f"{url('cleo-1', 'merge')}?with={key_of('cleo-2')}"))
    assert "Cleo Park" in compared
    assert "Cleo P." in compared
    assert "12.00" in compared
    assert "13.00" in compared
    answer = max_.post(url("cleo-1", "merge"), {"with": key_of("cleo-2"), "keep": "other"})
    assert answer.url == url("cleo-2")
    assert max_.get(url("cleo-1")).url == url("cleo-2")
    page = text(max_.get(url("cleo-2")))
    assert "anon:cleo" not in text(max_.get(url("cleo-2")))  # an alias names both readings of an id
    assert "Rang about a lost mug" in page
    assert "Merged with" in page
    max_.post(url("cleo-2", "unmerge"), {"previous": "cleo-1"})
    assert "Rang about a lost mug" in text(max_.get(url("cleo-1")))
    assert "Rang about a lost mug" not in text(max_.get(url("cleo-2")))
    assert {"customer.merge", "customer.unmerge"} <= set(AuditEntry.objects.values_list("action", flat=True))


def test_a_visitor_is_merged_into_who_is_known_whichever_page_one_starts_from(shop, as_):
    """Only the known id can be kept, so only it is offered; of two visitors neither."""
    max_ = as_("max")
    page = text(max_.get(url(VISITOR, "merge") + f"?with={key_of('dan')}"))
    assert re.findall(r'name="keep" value="(\w+)"', page) == ["other"]
    max_.post(url(VISITOR, "merge"), {"with": key_of("dan"), "keep": "other"})
    assert max_.get(url(VISITOR)).headers["Location"] == url("dan")


def test_what_either_forbade_stays_forbidden_until_she_says_otherwise(shop, as_, people):
    """cleo-1 said no in January, cleo-2 yes in February: merged no, until a yes after the merge; apart each has her own."""
    from datetime import UTC, datetime

    from holdfast.server.customers.consents import consents, record_consent
    from holdfast.server.customers.merging import merge, unmerge

    def email(person):
        return [one.state for one in consents(person) if one.name == "email"]

    record_consent("cleo-1", "channel", "email", "no", source="trait", at=datetime(2026, 1, 5, tzinfo=UTC))
    record_consent("cleo-2", "channel", "email", "yes", source="trait", at=datetime(2026, 2, 5, tzinfo=UTC))
    merge("cleo-1", into="cleo-2", by=people["max"])
    assert email("cleo-2") == ["no"]
    assert 'class="state no"' in text(as_("anna").get(url("cleo-2")))
    as_("agnes").post(url("cleo-2", "consent"), {"kind": "channel", "name": "email", "state": "yes"})
    assert email("cleo-2") == ["yes"]
    Consent.objects.filter(source="page").delete()
    unmerge("cleo-2", "cleo-1", by=people["max"])
    assert (email("cleo-1"), email("cleo-2")) == (["no"], ["yes"])


def test_a_tag_of_the_merged_id_still_finds_her(shop, as_, people):
    from holdfast.server.customers.merging import merge

    as_("agnes").post(url("cleo-1", "tags"), {"name": "VIP"})
    merge("cleo-1", into="cleo-2", by=people["max"])
    assert url("cleo-2") in text(as_("anna").get("/customers/?tag=VIP"))


def test_max_hands_dan_his_data(shop, as_):
    answer = as_("max").post(url("dan", "export"))
    assert answer["Content-Type"] == "application/zip"
    assert answer.content[:2] == b"PK"
    assert AuditEntry.objects.filter(action="customer.export", subject="dan").exists()


def test_dan_is_erased_only_when_his_id_is_typed_and_the_proof_can_be_shown(shop, as_, django_capture_on_commit_callbacks):
    max_ = as_("max")
    wrong = max_.post(url("dan", "erase"), {"typed": "Dan"})
    assert wrong.status_code == 422
    assert "Nothing was erased" in text(wrong)
    with django_capture_on_commit_callbacks(execute=True):
        answer = max_.post(url("dan", "erase"), {"typed": "dan"})
    row = Erasure.objects.get()
    assert row.state == "done"
    page = text(max_.get(answer.url))
    assert "found 0 traces" in page
    assert "Dan Dale" not in page
    assert not Customer.objects.filter(person="dan").exists()
    assert max_.get(url("dan")).status_code == 404


# ------------------------------------------------------------------------------------------------------- who may do what
WRITES = ("notes", "tags", "tags/remove", "tasks", "calls", "consent")
STEERS = ("merge", "unmerge", "export", "erase")


def test_anna_reads_and_may_not_write(shop, as_):
    anna = as_("anna")
    page = text(anna.get(url("ann")))
    assert "Keep the note" not in page
    assert "erase" not in page
    for part in (*WRITES, *STEERS):
        assert anna.post(url("ann", part), {"text": "x", "name": "x", "title": "x"}).status_code == 403, part
    assert as_("agnes").post(url("ann", "erase"), {"typed": "ann"}).status_code == 403


def test_nobody_sees_nothing(shop, as_):
    nobody = as_(None)
    for address in ("/customers/", url("ann"), "/tasks/", "/firms/", "/tags/", "/doubles/", "/uncontacted/", "/customers.csv"):
        assert nobody.get(address).url.startswith("/accounts/login/")
    assert nobody.get(url("ann", "timeline"), **HTMX).status_code == 401
    assert nobody.post(url("ann", "notes"), {"text": "x"}).status_code == 401


@pytest.mark.parametrize("part", [*WRITES, "unmerge"])
def test_what_only_writes_is_not_read(shop, as_, part):
    assert as_("olga").get(url("ann", part)).status_code == 405


# --------------------------------------------------------------------------------------------------------------- words
def test_the_sentence_for_every_story():
    from datetime import date

    day = date(2026, 3, 1)
    assert standing_told(Standing(None, None, 0, 0.0, day), "GBP").startswith("Only just known")
    seen = Standing((date(2026, 1, 3), date(2026, 2, 28)), None, 0, 0.0, day)
    assert standing_told(seen, "GBP") == "Known since January 2026, no order yet; last seen yesterday."
    once = Standing((day, day), (day, day), 1, 23.5, day)
    assert standing_told(once, "GBP") == "A customer since March 2026: 1 order, £23.50; last order today."
    often = Standing((date(2025, 3, 1), day), (date(2025, 3, 1), day), 34, 4281.4, day)
    assert standing_told(often, "GBP") == "A regular since March 2025: 34 orders, £4,281; usually every 11 days, ordered today."


def test_silence_is_unusual_beyond_three_own_gaps():
    """Orders on days 0, 10, 20: a mean gap of 10; 30 days of silence are not yet unusual, 31 are."""
    from datetime import date, timedelta

    first, last = date(2026, 1, 1), date(2026, 1, 21)
    standings = [Standing((first, last), (first, last), 3, 9.0, last + timedelta(days=days)) for days in (30, 31)]
    assert [one.unusual for one in standings] == [False, True]


def test_the_rhythm_counts_days_with_orders_as_the_library_does(giftware, db):
    """12643 ordered on 5 days, twice on one of them: every 51 days, as `holdfast next` says, not every 41."""
    from holdfast.analyses.next_order import NextOrder
    from holdfast.server.customers.figures import figures

    told = {row["customer"]: row for row in NextOrder(limit=10**6).answer(giftware.timelines).table.to_pylist()}
    found = figures(list(told))
    assert (found["12643"].orders, found["12643"].order_days, found["12643"].gap_days) == (6, 5, 51.0)
    assert not found["12643"].unusual
    for person, row in told.items():
        mine = found[person]
        assert (mine.order_days, mine.ordered[1], mine.silent_days) == (
            row["order_days"],
            row["last_order"],
            row["days_silent"],
        )
        assert abs(mine.revenue - row["value"]) < 0.005


def test_names_are_shown_without_signs_that_turn_text_around():
    assert name_shown("\u202egnp.exe", "", "1") == "�gnp.exe"
    assert name_shown(" ", "a@b", "1") == "a@b"
    assert name_shown("", "", "anon:0123456789abcdef") == "Visitor 0123456789ab"
    assert initials("Ann Mary Archer") == "AA"
    assert initials("???") == "?"
