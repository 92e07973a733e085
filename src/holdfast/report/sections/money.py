"""Does the money stay?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.analyses.money_retention import MoneyRetention
from holdfast.report.markup import join
from holdfast.report.page import Section
from holdfast.report.parts import answer_table, folded, foot, hint, lead
from holdfast.report.pictures import Step, bridge
from holdfast.report.values import percent, short_money

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]


def section(asked: Asked) -> Section | None:
    """Net and gross revenue retention of the month, as a bridge in money; None where there is no money."""
    if not asked.paid:
        return None
    answer = asked.ask(MoneyRetention())
    row = asked.row(answer)
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
