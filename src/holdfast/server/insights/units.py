"""Columns whose unit their name does not tell, or tells wrongly (an amount of points is no money)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.report.values import Kind
from holdfast.server.insights.cells import rules_of

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.analyses.answer import Answer

__all__ = ["units_of"]

FLOWS = "start new returned expansion contraction lost end kept_before kept_now"

UNITS: tuple[tuple[str, str, Kind, str], ...] = (
    ("Again", "value", "number", "parameter"),
    ("Attention", "at_stake", "money", ""),
    ("Baskets", "unit_price", "money", ""),
    ("Costs", "money cost", "money", ""),
    ("Holdout", "expected actual mae", "money", "forecast correlation"),
    ("LifeCycle", FLOWS, "money", "contraction"),
    ("Orders", "refunded", "money", ""),
    ("Recommend", "price premium_price", "money", ""),
    ("Referred", "cost", "money", ""),
    ("Risk", "at_stake", "money", ""),
    ("Service", "cost", "money", ""),
    ("Taste", "everyone", "share", ""),
    ("WhatIf", "amount", "number", ""),
    ("WhatIf", "more", "money", ""),
)
"""The question's class, its columns, their kind, and the columns that a table has where this holds."""


def units_of(answer: Answer, table: pa.Table) -> dict[str, Kind]:
    """Column → its kind, where the name does not tell it; a number that adds up over people is money."""
    names, asked = set(table.column_names), type(answer.question).__name__
    found: dict[str, Kind] = {name: "money" for name, rule in rules_of(answer, table).items() if rule.adds_up}
    for kind_of, columns, kind, needs in UNITS:
        if kind_of == asked and set(needs.split()) <= names:
            found |= {name: kind for name in columns.split() if name in names}
    return found
