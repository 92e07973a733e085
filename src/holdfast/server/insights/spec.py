"""What is asked of a page: its slug and what was chosen. The address says all of it, so that every page is a permalink."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from holdfast.errors import UsageError
from holdfast.server.insights.catalogue import controls

__all__ = ["CELL", "Spec", "address_of", "cell_of", "spec_of"]

LONGEST, MOST = 500, 60
"""Signs of a value, and values, that are read from an address; the rest is left out."""

CELL, NUMBER = "cell.", "cell-number."
"""What the names of a cell's keys begin with in an address: those whose value is text, and those whose value is a number."""


@dataclass(frozen=True)
class Spec:
    """A question.

    slug   of the page
    pairs  (name, value) of what was chosen, in the order of the page's choices
    """

    slug: str
    pairs: tuple[tuple[str, str], ...] = ()

    @property
    def query(self) -> str:
        """As it stands in an address."""
        return urlencode(self.pairs)

    @property
    def key(self) -> str:
        """A short name, the same for the same question."""
        return sha256(f"{self.slug}?{self.query}".encode()).hexdigest()[:32]

    def values(self, name: str) -> list[str]:
        """What was chosen for a name."""
        return [value for one, value in self.pairs if one == name]


def spec_of(slug: str, chosen: Mapping[str, Any]) -> Spec:
    """The question of an address (a QueryDict): what the page knows of it, in the page's order; empty choices left out."""
    found: list[tuple[str, str]] = []
    for control in controls(slug):
        values = [" ".join(value.split()).replace("\0", "")[:LONGEST] for value in _all(chosen, control.name)]
        said = [value for value in values if value and not (control.name == "whose" and value == "customers")]
        found += [(control.name, value) for value in (said if control.many else said[-1:])]
    return Spec(slug, tuple(found[:MOST]))


def address_of(cell: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A cell as it stands in an address: cell.what=lost, cell-number.period=3."""
    return [
        (f"{NUMBER if isinstance(value, int | float) and not isinstance(value, bool) else CELL}{name}", str(value))
        for name, value in cell.items()
    ]


def cell_of(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The cell that an address names. UsageError where a number is none."""
    found: dict[str, Any] = {}
    for name in list(chosen)[:MOST]:
        text = _all(chosen, name)[-1][:LONGEST]
        if name.startswith(CELL):
            found[name.removeprefix(CELL)] = text
        elif name.startswith(NUMBER):
            found[name.removeprefix(NUMBER)] = _number(name.removeprefix(NUMBER), text)
    return found


def _number(name: str, text: str) -> float:
    try:
        return int(text) if text.lstrip("-").isdecimal() else int(whole) if (whole := float(text)).is_integer() else whole
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{name} is a number, not {text!r}", "open the people from the table again") from error


def _all(chosen: Mapping[str, Any], name: str) -> list[str]:
    if hasattr(chosen, "getlist"):
        return [str(value) for value in chosen.getlist(name)]
    value = chosen.get(name, [])
    return [str(one) for one in value] if isinstance(value, Iterable) and not isinstance(value, str) else [str(value)]
