"""The report: one file, offline, escaped, with every question, its definition and the benchmarks beside own values."""

from __future__ import annotations

import base64
import csv
import io
import re
from functools import cache
from html.parser import HTMLParser

import pytest
from people import told
from shells import holdfast, small_shop
from shops import shop

from holdfast.report.answer_page import answer_page
from holdfast.report.asked import Quality
from holdfast.report.benchmarks import BENCHMARKS, CONFLICTS, for_industry
from holdfast.report.heat import heat_table
from holdfast.report.markup import Markup, join, tag
from holdfast.report.pictures import Step, bridge, sparkline
from holdfast.report.tidy import tidied
from holdfast.report.values import cleaned, kinds, money, percent, short_money, shown
from holdfast.report.whole import report
from holdfast.settings import Settings

VOID = {"meta", "br", "img", "link", "hr", "input"}


class Outline(HTMLParser):
    """Collects the page: tags opened and closed, attributes that point elsewhere, text."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.ids: list[str] = []
        self.points: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "href", "action", "poster", "data"):
                self.points.append(value)
            assert not name.startswith("on"), f"{tag} {name}"
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, _attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.stack, tag
        assert self.stack.pop() == tag


def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    assert not found.stack
    return found


@cache
def page() -> str:
    return report(shop(), quality=Quality(25_900, (("shop.csv", "2024-01-01", 25_900, 3, 5),), {"no_time": 3}))


def test_the_page_is_well_formed_and_points_nowhere():
    found = outline(page())
    assert len(found.ids) == len(set(found.ids))
    assert all(point.startswith(("#", "data:text/csv")) for point in found.points)
    targets = {point[1:] for point in found.points if point.startswith("#")}
    assert targets <= set(found.ids)


def test_the_page_asks_its_questions_in_order():
    titles = re.findall(r"<h2[^>]*>([^<]+)</h2>", page())
    # Whether this shop's clusters hold is a close call.
    assert [title for title in titles if title != "Which kinds of customer do the data show?"] == [
        "Where did November 2011 go?",
        "Does the money stay?",
        "Who came, stayed, came back, fell silent?",
        "Of each month&#x27;s first-time buyers, who bought again?",
        "Who orders a second time, and how soon?",
        "How long do customers stay?",
        "Which customers are which, and what to do with each?",
        "Which of six kinds is everybody?",
        "Which customers bring the revenue?",
        "When is a customer gone?",
        "What is a customer worth?",
        "Were the orders foretold?",
        "What if more customers were kept?",
        "Who is about to leave?",
        "Who is slipping away without a word?",
        "When is each customer expected again?",
        "How do we stand beside what the trade says?",
        "What are these figures made of?",
        "How is this read?",
        "What does each number mean?",
    ]
    assert page().count('class="k"') == 4
    assert "<h1>Do our customers stay?</h1>" in page()


def test_plotly_is_inside_once_and_only_where_a_figure_is():
    assert page().count("plotly.js v") == 1
    bare = answer_page(told("ann o1 10 @0 ann o2 10 @40 ben o3 5 @1").ask(_cohorts()))
    assert "plotly.js v" not in bare


def test_every_csv_is_the_answers_table():
    from holdfast.analyses.rfm import Rfm

    links = re.findall(r'href="data:text/csv;charset=utf-8;base64,([^"]+)" download="rfm.csv"', page())
    text = base64.b64decode(links[0]).decode("utf-8")
    assert text == Rfm().answer(shop()).to_csv()
    assert len(list(csv.reader(io.StringIO(text)))) == 12


def test_benchmarks_stand_with_source_scope_and_window_beside_the_own_value():
    body = page()
    for one in BENCHMARKS:
        assert one.range() in body
        assert str(tag("i", one.source))[3:-4] in body
        assert str(tag("i", one.window))[3:-4] in body
    assert all(str(tag("i", conflict))[3:-4] in body for conflict in CONFLICTS)
    row = re.search(r"<th[^>]*>retail</th>.*?</tr>", body)[0]
    assert "60–80\u00a0%" in row
    assert "NRF" in row
    assert "not comparable: a month, not a year" in row
    assert re.search(r"\d\d\.\d\xa0% \(\d\d\.\d to \d\d\.\d\), n [\d,]+", row)


def test_benchmarks_of_the_own_trade_come_first():
    assert [one.industry for one in for_industry("Banking")][:2] == ["banking", "any"]
    assert {one.id for one in BENCHMARKS} == {"0.6", "2.3", "3.1", "3.60"}
    assert all(0 < one.low <= (one.high or 1) <= 1 for one in BENCHMARKS)


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</script><b>", "{{7*7}}"])
def test_what_a_file_says_is_never_markup(evil):
    """A business, a segment and a customer with HTML in their names."""
    import pyarrow as pa

    from holdfast.analyses.cohorts import Cohorts
    from holdfast.analyses.customers import Customers
    from holdfast.timelines.timelines import Timelines

    rows = [
        {"customer_id": f"{evil}{n % 9}", "time": f"2024-0{1 + n % 6}-1{n % 9} 10:00:00", "order_id": f"o{n}"}
        for n in range(60)
    ]
    table = pa.Table.from_pylist([{**row, "revenue": 10.0, "land": evil} for row in rows])
    table = table.set_column(1, "time", table["time"].cast(pa.timestamp("us")))
    timelines = Timelines.from_arrow(table, Settings(name=evil))
    pages = [report(timelines), answer_page(Customers().answer(timelines)), answer_page(Cohorts(by="land").answer(timelines))]
    for made in pages:
        assert "<" not in evil or evil not in made
        scripts_taken_out = re.sub(r"<script[^>]*>.*?</script>", "", made.split("<body", 1)[1], flags=re.S)
        outline(made.split('<script type="application/json"', 1)[0].rsplit("</main>", 1)[0] + "</main></body></html>")
        assert "alert(1)</script>" not in scripts_taken_out
        assert "<img" not in scripts_taken_out
        assert "onerror=alert(1)>" not in re.sub(r"&quot;&gt;&lt;img src=x onerror=alert\(1\)&gt;", "", scripts_taken_out)


def _cohorts():
    from holdfast.analyses.cohorts import Cohorts

    return Cohorts()


def test_a_grid_shows_its_three_states():
    """January's two: one back in February; March is open, April not to be seen."""
    rows = [
        {
            "cohort": "2024-01",
            "period": 0,
            "size": 2,
            "customers": 2,
            "rate": 1.0,
            "low": 0.3,
            "high": 1.0,
            "state": "complete",
        },
        {
            "cohort": "2024-01",
            "period": 1,
            "size": 2,
            "customers": 1,
            "rate": 0.5,
            "low": 0.1,
            "high": 0.9,
            "state": "complete",
        },
        {
            "cohort": "2024-01",
            "period": 2,
            "size": 2,
            "customers": 0,
            "rate": 0.0,
            "low": 0.0,
            "high": 0.7,
            "state": "in progress",
        },
        {
            "cohort": "2024-01",
            "period": 3,
            "size": 2,
            "customers": None,
            "rate": None,
            "low": None,
            "high": None,
            "state": "not observable",
        },
    ]
    html = heat_table(rows)
    assert re.findall(r'<td class="(c prog|c|none)"[^>]*>(\d*)</td>', html) == [
        ("c", "100"),
        ("c", "50"),
        ("c prog", "0"),
        ("none", ""),
    ]
    assert "1 of 2, 50.0\u00a0% (10.0\u00a0% to 90.0\u00a0%)" in html


