"""Every page in every state, wide and narrow, light and dark: what axe finds, what is too wide, what shows no focus, what the
console says.

    python tools/axe_sweep.py [--workspace FOLDER] [--pictures FOLDER] [--axe axe.min.js] [--only TEXT]

FOLDER is a workspace of `holdfast demo`, which is copied; without one the demo is made. TEXT: only states whose name holds it;
"page-" those that links reach. Run by hand: it takes many minutes; a sample of it runs with the tests
(tests/server/test_every_page.py). Ends with 1 when anything was found.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / "server"), str(ROOT / "tools")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.server.django_settings")

from browsing import BROWSERS, QUIET  # noqa: E402
from looked_at import State, path_of, states  # noqa: E402
from page_states import fill, fill_empty, owner, prepared  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402
from serving import Server, served  # noqa: E402

WIDE, NARROW = (1440, 1000), (390, 844)
SIZES = {"wide": WIDE, "narrow": NARROW}

WIDEST = """[...document.querySelectorAll("body *")].filter(one => one.getBoundingClientRect().right > innerWidth + 1
  && !one.closest(".scroll,nav,pre,.tabs,.visually-hidden")).slice(0, 3).map(one => one.outerHTML.slice(0, 90)).join(" | ")"""

LATE = "htmx:error: signal is aborted"
"""A part that a busy machine did not work out within htmx's minute: the page says so, and that is all there is to it."""


@dataclass
class Sweep:
    """What was found, page by page."""

    browser: Browser
    base: str
    sessions: dict[str, str]
    pictures: Path | None = None
    only: str = ""
    found: list[str] = field(default_factory=list)

    def look(self, state: State) -> None:
        """Look at one page in both widths, light and dark."""
        if self.only not in state.name:
            return
        begun = time.monotonic()
        for way in state.ways:
            self._look_at(state, way, *SIZES[way])
        print(f"{state.name} {state.address} {time.monotonic() - begun:.1f} s", flush=True)

    def _look_at(self, state: State, way: str, width: int, height: int) -> None:
        context = self.browser.new_context(base_url=self.base, viewport={"width": width, "height": height})
        if state.who:
            context.add_cookies([{"name": "sessionid", "value": self.sessions[state.who], "url": self.base}])
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        try:
            self._stand(page, state, way)
            self._looked(page, state, way)
        except Exception as error:  # the next page can still be looked at
            self.tell(state, way, f"{type(error).__name__}: {str(error)[:300]}")
        for one in said:
            if not any(known in one for known in (f"status of {state.status}", "status of 422", LATE)):
                self.tell(state, way, f"console: {one[:300]}")
        context.close()

    def _stand(self, page: Page, state: State, way: str) -> None:
        """Bring the page into its state."""
        if state.html:
            page.route("**/made-for-looking/", lambda route: route.fulfill(body=state.html, content_type="text/html"))
        answer = page.goto(state.address.lstrip("/") or "./")
        if answer is not None and answer.status != state.status:
            self.tell(state, way, f"answered {answer.status}")
        rest(page)
        if state.doing:
            state.doing(page)
            rest(page)

    def _looked(self, page: Page, state: State, way: str) -> None:
        from looking import CONTRAST, serious, too_wide, unseen_focus

        for one in serious(page):
            self.tell(state, f"{way} light", one)
        if over := too_wide(page):
            self.tell(state, way, f"{over} pixels too wide: {page.evaluate(WIDEST)}")
        self._pictured(page, state, f"{way}-light")
        if way == "wide":
            for one in unseen_focus(page):
                self.tell(state, way, f"focus not seen: {one}")
        page.emulate_media(color_scheme="dark")
        page.wait_for_timeout(150)
        for one in serious(page, CONTRAST):
            self.tell(state, f"{way} dark", one)
        self._pictured(page, state, f"{way}-dark")

    def _pictured(self, page: Page, state: State, way: str) -> None:
        if self.pictures:
            page.screenshot(path=self.pictures / f"{state.name}-{way}.jpg", full_page=True, type="jpeg", quality=60)

    def tell(self, state: State, way: str, what: str) -> None:
        """Keep and print a finding."""
        self.found.append(f"{state.name} [{way}] {state.address}: {what}")
        print("  " + self.found[-1], flush=True)


def rest(page: Page, seconds: float = 30) -> None:
    """Waits until nothing is being worked out, and htmx has put in what it fetched."""
    end = time.monotonic() + seconds
    while page.locator(".working, .htmx-request").count() and time.monotonic() < end:
        page.wait_for_timeout(200)
    page.wait_for_timeout(250)


def main() -> int:
    """Sweep; 1 when there are findings."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--workspace", type=Path)
    asked.add_argument("--pictures", type=Path)
    asked.add_argument("--axe", type=Path)
    asked.add_argument("--only", default="")
    told = asked.parse_args()
    os.environ["HOLDFAST_TEST_EVERY_ANALYSIS"] = "1"
    if told.axe:
        os.environ["HOLDFAST_AXE"] = str(told.axe)
    if told.pictures:
        told.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="holdfast-sweep-") as scratch:
        full, bare = Path(scratch) / "demo", Path(scratch) / "empty"
        if told.workspace:
            shutil.copytree(told.workspace, full)
        fill(full)
        fill_empty(bare)
        with sync_playwright() as playwright:
            path = os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, BROWSERS)))
            browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
            found: list[str] = []
            for folder, sweeping in ((full, _full), (bare, _bare)):
                with served(folder) as server:
                    sweep = Sweep(browser, server.address, {}, told.pictures, told.only, found)
                    sweeping(sweep, server)
            browser.close()
    print(f"{len(found)} findings")
    return 1 if found else 0


def _full(sweep: Sweep, server: Server) -> None:
    """The real shop with something in every state, then all that links reach there."""
    made = prepared(server)
    sweep.sessions |= {name: made[name] for name in ("session", "max", "anna", "tess")}
    seen = set()
    for state in states(made):
        seen.add(state.address)
        sweep.look(state)
    for address in _walked(sweep, server):
        if address not in seen:
            sweep.look(State(_named(address), address))


def _bare(sweep: Sweep, server: Server) -> None:
    """A workspace in which nothing has happened yet."""
    link = server.shell("from holdfast.server.people.one_time import setup_link\nprint(setup_link())").splitlines()[-1]
    sweep.look(State("empty-set-up", path_of(link), who=""))
    sweep.sessions["session"] = owner(server)
    for address in _walked(sweep, server):
        sweep.look(State(f"empty-{_named(address)}", address))


def _walked(sweep: Sweep, server: Server) -> Iterator[str]:
    """Every page that links reach."""
    import django

    if sweep.only not in "page-":
        return
    os.environ["HOLDFAST_WORKSPACE"] = str(server.folder)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in this thread
    django.setup(set_prefix=False)
    from looking import walk

    context = sweep.browser.new_context(base_url=server.address, viewport={"width": WIDE[0], "height": WIDE[1]})
    context.add_cookies([{"name": "sessionid", "value": sweep.sessions["session"], "url": server.address}])
    context.set_default_timeout(120_000)
    yield from walk(context.new_page())
    context.close()


def _named(address: str) -> str:
    return "page" + address.split("?")[0].replace("/", "-").rstrip("-")


if __name__ == "__main__":
    sys.exit(main())
