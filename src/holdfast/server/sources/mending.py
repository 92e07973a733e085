"""Refused rows: shown with their reasons, put right in the page, written back to their file."""

from __future__ import annotations

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["as_csv", "shown", "written"]

MOST = 50
"""Rows that are put right in the page; the file holds all."""


def shown(path: Path) -> dict[str, Any]:
    """The first refused rows, with their columns, and how many there are for each reason."""
    counts: Counter[tuple[str, str]] = Counter()
    rows: list[dict[str, Any]] = []
    for place, one in _lines(path):
        counts[one["reason"], one["mend"]] += 1
        if len(rows) < MOST:
            rows.append({"place": place, **one})
    columns = list(dict.fromkeys(name for row in rows for name in (row["values"] or {})))
    for row in rows:
        row["cells"] = [{"name": name, "value": (row["values"] or {}).get(name) or ""} for name in columns]
    reasons = [{"reason": reason, "mend": mend, "rows": n} for (reason, mend), n in counts.most_common()]
    return {"rows": rows, "columns": columns, "reasons": reasons, "total": counts.total(), "most": MOST}


def written(path: Path, form: Mapping[str, str]) -> int:
    """Write what was put right (fields `<line>:<column>`) into the file, whole or not at all; how many rows changed."""
    said: dict[int, dict[str, str]] = {}
    for field, value in form.items():
        place, sign, column = field.partition(":")
        if sign and place.isdigit():
            said.setdefault(int(place), {})[column] = value
    changed, draft = 0, path.with_name(f".{path.name}.{os.getpid()}")
    with path.open(encoding="utf-8", errors="replace") as lines, draft.open("w", encoding="utf-8") as out:
        for number, line in enumerate(lines):
            fresh = _put_right(line, said.get(number))
            changed += fresh != line
            out.write(fresh)
    draft.replace(path)
    return changed


def as_csv(path: Path) -> str:
    """All refused rows as CSV: row, reason, what is wrong, what to do, values."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["row", "reason", "what", "mend", "values"])
    for _place, one in _lines(path):
        values = one["raw"] if one["values"] is None else json.dumps(one["values"], ensure_ascii=False)
        writer.writerow([one["row"], one["reason"], one["sentence"], one["mend"], values])
    return out.getvalue()


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
    values = one.get("values") or {}
    fresh = {name: (said[name] or None) if name in said else value for name, value in values.items()}
    if {name: value or None for name, value in values.items()} == fresh:
        return line
    return json.dumps({**one, "values": fresh}, ensure_ascii=False) + "\n"
