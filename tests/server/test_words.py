"""Every word of the pages goes through gettext, so that other languages can follow."""

from __future__ import annotations

import ast
import re
from gettext import GNUTranslations
from pathlib import Path

import allauth
import pytest

import holdfast.server

pytestmark = pytest.mark.one_database

HERE = Path(holdfast.server.__file__).parent
TEMPLATES = sorted(path for path in HERE.rglob("templates/**/*") if path.suffix in (".html", ".txt"))
VIEWS = sorted(path for path in HERE.rglob("*.py") if "migrations" not in path.parts)

SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-copied")
"""Attributes that people read or hear."""

NAMES = r"\b(?:CSV|JSON|ZIP|UTC|ID|[Hh]oldfast)\b"
"""Names that are the same in every language."""

OUT = (
    r"{%\s*comment.*?endcomment\s*%}",
    r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}",
    r"<(script|style|code|pre|kbd|samp)\b.*?</\1>",
    r"<!--.*?-->",
    r"{#.*?#}",
    r"{%.*?%}",
    r"{{.*?}}",
)


def bare(template: str) -> list[str]:
    """Words that stand in a template as they are."""
    text = template
    for pattern in OUT:
        text = re.sub(pattern, " ", text, flags=re.DOTALL)
    spoken = re.findall(rf'\b(?:{"|".join(SPOKEN)})="([^"]*)"', text)
    between = re.sub(r"<[^>]*>", "\n", text).splitlines()
    return [word.strip() for word in (*spoken, *between) if re.search(r"[A-Za-z]{2,}", re.sub(NAMES, "", word))]


def test_no_template_has_a_word_of_its_own():
    found = {path.relative_to(HERE).as_posix(): bare(path.read_text("utf-8")) for path in TEMPLATES}
    assert {name: words for name, words in found.items() if words} == {}


def test_a_bare_word_would_be_found():
    assert bare("<p>Hello there</p>") == ["Hello there"]
    assert bare('<button aria-label="Close it">{% translate "x" %}</button>') == ["Close it"]
    assert bare("<p>{% translate 'Hello' %} · {{ name }}</p>") == []


def untranslated(path: Path) -> list[str]:
    """Calls such as `messages.success(request, "plain text")`: they take what gettext gave."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        told = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) > 1
        named = told and isinstance(node.func.value, ast.Name) and node.func.value.id == "messages"
        if named and isinstance(node.args[1], ast.Constant | ast.JoinedStr):
            found.append(f"{path.relative_to(HERE)}:{node.lineno}")
    return found


def test_what_views_say_to_people_is_translated():
    assert [place for path in VIEWS for place in untranslated(path)] == []


def test_the_words_for_other_peoples_pages_are_level_and_still_said():
    """What is in the catalogue is what is loaded, and django-allauth still says each of the sentences that it replaces."""
    folder = HERE / "locale" / "en" / "LC_MESSAGES"
    source = (folder / "django.po").read_text("utf-8").replace('\\"', '"')
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', source, re.MULTILINE)
    with (folder / "django.mo").open("rb") as file:
        loaded = GNUTranslations(file)
    assert len(pairs) > 50
    assert [said for said, ours in pairs if loaded.gettext(said) != ours] == []
    assert loaded.ngettext("You have added %(count)s security key.", "x", 2) == "%(count)s are set up."
    theirs = Path(allauth.__file__).parent
    told = "\n".join(
        path.read_text("utf-8") for path in [*theirs.rglob("*.html"), *theirs.rglob("*.txt"), *theirs.rglob("*.py")]
    )
    told = re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", told)
    assert [said for said, _ in pairs if said not in told] == []
