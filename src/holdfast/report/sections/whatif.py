"""What if more customers were kept?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.whatif import WhatIf
from holdfast.report.markup import join, tag
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import bare, foot, hint, lead, table

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]

_LEVERS = ("retention", "yearly", "churn", "acquisition", "spend")


def section(asked: Asked) -> Section | None:
    """One point more retention over three years, beside the other levers and the literature; None where nothing can be told."""
    answer = asked.ask(WhatIf(per_cent=(1.0,)))
    if not answer.table.num_rows:
        return None
    currency = asked.currency
    rows = [
        [
            row["change"], row["moves"],
            f"{row['more_customers']:,} ({row['more_customers_low']:,} to {row['more_customers_high']:,})",
            f"{row['more']:,.0f} {currency} ({row['more_low']:,.0f} to {row['more_high']:,.0f})",
        ]
        for row in answer.table.to_pylist()
        if row["lever"] in _LEVERS
    ]  # fmt: skip
    claims = [[row["claim"], f"{row['source']}; {row['scope']}"] for row in answer.extra["claims"].to_pylist()]
    body = join(
        lead(answer.words),
        hint("Your own months carried forward, once as they are and once with a lever moved. A projection, not a promise."),
        figure_place("whatif-figure", answer.words, 320),
        table(("lever", "from → to", "customers more", "money more in three years"), rows, ["text"] * 4),
        tag("h3", "What is claimed elsewhere"),
        table(("claim", "who says so, and of whom"), claims, ["text", "text"]),
        foot(answer, "what-if"),
    )
    return Section("whatif", "What if more customers were kept?", body, "What if", {"whatif-figure": bare(answer)})
