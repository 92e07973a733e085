"""All of it works without JavaScript: the same ways, by links and buttons alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.server.analyst import leveling
from holdfast.server.customers import projection
from holdfast.server.customers.care import Note, Tag, Task
from tests.server.conftest import PASSWORD
from tests.server.corner import open_corner, url

pytestmark = pytest.mark.one_database

ORDERS = "order number,customer id,order date,total\n" + "".join(
    f"O-{n},c{n % 5},2024-{n % 6 + 1:02d}-1{n % 9},{20 + n}.50\n" for n in range(40)
)


@pytest.fixture
def corner(served, transactional_db):
    return open_corner(served)


@pytest.mark.usefixtures("corner")
def test_max_signs_in_finds_ann_and_does_all_that_is_done_on_her_page(browse):
    page = browse(None, scripts=False)
    page.goto("/")
    page.fill("input[name=login]", "max@example.com")
    page.fill("input[name=password]", PASSWORD)
    page.click("button:has-text('Sign in')")
    assert "customers" in page.inner_text("h1")
    page.click("nav >> text=Customers")
    page.fill("#q", "ann arch")
    page.keyboard.press("Enter")
    page.wait_for_url("**" + url("ann"))

    page.fill("#note_text", "Likes blue")
    page.click("text=Keep the note")
    page.fill("#tag-name", "VIP")
    page.click("#tags button:has-text('Add')")
    page.click("summary:has-text('New task')")
    page.fill("#tasks input[name=title]", "Ring her")
    page.click("text=Keep the task")
    page.click("summary:has-text('Done…')")
    page.select_option("#tasks details.closing select[name=outcome]", "reached")
    page.click("#tasks details.closing button:has-text('Done')")
    page.click("summary:has-text('Log a call')")
    page.click("text=Keep the call")
    assert [note.text for note in Note.objects.all()] == ["Likes blue"]
    assert {task.state for task in Task.objects.all()} == {"done"}
    assert Tag.objects.get().name == "VIP"

    page.goto(url("ann"))
    page.locator("noscript a, a:has-text('Show all of it on one page')").first.click()
    assert "Order o20" in page.inner_text("#timeline")
    assert page.locator(".working").count() == 0
    page.check("#timeline input[value=notes]")
    page.click("#timeline button:has-text('Show')")
    assert "Likes blue" in page.inner_text("#timeline")
    page.click("#tags button[aria-label^='Take away']")
    assert not Tag.objects.filter(given__person="ann").exists()


@pytest.mark.usefixtures("corner")
def test_max_merges_takes_apart_exports_and_erases(browse):
    page = browse("max", scripts=False)
    page.goto(url("cleo-1"))
    page.click("text=merge")
    page.fill("main input[name=q]", "cleo")
    page.click("text=Find")
    page.click("main a:has-text('Cleo P.')")
    page.click("text=Merge them")
    page.click("text=take apart again")
    assert page.locator("#joined").count() == 0
    page.click("text=export")
    with page.expect_download() as told:
        page.locator("main form button").first.click()
    assert Path(told.value.path()).stat().st_size
    page.goto(url("cleo-1"))
    page.click("text=erase")
    page.fill("#typed", "cleo-1")
    page.click("text=Erase for good")
    assert "found 0 traces" in page.inner_text("main")


@pytest.mark.usefixtures("served")
def test_a_file_is_read_in_and_a_question_asked_with_other_choices(browse, tmp_path: Path):
    (tmp_path / "orders.csv").write_text(ORDERS, "utf-8")
    page = browse("max", scripts=False)
    page.goto("/imports/")
    page.set_input_files("#file", tmp_path / "orders.csv")
    page.click("button:has-text('Upload')")
    page.click("noscript a")
    assert "O-0" in page.inner_text("table.sample")
    page.fill("#o-currency", "GBP")
    page.click("button:has-text('Look again')")
    page.click("text=Yes, read it in")
    assert "It is in" in page.inner_text("main")
    leveling.follow()
    projection.follow()
    page.goto("/insights/cohorts/")
    page.select_option("select[name=period]", "quarter")
    page.click("button:has-text('Ask')")
    assert "period=quarter" in page.url
    page.locator("table.grid").wait_for()
    page.locator("table.grid td.c a").first.click()
    assert "Who stands behind" in page.inner_text("h1")
