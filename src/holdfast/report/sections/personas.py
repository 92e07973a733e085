"""Which of six kinds is everybody?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.personas import Personas
from holdfast.analyses.personas.card import PersonaCard
from holdfast.report.markup import join, tag
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, bare, foot, hint, lead
from holdfast.report.persona_cards import persona_cards

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]

_SHOWN = (
    *("persona", "customers", "share", "low", "high", "before_90", "revenue", "revenue_share", "aov", "days_since"),
    *("kept_share", "kept_low", "kept_high"),
)

_OF_MONEY = ("revenue", "revenue_share", "aov")
_TITLES = {
    "before_90": "90 days before", "revenue_share": "of revenue", "aov": "average order", "days_since": "days silent",
    "kept_share": "still customers",
}  # fmt: skip


def section(asked: Asked) -> Section:
    """The six personas, their size, trend and worth."""
    answer, cards = asked.ask(Personas()), asked.ask(PersonaCard(lines=asked.lines))
    shown = [name for name in _SHOWN if asked.paid or name not in _OF_MONEY]
    body = join(
        lead(answer.words),
        hint("Everybody has exactly one persona. Size 30 and 90 days before by the same rule, so a trend is one of customers."),
        figure_place("personas-figure", answer.words, 360),
        answer_table(answer, chosen=shown, titles=_TITLES),
        foot(answer, "personas"),
        tag("h3", "A card for each"),
        persona_cards(cards),
        foot(cards, "persona-cards"),
    )
    return Section("personas", "Which of six kinds is everybody?", body, "Personas", {"personas-figure": bare(answer)})
