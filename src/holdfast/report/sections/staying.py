"""What do those who stay do in their first days?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.drivers import Drivers
from holdfast.report.markup import join
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, bare, folded, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]


def section(asked: Asked) -> Section | None:
    """Behaviours of the first week that go together with staying; None where there are orders alone, or nothing is testable."""
    if asked.orders_only:
        return None
    answer = asked.ask(Drivers(staying="any"))
    if not any(row["finding"] != "not testable" for row in answer.table.to_pylist()):
        return None
    body = join(
        lead(answer.words),
        hint(
            "Together with staying, not because of it: among customers who came at the same time, bought as much and were as "
            "active. Staying: any event in the 60 days after the first week. A cause is shown by a control group only."
        ),
        figure_place("staying-figure", answer.words, 460, least_width=640),
        folded("all behaviours", answer_table(answer)),
        foot(answer, "staying"),
    )
    figure = bare(answer)
    return Section("staying", "What goes together with staying?", body, "Why they stay", {"staying-figure": figure})
