"""Were the orders foretold?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from holdfast.analyses.holdout import Holdout
from holdfast.report.markup import join
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, bare, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]

_SHOWN = ("frequency", "customers", "actual", "low", "high", "expected", "plain")


def section(asked: Asked) -> Section | None:
    """Orders week by week against what was foretold, and by how often customers had come; None where the past is too short,
    or customers are those under contract, whose renewals have a section of their own."""
    if asked.timelines.settings.base == "contract":
        return None
    answer = asked.ask(Holdout())
    if not answer.table.num_rows:
        return None
    weeks = replace(answer, question=Holdout(show="tracking"), table=answer.extra["tracking"])
    body = join(
        lead(answer.words),
        hint(
            "Fitted to what was known up to the line, judged by what came after it; the plain rate is each customer's orders "
            "so far by her weeks so far. A model that does not beat it is not used."
        ),
        figure_place("holdout-weeks", answer.words, 360),
        answer_table(answer, chosen=_SHOWN),
        foot(answer, "holdout"),
    )
    return Section("holdout", "Were the orders foretold?", body, "Holdout", figures={"holdout-weeks": bare(weeks)})
