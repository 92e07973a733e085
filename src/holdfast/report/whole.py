"""The report: every answer on one page, in one file that opens without a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING

from holdfast.report.asked import Asked, Quality
from holdfast.report.opening import opening
from holdfast.report.page import Page, Section

if TYPE_CHECKING:
    from holdfast.timelines.order_lines import OrderLines
    from holdfast.timelines.timelines import Timelines

__all__ = ["SECTIONS", "report"]

SECTIONS = {
    "Do they stay?": ("bridge", "money", "lifecycle", "cohorts", "repeat", "survival"),
    "Who are they?": ("rfm", "personas", "clusters", "taste", "concentration", "gone", "stickiness"),
    "What are they worth?": ("value", "holdout", "contracts", "whatif", "referred"),
    "Where do they go?": ("ways", "following", "landing", "orders_way", "stages"),
    "Why do they stay?": ("staying", "newcomers"),
    "Who is about to leave?": ("risk", "slipping"),
    "What would they like next?": ("next_order", "recommend"),
    "About these figures": ("trade", "quality", "reading"),
}
"""Part of the page → files of `sections/`, in order; what the numbers mean stands last."""


def report(
    timelines: Timelines, *, as_of: date | str | None = None, quality: Quality | None = None, beside: str = "",
    lines: OrderLines | None = None,
) -> str:  # fmt: skip
    """The report as one HTML file.

    as_of    the date it tells about; None: the end of the data
    quality  what the workspace knows about its data; None: what the timelines know
    beside   what else is said beside the title
    lines    what was in the orders, where events do not tell categories and brands; None: not known
    """
    asked = Asked(timelines, as_of, quality, lines)
    shown = [section for part, names in SECTIONS.items() for section in _shown(asked, part, names)]
    top = opening(asked)
    name = timelines.settings.name
    aside = f"{name} · as of {asked.as_of.day} {asked.as_of:%B %Y} · {timelines.meta.zone}" + (f" · {beside}" if beside else "")
    return Page("Do our customers stay?", name, aside, top, [*shown, *_shown(asked, shown[-1].part, ("definitions",))]).html()


def _shown(asked: Asked, part: str, names: tuple[str, ...]) -> Iterator[Section]:
    """The sections of these files that have something to say."""
    for name in names:
        section = import_module(f"holdfast.report.sections.{name}").section(asked)
        if section is not None:
            yield replace(section, part=part)
