"""How many of those who look go on to an order, and what becomes of carts and checkouts?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.abandonment import Abandonment
from holdfast.analyses.funnel import USUAL_STEPS, Funnel
from holdfast.report.markup import Markup, join, tag
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, bare, folded, foot, hint, lead, table
from holdfast.report.values import Kind, money, percent

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer
    from holdfast.report.asked import Asked

__all__ = ["section"]

_WINDOW = "7 days"


def section(asked: Asked) -> Section | None:
    """The funnel to an order within a week, and abandonment; None where the data know no step before the order."""
    if not asked.ordered:
        return None
    known = [name for name in USUAL_STEPS if name in asked.timelines.meta.events]
    if len(known) < 2:
        left = _left_behind(asked)
        return Section("funnel", "How many carts and checkouts become an order?", join(*left), "To the order") if left else None
    answer = asked.ask(Funnel(window=_WINDOW))
    body = join(
        lead(answer.words),
        hint(f"Each customer's best chain of these steps within {_WINDOW}; other steps may lie between."),
        figure_place("funnel-figure", answer.words, 90 + 62 * len(known), least_width=620),
        folded("all steps", answer_table(answer)),
        foot(answer, "funnel"),
        *_titled(_left_behind(asked)),
    )
    title = "How many of those who look go on to an order?"
    return Section("funnel", title, body, "To the order", {"funnel-figure": bare(answer)})


def _titled(left: list[Markup]) -> list[Markup]:
    return [tag("h3", "Carts and checkouts left behind"), *left] if left else []


def _left_behind(asked: Asked) -> list[Markup]:
    """Carts and checkouts without an order, and the step at which they were left; nothing where there are none."""
    answer = asked.ask(Abandonment())
    if not any(row["started"] for row in answer.table.to_pylist()):
        return []
    return [
        lead(answer.words),
        _ends(answer),
        folded("at which step", _steps(answer)),
        foot(answer, "abandonment"),
    ]


def _ends(answer: Answer) -> Markup:
    """What became of all carts and checkouts."""
    whole = [row for row in answer.table.to_pylist() if row["period"] == "all"]
    rows = [
        [
            row["what"], row["started"], row["bought"], row["abandoned"], row["in_progress"],
            "–" if row["rate"] is None else f"{percent(row['rate'])} ({100 * row['low']:.1f} to {100 * row['high']:.1f})",
            money(row["value_left"], answer.source.settings.currency),
        ]
        for row in whole
    ]  # fmt: skip
    kinds: list[Kind] = ["text", "count", "count", "count", "count", "number", "number"]
    shown = None if any(row["value_left"] is not None for row in whole) else -1
    columns = ("what", "begun", "bought", "left behind", "still open", "share left behind", "money left")
    return table(columns[:shown], [row[:shown] for row in rows], kinds[:shown])


def _steps(answer: Answer) -> Markup:
    """How many carts and checkouts came to each step, and were left there."""
    names = ("what", "name", "reached", "left", "rate", "customers")
    rows = [[row[name] for name in names] for row in answer.extra["steps"].to_pylist()]
    return table(_STEPS, rows, ["text", "text", "count", "count", "share", "count"])


_STEPS = ("what", "step", "came so far", "left there", "share", "customers")
