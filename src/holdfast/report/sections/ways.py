"""Where do people go? The first steps of their sessions as a flow, and the most frequent whole ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.paths import Paths
from holdfast.report.markup import join, tag
from holdfast.report.page import Section, figure_place
from holdfast.report.pages import naming_of
from holdfast.report.parts import answer_table, bare, folded, foot, hint, lead, table
from holdfast.report.values import percent

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer
    from holdfast.report.asked import Asked
    from holdfast.report.markup import Markup

__all__ = ["section"]

STEPS, NODES, WAYS = 4, 6, 10


def section(asked: Asked) -> Section | None:
    """The flow of sessions; None where there is nothing but orders."""
    if asked.orders_only:
        return None
    naming = naming_of(asked.timelines.meta)
    answer = asked.ask(Paths(steps=STEPS, nodes=NODES, naming=naming, unit="sessions", most_paths=WAYS))
    if not len(answer.table):
        return None
    what = "events" if naming.by == "event" else "pages"
    body = join(
        lead(answer.words),
        hint(
            f"The first {STEPS + 1} {what} of every session, from left to right; a session ends after 30 minutes without a "
            "step, and the same step several times running is one. Red: the session ends there."
        ),
        figure_place("ways-figure", answer.words, 460, least_width=860),
        tag("h3", "The most frequent whole ways"),
        _ways(answer),
        folded("all links", answer_table(answer)),
        foot(answer, "ways"),
    )
    return Section("ways", "Where do people go?", body, "Ways", {"ways-figure": bare(answer, margin={"t": 20})})


def _ways(answer: Answer) -> Markup:
    """The whole ways with how many sessions and customers took them."""
    rows = [
        [
            row["path"], row["count"], row["customers"],
            f"{percent(row['share'])} ({100 * row['low']:.1f} to {100 * row['high']:.1f})",
        ]
        for row in answer.extra["paths"].to_pylist()
        if row["steps"] is not None
    ]  # fmt: skip
    return table(("way", "sessions", "customers", "of all"), rows, ["text", "count", "count", "number"], name="ways")
