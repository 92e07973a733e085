"""Who is about to leave, and what goes together with it?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.analyses.risk import BANDS, Risk
from holdfast.report.markup import join, tag
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import bare, foot, hint, lead, table
from holdfast.report.values import Kind, money, percent, probability

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer
    from holdfast.report.asked import Asked
    from holdfast.report.markup import Markup

__all__ = ["section"]

LISTED = 12
LOOKED_AT = 60
"""Among so many with most at stake those are listed whose risk is not low."""


def section(asked: Asked) -> Section | None:
    """Risk tested on the past, its bands, those with most at stake; None where nothing could be learned or few are here."""
    answer = asked.ask(Risk(limit=LOOKED_AT))
    learned = answer.definition.rules["model"] != "plain rule"
    if not learned or answer.definition.n < asked.timelines.settings.small_group:
        return None
    body = join(
        lead(answer.words),
        hint(
            "Learned from what was known at earlier dates and tested on a later one: left, each dot is a tenth of those "
            "customers with what was foretold and what happened; right, the customers of now."
        ),
        figure_place("risk-figure", answer.words, 400, least_width=620),
        tag("h3", "By band"),
        table(*_bands(answer), ["text", "number", "number", "number", "number"]),
        tag("h3", "Most at stake, low risks apart"),
        _customers(answer),
        foot(answer, "risk"),
    )
    return Section("risk", "Who is about to leave?", body, "Risk", {"risk-figure": bare(answer)})


def _bands(answer: Answer) -> tuple[tuple[str, ...], list[list[Any]]]:
    currency = answer.source.settings.currency
    rows = [
        [row["band"], f"{row['customers']:,}", percent(row["share"]), _expected(row), money(row["value"], currency)]
        for row in answer.extra["bands"].to_pylist()
    ]
    return ("risk", "customers", "share", "expected to leave", "brought in 365 days"), rows


def _expected(row: dict[str, Any]) -> str:
    if row["expected"] is None:
        return "–"
    return f"{row['expected']:,.0f} ({row['expected_low']:,.0f} to {row['expected_high']:,.0f})"


def _customers(answer: Answer) -> Markup:
    """Those with most at stake; a column for dissatisfaction where any of them showed it."""
    currency = answer.source.settings.currency
    listed = [row for row in answer.table.to_pylist() if row["band"] != BANDS[0]][:LISTED]
    told = any(row["dissatisfied"] for row in listed)
    rows = [
        [
            row["customer"], f"{probability(row['risk'])} ({probability(row['low'])} to {probability(row['high'])})",
            row["reasons"], *([row["dissatisfied"] or ""] if told else []), money(row["at_stake"], currency),
        ]
        for row in listed
    ]  # fmt: skip
    names = ("customer", "risk", "together with", *(["dissatisfied"] if told else []), "at stake")
    kinds: list[Kind] = ["text", "number", "text", "text", "number"]
    return table(names, rows, kinds if told else [*kinds[:3], kinds[-1]])
