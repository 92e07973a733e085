"""Every page that can be reached by links, and some that cannot: no serious finding by axe, wide, narrow, dark and on paper.

`tools/axe_sweep.py` looks at far more of them, and takes far longer.
"""

from __future__ import annotations

import pytest
from looking import CONTRAST, serious, settled, too_wide, unseen_focus, walk

from tests.server.corner import LONG, open_corner, url

pytestmark = pytest.mark.one_database

A4, A4_TURNED = 718, 1047
"""Pixels between the margins of a sheet of paper, upright and turned."""

AT = "[document.activeElement.tagName, document.activeElement.id].join('#')"
"""Where the focus is."""

TWINS = "<details open><summary>Done…</summary></details><details id=closed><summary>Done…</summary></details>"

CUT = """[...document.querySelectorAll("main *")].filter(one => one.clientWidth && one.scrollWidth > one.clientWidth + 2
  && getComputedStyle(one).overflowX !== "visible" && !one.closest(".visually-hidden,svg,.plot"))
  .map(one => one.outerHTML.slice(0, 90))"""
"""What holds more than it shows."""

PRESSED = "nav:visible, button:visible, .btn:visible, dialog:visible"


@pytest.mark.usefixtures("giftware")
def test_no_page_has_a_serious_finding_or_is_wider_than_a_telephone(browse):
    wide, narrow = browse("olga"), browse("olga", width=390, height=844)
    complaints, pages = [], 0
    for address in walk(wide):
        pages += 1
        complaints += [f"{address}: {one}" for one in serious(wide)]
        wide.emulate_media(color_scheme="dark")
        complaints += [f"{address}, dark: {one}" for one in serious(wide, CONTRAST)]
        wide.emulate_media(color_scheme="light")
        narrow.goto(address)
        settled(narrow)
        over = too_wide(narrow)
        complaints += [f"{address}: {over} pixels wider than a telephone"] if over else []
        complaints += [f"{address}, on paper: {one}" for one in on_paper(narrow)]
    assert pages > 20
    assert not complaints, "\n".join(complaints)


def on_paper(page) -> list[str]:
    """What is wrong with a page on paper, also for who reads in the dark: paper is white, and nothing there can be pressed."""
    page.emulate_media(media="print", color_scheme="dark")
    turned = page.evaluate("getComputedStyle(document.querySelector('main')).page") == "broad"
    page.set_viewport_size({"width": A4_TURNED if turned else A4, "height": 1000})
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    white = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    pressed = page.locator(PRESSED).count()
    wrong = [f"{pressed} buttons and the like"] if pressed else []
    wrong += [] if white else ["not white"]
    wrong += [f"{over} pixels too wide"] if (over := too_wide(page)) else []
    wrong += [f"cut: {one}" for one in page.evaluate(CUT)]
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(media="screen", color_scheme="light")
    return wrong


def test_what_links_do_not_reach_can_be_read_and_used_too(browse, served):
    """Signed out, refused, opened, found as one types, long names; and who goes by keyboard sees where she is."""
    out, page = browse(None), browse("olga", width=390, height=844)
    out.goto("/accounts/login/")
    assert not serious(out)
    out.fill("input[name=login]", "olga@example.com")
    out.fill("input[name=password]", "wrong")
    out.click("button:has-text('Sign in')")
    out.locator(".errorlist, [role=alert]").first.wait_for()
    assert not serious(out)
    assert not unseen_focus(out)

    page.goto("/")
    assert not serious(page), "nothing has come in yet"
    page.keyboard.press("?")
    assert page.locator("dialog[open]").count()
    assert not serious(page)
    open_corner(served)
    page.goto("/customers/")
    page.locator("#q").press_sequentially("a")
    page.locator("#hits .hit.at").wait_for()
    assert not serious(page)
    page.goto(url(LONG))
    settled(page)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert not serious(page)
    assert not too_wide(page)
    assert not unseen_focus(page)


def test_who_goes_by_keyboard_keeps_her_place_when_a_part_is_put_in(browse, served):
    open_corner(served)
    page = browse("olga")
    page.goto(url("ann"))
    settled(page)
    page.locator("#tag-name").fill("tea")
    page.keyboard.press("Enter")
    page.locator("#tags .chip").wait_for()
    assert page.evaluate(AT) == "INPUT#tag-name"
    page.locator("#tags .chip button").focus()
    page.keyboard.press("Enter")
    page.locator("#tags .chip").wait_for(state="detached")
    assert page.evaluate(AT) == "DIV#tags", "the button is gone, the part has the focus"

    page.goto("/insights/bridge/")
    settled(page)
    page.locator("form.controls summary").focus()
    page.keyboard.press("Enter")
    page.locator("form.controls details input").first.fill("2020")
    page.locator("form.controls summary").focus()
    page.evaluate(f"""() => document.querySelector("main").insertAdjacentHTML("beforeend", `{TWINS}`)""")
    page.evaluate("""() => { document.getElementById("answer").dataset.old = "1";
      htmx.ajax("GET", "/insights/bridge/answer/", {source: "#answer", target: "#answer", swap: "outerHTML"}); }""")
    page.locator("#answer[data-old]").wait_for(state="detached")
    assert page.evaluate(AT) == "SUMMARY#"
    assert page.locator("form.controls details[open] input").first.input_value() == "2020"
    assert page.locator("#closed[open]").count() == 0, "what stayed opens nothing that is called alike"


def test_a_sheet_with_a_table_of_many_columns_is_turned(browse, served):
    open_corner(served)
    page = browse("olga")
    for address, sheet in (("/insights/bridge/", "auto"), ("/insights/orders/", "broad"), ("/insights/cohorts/", "auto")):
        page.goto(address)
        settled(page)
        assert page.evaluate("getComputedStyle(document.querySelector('main')).page") == sheet, address
