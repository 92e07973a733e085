"""A long table made short enough to read: intervals join their number, what is the same in every row goes, remarks go below.

The CSV and the JSON keep every column; only what is shown is tidied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from holdfast.report.markup import Markup, tag
from holdfast.report.values import Kind, cents_shown, shown, titled

__all__ = ["Tidy", "bounds_of", "tidied"]

OPEN, OPEN_STATE = "~", "in progress"
"""How a period that is not over is marked."""

UNITS: dict[str, Kind] = {"share": "share", "money": "money", "days": "days", "number": "number"}
"""Column `unit` says in each row what its `value` is."""

_SAME = {"segment": "everyone", "state": "complete"}
"""Columns that say nothing when every row says this."""


@dataclass(frozen=True)
class Tidy:
    """A table ready to be shown.

    headings  one a column · rows  written values · kinds  of the columns (text to the left, numbers to the right)
    remarks   what a mark beside a row means
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kinds: tuple[Kind, ...]
    remarks: tuple[str, ...]


def tidied(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    forms: Sequence[Kind],
    currency: str = "",
    links: Sequence[Mapping[str, str]] = (),
) -> Tidy:
    """The table with its values written: `crr`, `crr_low`, `crr_high` become one column, such as 93.7 % (92.8 to 94.5).

    links  for each row, the addresses that values open to, by their column
    """
    at = {name: place for place, name in enumerate(columns)}
    bounds = {name: pair for name in columns if (pair := bounds_of(name, columns)) is not None}
    joined = {name for pair in bounds.values() for name in pair}
    told = {"state"} if {"state", "period"} <= at.keys() else set()
    hidden = joined | _silent(at, rows) | told | {"note"} | ({"unit"} if "value" in at else set())
    kept = [name for name in columns if name not in hidden]
    marks = list(dict.fromkeys(row[at["note"]] for row in rows if row[at["note"]])) if "note" in at else []
    cents = {name: cents_shown(row[at[name]] for row in rows) for name in kept if forms[at[name]] == "money"}
    written = []
    for place, row in enumerate(rows):
        units = {"value": UNITS.get(row[at["unit"]], "text")} if {"value", "unit"} <= at.keys() else {}
        cells = [
            _written(
                row, at, name, units.get(name, forms[at[name]]), bounds.get(name), currency, None if units else cents.get(name)
            )
            for name in kept
        ]
        for name, address in (links[place] if links else {}).items():
            if name in kept and row[at[name]] is not None:
                cells[kept.index(name)] = tag("a", cells[kept.index(name)], href=address)
        marked = kept.index("period") if "period" in kept else 0
        if told and row[at["state"]] == OPEN_STATE:
            cells[marked] = _with(cells[marked], OPEN)
        if marks and row[at["note"]]:
            cells[marked] = _with(cells[marked], _mark(marks.index(row[at["note"]])))
        written.append(tuple(cells))
    remarks = tuple(f"{_mark(place)} {mark}" for place, mark in enumerate(marks))
    if told and any(row[at["state"]] == OPEN_STATE for row in rows):
        remarks = (f"{OPEN} in progress", *remarks)
    # A date with its range stands as a number does: to the right, and never broken.
    kinds: tuple[Kind, ...] = tuple(
        "number" if name in bounds and forms[at[name]] == "text" else forms[at[name]] for name in kept
    )
    return Tidy(tuple(titled(name) for name in kept), tuple(written), kinds, remarks)


def bounds_of(name: str, columns: Sequence[str]) -> tuple[str, str] | None:
    """The columns of a number's interval: name_low, name_high (of km_rate, kept_share, next_order: km_low, kept_low, next_low);
    or low, high right after it."""
    if name.endswith(("low", "high")):
        return None
    stem = name.removesuffix("_rate").removesuffix("_share").removesuffix("_order")
    if stem != name and f"{stem}_low" in columns and f"{stem}_high" in columns:
        return f"{stem}_low", f"{stem}_high"
    if {f"{name}_rate", f"{name}_share"} & set(columns):
        return None
    if f"{name}_low" in columns and f"{name}_high" in columns:
        return f"{name}_low", f"{name}_high"
    place = list(columns).index(name)
    return ("low", "high") if tuple(columns[place + 1 : place + 3]) == ("low", "high") else None


def _silent(at: dict[str, int], rows: Sequence[Sequence[Any]]) -> set[str]:
    same = {name for name, value in _SAME.items() if name in at and all(row[at[name]] == value for row in rows)}
    empty = {name for name, place in at.items() if len(rows) > 1 and all(row[place] is None for row in rows)}
    return same | empty


def _written(
    row: Sequence[Any],
    at: dict[str, int],
    name: str,
    form: Kind,
    pair: tuple[str, str] | None,
    currency: str,
    cents: bool | None,
) -> str:
    text = shown(row[at[name]], form, currency, cents=cents)
    if pair is None or row[at[name]] is None or row[at[pair[0]]] is None:
        return text
    low, high = (shown(row[at[bound]], form, "", cents=cents).removesuffix("\u00a0%") for bound in pair)
    return f"{text} ({low} to {high})"


def _with(text: str, mark: str) -> str:
    """A mark behind a value, which stays a link where it was one."""
    return Markup(f"{text}{mark}") if isinstance(text, Markup) else f"{text}{mark}"


def _mark(place: int) -> str:
    return "*" if place == 0 else "†" if place == 1 else f"({place})"
