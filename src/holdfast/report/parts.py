"""Parts of a section: the sentence, the table, its CSV, the definition under a disclosure, the notes."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from holdfast.report.markup import Markup, join, tag
from holdfast.report.tidy import tidied
from holdfast.report.values import Kind, kinds, percent, shown, titled

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.analyses.answer import Answer

__all__ = ["answer_table", "bar", "bare", "csv_link", "definition", "folded", "foot", "hint", "lead", "notes", "table"]


MOST_NOTES = 4


def lead(words: str) -> Markup:
    """The answer in a sentence; no line begins with a % sign."""
    return tag("p", words.replace(" %", "\u00a0%"), class_="lead")


def folded(title: str, body: Markup) -> Markup:
    """Something one click away."""
    return tag("details", tag("summary", title), tag("div", body, class_="scroll"))


def bare(answer: Answer, **layout: Any) -> go.Figure:
    """An answer's figure without the title that the section already says; `layout` over what it sets."""
    figure = answer.figure()
    figure.update_layout(title=None, margin={"t": 34}, height=None, legend={"y": 1.02, "yanchor": "bottom"})
    return figure.update_layout(**layout) if layout else figure


def bar(share: float | None) -> Markup:
    """A share as a small bar with its number."""
    if share is None:
        return Markup("–")
    return tag("div", tag("i", style=f"width:{max(min(100 * share, 100), 0):.1f}%"), tag("b", percent(share)), class_="bar")


def hint(words: str) -> Markup:
    """How to read what follows."""
    return tag("p", words, class_="hint")


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    forms: Sequence[Kind],
    *,
    currency: str = "",
    titles: dict[str, str] | None = None,
    caption: str = "",
    name: str | None = None,
    limit: int = 400,
) -> Markup:
    """A table; numbers to the right, the first column is the row's heading.

    Beyond `limit` rows the CSV has the rest, and that is said.
    A value that is Markup already is put in as it is.
    """
    titles = titles or {}
    sides = [None if form == "text" else "r" for form in forms]
    head = [
        tag("th", titles.get(name, titled(name)), class_=side, scope="col") for name, side in zip(columns, sides, strict=True)
    ]
    body = []
    for row in rows[:limit]:
        written = [
            value if isinstance(value, Markup) else shown(value, form, currency) for value, form in zip(row, forms, strict=True)
        ]
        cells = [tag("td", text, class_=side or _breadth(text)) for text, side in zip(written[1:], sides[1:], strict=True)]
        body.append(tag("tr", tag("th", written[0], scope="row", class_=sides[0]), *cells))
    more = f" The first {limit:,} of {len(rows):,} rows; the CSV has all." if len(rows) > limit else ""
    said = tag("caption", (caption + more).strip()) if caption or more else None
    inner = tag("table", said, tag("thead", tag("tr", *head)), tag("tbody", *body), class_=name)
    return tag(
        "div", inner, class_="scroll", tabindex="0" if len(columns) > 5 else None, role="group" if len(columns) > 5 else None
    )


LONG = 45
"""Signs from which on a text needs a broad column."""


def _breadth(text: str) -> str:
    return "t long" if len(text) > LONG and not isinstance(text, Markup) else "t"


def answer_table(
    answer: Answer,
    *,
    chosen: Sequence[str] = (),
    titles: dict[str, str] | None = None,
    limit: int = 400,
    links: Sequence[Mapping[str, str]] = (),
    units: Mapping[str, Kind] | None = None,
) -> Markup:
    """The table of an answer, or the chosen columns of it, tidied: intervals beside their number, remarks below.

    titles  what stands over a column, by its name, where the name itself would not be understood
    links   for each row, the addresses that its values open to, by their column
    units   kinds of columns whose name does not tell them
    """
    names = [name for name in (chosen or answer.table.column_names) if name in answer.table.column_names]
    columns = [answer.table.column(name).to_pylist() for name in names]
    firsts = [next((value for value in column if value is not None), None) for column in columns]
    forms = kinds(names, [None if first is None else type(first) for first in firsts], units or {})
    tidy = tidied(names, list(zip(*columns, strict=True)), forms, answer.source.settings.currency, links)
    shown = {titled(name): title for name, title in (titles or {}).items()}
    return table(tidy.headings, tidy.rows, tidy.kinds, titles=shown, caption=" · ".join(tidy.remarks), limit=limit)


def csv_link(text: str, name: str, label: str = "CSV") -> Markup:
    """A link that saves a CSV which is inside the page."""
    data = base64.b64encode(text.encode("utf-8")).decode("ascii")
    return tag("a", label, href=f"data:text/csv;charset=utf-8;base64,{data}", download=name, class_="csv")


def definition(answer: Answer) -> Markup:
    """What the numbers mean, one click away."""
    meant = answer.definition
    return tag(
        "details", tag("summary", "definition"), tag("div", tag("p", meant.text), tag("p", meant.line(), class_="muted"))
    )


def notes(answer: Answer) -> Markup:
    """Warnings and remarks, from the fifth on one click away; nothing where there are none."""
    if not answer.notes:
        return Markup("")
    items = [tag("li", note) for note in answer.notes]
    if len(items) <= MOST_NOTES + 1:
        return tag("ul", *items, class_="notes")
    more = tag("details", tag("summary", f"{len(items) - MOST_NOTES} further remarks"), tag("ul", *items[MOST_NOTES:]))
    return tag("ul", *items[:MOST_NOTES], tag("li", more), class_="notes")


def foot(answer: Answer, name: str, *more: Markup) -> Markup:
    """What stands under every picture: notes, the CSV, the definition."""
    below = tag("div", csv_link(answer.to_csv(), f"{name}.csv"), *more, definition(answer), class_="foot")
    return join(notes(answer), below)
