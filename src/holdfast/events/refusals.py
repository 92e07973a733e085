"""Refusals: rows that could not be used, each with its row number, reason and mend.

A refusal is a value, not an error. A refusals file is JSON lines, one refusal a line, and can itself be imported again
(`plan_import("refusals.jsonl", ...)`) once its `values` are put right or the mapping is.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

__all__ = ["MARK", "REASONS", "Refusal", "Refusals", "refusal"]

MARK = "holdfast_refusal"
"""The key by which a line of a refusals file is known."""

_IN_MEMORY_BYTES = 8_000_000

REASONS: dict[str, tuple[str, str]] = {
    "no_time": ("the row has no time", "fill in the time, or map another column with --map time=COLUMN"),
    "time_unreadable": ("the time cannot be read", "write it as YYYY-MM-DD hh:mm:ss, or give the date order with --dates"),
    "time_in_future": ("the time is more than a day in the future", "check the clock, the zone or the date order"),
    "time_too_early": ("the time lies before 1970-01-02", "check the year or the date order"),
    "number_unreadable": ("a number cannot be read", "write it as 1234.56, or give the decimal sign with --decimal"),
    "amount_absurd": ("an amount is larger than a trillion", "check the decimal sign and the column mapped"),
    "wrong_fields": ("the row has another number of fields than the header", "quote fields that hold the separator"),
    "quote_open": ("a quote opens in this row and never closes", "close the quote or double the quotes inside the field"),
    "currency_unknown": ("the currency has no rate in the settings", "add its rate under [rates] in holdfast.toml"),
    "field_too_large": ("a field is larger than the limit", "shorten the field or raise ImportOptions.field_limit"),
    "empty_row": ("the row is empty", "delete the row; nothing is lost"),
    "no_event": ("the row names no event", "fill in the event name, or give one name with --event"),
    "not_json": ("the line is no JSON object", 'write one {"...": ...} a line'),
}
"""Reason code → (sentence, mend)."""


@dataclass(frozen=True)
class Refusal:
    """One row that could not be used.

    row       number of the row as a person sees it: line of a text file, row of a sheet, 1-based row of a frame
    reason    one of REASONS
    sentence  what is wrong, with the text that is wrong
    mend      what to do
    values    column → text of the row; None where the row could not be cut into columns
    raw       the row's text where `values` is None
    """

    row: int
    reason: str
    sentence: str
    mend: str
    values: dict[str, str | None] | None = None
    raw: str | None = None

    def as_json(self) -> str:
        """The refusal as one line of JSON."""
        body = {"row": self.row, "reason": self.reason, "sentence": self.sentence, "mend": self.mend}
        return json.dumps({MARK: 1, **body, "values": self.values, "raw": self.raw}, ensure_ascii=False)


def refusal(
    row: int, reason: str, detail: str = "", values: dict[str, str | None] | None = None, raw: str | None = None
) -> Refusal:
    """A refusal of `row` for `reason`; `detail` is added to the reason's sentence."""
    sentence, mend = REASONS[reason]
    return Refusal(row, reason, f"{sentence}: {detail}" if detail else sentence, mend, values, raw)


class Refusals:
    """The refusals of one import, in the order they were met; countable, iterable, written as JSONL or CSV.

    Held in memory up to 8 MB and in a temporary file beyond, so that a wholly unreadable file of any size can be refused.
    """

    def __init__(self, refusals: Iterable[Refusal] = ()) -> None:
        self._lines: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - lives as long as the value
        self._counts: Counter[str] = Counter()
        self.extend(refusals)

    def extend(self, refusals: Iterable[Refusal]) -> None:
        """Takes more refusals in (used while reading)."""
        self._lines.seek(0, 2)
        for one in refusals:
            self._counts[one.reason] += 1
            self._lines.write(one.as_json().encode("utf-8", "surrogatepass") + b"\n")

    def __len__(self) -> int:
        return self._counts.total()

    def __iter__(self) -> Iterator[Refusal]:
        end, place = self._lines.seek(0, 2), 0
        while place < end:
            self._lines.seek(place)
            line = self._lines.readline()
            place += len(line)
            found = json.loads(line.decode("utf-8", "surrogatepass"))
            del found[MARK]
            yield Refusal(**found)

    def by_reason(self) -> dict[str, int]:
        """Reason → how many rows, most frequent first."""
        return dict(self._counts.most_common())

    def write(self, path: str | Path) -> Path:
        """Writes a refusals file: CSV when the name ends in .csv, JSON lines (replayable) otherwise."""
        target = Path(path)
        if target.suffix.lower() == ".csv":
            self._write_csv(target)
        else:
            with target.open("w", encoding="utf-8", errors="replace") as out:
                out.writelines(one.as_json() + "\n" for one in self)
        return target

    def _write_csv(self, target: Path) -> None:
        with target.open("w", encoding="utf-8", errors="replace", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["row", "reason", "sentence", "mend", "values"])
            for one in self:
                shown = one.raw if one.values is None else json.dumps(one.values, ensure_ascii=False)
                writer.writerow([one.row, one.reason, one.sentence, one.mend, shown])
