"""CSV that is sent line by line, and that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Literal

__all__ = ["FORMULA", "guarded", "lines"]

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Signs with which a formula begins; the last four are the wide ones of East Asia, which Excel takes for the others there."""


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: one that would be gets an apostrophe before it."""
    return f"'{cell}" if cell[:1] in FORMULA else cell


def lines(rows: Iterable[Iterable[str]], ending: Literal["\r\n", "\n"] = "\r\n") -> Iterator[str]:
    """Rows of cells, guarded already where they hold what people wrote, as lines of CSV."""
    writer = csv.writer(_Echo(), lineterminator=ending)
    for row in rows:
        yield writer.writerow(row)


class _Echo:
    """A file that gives back what is written into it."""

    def write(self, text: str) -> str:
        return text
