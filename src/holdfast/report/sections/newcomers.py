"""How soon do newcomers reach what they came for, how much do they use, and on which platforms?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.activation import Activation
from holdfast.analyses.adoption import USUAL_PLATFORMS, Adoption
from holdfast.analyses.breadth import Breadth
from holdfast.report.markup import Markup, join, tag
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, bare, folded, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]

_ANY = "any"
_PLATFORMS = (
    *("value", "customers", "share", "low", "high", "only", "early_share", "early_share_low", "early_share_high"),
    *("others_share", "others_share_low", "others_share_high", "finding"),
)

_TITLES = {
    "value": "platform", "only": "no other", "early_share": "users of the first week stay", "others_share": "others stay",
}  # fmt: skip


def section(asked: Asked) -> Section | None:
    """Time to value, breadth of use, platforms; None where there is nothing but orders."""
    if asked.orders_only:
        return None
    answer = asked.ask(Activation(staying=_ANY))
    if not any(row["n"] for row in answer.table.to_pylist()):
        return None
    body = join(
        lead(answer.words),
        hint("By Kaplan-Meier: who cannot be watched longer is not counted as one who never gets there."),
        figure_place("newcomers-figure", answer.words, 340),
        folded("by month of entry", answer_table(answer)),
        foot(answer, "activation"),
        *_breadth(asked),
        *_platforms(asked),
    )
    title = "How soon do newcomers reach what they came for?"
    return Section("newcomers", title, body, "Newcomers", {"newcomers-figure": bare(answer)})


def _breadth(asked: Asked) -> list[Markup]:
    answer = asked.ask(Breadth(staying=_ANY))
    return [
        tag("h3", "How much of it do they use in their first week?"),
        lead(answer.words),
        folded("by number of features", answer_table(answer)),
        foot(answer, "breadth"),
    ]


def _platforms(asked: Asked) -> list[Markup]:
    """Nothing where the data know no platforms."""
    if not set(USUAL_PLATFORMS) & set(asked.timelines.meta.properties):
        return []
    answer = asked.ask(Adoption(staying=_ANY))
    return [
        tag("h3", "On which platforms?"),
        lead(answer.words),
        answer_table(answer, chosen=_PLATFORMS, titles=_TITLES, limit=12),
        foot(answer, "platforms"),
    ]
