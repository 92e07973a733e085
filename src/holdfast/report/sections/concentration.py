"""Which customers bring the revenue?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.concentration import Concentration
from holdfast.report.markup import join
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, bare, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]


def section(asked: Asked) -> Section | None:
    """Which share of the revenue the best customers bring; None where there is no money."""
    if not asked.paid:
        return None
    answer = asked.ask(Concentration())
    body = join(
        lead(answer.words),
        hint("Often cited: 20 % of customers bring 80 % of revenue. The line shows how it is here."),
        figure_place("concentration-figure", answer.words, 300),
        answer_table(answer),
        foot(answer, "concentration"),
    )
    return Section(
        "concentration",
        "Which customers bring the revenue?",
        body,
        "Concentration",
        {"concentration-figure": bare(answer)},
        half=True,
    )
