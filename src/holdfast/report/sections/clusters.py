"""Which kinds of customer do the data show by themselves?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.clusters import Clusters
from holdfast.report.markup import join
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, bare, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]

_SHOWN = (
    "cluster",
    "name",
    "customers",
    "share",
    "low",
    "high",
    "revenue_share",
    "orders",
    "order_value",
    "days_since_last_seen",
)


def section(asked: Asked) -> Section | None:
    """The clusters; None where none hold when drawn anew."""
    answer = asked.ask(Clusters())
    if not len(answer.table):
        return None
    body = join(
        lead(answer.words),
        hint("Found by k-means among what customers do, and shown only where they come out again in customers drawn anew."),
        figure_place("clusters-figure", answer.words, 380, least_width=720),
        answer_table(answer, chosen=_SHOWN),
        foot(answer, "clusters"),
    )
    return Section("clusters", "Which kinds of customer do the data show?", body, "Clusters", {"clusters-figure": bare(answer)})
