"""The report: every answer on one page, in one file that opens without a network."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING

from holdfast.report.asked import Asked, Quality
from holdfast.report.opening import opening
from holdfast.report.page import Page, Section

if TYPE_CHECKING:
    from holdfast.timelines.timelines import Timelines

__all__ = ["SECTIONS", "report"]

SECTIONS = (
    "bridge",
    "money",
    "cohorts",
    "repeat",
    "rfm",
    "concentration",
    "gone",
    "stickiness",
    "value",
    "trade",
    "quality",
    "reading",
)
"""The files of `sections/` in the order of the page; what the numbers mean stands last."""


def report(timelines: Timelines, *, as_of: date | str | None = None, quality: Quality | None = None) -> str:
    """The report as one HTML file.

    as_of    the date it tells about; None: the end of the data
    quality  what the workspace knows about its data; None: what the timelines know
    """
    asked = Asked(timelines, as_of, quality)
    shown = list(_shown(asked, SECTIONS))
    top = opening(asked)
    name = timelines.settings.name
    aside = f"{name} · as of {asked.as_of.day} {asked.as_of:%B %Y} · {timelines.meta.zone}"
    return Page("Do our customers stay?", name, aside, top, [*shown, *_shown(asked, ("definitions",))]).html()


def _shown(asked: Asked, names: tuple[str, ...]) -> Iterator[Section]:
    """The sections of these files that have something to say."""
    for name in names:
        section = import_module(f"holdfast.report.sections.{name}").section(asked)
        if section is not None:
            yield section
