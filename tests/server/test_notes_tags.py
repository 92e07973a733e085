"""Notes and tags: written, changed, deleted and taken back; one tag in every spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.server.customers import tags
from holdfast.server.customers.care import Note, Tag, Tagging
from holdfast.server.people.models import AuditEntry
from tests.server.corner import HOSTILE, SLASHED, open_corner, url

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def shop(served, db):
    return open_corner(served)


def text(answer) -> str:
    return answer.content.decode()


def test_agnes_writes_a_note_and_it_stands_there_with_her_name_and_no_html(shop, as_):
    agnes = as_("agnes")
    page = text(agnes.post(url(HOSTILE, "notes"), {"text": "Two\nlines <b>bold</b>"}, **HTMX))
    assert page.lstrip().startswith("<section")
    assert "Two<br>lines &lt;b&gt;bold&lt;/b&gt;" in page
    assert "Agnes" in page
    assert agnes.post(url(SLASHED, "notes"), {"text": "Plain"}).url == url(SLASHED) + "#notes"
    entry = AuditEntry.objects.filter(action="note.write").first()
    assert "Two" not in str(entry.details)


def test_an_empty_note_or_one_too_long_is_not_kept_and_says_so(shop, as_):
    agnes = as_("agnes")
    for said in ("", "   ", "x" * 10_001):
        assert "errorlist" in text(agnes.post(url("ann", "notes"), {"text": said}, **HTMX))
    assert not Note.objects.exists()


def test_only_who_wrote_a_note_changes_it(shop, as_):
    as_("agnes").post(url("ann", "notes"), {"text": "Mine"})
    (note,) = Note.objects.all()
    assert as_("max").post(f"/notes/{note.pk}/", {"text": "Not mine"}).status_code == 403
    assert as_("anna").post(f"/notes/{note.pk}/", {"text": "Not mine"}).status_code == 403
    as_("agnes").post(f"/notes/{note.pk}/", {"text": "Mine, better"})
    note.refresh_from_db()
    assert note.text == "Mine, better"
    assert note.edited_at is not None
    assert "changed" in text(as_("anna").get(url("ann")))


def test_a_note_is_deleted_and_brought_back(shop, as_):
    agnes = as_("agnes")
    agnes.post(url("ann", "notes"), {"text": "Oops"})
    (note,) = Note.objects.all()
    page = text(agnes.post(f"/notes/{note.pk}/delete/", **HTMX))
    assert "Oops" not in page
    assert "Bring it back" in page
    assert "Oops" in text(agnes.post(f"/notes/{note.pk}/restore/", **HTMX))
    without_scripts = agnes.post(f"/notes/{note.pk}/delete/")
    assert "Bring it back" in text(agnes.get(without_scripts.url.partition("#")[0]))


def test_a_deleted_note_is_read_by_nobody(shop, as_):
    agnes = as_("agnes")
    agnes.post(url("ann", "notes"), {"text": "a slip"})
    note = Note.objects.get()
    agnes.post(f"/notes/{note.pk}/delete/")
    assert [as_(one).get(f"/notes/{note.pk}/").status_code for one in ("anna", "agnes", "max")] == [404, 404, 404]
    assert agnes.post(f"/notes/{note.pk}/", {"text": "other words"}).status_code == 404
    agnes.post(f"/notes/{note.pk}/restore/")
    assert agnes.get(f"/notes/{note.pk}/").status_code == 200


def test_max_may_delete_what_agnes_wrote_and_another_agent_may_not(shop, as_, people):
    from holdfast.server.people.models import User

    as_("agnes").post(url("ann", "notes"), {"text": "Rude"})
    (note,) = Note.objects.all()
    people["aaron"] = User.objects.create_user("aaron@example.com", role="agent", name="Aaron")
    assert as_("aaron").post(f"/notes/{note.pk}/delete/").status_code == 403
    assert as_("max").post(f"/notes/{note.pk}/delete/").status_code == 302
    assert as_("max").post("/notes/999999/delete/").status_code == 404


# ------------------------------------------------------------------------------------------------------------------ tags
def test_one_tag_in_every_spelling(shop, as_):
    agnes = as_("agnes")
    for name in ("VIP", " vip", "Ｖｉｐ", "vIp "):
        agnes.post(url("ann", "tags"), {"name": name})
    agnes.post(url("ben", "tags"), {"name": "vip"})
    assert [tag.name for tag in Tag.objects.all()] == ["VIP"]
    assert Tagging.objects.count() == 2
    page = text(agnes.get(url("ann")))
    assert "/customers/?tag=VIP" in page


def test_a_tag_is_taken_away_and_suggested_again(shop, as_):
    agnes = as_("agnes")
    agnes.post(url("ann", "tags"), {"name": "wholesale"})
    (tag,) = Tag.objects.all()
    assert "wholesale" not in text(agnes.get(url("ann", "tags/names") + "?name=who"))
    assert "wholesale" in text(agnes.get(url("ben", "tags/names") + "?name=who"))
    agnes.post(url("ann", "tags/remove"), {"tag": tag.pk})
    assert not Tagging.objects.exists()
    assert "wholesale" in text(agnes.get(url("ann", "tags/names") + "?name=who"))
    assert agnes.post(url("ann", "tags/remove"), {"tag": "x"}).status_code == 404


def test_a_name_that_is_none_is_refused_in_words(shop, as_):
    agnes = as_("agnes")
    assert "needs a name" in text(agnes.post(url("ann", "tags"), {"name": "  "}, **HTMX))
    assert "at most 60" in text(agnes.post(url("ann", "tags"), {"name": "x" * 61}, **HTMX))
    page = text(agnes.post(url("ann", "tags"), {"name": "<script>alert(1)</script>"}, **HTMX))
    assert "<script>" not in page


def test_max_renames_and_deletes_a_tag_and_agnes_may_not(shop, as_, people):
    tag = tags.add("ann", "VIP", people["agnes"])
    tags.add("ben", "Other", people["agnes"])
    assert as_("agnes").post(f"/tags/{tag.pk}/rename/", {"name": "Gold"}).status_code == 403
    max_ = as_("max")
    max_.post(f"/tags/{tag.pk}/rename/", {"name": "Gold"})
    max_.post(f"/tags/{tag.pk}/rename/", {"name": "other"})  # taken
    assert set(Tag.objects.values_list("name", flat=True)) == {"Gold", "Other"}
    max_.post(f"/tags/{tag.pk}/delete/")
    assert set(Tagging.objects.values_list("person", flat=True)) == {"ben"}


def test_many_get_a_tag_at_once_and_only_the_new_ones_are_counted(shop, people):
    tags.add("ann", "spring", people["max"])
    assert tags.add_to_all([f"c{n}" for n in range(2_500)] + ["ann"], "Spring", people["max"]) == 2_500
    assert tags.add_to_all(["ann"], "spring", people["max"]) == 0


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing_and_case_and_blanks_never_matter(name):
    once = tags.folded(name)
    assert tags.folded(once) == once
    assert tags.folded(f"  {name} ") == once
