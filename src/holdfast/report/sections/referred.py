"""Do customers whom others brought stay longer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.referred import Referred
from holdfast.report.markup import join
from holdfast.report.page import Section
from holdfast.report.parts import answer_table, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]

_SHOWN = ("group", "customers", "bought_share", "again_share", "kept_share", "value", "orders")

_TITLES = {"bought_share": "ordered at all", "again_share": "ordered again", "kept_share": "still customers"}


def section(asked: Asked) -> Section | None:
    """Referred customers beside others; None where nothing tells who was referred, or nobody was."""
    answer = asked.ask(Referred())
    rows = answer.table.to_pylist()
    if not rows or not rows[0]["customers"]:
        return None
    low = {f"{name}_share{side}" for name in ("bought", "again", "kept") for side in ("_low", "_high")}
    shown = [
        name
        for name in answer.table.column_names
        if name in _SHOWN or name in low or name in ("value_low", "value_high", "orders_low", "orders_high")
    ]
    body = join(
        lead(answer.words),
        hint("Together with referral, not because of it: who is brought by a friend differs in more than that."),
        answer_table(answer, chosen=shown, titles=_TITLES),
        foot(answer, "referred"),
    )
    return Section("referred", "Do customers whom others brought stay longer?", body, "Referred")
