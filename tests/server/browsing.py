"""Chromium for tests: `browse("anna")` is a page where Anna is signed in, on a live server over the test's database.

Whatever the page's console says as an error, a blocked script among it, fails the test at its end.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)

PATIENCE = 90_000
"""Milliseconds: on a busy machine the first answer of an analysis takes long."""


@pytest.fixture(scope="module")
def _chromium(django_db_setup: None) -> Iterator[Any]:
    """The tables are made first: Django does not find its connection again across the start of Playwright's loop.

    It ends with the file: while that loop runs, no other can run in this thread.
    """
    from playwright.sync_api import sync_playwright

    path = os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, BROWSERS)))
    # Playwright's loop runs in this thread, and Django would take that for an asynchronous view.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def browse(needs, transactional_db, live_server, people, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """`browse(name, width=1440, height=1000, dark=False, scripts=True)`: a page, signed in as that person (None: nobody)."""
    needs("browser")
    chromium, live, opened, complaints = request.getfixturevalue("_chromium"), live_server, [], []

    def page(name: str | None, *, width: int = 1440, height: int = 1000, dark: bool = False, scripts: bool = True) -> Any:
        context = chromium.new_context(
            base_url=live.url,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
        )
        opened.append(context)
        context.set_default_timeout(PATIENCE)
        if name is not None:
            context.add_cookies([{"name": "sessionid", "value": _session(people[name]), "url": live.url}])
        made = context.new_page()
        made.on("console", lambda said: complaints.append(f"{made.url}: {said.text}") if said.type == "error" else None)
        made.on("pageerror", lambda error: complaints.append(f"{made.url}: {error}"))
        return made

    page.complaints = complaints
    yield page
    for context in opened:
        context.close()
    assert not complaints


def _session(user: Any) -> str:
    from django.test import Client

    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value
