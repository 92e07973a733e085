"""Who orders a second time, how soon, and how long lies between orders?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.analyses.repeat import Repeat
from holdfast.report.markup import join
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, bare, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]


def section(asked: Asked) -> Section | None:
    """Who orders a second time, how soon, and how long lies between orders; None where there are no orders."""
    if not asked.ordered:
        return None
    answer = asked.ask(Repeat())
    summary = answer.extra["summary"].to_pylist()[0]
    said = _gap("From first to second order", summary, "first_to_second_days") + _gap(
        "Between any two orders", summary, "gap_days"
    )
    body = join(
        lead(answer.words),
        hint(said + "The open last wait of each customer is counted as not yet over, not left out."),
        figure_place("repeat-figure", answer.words, 320),
        answer_table(answer, titles={"second": "with a second", "km_rate": "by Kaplan-Meier"}),
        foot(answer, "second-order"),
    )
    return Section("repeat", "Who orders a second time, and how soon?", body, "Second order", {"repeat-figure": bare(answer)})


def _gap(name: str, row: dict[str, Any], key: str) -> str:
    if row.get(key) is None:
        return ""
    low, high = row.get(f"{key}_low"), row.get(f"{key}_high")
    interval = "" if low is None or high is None else f" ({low:.0f} to {high:.0f})"
    return f"{name}, half of the waits end within {row[key]:.0f} days{interval}. "
