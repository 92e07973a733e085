"""Refused rows: shown with their reasons, put right in the page, written back to their file."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from holdfast.errors import InputError
from holdfast.server.csv_files import guarded, lines

__all__ = ["as_csv", "replaced", "replayable", "shown", "written"]

MOST = 50
"""Rows that are put right in the page; the file holds all."""

MARK = "holdfast_refusal"
"""The key by which a line of a refusals file is known (`holdfast.events.refusals`, which would bring Arrow's rooms along)."""

FIRST = ("time", "revenue", "price", "quantity", "currency", "customer", "order", "event")
"""The roles of columns in which rows are refused."""

_FLAG = re.compile(r",? or [^,;]* with --[a-z-]+(?: [a-z]+=COLUMN)?$")


def shown(path: Path, mapping: Mapping[str, str]) -> dict[str, Any]:
    """The first refused rows, with their columns, and how many there are for each reason.

    mapping  role → column, as the import read them: those columns come first, for they are where things go wrong
    """
    counts: Counter[tuple[str, str]] = Counter()
    rows: list[dict[str, Any]] = []
    for place, one in _lines(path):
        counts[str(one["sentence"]).partition(":")[0], _FLAG.sub("", str(one["mend"]))] += 1
        if len(rows) < MOST:
            rows.append({"place": place, **one})
    known = [mapping[role] for role in FIRST if role in mapping]
    present = dict.fromkeys(name for row in rows for name in (row["values"] or {}))
    if any(row["values"] is None for row in rows):  # a row that could not be cut into columns is filled in by hand
        present |= dict.fromkeys(mapping.values())
    columns = sorted(present, key=lambda name: known.index(name) if name in known else len(known))
    for row in rows:
        row["cells"] = [{"name": name, "value": (row["values"] or {}).get(name) or ""} for name in columns]
    reasons = [{"reason": reason, "mend": mend, "rows": n} for (reason, mend), n in counts.most_common()]
    return {"rows": rows, "columns": columns, "reasons": reasons, "total": counts.total(), "most": MOST}


def written(path: Path, form: Mapping[str, str]) -> int:
    """Write what was put right (fields `<line>:<column>`) into the file, whole or not at all; how many rows changed."""
    said: dict[int, dict[str, str]] = {}
    for field, value in form.items():
        place, sign, column = field.partition(":")
        if sign and place.isdecimal():
            said.setdefault(int(place), {})[column] = value
    changed, draft = 0, path.with_name(f".{path.name}.{os.getpid()}")
    with path.open(encoding="utf-8", errors="replace") as lines, draft.open("w", encoding="utf-8") as out:
        for number, line in enumerate(lines):
            fresh = _put_right(line, said.get(number))
            changed += fresh != line
            out.write(fresh)
    draft.replace(path)
    return changed


def replaced(path: Path, sent: Iterable[bytes], limit: int) -> int:
    """Put a file in the place of a refusals file, whole or not at all; how many rows. InputError where it is none."""
    rows, draft = 0, path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as out:
            for line in _whole_lines(sent):
                if len(line) > limit or MARK not in _object(line):
                    raise InputError(_("Line %(row)s is no refused row") % {"row": rows + 1}, _("change the values alone"))
                rows += 1
                out.write(line + b"\n")
        if not rows:
            raise InputError(_("The file holds no row"), _("choose the file of refused rows that you put right"))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return rows


def _whole_lines(sent: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in sent:
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line for line in whole if line.strip())
    if rest.strip():
        yield rest


def _object(line: bytes) -> dict[str, Any]:
    try:
        one = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return one if isinstance(one, dict) and (one.get("values") is None or isinstance(one["values"], dict)) else {}


def as_csv(path: Path) -> Iterator[str]:
    """All refused rows as lines of CSV, to look at: row, reason, what is wrong, what to do, values."""
    return lines(_cells(path))


def _cells(path: Path) -> Iterator[tuple[str, ...]]:
    yield "row", "reason", "what", "mend", "values"
    for _number, one in _lines(path):
        values = one["raw"] if one["values"] is None else json.dumps(one["values"], ensure_ascii=False)
        said = (one["row"], one["reason"], one["sentence"], _FLAG.sub("", str(one["mend"])), values)
        yield tuple(guarded(str(cell)) for cell in said)


def replayable(path: Path) -> bool:
    """Whether a refused row has columns: where none could be cut, none can be read again before one is filled in."""
    return any(one["values"] for _number, one in _lines(path))


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each refusal with the number of its line, from 0; a line that is none any more is passed over."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for place, line in enumerate(lines):
            try:
                one = json.loads(line)
                yield place, {name: one.get(name) for name in ("row", "reason", "sentence", "mend", "values", "raw")}
            except (ValueError, AttributeError):
                continue


def _put_right(line: str, said: dict[str, str] | None) -> str:
    if not said:
        return line
    one = json.loads(line)
    values = one.get("values") or dict.fromkeys(said)
    fresh = {name: (said[name] or None) if name in said else value for name, value in values.items()}
    if {name: value or None for name, value in values.items()} == fresh:
        return line
    return json.dumps({**one, "values": fresh}, ensure_ascii=False) + "\n"
