"""The Today page: do our customers stay, who needs looking after, what changed, what was decided."""

from __future__ import annotations

from holdfast.server.today.today import current


def test_it_answers_in_a_sentence_with_interval_and_people(as_, giftware):
    page = as_("anna").get("/").content.decode()
    assert "Do our customers stay?" in page
    assert "93.7" in page
    assert "Past their own rhythm" in page
    assert "What changed since last week?" in page
    assert "The goal is reached." in page
    assert "NRF" in page


def test_a_workspace_without_events_says_what_to_do_next(as_, served):
    page = as_("max").get("/").content.decode()
    assert "no event has come in" in page
    assert "/imports/" in page


def test_it_is_shown_from_what_is_kept(as_, giftware):
    as_("anna").get("/")
    kept = list((giftware.path / "server" / "kept" / "answers").glob("*.page"))
    assert len(kept) == 1
    before = kept[0].stat().st_mtime_ns
    as_("anna").get("/")
    assert kept[0].stat().st_mtime_ns == before
    assert current().working is False


def test_a_damaged_file_is_made_anew(as_, giftware):
    as_("anna").get("/")
    (kept,) = (giftware.path / "server" / "kept" / "answers").glob("*.page")
    kept.write_bytes(kept.read_bytes()[:100])
    assert "93.7" in as_("anna").get("/").content.decode()


def test_what_was_decided_stands_beside_what_the_figures_said(as_, giftware):
    """Max decides to write to the quiet ones and to look again on 1 January; Anna may read it, not write."""
    max_ = as_("max")
    max_.get("/")
    max_.post("/reviews/", {"decision": "Write to the quiet ones.", "next_on": "2030-01-01"})
    shown = as_("anna").get("/reviews/").content.decode()
    assert "Write to the quiet ones." in shown
    assert "93.7" in shown
    assert "1 January 2030" in shown
    assert as_("anna").post("/reviews/", {"decision": "x"}).status_code == 403
    assert "Write to the quiet ones." in max_.get("/").content.decode()
