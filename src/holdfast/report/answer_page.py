"""One answer as a page of its own: sentence, picture, table, definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from holdfast.report.heat import Opens, heat_table
from holdfast.report.markup import Markup, join
from holdfast.report.page import Page, Section, figure_place
from holdfast.report.parts import answer_table, foot, lead
from holdfast.report.persona_cards import is_cards, persona_cards

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.analyses.answer import Answer

__all__ = ["answer_page", "picture"]


def answer_page(answer: Answer) -> str:
    """The answer as one HTML file that opens offline."""
    settings, definition = answer.source.settings, answer.definition
    drawn, figures = picture(answer)
    name = type(answer.question).__name__.lower()
    body = join(lead(answer.words), drawn, answer_table(answer, limit=1000), foot(answer, name))
    aside = f"{settings.name} · as of {definition.as_of.day} {definition.as_of:%B %Y}"
    return Page(
        definition.title, settings.name, aside, Markup(""), [Section("answer", definition.title, body, figures=figures)]
    ).html()


def picture(
    answer: Answer, *, opens: Opens = lambda _row: {}, marks: Mapping[str, str] | None = None
) -> tuple[Markup, dict[str, go.Figure]]:
    """A grid as a heat map of the page, anything else as its figure; nothing for a question without picture.

    opens, marks  as of `heat_table`
    """
    from holdfast.errors import UsageError

    if {"cohort", "size", "rate", "state"} <= set(answer.table.column_names):
        return _grids(answer, opens, marks), {}
    try:
        figure = answer.figure()
    except UsageError:
        return Markup(""), {}
    if not _shows_something(figure):
        return Markup(""), {}
    height, least_width = _size(figure)
    figure.update_layout(title=None, margin={"t": 18}, height=None)
    place = figure_place("figure", answer.words, height, least_width=least_width)
    return join(persona_cards(answer), place) if is_cards(answer) else place, {"figure": figure}


def _shows_something(figure: go.Figure) -> bool:
    """Whether any trace has a point: bare axes say nothing that the sentence does not."""
    return any(_has_points(trace) for trace in figure.data)


def _has_points(trace: Any) -> bool:
    if trace.type not in ("bar", "scatter"):
        return True
    along, up = (() if found is None else list(found) for found in (trace.x, trace.y))
    return any(x is not None and y is not None and x == x and y == y for x, y in zip(along, up, strict=False))


HEIGHT, TITLE_ROOM = 460, 40
"""Pixels of a figure without a height of its own, and what the page, which says the title itself, spares of one with it."""

LAYER, COLUMN, NAMES = 130, 44, 200
"""Pixels that a layer of a flow, a column of a heat map and the names beside it need to be read."""


def _size(figure: go.Figure) -> tuple[int, int]:
    """The height of a figure on a page, and the width under which it cannot be read (0: any will do)."""
    height = figure.layout.height
    kind = figure.data[0].type if figure.data else ""
    if kind == "sankey":
        return height or HEIGHT + 100, LAYER * len(set(figure.data[0].node.x or ()))
    tall = HEIGHT if height is None else int(height) - TITLE_ROOM
    if kind == "heatmap":
        return tall, NAMES + COLUMN * len(figure.data[0].x)
    return tall, int((figure.layout.meta or {}).get("least_width", 0))


def _grids(answer: Answer, opens: Opens, marks: Mapping[str, str] | None) -> Markup:
    """A heat map a segment."""
    rows = answer.table.to_pylist()
    counted = getattr(answer.question, "measure", "customers") == "customers"
    value = "rate" if counted else "value"
    segments = list(dict.fromkeys(row.get("segment") for row in rows))
    maps = []
    for segment in segments:
        title = lead(str(segment)) if len(segments) > 1 else None
        maps.append(
            join(
                title,
                heat_table(
                    [row for row in rows if row.get("segment") == segment],
                    value,
                    currency=answer.source.settings.currency,
                    opens=opens,
                    marks=marks,
                ),
            )
        )
    return join(*maps)
