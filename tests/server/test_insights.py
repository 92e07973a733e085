"""Every analysis as a page: what it says is what the question answers, whoever asks it from where."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys

import pytest
from insight_shop import links, page, shop  # noqa: F401 - shop is a fixture

from holdfast.cli import VERBS
from holdfast.server.analyst.desk import Desk
from holdfast.server.insights.asking import put
from holdfast.server.insights.catalogue import INSIGHTS, NOT_ANALYSES, UNSPLIT, controls
from holdfast.server.insights.controls import arguments
from holdfast.server.insights.errands import for_a_page
from holdfast.server.insights.spec import Spec, spec_of
from holdfast.server.insights.words import WORDS, said_by

pytestmark = pytest.mark.one_database

SLUGS = [one.slug for one in INSIGHTS]
SOME = ("bridge", "cohorts", "rfm", "orders", "baskets", "risk", "persona-moves")
"""Pages whose CSV is held against the question's own."""


@pytest.fixture
def anna(people, shop, client):  # noqa: F811 - fixtures
    """Anna, who reads figures, signed in to the real shop."""
    client.force_login(people["anna"])
    return client


def asked(slug: str):
    """The question of a page as it comes, and its answer."""
    from holdfast.server.analyst.desk import Desk
    from holdfast.server.insights.asking import put
    from holdfast.server.place import folder

    found = put(Desk(folder()), Spec(slug), every_row=True)
    return found.question.answer(found.timelines)


def test_every_verb_that_asks_has_a_page():
    """A verb that is added to the command line has a page, or is said to be none."""
    pages = {one.verb or one.slug for one in INSIGHTS}
    from importlib import import_module

    elsewhere = {name for name, (file, _) in VERBS.items() if not _asks(import_module(f"holdfast.cli.{file}"))}
    assert set(VERBS) - elsewhere - NOT_ANALYSES - {"rate"} == pages - {"rate"}


def _asks(module) -> bool:
    """Whether a verb's file asks a question of the timelines."""
    return any(hasattr(module, name) for name in ("analysis", "asked"))


@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_tells_its_answer(anna, slug):
    """Its sentence, its definition, its choices, and no apology."""
    text = page(anna, f"/insights/{slug}/")
    assert '<div class="answer" lang="en"><p class="lead">' in text
    assert "our fault" not in text
    assert "<summary>definition</summary>" in text
    assert all(f'name="{one.name}"' in text for one in controls(slug) if one.first)
    assert re.search(r"<h1>[^<]+\?</h1>", text)


