"""A language for tests: what goes through gettext stands between ⟦ and ⟧; and the words of a page that do not.

What comes from outside is Greek in these tests, so that a Latin word outside the brackets is one that nobody can translate.
"""

from __future__ import annotations

import re
from gettext import NullTranslations
from html.parser import HTMLParser

__all__ = ["LANGUAGE", "Backwards", "Page", "untranslated"]

LANGUAGE = "el"

_PLACES = re.compile(r"(%\(\w+\)[-#0 +]*[\d.]*[a-z]|%%|%[sdrfg]|\{\w*\}|<[^>]*>|&#?\w+;)")
"""What a translator leaves as it is: the places of values, tags, entities. They stay outside the brackets."""

_SAME = re.compile(
    r"\b(?:CSV|JSON|ZIP|UTC|ID|[Hh]oldfast|Shopify|WooCommerce|Stripe|English|Europe/London|GBP|utf-8|HOLDFAST_\w+)\b"
    r"|https?://\S+|\S+@\S+|\S+\.(?:csv|jsonl)\b|\b[0-9a-f]{32,}\b|\b(?:wk|at)_\S+|\b[a-z_]+/[a-z_]+\b"
)
"""Names, addresses, secrets, topics of webhooks: the same in every language."""

_SPOKEN = ("title", "aria-label", "placeholder", "alt", "data-copied", "data-lost", "data-sure")
"""Attributes that people read or hear."""

_COUNTED = ("min", "max", "step", "width", "height", "datetime", "data-at", "hx-trigger")
"""Attributes with numbers that machines read: with a point in every language."""

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_SILENT = {"script", "style", "code", "pre", "kbd", "samp", "bdi", "textarea"}
"""Elements of code, and of what comes from outside (bdi)."""

_LETTERS = re.compile(r"[A-Za-z]{2,}")


class Backwards(NullTranslations):
    """The language."""

    def gettext(self, message: str) -> str:
        """The text in brackets."""
        parts = _PLACES.split(message.rpartition("\x04")[2])
        return "".join(f"⟦{part}⟧" if place % 2 == 0 and _LETTERS.search(part) else part for place, part in enumerate(parts))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """One of two texts, in brackets."""
        return self.gettext(msgid1 if n == 1 else msgid2)

    @staticmethod
    def language() -> str:
        """As Django asks for it: in the place of Greek, which Django and allauth have too."""
        return LANGUAGE

    to_language = language


class Page(HTMLParser):
    """What people see or hear on a page: `said`, each with where it stands; its links, its forms as (address, fields).

    Left out is what says of itself that it stays: lang="en" (the answers of the library) and translate="no" (codes).
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[tuple[str, str]] = []
        self.links: list[str] = []
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._open: list[tuple[str, str, bool]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        has = {name: value or "" for name, value in attrs}
        stays = tag in _SILENT or has.get("translate") == "no" or (tag != "html" and has.get("lang") == "en")
        name = tag + "".join(f".{one}" for one in has.get("class", "").split()[:1])
        if tag == "html" and has.get("lang") != LANGUAGE:
            self.said.append(("html", f"lang is {has.get('lang')}"))
        if not (stays or self._stays()):
            self.said += [(f"{self._where()} {name}@{one}", has[one]) for one in _SPOKEN if has.get(one)]
        self.said += [
            (f"{name}@{one}", f"not for machines: {has[one]}") for one in _COUNTED if re.search(r"\d,\d", has.get(one, ""))
        ]
        self.links += [has[one] for one in ("href", "hx-get") if has.get(one, "").startswith("/") and tag != "link"]
        if tag == "form" and has.get("method") == "post":
            self.forms.append((has.get("action", ""), {}))
        elif tag == "input" and has.get("type") == "hidden" and has.get("name") and self.forms:
            self.forms[-1][1][has["name"]] = has.get("value", "")
        if has.get("type") == "number" or tag == "progress":
            self.said += [(f"{name}@value", "not for machines: " + has["value"])] if "," in has.get("value", "") else []
        if tag not in _VOID:
            self._open.append((tag, name, stays))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element that is closed at once, as those of SVG are."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """An element ends, and those in it that were left open."""
        while any(tag == one for one, _name, _stays in self._open) and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """A text."""
        if data.strip() and not self._stays():
            self.said.append((self._where(), " ".join(data.split())))

    def _stays(self) -> bool:
        return any(stays for _tag, _name, stays in self._open)

    def _where(self) -> str:
        return " ".join(name for _tag, name, _stays in self._open[-3:])


def untranslated(text: str) -> str:
    """What of a text is neither translated nor from outside; empty where nothing is."""
    bare = _SAME.sub(" ", re.sub(r"⟦[^⟦⟧]*⟧", " ", text))
    return " ".join(bare.split()) if _LETTERS.search(bare) else ""
