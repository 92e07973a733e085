"""Pictures of the pages for the documentation: wide, narrow and dark, of the real shop, by Chromium.

    python tools/screenshots.py [NAME …]      docs/pictures/NAME-wide.png, -narrow.png, -dark.png

Makes the demo's workspace in a temporary folder, gives a few of its customers made-up names, serves it, signs in and walks.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "server"))

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.server.django_settings")

from browsing import BROWSERS, QUIET  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402
from serving import Server, served  # noqa: E402

PAGES = {
    "today": "/",
    "customers": "/customers/?q=an",
    "customer": "/customers/MTYwMjk/",
    "tasks": "/tasks/",
    "insights": "/insights/",
    "retention": "/insights/bridge/",
    "cohorts": "/insights/cohorts/",
    "rfm": "/insights/rfm/",
    "value": "/insights/value/",
    "people-behind": "/insights/attention/people/?cell.group=quiet",
    "audiences": "/audiences/",
    "sources": "/sources/",
    "imports": "/imports/",
    "refused": "/refused/",
    "people": "/people/",
    "keys": "/keys/",
    "audit": "/audit/",
    "login": "/accounts/login/",
}
WAYS = {"wide": (1440, 1000, "light"), "narrow": (390, 844, "light"), "dark": (1440, 1000, "dark")}
NAMES = {
    "16029": "Ann Archer", "12347": "Ben Bright", "17723": "Cleo Castle", "15749": "Dan Dale", "14911": "Emma Ellis",
    "12748": "Femi Ford", "17841": "Greta Grove", "14606": "Hana Hill",
}  # fmt: skip


def main(names: list[str]) -> None:
    """Take the pictures."""
    with tempfile.TemporaryDirectory(prefix="holdfast-pictures-") as scratch:
        folder = Path(scratch) / "demo"
        _filled(folder)
        with served(folder) as server:
            session = _signed_in(server)
            with sync_playwright() as playwright:
                path = os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, BROWSERS)))
                browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
                for way, (width, height, scheme) in WAYS.items():
                    context = browser.new_context(
                        base_url=server.address, viewport={"width": width, "height": height}, color_scheme=scheme
                    )
                    context.add_cookies([{"name": "sessionid", "value": session, "url": server.address}])
                    for name in names or PAGES:
                        _taken(context.new_page(), PAGES[name], ROOT / "docs" / "pictures" / f"{name}-{way}.png")


def _filled(folder: Path) -> None:
    """The demo's shop, some of its customers with names."""
    import subprocess

    holdfast = [sys.executable, "-m", "holdfast"]
    named = folder.parent / "names.jsonl"
    rows = [
        {
            "type": "identify", "userId": who, "timestamp": "2011-12-09T12:00:00Z",
            "traits": {"name": name, "email": f"{name.split()[0].lower()}@example.com", "city": "Leeds"},
        }
        for who, name in NAMES.items()
    ]  # fmt: skip
    named.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    for words in (["demo", "--folder", str(folder), "--no-open"], ["import", str(named), "-w", str(folder), "--yes"]):
        subprocess.run([*holdfast, *words], check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


def _signed_in(server: Server) -> str:
    """The session of an owner."""
    return server.shell(
        "from django.test import Client\n"
        "from holdfast.server.people.models import User\n"
        "user = User.objects.filter(role='owner').first()\n"
        "user = user or User.objects.create_user('olga@example.com', role='owner', name='Olga')\n"
        "client = Client(); client.force_login(user); print(client.cookies['sessionid'].value)"
    ).splitlines()[-1]


def _taken(page: Page, address: str, target: Path) -> None:
    page.goto(address.lstrip("/") or "/")
    page.wait_for_load_state("networkidle")
    end = time.monotonic() + 60
    while page.locator(".working").count() and time.monotonic() < end:
        time.sleep(0.5)
    page.wait_for_timeout(600)
    target.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target)
    page.close()
    print(target.relative_to(ROOT), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