@pytest.mark.parametrize("slug", SOME)
def test_the_csv_is_the_whole_table(anna, slug):
    response = anna.get(f"/insights/{slug}.csv", HTTP_HOST="localhost")
    assert response["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    meant = list(csv.DictReader(io.StringIO(asked(slug).to_csv())))
    assert rows == [{name: value for name, value in row.items() if name != "segment"} for row in meant]


def test_the_csv_has_all_where_a_limit_was_chosen_too(anna):
    """“limit” is how many the page lists; the note under them says that the CSV has all."""
    response = anna.get("/insights/risk.csv?limit=3", HTTP_HOST="localhost")
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert len(rows) == asked("risk").table.num_rows > 50


def test_the_json_is_the_answer(anna):
    told = json.loads(b"".join(anna.get("/insights/bridge.json", HTTP_HOST="localhost").streaming_content))
    assert told["words"] == asked("bridge").words
    assert told["question"]["name"] == "Bridge"


def test_choices_are_those_of_the_command_line(anna):
    """The same words as `holdfast cohorts --period quarter --by Country --where Country=France,Germany`."""
    text = page(anna, "/insights/cohorts/?period=quarter&by=Country&where=Country%3DFrance%2CGermany")
    assert "2011-Q1" in text
    assert ">Germany<" in text
    assert ">Netherlands<" not in text
    assert 'value="Country=France,Germany"' in text


def test_the_words_of_choices_stand_where_gettext_finds_them():
    """They are declared as options of verbs; `python -m holdfast.server.insights.words` prints the lines anew."""
    assert list(WORDS) == said_by()
    assert not [words for words in WORDS if "--" in words]


def test_the_page_speaks_of_choices_by_their_names(anna):
    """A refusal that says --steps on the command line says “steps” here, and so does every remark."""
    assert for_a_page("--name-by says nothing; leave it out", "paths") == "“name by” says nothing; leave it out"
    assert for_a_page("rename one with --map", "taste") == "rename one with --map"
    typed = "the lists of the workspace: holdfast recommend --limit 0 --csv lists.csv"
    assert for_a_page(f"{typed}; leave --limit out", "recommend") == f"{typed}; leave “limit” out"
    assert [for_a_page("--x", slug) for slug in SLUGS] == ["--x"] * len(SLUGS)
    for slug in ("survival", "costs", "abandonment"):
        assert "--" not in page(anna, f"/insights/{slug}/").split('class="notes"')[1].split("</ul>")[0]


def test_what_has_nothing_to_show_shows_no_bare_axes(anna):
    text = page(anna, "/insights/uplift/")
    assert "data-figure" not in text
    assert "There is nothing to list." in text


def test_an_initiative_is_marked_in_the_week_that_it_began_in():
    """Monday 6 June 2011: where weeks begin on Monday in W23, where they begin on Sunday in the week of the 5th."""
    import plotly.graph_objects as go

    from holdfast.server.insights.pictures import _marked
    from holdfast.settings import Settings

    for week_start, before, week in ((1, "2011-W22", "2011-W23"), (7, "week of 2011-05-29", "week of 2011-06-05")):
        figure = go.Figure(go.Scatter(x=[before, week], y=[1, 2]))
        _marked(figure, Settings(week_start=week_start, initiatives=(("2011-06-06", "welcome mail"),)))
        assert [shape.x0 for shape in figure.layout.shapes] == [week]


def test_an_initiative_is_marked_where_months_are_named_by_their_last_day():
    import plotly.graph_objects as go

    from holdfast.server.insights.pictures import _marked
    from holdfast.settings import Settings

    figure = go.Figure(go.Scatter(x=["2011-05-31", "2011-06-30"], y=[1, 2]))
    _marked(figure, Settings(initiatives=(("2011-06-06", "welcome mail"),)))
    assert [shape.x0 for shape in figure.layout.shapes] == ["2011-06-30"]


def test_an_initiative_before_the_first_of_many_days_is_marked_on_none_of_them():
    import plotly.graph_objects as go

    from holdfast.server.insights.pictures import _marked
    from holdfast.settings import Settings

    figure = go.Figure(go.Scatter(x=[f"2011-06-{day:02d}" for day in range(10, 31)], y=[1] * 21))
    _marked(figure, Settings(initiatives=(("2011-06-06", "welcome mail"),)))
    assert not figure.layout.shapes


def test_a_choice_that_a_page_does_not_have_is_said_to_be_left_out(anna):
    assert "no such choice: perod, &lt;b&gt;." in page(anna, "/insights/bridge/?perod=week&%3Cb%3E=1")
    assert "no such choice" not in page(anna, "/insights/bridge/")


def test_points_are_no_money():
    """An amount of points stands as a number; what stays of the money, with its sign."""
    from holdfast.report.values import kinds

    assert kinds(["amount", "start"], [float, float], {"amount": "number", "start": "money"}) == ["number", "money"]


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug != "rate"])
def test_no_choice_is_offered_that_says_nothing_to_the_question(shop, slug):  # noqa: F811
    """What all analyses share is on a page where its question takes it, and on every page that takes it."""
    tried = {"by": "Country", "where": "Country=France", "as-of": "2011-11-30", "moment": "current"}
    offered = {one.name for one in controls(slug)}
    hidden = set(UNSPLIT.get(slug, ()))
    for name, value in tried.items():
        if name in offered:
            put(Desk(shop.path), Spec(slug, ((name, value),)))
        else:
            assert name in hidden


def test_what_the_command_line_says_first_is_said_on_the_page(anna):
    """A condition that nobody meets, and that a customer is a firm."""
    text = page(anna, "/insights/uplift/?where=Country%3DAtlantis")
    assert "nobody meets Country=Atlantis" in text


def test_settings_that_shape_the_timelines_are_kept_to_at_once(shop, monkeypatch):  # noqa: F811
    """Another zone: what is on disk is of the old one, and is built anew before anything is told."""
    desk = Desk(shop.path)
    assert desk.timelines().meta.zone == shop.settings.zone
    shop.with_settings(zone="Pacific/Auckland").save_settings()
    try:
        assert desk.timelines().meta.zone == "Pacific/Auckland"
    finally:
        shop.save_settings()
        assert desk.timelines().meta.zone == shop.settings.zone


def test_a_further_table_stands_in_the_place_of_the_first(anna):
    text = page(anna, "/insights/value/?show=deciles")
    assert "decile" in text
    assert len(links(text)) >= 10
    refused = page(anna, "/insights/money/?show=nonsense", 400)
    assert "no table &#x27;nonsense&#x27;" in refused


