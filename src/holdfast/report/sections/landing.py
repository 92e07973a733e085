"""Where do visits begin, and which landing pages lose them at once?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.sessions import Sessions
from holdfast.report.markup import join
from holdfast.report.page import Section
from holdfast.report.pages import naming_of
from holdfast.report.parts import answer_table, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]

_SHOWN = ("landing", "sessions", "customers", "bounces", "bounce_rate", "low", "high", "share", "mean_steps", "above_average")
_MOST = 12


def section(asked: Asked) -> Section | None:
    """Bounce by landing page, the busiest first; None where there is nothing but orders."""
    if asked.orders_only:
        return None
    naming = naming_of(asked.timelines.meta)
    answer = asked.ask(Sessions(page=naming.by, groups=naming.groups, exclude=naming.exclude))
    if not len(answer.table):
        return None
    body = join(
        lead(answer.words),
        hint("A bounce is a visit of one step. Above average: so many visits more than the average page would have lost."),
        answer_table(answer, chosen=_SHOWN, limit=_MOST),
        foot(answer, "landing-pages"),
    )
    return Section("landing", "Where do visits begin, and where do they end at once?", body, "Landing pages")
