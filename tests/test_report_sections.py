"""The report says what the data can say: each section stands where it has something to tell, and nowhere else."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from people import told

import holdfast.report.sections as sections
from holdfast import Settings, Timelines, datasets
from holdfast.report.asked import Asked
from holdfast.report.pages import naming_of, page_groups
from holdfast.report.tidy import bounds_of
from holdfast.report.whole import SECTIONS, report

KEPT = ("path", "platform", "category", "coupon", "discount")


@cache
def stream() -> Timelines:
    return Timelines.from_arrow(datasets.made_stream(400, 5, 240), Settings(properties=KEPT))


@cache
def page() -> str:
    return report(stream())


def anchors(html: str) -> list[str]:
    return re.findall(r'<section id="([^"]+)"', html) or re.findall(r'<section[^>]* id="([^"]+)"', html)


def test_every_section_is_a_file_of_its_own_and_every_file_stands_on_the_page():
    folder = Path(sections.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    listed = [name for names in SECTIONS.values() for name in names]
    assert files == {*listed, "definitions"}
    assert len(listed) == len(set(listed))


def test_a_stream_with_pages_is_told_where_people_go_and_why_they_stay():
    found = anchors(page())
    assert {"ways", "landing", "funnel", "stages", "personas", "lifecycle", "staying", "newcomers", "slipping"} <= set(found)


def test_orders_alone_have_no_section_about_visits():
    """Ann and Ben, who only ever ordered."""
    story = "".join(f"ann a{n} 10 @{30 * n} ben b{n} 5 @{25 * n} " for n in range(8))
    found = anchors(report(told(story)))
    assert {"bridge", "repeat", "personas"} <= set(found)
    assert not {"ways", "landing", "funnel", "stages", "staying", "stickiness"} & set(found)


def test_visits_alone_have_no_section_about_orders_or_money():
    story = "".join(f"ann Look @{n} ben Look @{2 * n} ann Find @{n} " for n in range(60))
    found = anchors(report(told(story)))
    assert {"ways", "landing", "stickiness"} <= set(found)
    assert not {"bridge", "money", "cohorts", "repeat", "rfm", "concentration", "gone", "value", "funnel"} & set(found)


def test_orders_without_money_have_no_section_about_money():
    story = "".join(f"ann a{n} 0 @{30 * n} ben b{n} 0 @{25 * n} " for n in range(8))
    page = report(told(story))
    found = anchors(page)
    assert "repeat" in found
    assert not {"money", "concentration", "value"} & set(found)
    read = re.sub(r'href="data:[^"]*"', "", page.split("<script")[0])
    assert [word for word in ("€0", "worth 0", "in money") if word in read] == []
    assert "no order has an amount" in read


def test_carts_without_a_view_of_a_product_are_still_told_about():
    """Ann's carts become an order every time, Ben's never do; the data know no other step before the order."""
    story = "".join(f"ann Cart Viewed @{30 * n} ann a{n} 10 @{30 * n} ben Cart Viewed @{25 * n} " for n in range(8))
    page = report(told(story.replace("Cart Viewed", "Basket Opened")))
    assert "funnel" not in anchors(page)
    page = report(told(story))
    assert "funnel" in anchors(page)
    assert "How many carts and checkouts become an order?" in page


def test_a_question_that_two_sections_ask_is_answered_once():
    from holdfast.analyses.bridge import Bridge

    asked = Asked(stream())
    assert asked.ask(Bridge()) is asked.ask(Bridge())
    assert len(asked.answers) == 1


def test_the_reports_date_goes_to_every_question():
    asked = Asked(stream(), "2025-05-01")
    from holdfast.analyses.bridge import Bridge

    assert str(asked.ask(Bridge()).definition.as_of) == "2025-05-01"


def test_folders_of_many_pages_are_one_step():
    pages = [
        "/",
        "/cart",
        "/checkout",
        "/checkout/pay",
        *(f"/product/{n}" for n in range(9)),
        *(f"/blog/{n}" for n in range(3)),
    ]
    assert page_groups(pages) == ("/product/*",)
    assert naming_of(stream().meta).by == "path"
    assert naming_of(told("ann Look @1").meta).by == "event"


@pytest.mark.parametrize(
    ("name", "columns", "pair"),
    [
        ("kept_share", ("kept", "kept_share", "kept_low", "kept_high"), ("kept_low", "kept_high")),
        ("kept", ("kept", "kept_share", "kept_low", "kept_high"), None),
        ("crr", ("crr", "crr_low", "crr_high"), ("crr_low", "crr_high")),
    ],
)
def test_an_interval_joins_its_own_number(name, columns, pair):
    assert bounds_of(name, columns) == pair


def test_a_share_of_a_day_is_written_in_hours_minutes_or_seconds():
    from holdfast.report.values import shown

    assert [shown(days, "days") for days in (5 / 86_400, 0.005, 0.0, 0.8, 34.04)] == [
        "5 seconds",
        "7.2 minutes",
        "0",
        "0.8",
        "34.0",
    ]


def test_no_note_speaks_of_options_of_the_command_line():
    """Notes stand on pages and in notebooks too: a choice is named, “limit”, not written as on one of the three."""
    import ast
    from pathlib import Path

    import holdfast.analyses
    from holdfast.analyses.customers import Customers

    def told(node: ast.AST) -> list[str]:
        """Texts below a node that are neither a docstring nor a refusal's."""
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            return []
        own = [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []
        return own + [text for child in ast.iter_child_nodes(node) for text in told(child)]

    files = Path(holdfast.analyses.__file__).parent.rglob("*.py")
    found = {
        path.name: text
        for path in files
        for text in told(ast.parse(path.read_text("utf-8")))
        if " --" in f" {text}" and "import " not in text
    }
    assert found == {}
    assert "“limit”" in stream().ask(Customers(limit=3)).notes[0]


def test_risks_of_single_customers_stand_with_their_interval_and_no_empty_column():
    from holdfast.analyses.risk import Risk
    from holdfast.report.sections.risk import _customers

    answer = stream().ask(Risk(limit=60))
    listed = str(_customers(answer))
    assert re.search(r"0\.\d\d \(0\.\d\d to [01]\.?\d*\)", listed)
    assert ("dissatisfied" in listed) == any(
        row["dissatisfied"] for row in [row for row in answer.table.to_pylist() if row["band"] != "low"][:12]
    )
