"""Which step follows which, how surely and how soon?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.transitions import Transitions
from holdfast.report.markup import join
from holdfast.report.page import Section, figure_place
from holdfast.report.pages import naming_of
from holdfast.report.parts import answer_table, bare, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]

_SHOWN = ("from", "to", "transitions", "customers", "probability", "low", "high", "median_seconds", "p90_seconds")
_MOST = 15


def section(asked: Asked) -> Section | None:
    """The transitions between steps, the most travelled first; None where there is nothing but orders."""
    if asked.orders_only:
        return None
    answer = asked.ask(Transitions(naming=naming_of(asked.timelines.meta)))
    if not len(answer.table):
        return None
    body = join(
        lead(answer.words),
        hint("A row holds what follows one step, and how often nothing does; its shares add up to all."),
        figure_place("following-figure", answer.words, 520, least_width=720),
        answer_table(answer, chosen=_SHOWN, limit=_MOST),
        foot(answer, "transitions"),
    )
    figures = {"following-figure": bare(answer, margin={"t": 20})}
    return Section("following", "Which step follows which, and how soon?", body, "What follows", figures)
