"""In the web: the choices of a page as fields of its form, with what was chosen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.translation import gettext

from holdfast.server.insights.catalogue import controls
from holdfast.server.insights.controls import Control
from holdfast.server.insights.kept import Told
from holdfast.server.insights.spec import Spec

__all__ = ["Field", "fields"]

LISTS = {"event": "known-events", "property": "known-properties", "condition": "known-properties"}
"""Kinds of choice that names are proposed for, and the list that proposes them."""

TYPES = {"number": "number", "decimal": "number", "share": "number", "date": "date"}


@dataclass(frozen=True)
class Field:
    """A choice as the form shows it.

    name, label, help  of the choice
    id       of its first input
    kind     "select", "check" or "input"
    type     of the input · step, least, most: of a number
    list     of the names proposed; empty: none
    values   what was chosen; several inputs where it may be said several times, the last of them empty
    choices  (value, words, chosen)
    usual    what holds when nothing is said, as far as the help tells
    tables   whether the choices are the tables of the answer, which have the names that the analysis gives them
    """

    name: str
    label: str
    help: str
    id: str
    kind: str
    type: str = "text"
    step: str = ""
    least: float | None = None
    most: float | None = None
    list: str = ""
    values: tuple[str, ...] = ("",)
    choices: tuple[tuple[str, str, bool], ...] = ()
    usual: str = ""
    tables: bool = False


def fields(spec: Spec, told: Told | None) -> tuple[list[Field], list[Field], bool]:
    """The fields that stand first, those under "more", and whether any of these was used."""
    proposed = dict(told.pairs) if told is not None else {}
    tables = told.tables if told is not None else ()
    first: list[Field] = []
    more: list[Field] = []
    for one in controls(spec.slug):
        if one.name == "show" and not one.choices and not tables and not spec.values("show"):
            continue  # an answer of one table
        values = spec.values(one.name) or ([proposed[one.name]] if one.name in proposed else [])
        (first if one.first else more).append(_field(one, values, tables))
    used = any(spec.values(one.name) for one in controls(spec.slug) if not one.first)
    return first, more, used


def _field(one: Control, values: list[str], tables: Iterable[str]) -> Field:
    words = gettext(one.help) if one.help else ""
    field = Field(one.name, gettext(one.label), words, f"c-{one.name}", "input", usual=_usual(words))
    choices = one.choices or (tuple(tables) if one.name == "show" else ())
    if one.kind == "yes":
        return replace(field, kind="check", values=("yes",) if values == ["yes"] else ("",))
    if choices:
        known = [(value, str(gettext(value)) if one.choices else value) for value in choices]
        return replace(field, kind="select", choices=_choices(known, values, field.usual), tables=not one.choices)
    kind = "text" if one.words > 1 or one.many else TYPES.get(one.kind, "text")
    if kind == "number" and not all(_is_number(value) for value in values):
        kind = "text"  # what was typed stays, though it is no number
    shown = (*values, "") if one.many else (values[-1] if values else "",)
    step = "any" if one.kind in ("decimal", "share") else "1"
    return replace(
        field, type=kind, step=step, least=one.least, most=one.most, list=LISTS.get(one.kind, ""), values=tuple(shown)
    )  # fmt: skip


def _choices(known: list[tuple[str, str]], values: list[str], usual: str) -> tuple[tuple[str, str, bool], ...]:
    """What can be chosen (value, words): as usual, what is known, and what was typed though it is not known."""
    chosen = values[-1] if values else ""
    offered = [("", usual or gettext("as usual")), *known]
    strange = [] if chosen in dict(offered) else [(chosen, chosen)]
    return tuple((value, words, value == chosen) for value, words in [*offered, *strange])


def _usual(words: str) -> str:
    """What a help says to hold when nothing is said: "Length of periods and cohorts (month)." is month."""
    found = re.search(r"\((?:default:? )?([^()]{1,18})\)\.?$", words)
    return found[1] if found else ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
