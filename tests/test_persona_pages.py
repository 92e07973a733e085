"""Personas on the screen and on a page: verbs, views, HTML cards."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner
from persona_streams import timelines_of

from holdfast import cli
from holdfast.analyses.personas.card import PersonaCard
from holdfast.cli import asking
from holdfast.cli import personas as verbs
from holdfast.report.answer_page import answer_page
from holdfast.timelines.timelines import Timelines


@pytest.fixture
def run(monkeypatch):
    timelines = timelines_of("retentioneering")
    written = (("repeat buyer", (("name", "Clara <who> restocks"), ("goals", "no queue"))),)
    made = Timelines(timelines.source.columns, replace(timelines.settings, personas=written, gone_after=30))
    monkeypatch.setattr(asking, "_timelines", lambda *_: made)
    monkeypatch.setattr(verbs, "_products", lambda *_: None)

    def runs(*args):
        done = CliRunner().invoke(cli.program, list(args), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return runs


def test_the_six_personas_and_what_to_do_with_each(run):
    shown = run("personas")
    assert "repeat buyer" in shown
    assert "cart abandoner: Shorten" in " ".join(shown.split())
    table = json.loads(run("personas", "--json"))["table"]
    place = table["columns"].index("customers")
    assert sum(row[place] for row in table["rows"]) == 600


def test_a_card_on_the_screen_and_its_people(run):
    shown = run("personas", "--card", "repeat buyer")
    assert "platform" in shown
    for part in ("what they bring", "size at the ends", "where those are now", "a real journey", "what to do: Keep"):
        assert part in shown
    listed = run("personas", "--card", "repeat buyer", "--people", "part=platform", "item=desktop")
    assert "customers stand behind" in listed


def test_moves_and_options_that_do_not_go_together(run):
    assert "not yet here" in run("personas", "--moves", "2024-03-31")
    for wrong in (["--to", "2024-06-01"], ["--card", "all", "--moves", "2024-03-31"]):
        with pytest.raises(Exception, match="--moves"):
            CliRunner().invoke(cli.program, ["personas", *wrong], catch_exceptions=False, standalone_mode=False)


def test_cards_as_a_page(run, tmp_path):
    run("personas", "--card", "all", "--html", str(tmp_path / "cards.html"))
    page = (tmp_path / "cards.html").read_text(encoding="utf-8")
    assert page.count('<article class="pcard"') == 5
    assert "Clara &lt;who&gt; restocks" in page
    assert "a real journey" in page
    assert "what this rests on" in page
    assert "user_0" not in page


def test_a_page_without_any_card_says_so():
    timelines = timelines_of("retentioneering")
    few = Timelines(timelines.source.columns, replace(timelines.settings, small_group=1000))
    assert "No card is shown" in answer_page(few.ask(PersonaCard()))


def test_clusters_that_do_not_hold_are_not_shown(run):
    assert "No clusters are shown" in run("clusters")
    assert json.loads(run("clusters", "--json"))["table"]["rows"] == []
