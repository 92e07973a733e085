"""Of each month's first-time buyers, who bought again?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.cohorts import Cohorts
from holdfast.report.heat import heat_table
from holdfast.report.markup import Markup, join
from holdfast.report.page import Section
from holdfast.report.parts import csv_link, folded, foot, hint, lead

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer
    from holdfast.report.asked import Asked

__all__ = ["section"]

_IN_MONEY = "the same in money: revenue so far per customer, net of refunds"


def section(asked: Asked) -> Section | None:
    """Of each month's first-time buyers, who bought again; None where there is nothing that counts."""
    if not asked.counts:
        return None
    answer = asked.ask(Cohorts())
    worth = asked.ask(Cohorts(measure="cumulative revenue")) if asked.paid else None
    how = (
        "% ordering in month k after the first order · hatched: month still open · empty: not observable yet · "
        "rest on a cell for n and interval"
    )
    body = join(
        lead(answer.words),
        hint(how),
        heat_table(answer.table.to_pylist(), marks=_began(answer)),
        *([] if worth is None else [folded(_IN_MONEY, _money_grid(worth, asked.currency))]),
        foot(answer, "cohorts", *([] if worth is None else [csv_link(worth.to_csv(), "cohorts-money.csv", "CSV in money")])),
    )
    return Section("cohorts", "Of each month's first-time buyers, who bought again?", body, "Cohorts")


def _began(answer: Answer) -> dict[str, str]:
    """Cohort → what began in it, as holdfast.toml says."""
    table = answer.extra.get("initiatives")
    return {} if table is None else dict(zip(table["cohort"].to_pylist(), table["name"].to_pylist(), strict=True))


def _money_grid(answer: Answer, currency: str) -> Markup:
    return heat_table(answer.table.to_pylist(), "value_per_customer", currency=currency)
