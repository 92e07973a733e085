"""`holdfast refusals`: the rows that could not be used: why, how many, out into a file, and in again."""

from __future__ import annotations

import json as notation
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.options import Verb, output_options, pairs, workspace_option
from holdfast.cli.saying import Said, tell, written
from holdfast.errors import InputError, UsageError

if TYPE_CHECKING:
    from holdfast.workspace import ImportRecord, Workspace

__all__ = ["verb"]


@click.command("refusals", cls=Verb)
@click.argument("action", type=click.Choice(["list", "count", "export", "replay"]), default="list")
@click.argument("path", required=False)
@click.option("--map", "mapping", multiple=True, metavar="ROLE=COLUMN …", help="For replay: over the mapping of the import.")
@output_options
@workspace_option
def verb(action: str, path: str | None, mapping: tuple[str, ...], workspace: str, json: bool, csv: str | None) -> int:
    """Rows that could not be used, each with its reason and its mend.

    list    every refused row: file, row, what is wrong, what to do
    count   how many for each reason
    export  all of them into PATH (.csv or .jsonl)
    replay  read them again, after they, the mapping or the settings were put right (all files, or PATH)
    """
    from holdfast.workspace import Workspace

    opened = Workspace.open(workspace)
    waiting = opened.refusals()
    if action == "replay":
        said, left = _replayed(opened, waiting, path, pairs(mapping, "--map"))
    else:
        said, left = {"list": _listed, "count": _counted, "export": _exported}[action](waiting, path), 0
    tell(said, json=json, csv=csv)
    return 1 if left else 0


def _rows(waiting: dict[Path, ImportRecord]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, record in waiting.items():
        with path.open(encoding="utf-8", errors="replace") as lines:
            for number, one in enumerate(lines, start=1):
                try:
                    yield record.source, notation.loads(one)
                except ValueError as damage:
                    raise InputError(f"line {number} of {path} is no JSON: {damage}", "put it right, or take it out") from None


def _listed(waiting: dict[Path, ImportRecord], _path: str | None) -> Said:
    columns = ("file", "row", "reason", "what", "mend", "values")
    rows = [
        [
            source,
            one["row"],
            one["reason"],
            one["sentence"],
            one["mend"],
            one["raw"] if one["values"] is None else _short(one["values"]),
        ]
        for source, one in _rows(waiting)
    ]
    notes = tuple(f"kept in {path}" for path in waiting)
    return Said({"name": "Refusals", "action": "list"}, _words(len(rows)), columns, rows, notes)


def _counted(waiting: dict[Path, ImportRecord], _path: str | None) -> Said:
    counts = Counter((source, one["reason"], one["mend"]) for source, one in _rows(waiting))
    rows = [[source, reason, count, mend] for (source, reason, mend), count in counts.most_common()]
    return Said({"name": "Refusals", "action": "count"}, _words(counts.total()), ("file", "reason", "rows", "mend"), rows)


def _exported(waiting: dict[Path, ImportRecord], path: str | None) -> Said:
    if path is None:
        raise UsageError("export needs a path", "holdfast refusals export refused.csv")
    said = _listed(waiting, None)
    if path.lower().endswith(".csv"):
        tell(said, csv=path)
    else:
        written(path, "".join(one.read_text("utf-8") for one in waiting))
    return Said({"name": "Refusals", "action": "export", "path": path}, f"{_words(len(said.rows))} They are in {path}.")


def _replayed(
    opened: Workspace, waiting: dict[Path, ImportRecord], path: str | None, mapping: dict[str, str]
) -> tuple[Said, int]:
    """Read refusals files again, each as the import it comes from read its file; what is refused again stays."""
    from holdfast.cli.bringing import Place, bring, planned
    from holdfast.events.options import ImportOptions, options_from

    chosen = waiting if path is None else {Path(path): waiting.get(Path(path))}
    place = Place(str(opened.path), opened, opened.settings, frozenset())
    rows: list[list[Any]] = []
    left = 0
    for file, record in list(chosen.items()):
        before = {} if record is None else dict(record.mapping)
        options = ImportOptions() if record is None else options_from({**record.read_as, "source": record.source})[1]
        plan = planned(place, str(file), before | mapping, options)
        said, refused = bring(place, plan)
        left += refused
        rows.append([file.name if record is None else record.source, _value(said, "events that came in"), refused])
    words = (
        f"Read again: {sum(row[1] for row in rows):,} events came in, {left:,} rows are still refused." if rows else _words(0)
    )
    return Said({"name": "Refusals", "action": "replay"}, words, ("file", "events in", "refused"), rows), left


def _value(said: Said, what: str) -> int:
    return next((int(row[1]) for row in said.rows if row[0] == what), 0)


def _words(count: int) -> str:
    if not count:
        return "No row waits: everything that was read could be used."
    return f"{count:,} row{' was' if count == 1 else 's were'} refused and wait{'s' if count == 1 else ''} to be put right."


def _short(values: dict[str, str | None]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items() if value)[:200]
