"""What is a customer worth?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.clv import PlainClv
from holdfast.report.markup import join
from holdfast.report.page import Section
from holdfast.report.parts import foot, hint, lead, table
from holdfast.report.values import money, percent, shown

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer
    from holdfast.report.asked import Asked

__all__ = ["section"]


def section(asked: Asked) -> Section | None:
    """Life time value by the plain formula, and how to read it; None where there is no money."""
    if not asked.paid:
        return None
    answer = asked.ask(PlainClv())
    body = join(
        lead(answer.words),
        hint(
            "Average order × orders a month × lifespan in months. It takes every customer for the average one: use it to "
            "compare, not to promise."
        ),
        table(("what", "how much"), _worth(answer), ["text", "number"], name="small"),
        foot(answer, "life-time-value"),
    )
    return Section("value", "What is a customer worth?", body, "Value")


def _worth(answer: Answer) -> list[list[str]]:
    """The formula's factors, one a row."""
    row, currency = answer.table.to_pylist()[0], answer.source.settings.currency
    spread = "" if row["clv_low"] is None else f" ({money(row['clv_low'], '')} to {money(row['clv_high'], '')})"
    return [
        [f"value of a customer, in {row['unit_of']}", money(row["clv"], currency) + spread],
        ["average order", money(row["aov"], currency)],
        ["orders a customer a month", shown(row["orders_per_month"], "number")],
        [f"lifespan in months, by {row['lifespan']}", shown(row["lifespan_months"], "days")],
        ["churn a month", percent(row["churn"])],
        ["stands on", f"{shown(row['orders'], 'count')} orders, {row['customer_months']:,.0f} customer months"],
    ]
