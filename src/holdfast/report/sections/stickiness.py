"""How often do active customers come?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.stickiness import Stickiness
from holdfast.report.markup import join
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, bare, folded, foot, lead

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]


def section(asked: Asked) -> Section | None:
    """Of those active in a month, how many on a day; only where there are events that are no orders."""
    if asked.orders_only:
        return None
    answer = asked.ask(Stickiness())
    body = join(
        lead(answer.words),
        figure_place("stickiness-figure", answer.words),
        folded("all dates", answer_table(answer)),
        foot(answer, "stickiness"),
    )
    return Section("stickiness", "How often do active customers come?", body, "Stickiness", {"stickiness-figure": bare(answer)})
