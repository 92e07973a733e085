"""When is a customer gone?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.gone_after import GoneAfter
from holdfast.report.markup import join
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import bare, foot, hint, lead, table

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]


def section(asked: Asked) -> Section | None:
    """After how many silent days a customer counts as gone, and why; None where there is nothing that counts."""
    if not asked.counts:
        return None
    answer = asked.ask(GoneAfter())
    waits = answer.table.to_pylist()
    kept = [row for row in waits if row["day"] in (7, 14, 30, 60, 90, 120, 180, 270, 365)]
    rows = [[f"{row['day']} days", row["at_risk"], row["share_returned"], row["share_of_expected"]] for row in kept]
    body = join(
        lead(answer.words),
        hint("Every retention figure rests on this choice (gone_after in holdfast.toml)."),
        figure_place("gone-figure", answer.words, 300),
        table(("silent for", "waits that long", "have returned", "of the expected"), rows, ["text", "count", "share", "share"]),
        foot(answer, "gone-after"),
    )
    return Section("gone", "When is a customer gone?", body, "Gone after", {"gone-figure": bare(answer)}, half=True)
