"""Looking at a page in Chromium: what axe finds, what is wider than the window, what shows no focus, and walking all links."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve

__all__ = ["CONTRAST", "EVERY_ANALYSIS", "kind", "serious", "settled", "too_wide", "unseen_focus", "walk"]

CONTRAST = ("color-contrast", "link-in-text-block")
"""What the dark can break; all else is the same as in the light."""

MOST_OF_A_KIND = 1
"""Pages of one URL pattern that are looked at; the analyses, each a page of its own, are told apart by their address."""

EVERY_ANALYSIS = "HOLDFAST_TEST_EVERY_ANALYSIS"
"""Set, all analyses are looked at; else those of `ANALYSES`, which between them have every kind of picture."""

ANALYSES = ("bridge", "cohorts", "rfm", "survival", "paths", "persona-cards", "attention", "initiatives")

FOCUS = """() => {
  const style = one => {
    const s = getComputedStyle(one);
    return [s.outlineStyle, s.outlineWidth, s.boxShadow, s.borderColor].join();
  };
  const all = [...document.querySelectorAll("a[href],button,input,select,textarea,summary,[tabindex='0'],svg a")];
  const missed = [];
  for (const one of all) {
    if (one.disabled || one.type === "hidden" || !one.getClientRects().length || one.closest("dialog:not([open])")) continue;
    const before = style(one);
    one.focus({preventScroll: true});
    if (document.activeElement !== one) continue;
    const s = getComputedStyle(one);
    const seen = (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1) || before !== style(one);
    if (!seen) missed.push(one.outerHTML.slice(0, 120));
  }
  document.activeElement && document.activeElement.blur();
  return missed;
}"""
"""The elements that can take the focus, and look the same with it as without."""


@cache
def axe_script() -> str:
    """The text of axe; that of HOLDFAST_AXE (a file), else the one that was installed from PyPI."""
    told = os.environ.get("HOLDFAST_AXE")
    return (Path(told) if told else Path(find_spec("axe_core_python").origin).parent / "axe.min.js").read_text("utf-8")


def serious(page: Any, only: Collection[str] = ()) -> list[str]:
    """What axe finds that is serious or critical; `only` names the rules to be asked, else all."""
    page.evaluate(axe_script())
    rules = f", runOnly: {{type: 'rule', values: {list(only)}}}" if only else ""
    found = page.evaluate(f"axe.run({{resultTypes: ['violations']{rules}}})")["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]} ({len(one['nodes'])})"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def too_wide(page: Any) -> int:
    """How many pixels the page is wider than its window."""
    over: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return over if over > 1 else 0


def unseen_focus(page: Any) -> list[str]:
    """What can take the focus and does not show it. A key is pressed first: only then browsers show where the focus is."""
    page.keyboard.press("Tab")
    return list(page.evaluate(FOCUS))


def settled(page: Any) -> None:
    """Waits until no part of the page is still being worked out or fetched."""
    page.locator(".working, .htmx-request").first.wait_for(state="detached")


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


def walk(page: Any, begin: str = "/") -> Iterator[str]:
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
