"""What do customers like, when do they come, and when is the next order due?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.taste import Taste
from holdfast.report.markup import Markup, join, tag
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, bare, folded, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer
    from holdfast.report.asked import Asked

__all__ = ["section"]

_SHOWN = ("customer", "revenue", "category", "brand", "channel", "hour", "day", "discount", "last_order", "next_order", "due")
_LISTED = 10


def section(asked: Asked) -> Section | None:
    """Favourites, the discount seekers and who is overdue; None where nobody has any of it."""
    answer = asked.ask(Taste(limit=_LISTED))
    if not len(answer.table):
        return None
    body = join(
        lead(answer.words),
        hint(
            "A favourite is what a customer touches surely more often than everyone does. The next order is expected from her "
            "own rhythm; four in five of her waits lie in its range."
        ),
        figure_place("taste-figure", answer.words, 420, least_width=560),
        _best(answer),
        foot(answer, "taste"),
    )
    return Section("taste", "What do customers like, and when do they come?", body, "Taste", {"taste-figure": bare(answer)})


def _best(answer: Answer) -> Markup:
    return join(
        tag("h3", f"The {_LISTED} best customers"),
        answer_table(answer, chosen=_SHOWN),
        folded("everyone's favourites", _all(answer)),
    )


def _all(answer: Answer) -> Markup:
    from dataclasses import replace

    return answer_table(replace(answer, table=answer.extra["favourites"]))
