"""In the web: the choices of a page as fields of its form, with what was chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from holdfast.server.insights.catalogue import controls
from holdfast.server.insights.controls import Control
from holdfast.server.insights.kept import Told
from holdfast.server.insights.spec import Spec

__all__ = ["Field", "fields"]

LISTS = {"event": "known-events", "property": "known-properties", "condition": "known-properties"}
"""Kinds of choice that names are proposed for, and the list that proposes them."""

TYPES = {"number": "number", "decimal": "number", "share": "number", "date": "date"}

EMPTY = "–"


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
    hint: str = ""


def fields(spec: Spec, told: Told | None) -> tuple[list[Field], list[Field], bool]:
    """The fields that stand first, those under "more", and whether any of these was used."""
    proposed = dict(told.pairs) if told is not None else {}
    tables = told.tables if told is not None else ()
    first: list[Field] = []
    more: list[Field] = []
    for one in controls(spec.slug):
        values = spec.values(one.name) or ([proposed[one.name]] if one.name in proposed else [])
        (first if one.first else more).append(_field(one, values, tables))
    used = any(spec.values(one.name) for one in controls(spec.slug) if not one.first)
    return first, more, used


def _field(one: Control, values: list[str], tables: Iterable[str]) -> Field:
    choices = one.choices or (tuple(tables) if one.name == "show" else ())
    said: dict[str, Any] = {
        "name": one.name,
        "label": gettext(one.label),
        "help": gettext(one.help) if one.help else "",
        "id": f"c-{one.name}",
    }
    if one.kind == "yes":
        return Field(**said, kind="check", values=("yes",) if values == ["yes"] else ("",))
    if choices:
        chosen = values[-1] if values else ""
        strange = () if chosen in ("", *choices) else (chosen,)
        return Field(
            **said, kind="select", choices=tuple((value, value or EMPTY, value == chosen) for value in ("", *choices, *strange))
        )
    kind = "text" if one.words > 1 or one.many else TYPES.get(one.kind, "text")
    if kind == "number" and not all(_is_number(value) for value in values):
        kind = "text"  # what was typed stays, though it is no number
    step = "any" if one.kind in ("decimal", "share") else "1"
    shown = (*values, "") if one.many else (values[-1] if values else "",)
    return Field(
        **said,
        kind="input",
        type=kind,
        step=step,
        least=one.least,
        most=one.most,
        list=LISTS.get(one.kind, ""),
        values=tuple(shown),
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
