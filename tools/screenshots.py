"""Pictures of the pages for the documentation: wide, narrow and dark, of the real shop, by Chromium.

    python tools/screenshots.py [--workspace FOLDER] [NAME …]      docs/pictures/NAME-wide.png, -narrow.png, -dark.png

FOLDER is a workspace of `holdfast demo`, which is copied; without one the demo is made. Some of its customers get made-up
names, notes and tasks; then it is served, and walked by an owner.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / "server"), str(ROOT / "tools")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.server.django_settings")

from axe_sweep import rest  # noqa: E402
from browsing import BROWSERS, QUIET  # noqa: E402
from page_states import fill_shown, shown  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402
from serving import served  # noqa: E402

PAGES = {
    "today": "",
    "customers": "customers/?tag=catalogue",
    "customer": "customers/MTYwMjk/",
    "tasks": "tasks/?show=open",
    "insights": "insights/",
    "retention": "insights/bridge/",
    "cohorts": "insights/cohorts/",
    "rfm": "insights/rfm/",
    "people-behind": "insights/attention/people/?cell.group=quiet",
    "imports": "imports/1/?look=1",
}
WAYS = {"wide": (1440, 1000, "light"), "narrow": (390, 844, "light"), "dark": (1440, 1000, "dark")}


def main() -> None:
    """Take the pictures."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--workspace", type=Path)
    asked.add_argument("names", nargs="*", metavar="NAME")
    told = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-pictures-") as scratch:
        folder = Path(scratch) / "demo"
        if told.workspace:
            shutil.copytree(told.workspace, folder)
        fill_shown(folder)
        with served(folder) as server, sync_playwright() as playwright:
            session = shown(server)
            path = os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, BROWSERS)))
            browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
            for way, (width, height, scheme) in WAYS.items():
                context = browser.new_context(
                    base_url=server.address, viewport={"width": width, "height": height}, color_scheme=scheme
                )
                context.add_cookies([{"name": "sessionid", "value": session, "url": server.address}])
                context.set_default_timeout(120_000)
                for name in told.names or PAGES:
                    _taken(context.new_page(), PAGES[name], ROOT / "docs" / "pictures" / f"{name}-{way}.png")
                context.close()
            browser.close()


def _taken(page: Page, address: str, target: Path) -> None:
    for _try in range(3):  # a busy machine may not work all of it out in time
        page.goto(address or "./")
        rest(page, 240)
        if not page.locator("text=This did not come in time").count():
            break
    page.locator("[data-figure]:not(:has(.main-svg))").first.wait_for(state="detached")
    page.wait_for_timeout(800)
    page.screenshot(path=target)
    page.close()
    print(f"{target.relative_to(ROOT)} {target.stat().st_size // 1000} kB", flush=True)


if __name__ == "__main__":
    main()
