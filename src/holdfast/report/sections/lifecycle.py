"""Who came, stayed, came back and fell silent, month by month?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.lifecycle import LifeCycle
from holdfast.report.markup import join
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, bare, folded, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]

_HOW = (
    "A customer is active in a month with a counting event in it: new (her first), kept (active in the month before too), "
    "returned (active earlier, not in the month before). Lost: active in the month before, not in this one. "
    "Who skips a month is lost here and returned later; the bridge waits until she counts as gone. "
    "Pulse: new and returned for each one lost; above 1 the active customers grow."
)


def section(asked: Asked) -> Section | None:
    """The states of each month and the pulse; None where the data hold no two months."""
    if not asked.counts:
        return None
    answer = asked.ask(LifeCycle())
    if len(answer.table) < 2:
        return None
    body = join(
        lead(answer.words),
        hint(_HOW),
        figure_place("lifecycle-figure", answer.words, 400),
        folded("all months", answer_table(answer)),
        foot(answer, "lifecycle"),
    )
    return Section(
        "lifecycle", "Who came, stayed, came back, fell silent?", body, "Life cycle", {"lifecycle-figure": bare(answer)}
    )
