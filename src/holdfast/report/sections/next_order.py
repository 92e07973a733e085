"""When is each customer expected again, and whose silence is unusual?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from holdfast.analyses.next_order import NextOrder
from holdfast.analyses.next_order.tables import LEAST_REPEATERS
from holdfast.report.markup import Markup, join, tag
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, bare, folded, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer
    from holdfast.report.asked import Asked

__all__ = ["section"]

_SHOWN = ("customer", "value", "order_days", "last_order", "days_silent", "usual_days", "unusual_on")
_LISTED = 12
_PLACE = "next-order-figure"


def section(asked: Asked) -> Section | None:
    """The calendar of the best customers, those in unusual silence, and what past dates were worth; None where few wait, or
    customers are those under contract: payments stop with it, and their silence says nothing."""
    if asked.timelines.settings.base == "contract":
        return None
    best = asked.ask(NextOrder(limit=_LISTED))
    model = best.extra["model"].to_pylist()
    if not model or model[0]["repeaters"] < LEAST_REPEATERS:
        return None
    body = join(
        lead(best.words),
        hint(
            "Each customer by her own rhythm. Thick: one in two of those like her order then; thin: four in five. From the "
            "cross on her silence is unusual for her. Dates are those of customers who go on ordering."
        ),
        figure_place(_PLACE, best.words, 480, least_width=560),
        _silent(asked.ask(NextOrder(limit=_LISTED, show="unusual"))),
        _checked(best),
        foot(best, "next"),
    )
    return Section("next-order", "When is each customer expected again?", body, "Next order", {_PLACE: bare(best)})


def _silent(answer: Answer) -> Markup:
    """Those with most money in unusual silence."""
    if not answer.table.num_rows:
        return join()
    return join(
        tag("h3", "In unusual silence, most money first"),
        answer_table(answer, chosen=_SHOWN, titles={"value": "brought so far"}),
    )


def _checked(answer: Answer) -> Markup:
    """What an earlier day's dates were worth, one click away."""
    check = answer.extra["calibration"]
    if not check.num_rows:
        return join()
    return folded("what earlier dates were worth", answer_table(replace(answer, table=check)))
