"""What does each number mean?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.report.markup import join, tag
from holdfast.report.page import Section

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer
    from holdfast.report.asked import Asked

__all__ = ["section"]


def section(asked: Asked) -> Section:
    """What each number means."""
    shown_once: dict[str, Answer] = {}
    for answer in asked.answers:
        shown_once.setdefault(answer.definition.title, answer)
    entries = [
        join(
            tag("dt", title),
            tag("dd", answer.definition.text, tag("br"), tag("span", answer.definition.line(), class_="muted")),
        )
        for title, answer in shown_once.items()
    ]
    return Section("definitions", "What does each number mean?", tag("dl", *entries), "Definitions")
