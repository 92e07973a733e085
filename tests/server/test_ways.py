"""The main ways through the pages, walked in Chromium by the people who walk them every day."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core import mail
from serving import until

from holdfast.server.analyst import leveling
from holdfast.server.customers import projection
from holdfast.server.customers.care import Task
from tests.server.corner import open_corner, url

PASSWORD = "a lamp on the harbour wall"


def orders() -> str:
    """A file of a year and a half: 60 customers, each with a rhythm of her own; a third of them stop on the way."""
    lines = ["order number,customer id,order date,total"]
    for who in range(60):
        first, every = date(2023, 1, 3) + timedelta(days=7 * who), 12 + 5 * (who % 7)
        many = 3 if who % 3 == 0 else 40
        for number in range(many):
            day = first + timedelta(days=every * number)
            if day < date(2024, 6, 30):
                lines.append(f"O-{who}-{number},c{who:02d},{day},{20 + who + number}.50")
    return "\n".join(lines) + "\n"


@pytest.fixture
def corner(served, transactional_db):
    return open_corner(served)


@pytest.mark.usefixtures("served")
def test_max_brings_orders_in_by_file_and_goes_from_a_number_to_a_customer(browse, tmp_path: Path):
    """He keeps the people as an audience and the question as a report, and marks what was begun."""
    (tmp_path / "orders.csv").write_text(orders(), "utf-8")
    page = browse("max")
    page.goto("/")
    page.click("a.btn:has-text('Upload a file')")
    page.set_input_files("#file", tmp_path / "orders.csv")
    page.click("button:has-text('Upload')")
    page.locator("text=Each row is read as a whole order").wait_for()
    page.locator("table.sample td:has-text('O-0-0')").wait_for()
    page.click("text=Yes, read it in")
    page.locator(".answer:has-text('It is in')").wait_for(timeout=30_000)
    leveling.follow()  # as the worker does, whom no test has
    projection.follow()

    page.click("text=See what it says")
    page.locator("svg.bridge a").first.wait_for(timeout=30_000)
    assert "Do our customers stay?" in page.inner_text("h1")
    page.locator("svg.bridge a[aria-label^='start']").click()
    page.locator("h1:has-text('Who stands behind this number?')").wait_for()
    said = page.inner_text(".answer")
    assert re.search(r"(\d+) customers · \D+\1$", said), said

    page.goto("/")
    page.locator("table.grid td.c a").nth(3).click()
    page.locator("h1:has-text('Who stands behind this number?')").wait_for()
    page.click("text=make them an audience")
    page.fill("#audience-name", "Came again")
    page.click("text=Make the audience")
    page.locator("h1:has-text('Who is in “Came again”?')").wait_for()
    page.locator("table.list tbody a").first.click()
    page.locator("#timeline .line").first.wait_for()
    assert re.fullmatch(r"c\d\d", page.inner_text("h1"))

    page.goto("/insights/initiatives/")
    page.fill("#date", "2023-06-10")
    page.fill("#what", "Welcome letter")
    page.click("text=Mark it")
    page.goto("/insights/cohorts/")
    page.locator("table.grid th:has-text('Welcome letter')").wait_for(timeout=30_000)
    page.click("text=keep as a report")
    page.fill("#report-name", "Cohorts for Monday")
    page.locator(".keepbox button").click()
    page.goto("/reports/")
    page.click("text=Cohorts for Monday")
    page.locator("table.grid").wait_for()


@pytest.mark.usefixtures("corner")
def test_agnes_finds_ben_by_keyboard_alone_writes_a_note_and_makes_a_call_that_she_closes(browse):
    page = browse("agnes")
    page.goto("/tasks/")
    page.keyboard.press("/")
    page.wait_for_url("**/customers/?focus=1")
    page.keyboard.type("b")
    page.locator("#hits .hit.at:has-text('Ben')").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**" + url("ben"))
    page.fill("#note_text", "Moved to Leeds")
    page.click("text=Keep the note")
    page.locator("article.note:has-text('Moved to Leeds')").wait_for()

    page.click("summary:has-text('New task')")
    page.fill("#tasks input[name=title]", "Ask how the move went")
    page.select_option("#tasks select[name=kind]", "call")
    page.click("text=Keep the task")
    page.locator("article.task:has-text('Ask how the move went')").wait_for()
    page.goto("/tasks/?show=open")
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("d")
    until(lambda: Task.objects.filter(state="done").exists())
    assert [(one.kind, one.state) for one in Task.objects.all()] == [("call", "done")]
    page.goto(url("ben"))
    page.locator("#timeline .line:has-text('Ask how the move went')").first.wait_for()


@pytest.mark.usefixtures("corner")
def test_olga_merges_two_who_are_one_takes_them_apart_and_erases_one_with_proof(browse):
    page = browse("olga")
    page.goto(url("cleo-1", "merge"))
    page.fill("main input[name=q]", "cleo")
    page.click("text=Find")
    page.click("main a:has-text('Cleo P.')")
    page.locator("table.compare").wait_for()
    page.click("text=Merge them")
    page.locator("#joined").wait_for()
    assert page.url.endswith(url("cleo-1"))
    page.locator("#timeline .line:has-text('Order o62')").wait_for()
    page.click("text=take apart again")
    page.locator("#joined").wait_for(state="detached")
    page.locator("#timeline .line:has-text('Order o61')").wait_for()
    assert page.locator("#timeline .line:has-text('Order o62')").count() == 0

    page.goto(url("ann", "erase"))
    page.fill("#typed", "ann")
    page.click("text=Erase for good")
    page.wait_for_url("**/erasures/*/")
    page.locator(".answer:has-text('found 0 traces')").wait_for()
    page.goto("/customers/?q=ann")
    assert "Nobody" in page.inner_text(".answer")
    assert page.request.get(url("ann")).status == 404
    assert "ann@example.com" not in page.request.get("/customers.csv").text()


@pytest.mark.usefixtures("served")
def test_zoe_is_invited_accepts_by_the_link_in_the_mail_signs_in_and_sees_no_keys(browse):
    olga, zoe = browse("olga"), browse(None)
    olga.goto("/people/")
    olga.fill("main input[name=email]", "zoe@example.com")
    olga.select_option("form[action$='/invite/'] select[name=role]", "analyst")
    olga.click("button:has-text('Invite')")
    olga.locator("#invitation-link").wait_for()

    zoe.goto(re.search(r"http\S+?(/invitation/\S+)", mail.outbox[-1].body)[1])
    zoe.locator("h1:has-text('Welcome')").wait_for()
    for field in zoe.locator("main input:visible").all():
        field.fill(PASSWORD if field.get_attribute("type") == "password" else "Zoe")
    zoe.click("text=Make my account")
    zoe.context.clear_cookies()
    zoe.goto("/customers/")
    zoe.fill("input[name=login]", "zoe@example.com")
    zoe.fill("input[name=password]", PASSWORD)
    zoe.click("button:has-text('Sign in')")
    zoe.wait_for_url("**/customers/")
    named = zoe.locator("nav a.i").all_inner_texts()
    assert "Customers" in named
    assert not {"Keys", "People", "Audit log"} & set(named)
    assert zoe.request.get("/keys/").status == 403
