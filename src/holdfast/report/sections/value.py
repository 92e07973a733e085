"""What is a customer worth, and who of them is at risk?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.analyses.clv import PlainClv
from holdfast.analyses.value import CustomerValue
from holdfast.report.markup import Markup, join, tag
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import bare, foot, hint, lead, table
from holdfast.report.values import money, percent, probability, shown

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer
    from holdfast.report.asked import Asked

__all__ = ["section"]

LISTED = 10
TITLE = "What is a customer worth?"
BESIDE_CONTRACTS = " From the first day to the last; what each contract still brings stands under Contracts."


def section(asked: Asked) -> Section | None:
    """Value of the customers by the model that serves, at risk and by tenths, a new one's, and the plain formula beside; that
    alone where the data are too few for a model, or are contracts; None where there is no money."""
    if not asked.paid:
        return None
    if asked.timelines.settings.base == "contract":
        return _plain(asked)
    answer = asked.ask(CustomerValue(show="deciles", limit=LISTED))
    if not len(answer.table):
        return _plain(asked)
    body = join(
        lead(answer.words),
        hint(
            "Orders to be expected of each customer, by how often she ordered, how long ago and how long she has been known, "
            "times the value of her orders, later money worth less. It knows orders alone, no season and no growth."
        ),
        figure_place("value-figure", answer.words, 360),
        tag("h3", "Worth most, and may be gone"),
        _doubtful(answer),
        tag("h3", "A customer acquired today"),
        table(*_new(answer), ["text", "number", "number", "number"], name="small"),
        tag("h3", "Beside the plain formula"),
        table(*_beside(answer), ["text", "text", "number", "number", "text"]),
        foot(answer, "customer-value"),
    )
    return Section("value", TITLE, body, "Value", {"value-figure": bare(answer)})


def _doubtful(answer: Answer) -> Markup:
    """Those in doubt, or that nobody is."""
    if not len(answer.extra["at-risk"]):
        return hint("Nobody is in doubt: each customer most probably is here, or almost surely gone.")
    return table(*_at_risk(answer), ["text", "number", "text", "number", "number", "number"])


def _at_risk(answer: Answer) -> tuple[tuple[str, ...], list[list[Any]]]:
    """The customers with most value at risk."""
    currency = answer.source.settings.currency
    rows = [
        [
            row["customer"], f"{row['orders']:,}", str(row["last_order"]), probability(row["p_alive"]),
            money(row["value_if_here"], currency), money(row["value_at_risk"], currency),
        ]
        for row in answer.extra["at-risk"].to_pylist()
    ]  # fmt: skip
    return ("customer", "orders", "last order", "P(alive)", "worth if here", "at risk"), rows


def _new(answer: Answer) -> tuple[tuple[str, ...], list[list[Any]]]:
    """What a new customer brings: what her acquisition may cost at most."""
    currency = answer.source.settings.currency
    rows = [
        [
            f"{row['months']} months", f"{money(row['value'], currency)} ({money(row['low'])} to {money(row['high'])})",
            money(row["first_value"], currency), money(row["later_value"], currency),
        ]
        for row in answer.extra["new"].to_pylist()
    ]  # fmt: skip
    return ("within", "brings", "first order", "later orders, discounted"), rows


def _beside(answer: Answer) -> tuple[tuple[str, ...], list[list[Any]]]:
    """The model and the plain formula, and when each misleads."""
    currency = answer.source.settings.currency
    rows = [
        [
            row["method"], f"{row['n']:,}, {row['customers_are']}", shown(row["months"], "days"), money(row["value"], currency),
            row["misleads"],
        ]
        for row in answer.extra["plain"].to_pylist()
    ]  # fmt: skip
    return ("by", "customers", "months", "a customer", "misleads"), rows


def _plain(asked: Asked) -> Section:
    """Life time value by the plain formula, and how to read it."""
    answer = asked.ask(PlainClv())
    contracts = asked.timelines.settings.base == "contract"
    body = join(
        lead(answer.words),
        hint(
            "Average order × orders a month × lifespan in months. It takes every customer for the average one: use it to "
            "compare, not to promise." + (BESIDE_CONTRACTS if contracts else "")
        ),
        table(("what", "how much"), _worth(answer), ["text", "number"], name="small"),
        foot(answer, "life-time-value"),
    )
    return Section("value", TITLE, body, "Value")


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
