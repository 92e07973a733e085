"""What would customers like next?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.recommend import Recommend
from holdfast.report.markup import join
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, bare, folded, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]

_PAIRS = 12
_QUALITY = ("of", "method", "n", "recall", "recall_low", "recall_high", "ndcg", "ndcg_low", "ndcg_high")
_PAIR = ("name", "with_name", "customers", "n", "share", "low", "high", "lift")
_WON = ("have_name", "offer_name", "customers", "n", "share", "low", "high", "lift")


def section(asked: Asked) -> Section | None:
    """How good lists were, and what goes together; None where nothing tells what was in orders."""
    if asked.lines is None or not asked.lines.lines.num_rows:
        return None
    quality = asked.ask(Recommend(show="quality", lines=asked.lines))
    if not quality.table.num_rows or (quality.table["n"][0].as_py() or 0) < asked.timelines.settings.small_group:
        return None
    pairs = asked.ask(Recommend(show="items", limit=_PAIRS, lines=asked.lines))
    cross = asked.ask(Recommend(show="cross-sell", limit=_PAIRS, lines=asked.lines))
    body = join(
        lead(quality.words),
        hint(
            "Lists of ten products a customer, made on a past day without knowing what came after. What she returned and what "
            "nobody buys any more is in no list. Each customer's list: holdfast recommend."
        ),
        figure_place("recommend-figure", quality.words, 420, least_width=560),
        folded("the figures", answer_table(quality, chosen=_QUALITY)),
        folded("bought together", answer_table(pairs, chosen=_PAIR)),
        folded("what goes with what customers have", answer_table(cross, chosen=_WON)),
        foot(quality, "recommend"),
    )
    return Section("recommend", "What would customers like next?", body, "Recommendations", {"recommend-figure": bare(quality)})
