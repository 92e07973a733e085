"""How far do customers come on the way from stranger to regular, and where do they fall out?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.stages import Stages
from holdfast.report.markup import join
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, bare, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]

_FEWEST = 3
_TITLES = {"current": "there now", "fell_out_share": "share fallen out", "p90_seconds": "90 % within", "stays": "visits to it"}


def section(asked: Asked) -> Section | None:
    """The six stages; None where the events tell of fewer than three of them."""
    if asked.orders_only:
        return None
    answer = asked.ask(Stages())
    if sum(bool(row["reached"]) for row in answer.table.to_pylist()) < _FEWEST:
        return None
    body = join(
        lead(answer.words),
        hint("Which event belongs to which stage stands in the definition, and can be changed in holdfast.toml, [stages]."),
        figure_place("stages-figure", answer.words, 380, least_width=640),
        answer_table(answer, titles=_TITLES),
        foot(answer, "stages"),
    )
    return Section("stages", "How far do customers come?", body, "Stages", {"stages-figure": bare(answer)})
