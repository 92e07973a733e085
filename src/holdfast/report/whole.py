"""The report: every answer on one page, in one file that opens without a network."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from holdfast.report.asked import Quality, ask_all
from holdfast.report.opening import opening
from holdfast.report.page import Page
from holdfast.report.sections import bridge_section, cohort_section, repeat_section, rfm_section, stickiness_section
from holdfast.report.sections_data import benchmark_section, definition_section, gone_section, quality_section, reading_section
from holdfast.report.sections_money import concentration_section, money_section, value_section

if TYPE_CHECKING:
    from holdfast.timelines.timelines import Timelines

__all__ = ["report"]


def report(timelines: Timelines, *, as_of: date | str | None = None, quality: Quality | None = None) -> str:
    """The report as one HTML file.

    as_of    the date it tells about; None: the end of the data
    quality  what the workspace knows about its data; None: what the timelines know
    """
    asked = ask_all(timelines, as_of)
    sections = [
        bridge_section(asked),
        money_section(asked),
        cohort_section(asked),
        repeat_section(asked),
        rfm_section(asked),
        concentration_section(asked),
        gone_section(asked),
        stickiness_section(asked),
        value_section(asked),
        benchmark_section(asked),
        quality_section(asked, quality or Quality()),
        reading_section(asked),
        definition_section(asked),
    ]
    shown = [section for section in sections if section is not None]
    name = timelines.settings.name
    aside = f"{name} · as of {asked.as_of.day} {asked.as_of:%B %Y} · {timelines.meta.zone}"
    return Page("Do our customers stay?", name, aside, opening(asked), shown).html()
