"""Saying an answer: as a sentence with a table, as JSON, as CSV. One form for every verb."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holdfast.errors import InputError, UnknownName, UsageError
from holdfast.report.values import Kind, cleaned, kinds

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.analyses.answer import Answer

__all__ = ["Said", "View", "kinds_in", "said_of", "showing", "tell", "written"]


@dataclass(frozen=True)
class Said:
    """What a verb has to say.

    question  what was asked, as plain values
    words     the answer in a sentence
    columns, rows   the table in long form
    notes     warnings and remarks
    small     the definition in one line
    currency  code in which money is written
    extra     further tables by name: {"columns": […], "rows": […]}
    definition  what the numbers mean, as plain values
    """

    question: dict[str, Any]
    words: str
    columns: tuple[str, ...] = ()
    rows: Sequence[Sequence[Any]] = ()
    notes: tuple[str, ...] = ()
    small: str = ""
    currency: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    definition: dict[str, Any] = field(default_factory=dict)

    def kinds(self) -> list[Kind]:
        """The kind of each column, by its name and its first known value."""
        return kinds_in(self.columns, self.rows)


def kinds_in(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Kind]:
    """The kind of each column, by its name and its first known value."""
    firsts = [next((row[place] for row in rows if row[place] is not None), None) for place in range(len(columns))]
    return kinds(columns, [type(first) if first is not None else None for first in firsts])


View = Callable[["Console", Said], None]


def said_of(answer: Answer) -> Said:
    """An analysis' answer as it is said."""
    whole = answer.to_dict()
    table = whole["table"]
    return Said(
        whole["question"],
        answer.words,
        tuple(table["columns"]),
        table["rows"],
        answer.notes,
        answer.definition.line(),
        answer.source.settings.currency,
        whole["extra"],
        whole["definition"],
    )


def showing(said: Said, table: str | None) -> Said:
    """The same with one of its further tables in the place of the first; UsageError where it has none."""
    if table is None:
        return said
    if not said.extra:
        raise UsageError("this answer has one table only", "leave --show out")
    if table not in said.extra:
        raise UnknownName("table", table, said.extra)
    one, rest = said.extra[table], {name: other for name, other in said.extra.items() if name != table}
    return replace(said, columns=tuple(one["columns"]), rows=one["rows"], extra=rest)


def tell(said: Said, *, json: bool = False, csv: str | None = None, view: View | None = None) -> None:
    """Say it: JSON or CSV alone on stdout when asked for, else the sentence, the table, the definition and the notes.

    csv   "-" for stdout, or the path of a file
    view  draws the table in a form of its own; None: rows and columns
    """
    if json and csv == "-":
        raise UsageError("JSON and CSV cannot both go to stdout", "give the CSV a path: --csv table.csv")
    if csv is not None:
        _to_csv(said, csv)
        if csv == "-":
            return
    if json:
        click.echo(_json(said))
        return
    _aloud(said, view)


def _json(said: Said) -> str:
    import json

    body: dict[str, Any] = {"question": said.question, "words": said.words}
    body |= {"table": _table(said, said.columns, said.rows), "notes": list(said.notes)}
    if said.definition:
        body["definition"] = said.definition
    if said.extra:
        body["extra"] = {name: _table(said, one["columns"], one["rows"]) for name, one in said.extra.items()}
    return json.dumps(body, ensure_ascii=False, allow_nan=False, default=str)


def _table(said: Said, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    names, long = _long_form(replace(said, columns=tuple(columns), rows=rows))
    return {"columns": names, "rows": long}


def _long_form(said: Said) -> tuple[list[str], list[list[Any]]]:
    """The table as programs read it: the column `segment` stands there when the question was split, and only then."""
    columns, rows = list(said.columns), [list(row) for row in said.rows]
    if columns[:1] == ["segment"] and said.question.get("by") is None:
        return columns[1:], [row[1:] for row in rows]
    return columns, rows


def _to_csv(said: Said, target: str) -> None:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns, rows = _long_form(said)
    writer.writerow(columns)
    writer.writerows([["" if value is None else value for value in row] for row in rows])
    if target == "-":
        click.echo(text.getvalue(), nl=False)
        return
    written(target, text.getvalue())


def written(target: str, text: str) -> None:
    """Write a file and say so on stderr; InputError where the place cannot be written."""
    from holdfast.cli.screen import line

    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror}", "name a folder that exists and is yours") from error
    line(f"written: {target}")


def _aloud(said: Said, view: View | None) -> None:
    from rich.text import Text

    from holdfast.cli.screen import out, table

    console = out()
    console.print(Text(cleaned(said.words), style="bold"))
    if said.rows:
        console.print()
        if view is None:
            console.print(table(said.columns, said.rows, said.kinds(), said.currency))
        else:
            view(console, said)
    if said.notes:
        console.print()
    for note in said.notes:
        console.print(Text(f"· {cleaned(note)}"))
    if said.small:
        console.print()
        console.print(Text(cleaned(said.small), style="dim"))
