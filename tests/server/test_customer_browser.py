"""Search, notes, tasks and news in a real browser, with the keyboard where there is one."""

from __future__ import annotations

import pytest
from serving import until

from holdfast.server.customers.care import Note, Task
from tests.server.corner import open_corner, order, url
from tests.server.lakes import pour


@pytest.fixture
def shop(served, transactional_db):
    return open_corner(served)


def test_agnes_finds_ann_with_the_keyboard_writes_a_note_and_sees_an_order_arrive(shop, browse):
    page = browse("agnes")
    page.goto("/customers/")
    page.keyboard.press("/")
    page.keyboard.type("c")
    page.locator("#hits .hit.at:has-text('Cleo')").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.locator("[data-search]").fill("ann arch")
    page.keyboard.press("Enter")  # before the hits are there: the hits of what is typed count, not those that are shown
    page.wait_for_url("**" + url("ann"))
    page.locator("#expected .working").wait_for(state="detached")
    page.locator("#timeline .line").first.wait_for()

    page.fill("#note_text", "Likes green tea")
    page.click("text=Keep the note")
    page.locator("article.note:has-text('Likes green tea')").wait_for()
    assert Note.objects.get().text == "Likes green tea"

    page.fill("#tag-name", "VIP")
    page.keyboard.press("Enter")
    page.locator("#tags .chip:has-text('VIP')").wait_for()

    pour(shop, [order(900, "ann", 33, 61)])
    page.locator("#news a").wait_for(timeout=10_000)
    page.click("#news a")
    page.locator("#timeline .line:has-text('Order o900')").wait_for()


def test_the_timeline_narrows_and_goes_back(shop, browse):
    page = browse("anna", width=390)
    page.goto(url("ann"))
    page.locator("#timeline .line").first.wait_for()
    page.click("#timeline label:has-text('Refunds')")
    page.locator("#timeline .line:has-text('Teapots')").wait_for(state="detached")
    assert page.locator("#timeline .line").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto("/customers/")
    page.go_back()
    page.locator("#timeline .line").first.wait_for()


def test_a_task_is_done_with_the_keyboard_alone(shop, browse, people):
    from datetime import UTC, datetime

    from holdfast.server.customers import tasks

    for title in ("First", "Second"):
        tasks.make("ann", title, people["agnes"], datetime.now(UTC), owner=people["agnes"], kind="other")
    page = browse("agnes")
    page.goto("/tasks/?show=mine")
    page.keyboard.press("j")
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("d")
    until(lambda: Task.objects.filter(title="Second", state="done").exists())
    assert Task.objects.get(title="First").state == "open"
