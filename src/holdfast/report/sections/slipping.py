"""Who is slipping away without a word?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.early_signs import EarlySigns
from holdfast.report.markup import join
from holdfast.report.page import Section
from holdfast.report.parts import answer_table, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]

_SHOWN = (
    *("customer", "usual_interval_days", "last_seen", "days_silent", "before_per_30", "now_per_30"),
    *("ratio", "low", "high", "value"),
)

_JUDGED = ("falling", "rising", "steady")


def section(asked: Asked) -> Section | None:
    """Customers whose activity falls against their own habit without a complaint; None where too few have a habit yet."""
    answer = asked.ask(EarlySigns(limit=15, events="orders" if asked.orders_only else "any"))
    judged = sum(row["customers"] for row in answer.extra["summary"].to_pylist() if row["status"] in _JUDGED)
    if judged < asked.timelines.settings.small_group:
        return None
    listed = answer_table(answer, chosen=_SHOWN) if len(answer.table) else None
    body = join(
        lead(answer.words),
        hint(
            "Each customer against her own habit: days with activity in 30, before and now. A rare buyer's pause is no sign; "
            "who has been gone for long is not listed. At stake: what she brought in the last 365 days."
        ),
        listed,
        foot(answer, "slipping"),
    )
    return Section("slipping", "Who is slipping away without a word?", body, "Slipping away")