def test_a_bridge_draws_its_changes_on_what_stood_before():
    html = bridge(
        [Step("start", 10, "10", "ink", total=True), Step("new", 5, "+5", "new"), Step("end", 15, "15", "ink", total=True)], "b"
    )
    heights = [float(height) for height in re.findall(r'height="([\d.]+)"', html)]
    assert heights == [92.0, 46.0, 138.0]


def test_a_sparkline_needs_two_points():
    assert sparkline([1.0, None], "kept") == ""
    assert 'points="3.0,31.0 75.0,17.0 147.0,3.0"' in sparkline([0.0, 1.0, 2.0], "kept")


def test_markup_escapes_what_is_not_markup():
    assert tag("p", "<b>", Markup("<i></i>"), None, False, title='"') == '<p title="&quot;">&lt;b&gt;<i></i></p>'
    assert join("a&b") == "a&amp;b"


def test_values_are_written_for_people():
    assert [percent(0.9367), percent(None), percent(-0.05)] == ["93.7\u00a0%", "–", "−5.0\u00a0%"]
    assert [money(10.05, "EUR"), money(-12_345.6, "GBP"), money(5, "SEK")] == ["€10.05", "−£12,346", "5.00\u00a0SEK"]
    assert [short_money(999.6, "USD"), short_money(8_412, "USD"), short_money(1_138_507, "USD")] == ["$1k", "$8.41k", "$1.14m"]
    assert [shown(None), shown(1234, "count"), shown(2.0, "number"), shown(2.345, "days")] == ["–", "1,234", "2", "2.3"]
    assert cleaned("a\x1b[31m\u202eb") == "a�[31m�b"


def test_columns_are_known_by_their_names():
    assert kinds(["period", "crr", "crr_low", "revenue", "low", "n"], [str, float, float, float, float, int]) == [
        *("text", "share", "share", "money", "money", "count"),
    ]


def test_a_table_is_tidied_without_losing_a_number():
    tidy = tidied(
        ["segment", "period", "state", "n", "crr", "crr_low", "crr_high", "note"],
        [
            ["everyone", "2024-01", "complete", 3, 0.5, 0.1, 0.9, "filling"],
            ["everyone", "2024-02", "in progress", 4, None, None, None, ""],
        ],
        ["text", "text", "text", "count", "share", "share", "share", "text"],
    )
    assert tidy.headings == ("period", "n", "crr")
    assert tidy.rows == (("2024-01*", "3", "50.0\u00a0% (10.0 to 90.0)"), ("2024-02~", "4", "–"))
    assert tidy.remarks == ("~ in progress", "* filling")


def test_the_verb_writes_the_report(tmp_path):
    told_ = holdfast("report", "-w", small_shop(), "-o", tmp_path / "r.html")
    assert told_.code == 0, told_.err
    outline((tmp_path / "r.html").read_text("utf-8").split('<script type="application/json"', 1)[0] + "</body></html>")


def test_an_answer_as_page_and_as_people(tmp_path):
    assert holdfast("bridge", "-w", small_shop(), "--html", tmp_path / "b.html").code == 0
    assert "Do our customers stay?" in (tmp_path / "b.html").read_text("utf-8")