@pytest.mark.parametrize(
    ("address", "says", "keeps"),
    [
        ("/insights/bridge/?gone-after=soon", "gone after: &#x27;soon&#x27; is no whole number", 'value="soon"'),
        ("/insights/bridge/?period=fortnight", "fortnight", '<option value="fortnight" selected>'),
        ("/insights/bridge/?by=Contry", "did you mean Country", 'value="Contry"'),
        ("/insights/cohorts/?window=2011", "2011-01-01:2011-06-30", 'value="2011"'),
        ("/insights/risk/?cuts=a+b", "no number", 'value="a b"'),
        ("/insights/migration/?date=never", "is no", 'value="never"'),
        ("/insights/rate/?start=10", "give start, end and new", 'value="10"'),
    ],
)
def test_a_choice_that_cannot_be_is_said_with_its_mend_and_kept(anna, address, says, keeps):
    text = page(anna, address, 400)
    assert 'role="alert"' in text
    assert says in text
    assert keeps in text


@pytest.mark.parametrize("bad", ['"><script>alert(1)</script>', "</script><b>x", "\u202egnp", "--csv=/tmp/x", "-w", "%00"])
def test_hostile_words_are_only_words(anna, bad):
    """Whatever is typed is shown as it was typed, or refused; it is never markup and never an option."""
    for slug, name in (("bridge", "by"), ("cohorts", "where"), ("funnel", "step"), ("migration", "date"), ("paths", "from")):
        response = anna.get(f"/insights/{slug}/", {name: bad}, HTTP_HOST="localhost")
        text = response.content.decode()
        assert response.status_code in (200, 400)
        assert "our fault" not in text
        assert "<script>alert" not in text
        assert "<b>x" not in text


def test_no_page_reads_or_writes_a_file_that_is_named(anna, tmp_path):
    """Options of files are none of a page's choices, whatever the address says."""
    names = {one.name for slug in SLUGS for one in controls(slug)}
    assert not names & {"file", "csv", "png", "html", "json", "parquet", "available", "workspace", "people"}
    target = tmp_path / "written.csv"
    page(anna, f"/insights/traits/?parquet={target}&csv={target}&workspace=/etc&name=rfm")
    assert not target.exists()


def test_a_value_is_never_an_option():
    spec = spec_of("bridge", {"by": "--csv=/tmp/x", "strange": "1", "whose": "customers"})
    assert spec.pairs == (("by", "--csv=/tmp/x"),)
    assert arguments(controls("bridge"), spec.pairs) == ["--by=--csv=/tmp/x", "--"]
    assert arguments(controls("funnel"), [("step", "--window=1d")]) == ["--", "--window=1d"]


def test_the_calculator(anna):
    assert "90.0\u00a0%" in page(anna, "/insights/rate/?start=2000&end=2400&new=600")


def test_initiatives_are_marked_and_steered(people, shop, client):  # noqa: F811
    """Max marks one, the charts show it; Anna cannot."""
    client.force_login(people["anna"])
    assert client.post("/insights/initiatives/", {"date": "2011-09-01", "what": "x"}, HTTP_HOST="localhost").status_code == 403
    client.force_login(people["max"])
    bad = client.post("/insights/initiatives/", {"date": "soon", "what": "x"}, HTTP_HOST="localhost", follow=True)
    assert "is no date" in bad.content.decode()
    client.post("/insights/initiatives/", {"date": "2011-09-01", "what": "<b>autumn</b> mail"}, HTTP_HOST="localhost")
    text = page(client, "/insights/initiatives/")
    assert "&lt;b&gt;autumn&lt;/b&gt; mail" in text
    assert "◆ &lt;b&gt;autumn&lt;/b&gt; mail" in page(client, "/insights/cohorts/?periods=3")
    client.post("/insights/initiatives/", {"date": "2011-09-01", "remove": "1"}, HTTP_HOST="localhost")
    assert "autumn" not in page(client, "/insights/initiatives/")
    from holdfast.server.people.models import AuditEntry

    assert [one.action for one in AuditEntry.objects.filter(subject="2011-09-01").order_by("id")] == [
        "insight.initiative_added", "insight.initiative_removed",
    ]  # fmt: skip


def test_nothing_has_arrived_yet(as_):
    """An empty workspace: the page says what to do next."""
    text = page(as_("anna"), "/insights/bridge/")
    assert "there are no events yet" in text


LIGHT = """
import os, sys
import django
django.setup()
from holdfast.server.insights import behind, forms, urls, views
from holdfast.server.insights.catalogue import INSIGHTS
from holdfast.server.insights.spec import Spec
for one in INSIGHTS:
    forms.fields(Spec(one.slug), None)
heavy = {"numpy", "pyarrow", "numba", "duckdb", "deltalake", "plotly", "holdfast.analyses"} & set(sys.modules)
assert not heavy, heavy
"""


def test_the_web_loads_nothing_heavy(tmp_path):
    """Every page's choices are drawn without numpy and its kin."""
    import os

    from holdfast.settings import Settings
    from holdfast.workspace import Workspace

    made = Workspace.create(tmp_path / "shop", Settings())
    env = os.environ | {"HOLDFAST_WORKSPACE": str(made.path)}
    done = subprocess.run([sys.executable, "-c", LIGHT], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-800:]
