"""Reports, audiences and reviews: what is kept to come back to."""

from __future__ import annotations

import pytest

from holdfast.server.keeping.keeping import audiences_of, forget
from holdfast.server.keeping.models import Audience, SavedReport
from holdfast.server.people.models import AuditEntry

QUIET = "cell.group=quiet"


@pytest.mark.usefixtures("giftware")
def test_the_people_behind_a_number_become_an_audience_of_just_so_many(as_):
    """Max opens who is past their own rhythm and makes them an audience; it holds exactly those people."""
    max_ = as_("max")
    page = max_.get(f"/insights/attention/people/?{QUIET}").content.decode()
    assert "make them an audience" in page
    max_.post("/audiences/", {"name": "Quiet ones", "slug": "attention", "query": QUIET})
    made = Audience.objects.get()
    from holdfast.analyses.attention import Attention
    from holdfast.server.place import workspace

    shop = workspace().timelines
    assert list(made.members.values_list("person", flat=True)) == list(Attention().people(shop, group="quiet").ids)
    assert made.people == made.members.count()
    shown = as_("anna").get(made.get_absolute_url()).content.decode()
    assert "Quiet ones" in shown
    lines = b"".join(max_.get(f"/audiences/{made.pk}.csv").streaming_content).decode().splitlines()
    assert len(lines) == made.people + 1
    assert AuditEntry.objects.filter(action="audience.make").count() == 1
    assert AuditEntry.objects.filter(action="audience.export").count() == 1


def test_ids_given_by_hand_become_an_audience_each_once(as_):
    as_("max").post("/audiences/", {"name": "Friends", "persons": "ann\nben\n\n ann \n<script>alert(1)</script>"})
    made = Audience.objects.get()
    assert made.people == 3
    shown = as_("anna").get(made.get_absolute_url()).content.decode()
    assert "<script>alert" not in shown
    assert [one.name for one in audiences_of("ben")] == ["Friends"]


def test_no_ids_make_no_audience(as_):
    said = as_("max").post("/audiences/", {"name": "Nobody", "persons": "\n \n"}, follow=True).content.decode()
    assert "No audience was made" in said
    assert not Audience.objects.exists()


def test_who_is_erased_is_in_no_audience(as_):
    as_("max").post("/audiences/", {"name": "Friends", "persons": "ann\nben"})
    assert forget(frozenset({"ann"})) == 1
    assert Audience.objects.get().people == 1
    assert audiences_of("ann") == []


def test_a_report_is_a_question_under_a_name(as_):
    """Max keeps the quarterly cohorts; Anna opens them; the address is the same; Max forgets them again."""
    max_ = as_("max")
    kept = max_.post("/reports/", {"name": "By quarter", "slug": "cohorts", "query": "period=quarter", "note": ""})
    assert kept["Location"] == "/insights/cohorts/?period=quarter"
    report = SavedReport.objects.get()
    assert as_("anna").get(f"/reports/{report.pk}/")["Location"] == kept["Location"]
    assert "By quarter" in as_("anna").get("/reports/").content.decode()
    assert as_("anna").post("/reports/", {"name": "Mine", "slug": "cohorts"}).status_code == 403
    max_.post(f"/reports/{report.pk}/", {"do": "forget"})
    assert not SavedReport.objects.exists()


def test_an_audience_can_be_renamed_and_forgotten(as_):
    max_ = as_("max")
    max_.post("/audiences/", {"name": "Friends", "persons": "ann"})
    pk = Audience.objects.get().pk
    max_.post(f"/audiences/{pk}/", {"name": "Old friends", "note": "since May"})
    assert Audience.objects.get().name == "Old friends"
    assert as_("agnes").post(f"/audiences/{pk}/", {"do": "forget"}).status_code == 403
    max_.post(f"/audiences/{pk}/", {"do": "forget"})
    assert not Audience.objects.exists()


@pytest.mark.parametrize("slug", ["a b", "nonsense", "../..", ""])
def test_a_report_is_of_an_analysis_that_there_is(as_, slug):
    """Nothing is kept under another name, so that the list of reports can always be shown."""
    max_ = as_("max")
    max_.post("/reports/", {"name": "Odd", "slug": slug, "query": "period=month"})
    assert not SavedReport.objects.exists()
    assert max_.get("/reports/").status_code == 200


def test_what_is_wrong_with_a_report_is_said(as_):
    """Not always the name: here it is the note, or the analysis."""
    max_ = as_("max")
    long = {"name": "Mine", "slug": "bridge", "query": "", "note": "x" * 401}
    assert "Note: Ensure this value has at most 400" in max_.post("/reports/", long, follow=True).content.decode()
    said = max_.post("/reports/", {"name": "Mine", "slug": "nonsense", "query": ""}, follow=True).content.decode()
    assert "There is no such analysis." in said
    assert "at most 120" not in said


def test_a_report_kept_by_a_program_has_the_query_of_one_kept_on_the_page(as_):
    """In the page's order, empty choices left out; a name that there is not is refused (test_api_names.py)."""
    said = {"name": "Mine", "slug": "bridge", "query": "by=&period=quarter"}
    made = as_("max").post("/api/v1/reports", said, content_type="application/json", HTTP_IDEMPOTENCY_KEY="k1")
    assert (made.status_code, made.json()["query"]) == (201, "period=quarter")


def test_renaming_a_report_changes_no_question(as_):
    max_ = as_("max")
    max_.post("/reports/", {"name": "Mine", "slug": "bridge", "query": "period=quarter&nonsense=1"})
    kept = SavedReport.objects.get()
    assert kept.query == "period=quarter"
    max_.post(f"/reports/{kept.pk}/", {"name": "Ours", "slug": "rfm", "query": "by=Country"})
    kept.refresh_from_db()
    assert (kept.name, kept.slug, kept.query) == ("Ours", "bridge", "period=quarter")
