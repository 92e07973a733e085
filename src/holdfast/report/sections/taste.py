"""What do customers like, when do they come, and when is the next order due?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.analyses.discounts import discount_properties
from holdfast.analyses.taste import Taste
from holdfast.report.markup import Markup, join, tag
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, bare, folded, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer
    from holdfast.report.asked import Asked

__all__ = ["section"]

_SHOWN = ("customer", "revenue", "category", "brand", "channel", "hour", "discount", "last_order", "next_order", "due")
_LISTED = 10
_TELLING = {"category", "brand", "channel"}


def section(asked: Asked) -> Section | None:
    """Favourites, the discount seekers and who is overdue; None where the data know no likes."""
    meta = asked.timelines.meta
    if not _TELLING & set(meta.properties) and not discount_properties(meta):
        return None
    answer = asked.ask(Taste(limit=_LISTED))
    if not len(answer.table):
        return None
    body = join(
        lead(answer.words),
        hint(
            "A favourite is what a customer touches surely more often than everyone does. The next order is expected from her "
            "own rhythm and everyone's; its date is that of a customer who goes on ordering."
        ),
        figure_place("taste-figure", answer.words, 420, least_width=560),
        _best(answer),
        foot(answer, "taste"),
    )
    return Section("taste", "What do customers like, and when do they come?", body, "Taste", {"taste-figure": bare(answer)})


def _best(answer: Answer) -> Markup:
    """The customers with most money, and one click away how many have which favourite."""
    columns = [answer.table.column(name) for name in _SHOWN if name in answer.table.column_names]
    names = [name for name in _SHOWN if name in answer.table.column_names]
    best = replace(answer, table=pa.table([_known(column) for column in columns], names))
    everyone = replace(answer, table=answer.extra["favourites"])
    return join(
        tag("h3", f"The {_LISTED} best customers"), answer_table(best), folded("everyone's favourites", answer_table(everyone))
    )


def _known(column: Any) -> Any:
    """A column without its words for what is not known."""
    if not pa.types.is_string(column.type):
        return column
    return pc.if_else(pc.starts_with(column, "("), pa.scalar(None, pa.string()), column)
