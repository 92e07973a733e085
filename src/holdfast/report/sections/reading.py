"""How is this read?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.report.markup import tag
from holdfast.report.page import Section

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]


def section(asked: Asked) -> Section:
    """How to read the report."""
    small = asked.timelines.settings.small_group
    lines = (
        "An interval such as 93.7 % (92.8 to 94.5) says where the true rate lies with 95 % confidence; n is how many customers "
        "it stands on. "
        f"Groups of fewer than {small} are marked: read them as hints.",
        "A hatched cell or a period marked ~ is still open: its rate can still move. An empty cell is not observable yet; it "
        "is not 0.",
        "“Not comparable” beside a benchmark means that the two count different things; the difference says nothing about the "
        "business.",
        "Two things that move together need not cause each other: that an action worked is shown by a control group only.",
        "Every table can be saved as CSV from this file, and its definition stands one click below it.",
    )
    return Section(
        "reading",
        "How is this read?",
        tag("ul", *(tag("li", line) for line in lines), class_="notes"),
        "How to read",
        half=True,
    )
