"""The report's questions about money: does it stay, who brings it, what is a customer worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.report.markup import join
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, foot, hint, lead, table
from holdfast.report.pictures import Step, bridge
from holdfast.report.sections import bare, folded
from holdfast.report.values import money, percent, short_money, shown

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["concentration_section", "money_section", "value_section"]


def money_section(asked: Asked) -> Section:
    """Net and gross revenue retention of the month, as a bridge in money."""
    answer, row = asked.answers["money"], asked.row("money")
    parts = [lead(answer.words)]
    if row is not None:
        signs = {"new": 1, "returned": 1, "expansion": 1, "contraction": -1, "lost": -1}
        colours = {"new": "new", "returned": "returned", "expansion": "kept", "contraction": "risk", "lost": "lost"}
        short = {"expansion": "more", "contraction": "less"}
        steps = [Step("before", row["start"], short_money(row["start"], asked.currency), "ink", total=True)]
        steps += [
            Step(
                short.get(name, name), sign * row[name], ("+" if sign > 0 else "−") + short_money(row[name], ""), colours[name]
            )
            for name, sign in signs.items()
        ]
        steps.append(Step("month", row["end"], short_money(row["end"], asked.currency), "ink", total=True))
        rates = [_rate("NRR", row, "nrr"), _rate("GRR", row, "grr")]
        parts += [hint(f"{' · '.join(filter(None, rates))} · n {row['n']:,}"), bridge(steps, answer.words)]
    parts += [folded("all months", answer_table(answer)), foot(answer, "money-retention")]
    return Section("money", "Does the money stay?", join(*parts), "Money", half=True)


def _rate(label: str, row: dict[str, Any], key: str) -> str:
    """A rate with its interval; nothing where it is not known."""
    if row[key] is None:
        return ""
    low, high = row[f"{key}_low"], row[f"{key}_high"]
    interval = "" if low is None else f" ({100 * low:.1f} to {100 * high:.1f})"
    return f"{label} {percent(row[key])}{interval}"


def concentration_section(asked: Asked) -> Section:
    """Which share of the revenue the best customers bring."""
    answer = asked.answers["concentration"]
    body = join(
        lead(answer.words),
        hint("Often cited: 20 % of customers bring 80 % of revenue. The line shows how it is here."),
        figure_place("concentration-figure", answer.words, 300),
        answer_table(answer),
        foot(answer, "concentration"),
    )
    return Section(
        "concentration",
        "Which customers bring the revenue?",
        body,
        "Concentration",
        {"concentration-figure": bare(answer)},
        half=True,
    )


def value_section(asked: Asked) -> Section:
    """Life time value by the plain formula, and how to read it."""
    answer = asked.answers["clv"]
    body = join(
        lead(answer.words),
        hint(
            "Average order × orders a month × lifespan in months. It takes every customer for the average one: use it to "
            "compare, not to promise."
        ),
        table(("what", "how much"), _worth(asked), ["text", "number"], name="small"),
        foot(answer, "life-time-value"),
    )
    return Section("value", "What is a customer worth?", body, "Value")


def _worth(asked: Asked) -> list[list[str]]:
    """The formula's factors, one a row."""
    row, currency = asked.rows("clv")[0], asked.currency
    spread = "" if row["clv_low"] is None else f" ({money(row['clv_low'], '')} to {money(row['clv_high'], '')})"
    return [
        [f"value of a customer, in {row['unit_of']}", money(row["clv"], currency) + spread],
        ["average order", money(row["aov"], currency)],
        ["orders a customer a month", shown(row["orders_per_month"], "number")],
        [f"lifespan in months, by {row['lifespan']}", shown(row["lifespan_months"], "days")],
        ["churn a month", percent(row["churn"])],
        ["stands on", f"{shown(row['orders'], 'count')} orders, {row['customer_months']:,.0f} customer months"],
    ]
