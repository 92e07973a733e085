"""How surely do contracts renew, and what are they worth?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.contract_value import ContractValue
from holdfast.report.markup import join, tag
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import bare, foot, hint, lead, table
from holdfast.report.values import money, percent

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer
    from holdfast.report.asked import Asked

__all__ = ["section"]

LISTED = 10


def section(asked: Asked) -> Section | None:
    """Retention by renewal against the model, and the customers under contract who are worth most; None without contracts, or
    where they are too few for a model."""
    if asked.timelines.settings.base != "contract":
        return None
    answer = asked.ask(ContractValue(limit=LISTED))
    if not len(answer.table):
        return None
    body = join(
        lead(answer.words),
        hint(
            "Points: the share of contracts that lived so many renewals, with 95 % intervals; the line: the model, dotted "
            "where it foretells. Value: the money of renewals to be expected, later money worth less."
        ),
        figure_place("contracts-figure", answer.words, 360),
        tag("h3", "Worth most"),
        table(
            ("customer", "renewals", "next renewal", "renews", "value, 12 months"), _listed(answer),
            ["text", "number", "text", "number", "number"],
        ),
        foot(answer, "contracts"),
    )  # fmt: skip
    return Section("contracts", "How surely do contracts renew?", body, "Contracts", {"contracts-figure": bare(answer)})


def _listed(answer: Answer) -> list[list[str]]:
    currency = answer.source.settings.currency
    return [
        [
            row["customer"], f"{row['renewals']:,}", str(row["next_renewal"]), percent(row["renews_share"]),
            f"{money(row['value'], currency)} ({money(row['value_low'])} to {money(row['value_high'])})",
        ]
        for row in answer.table.to_pylist()
    ]  # fmt: skip
