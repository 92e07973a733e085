"""Every page that can be reached by links: no serious finding by axe, nothing wider than a telephone, no script refused."""

from __future__ import annotations

import os
from collections import Counter
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

pytestmark = pytest.mark.one_database

MOST_OF_A_KIND = 1
"""Pages of one URL pattern that are looked at; the analyses, each a page of its own, are told apart by their address."""

EVERY_ANALYSIS = "HOLDFAST_TEST_EVERY_ANALYSIS"
"""Set, all analyses are looked at; else those of `ANALYSES`, which between them have every kind of picture."""

ANALYSES = ("bridge", "cohorts", "rfm", "survival", "paths", "persona-cards", "attention", "initiatives")


@cache
def axe_script() -> str:
    return (Path(find_spec("axe_core_python").origin).parent / "axe.min.js").read_text()


def kind(address: str) -> str | None:
    """The name of a page's URL; None for what is no page of ours."""
    parts = urlsplit(address)
    if parts.path.endswith((".csv", ".json", ".js", ".zip", ".svg", ".jsonl")) or parts.path.startswith(("/static/", "/api/")):
        return None
    try:
        found = resolve(parts.path)
    except Resolver404:
        return None
    analysis = parts.path.split("/")[2] if parts.path.startswith("/insights/") else ""
    if analysis and "people" not in parts.path and not os.environ.get(EVERY_ANALYSIS) and analysis not in ANALYSES:
        return None
    return parts.path if found.url_name == "insight" else found.url_name


def settled(page) -> None:
    """Waits until no part of the page is still being worked out or fetched."""
    page.locator(".working, .htmx-request").first.wait_for(state="detached")


def walk(page, begin: str = "/"):
    """Pages by following links, a few of each kind; the page stands on each while it is yielded."""
    seen, kinds, waiting = set(), Counter(), [begin]
    while waiting:
        address = waiting.pop(0)
        name = kind(address)
        if address in seen or name is None or "logout" in name or kinds[name] >= MOST_OF_A_KIND:
            continue
        seen.add(address)
        kinds[name] += 1
        answer = page.goto(address)
        settled(page)
        assert answer.status < 400, f"{address}: {answer.status}"
        yield address
        waiting += page.eval_on_selector_all("a[href]", "all => all.map(one => one.getAttribute('href'))")
        waiting = [one for one in waiting if one.startswith("/") and not one.startswith("//")]


def serious(page) -> list[str]:
    """What axe finds that is serious or critical."""
    page.evaluate(axe_script())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]} ({len(one['nodes'])})"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.usefixtures("giftware")
def test_no_page_has_a_serious_finding_or_is_wider_than_a_telephone(browse):
    wide, narrow = browse("olga"), browse("olga", width=390, height=844)
    complaints, pages = [], 0
    for address in walk(wide):
        pages += 1
        complaints += [f"{address}: {one}" for one in serious(wide)]
        narrow.goto(address)
        settled(narrow)
        over = narrow.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        complaints += [f"{address}: {over} pixels wider than a telephone"] if over > 1 else []
    assert pages > 20
    assert not complaints, "\n".join(complaints)


@pytest.mark.usefixtures("giftware")
def test_in_the_dark_everything_can_be_read(browse):
    page = browse("olga", dark=True)
    for address in ("/", "/customers/", "/insights/", "/insights/cohorts/", "/accounts/login/"):
        page.goto(address)
        settled(page)
        assert not serious(page), address
