"""In the analyst: an answer as the page shows it, made of plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from holdfast.report.answer_page import picture
from holdfast.report.markup import Markup
from holdfast.report.parts import answer_table, lead, notes
from holdfast.report.values import titled
from holdfast.server.insights.asking import Put
from holdfast.server.insights.beside import compared
from holdfast.server.insights.cells import cells_of, rules_of
from holdfast.server.insights.kept import MOST_ROWS, Told
from holdfast.server.insights.pictures import bridge_picture, drawn
from holdfast.server.insights.spec import address_of
from holdfast.server.insights.units import units_of

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.analyses.answer import Answer
    from holdfast.timelines.timelines import Timelines

__all__ = ["CUSTOMER", "marks_of", "opening_of", "told"]

MOST_NAMES = 300
"""Names of events and properties that a page proposes."""

CUSTOMER = "customer:"
"""An address that begins so is the page of a customer, her key behind it; the web knows where that page is."""

_IDS = ("customer", "customer_id")


def told(found: Put, answer: Answer, shown: Answer) -> Told:
    """An answer ready to be shown.

    answer  what came out · shown  the same with the table that was asked for in the first place
    """
    spec, meant = found.spec, answer.definition
    opening = _opening(found, shown.table, answer)
    rows = shown.table.slice(0, MOST_ROWS)
    listed = [
        dict(zip(rows.column_names, values, strict=True))
        for values in zip(*(column.to_pylist() for column in rows.columns), strict=True)
    ]
    links, units = [opening(row) for row in listed], units_of(answer, rows)
    table = answer_table(replace(shown, table=rows), limit=MOST_ROWS, links=links, units=units) if rows.num_rows else ""
    html, figures, opens = _picture(found, answer)
    return Told(
        state="told", data="", erasures=0, at=0.0, seconds=0.0, pairs=spec.pairs, title=meant.title, words=answer.words,
        sentence=lead(answer.words), picture=html, figures=figures, opens=opens,
        table=table, rows=shown.table.num_rows,
        tables=tuple(answer.extra), compared=compared(answer) if shown is answer else "", notes=notes(answer),
        definition=meant.text, line=meant.line(), as_of=meant.as_of.isoformat(), data_row=meant.data, n=meant.n,
        coverage=meant.coverage, initiatives=tuple(found.timelines.settings.initiatives), **_names(found.timelines),
    )  # fmt: skip


def _names(timelines: Timelines) -> dict[str, Any]:
    meta = timelines.meta
    events = tuple(sorted(name for name in meta.events if name))[:MOST_NAMES]
    return {"events": events, "properties": tuple(sorted(meta.properties))[:MOST_NAMES]}


def _opening(found: Put, table: pa.Table, answer: Answer) -> Callable[[Mapping[str, Any]], dict[str, str]]:
    return opening_of(answer, table, found.spec.pairs, segmented=bool(found.spec.values("by")))


def opening_of(
    answer: Answer, table: pa.Table, query: Sequence[tuple[str, str]] = (), *, segmented: bool = False
) -> Callable[[Mapping[str, Any]], dict[str, str]]:
    """A row of one of the answer's tables → the addresses that its numbers, and its customer, open to.

    query      the choices of the question, as they stand in an address
    segmented  whether there are several segments, of which a row names one
    """
    from holdfast.server.customers.links import key_of

    rules = rules_of(answer, table)

    def opening(row: Mapping[str, Any]) -> dict[str, str]:
        own = {name: f"{CUSTOMER}{key_of(str(row[name]))}" for name in _IDS if row.get(name)}
        cells = cells_of(rules, row, segmented).items()
        return own | {
            name: f"people/?{urlencode([*query, *address_of(cell), *_said(name, row[name])])}" for name, cell in cells
        }

    return opening


def _said(column: str, number: Any) -> list[tuple[str, str]]:
    """The number as the page said it, so that the people's page can hold its own count beside it."""
    return [("shown.number", f"{number:g}" if isinstance(number, float) else str(number)), ("shown.name", titled(column))]


def marks_of(answer: Answer) -> dict[str, str] | None:
    """Cohort → the initiative that began in it; None where none did, or the answer has no cohorts."""
    began = answer.extra.get("initiatives")
    return None if began is None else dict(zip(began["cohort"].to_pylist(), began["name"].to_pylist(), strict=True))


def _picture(found: Put, answer: Answer) -> tuple[str, dict[str, tuple[str, str]], dict[str, str]]:
    """The picture as HTML, the figures in it in both modes, and what the points of each open to."""
    opening = _opening(found, answer.table, answer)
    bridge = bridge_picture(answer, opening)
    if bridge is not None:
        return bridge, {}, {}
    html, figures = picture(answer, opens=opening, marks=marks_of(answer))
    made = {name: drawn(figure, answer, opening) for name, figure in figures.items()}
    opens = {name: msgspec.json.encode(one.opens).decode() for name, one in made.items() if any(one.opens)}
    return Markup(html), {name: (one.light, one.dark) for name, one in made.items()}, opens
