"""One answer as a page of its own: sentence, picture, table, definition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.report.heat import heat_table
from holdfast.report.markup import Markup, join
from holdfast.report.page import Page, Section, figure_place
from holdfast.report.parts import answer_table, foot, lead
from holdfast.report.persona_cards import is_cards, persona_cards

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.analyses.answer import Answer

__all__ = ["answer_page"]


def answer_page(answer: Answer) -> str:
    """The answer as one HTML file that opens offline."""
    settings, definition = answer.source.settings, answer.definition
    picture, figures = _picture(answer)
    name = type(answer.question).__name__.lower()
    body = join(lead(answer.words), picture, answer_table(answer, limit=1000), foot(answer, name))
    aside = f"{settings.name} · as of {definition.as_of.day} {definition.as_of:%B %Y}"
    return Page(
        definition.title, settings.name, aside, Markup(""), [Section("answer", definition.title, body, figures=figures)]
    ).html()


def _picture(answer: Answer) -> tuple[Markup, dict[str, go.Figure]]:
    """A grid as a heat map of the page, anything else as its figure; nothing for a question without picture."""
    from holdfast.errors import UsageError

    if {"cohort", "size", "rate", "state"} <= set(answer.table.column_names):
        return _grids(answer), {}
    try:
        figure = answer.figure()
    except UsageError:
        return Markup(""), {}
    figure.update_layout(title=None, margin={"t": 18})
    place = figure_place("figure", answer.words, 460)
    return join(persona_cards(answer), place) if is_cards(answer) else place, {"figure": figure}


def _grids(answer: Answer) -> Markup:
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
                    [row for row in rows if row.get("segment") == segment], value, currency=answer.source.settings.currency
                ),
            )
        )
    return join(*maps)
