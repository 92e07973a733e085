"""Which customers are which, and what to do with each?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.rfm import Rfm
from holdfast.report.markup import Markup, join, tag
from holdfast.report.page import Section
from holdfast.report.parts import bar, foot, hint, lead, table
from holdfast.report.values import Kind, percent

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]


COLOURS = {
    "Champions": "kept", "Loyal": "kept", "Potential Loyalist": "new", "New": "new", "Promising": "new",
    "Needs Attention": "risk", "About to Sleep": "risk", "Cannot Lose Them": "lost", "At Risk": "lost",
    "Hibernating": "soft", "Lost": "soft",
}  # fmt: skip
"""What a segment means, in the five colours of the house."""

_OF_MONEY = ("revenue", "of revenue", "each")


def section(asked: Asked) -> Section | None:
    """Eleven segments and what to do with each; None where there are no orders."""
    if not asked.ordered:
        return None
    answer = asked.ask(Rfm())
    rows = [
        [
            _named(row["rfm"]), row["customers"],
            f"{percent(row['share'])} ({100 * row['low']:.1f} to {100 * row['high']:.1f})" if row["share"] is not None else "–",
            row["revenue"], bar(row["revenue_share"]), row["recency"], row["frequency"], row["monetary"], row["action"],
        ]
        for row in answer.table.to_pylist()
    ]  # fmt: skip
    columns = ["segment", "customers", "share", "revenue", "of revenue", "days ago", "orders", "each", "what to do"]
    kinds: list[Kind] = ["text", "count", "number", "money", "text", "days", "number", "money", "text"]
    shown = [place for place, name in enumerate(columns) if asked.paid or name not in _OF_MONEY]
    body = join(
        lead(answer.words),
        hint("Scores 1 to 5 for recency, frequency and money, by quintiles; equal values get equal scores. Means per segment."),
        table(
            [columns[place] for place in shown],
            [[row[place] for place in shown] for row in rows],
            [kinds[place] for place in shown],
            currency=asked.currency,
        ),
        foot(answer, "rfm"),
    )
    return Section("rfm", "Which customers are which, and what to do with each?", body, "RFM")


def _named(segment: str) -> Markup:
    """A segment's name with its colour, on one line."""
    dot = tag("span", class_=f"dot {COLOURS.get(segment, 'soft')}")
    return tag("span", dot, segment, style="white-space:nowrap")
