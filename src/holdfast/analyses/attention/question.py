"""Who needs attention now, and how much is at stake (MISSION 1.14, 1.15, 3.29; the Today page).

1. Only customers of now count (the base of SEMANTICS 12), each in the first group that fits:
   *unhappy*: she complained (settings.complaints) within `complaint_days`, and has not ordered since;
   *quiet*: her silence is unusual for her own rhythm (`next`);
   *falling*: she comes significantly less often than was her habit (`slipping`);
   *single*: one order, and longer ago than half of those who came back took for their second;
   *best*: a Champion by RFM, none of the above.
2. At stake of the unhappy is their value over the next 12 months; of the quiet, falling and single the value at risk,
   (1 − P(alive)) × value if here (`value`); of the best nothing is.
3. The groups do not overlap, so people and money add up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell
from holdfast.analyses.attention.walk import BEST, GROUPS, UNHAPPY, AttentionStep
from holdfast.analyses.complaints import matching
from holdfast.analyses.definitions import counted, defined, scope_rules
from holdfast.analyses.repeat import Repeat
from holdfast.analyses.scope import TRAITS, Condition, Scope, Trait
from holdfast.analyses.statistics import wilson
from holdfast.errors import HoldfastError, UnknownName, UsageError
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines
    from holdfast.timelines.walk import Tally

__all__ = ["Attention"]

_TRAITS = ("status", "unusual_on", "signs", "rfm", "value", "value_at_risk")


ALL = "all"
"""Everyone who is a customer now, as the name of a group."""


@dataclass(frozen=True)
class Attention(Question):
    """Who needs attention now: the unhappy, the quiet, the falling, those with one order, and the best.

    complaint_days  how long a complaint is one to answer
    limit           how many customers the extra table lists; all are counted
    as_of, where    as in every question

    Table: a row per group that has people: group, title, do, customers, n (customers of now), share, low, high (Wilson),
    at_stake, value (12 months, in the currency; null where it is not known). Extra: "customers" (most at stake first: customer,
    group, at_stake, value). People: group="quiet"; group="all" for all customers of now.
    """

    complaint_days: int = 30
    limit: int = 20
    as_of: date | datetime | str | None = None
    where: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        if self.complaint_days < 1:
            raise UsageError(f"complaint_days cannot be {self.complaint_days}", "give a number of days, such as 30")
        if self.limit < 0:
            raise UsageError("limit must be 0 or more", "such as limit=20")

    def answer(self, timelines: Timelines) -> Answer:
        """Work out the traits, lay everyone out in groups, add up what is at stake."""
        as_of = timelines.as_of(self.as_of)
        step, missing = self._step(timelines, as_of)
        tally = timelines.walk(step)
        paid = "value" in dict(step.traits)
        table = _table(tally, paid)
        rules = {"complaints within": f"{self.complaint_days} days", **scope_rules(step.scope)}
        if step.second is not None:
            rules["second order expected within"] = f"{step.second:g} days"
        n = int(tally.sums["customers"][0])
        return Answer(
            question=self,
            words=_words(table.to_pylist(), n, timelines.settings.currency if paid else ""),
            table=table,
            definition=defined(timelines, as_of, title="Who needs attention now?", text=_TEXT, rules=rules, n=n),
            source=timelines,
            notes=tuple(missing),
            extra={"customers": _listed(tally, paid, self.limit)},
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who stands in a group (group=), or is a customer now, in a group or not (group="all")."""
        checked_cell(cell, "group")
        names = [group.name for group in GROUPS]
        if cell.get("group") not in (*names, ALL):
            raise UnknownName("group", str(cell.get("group")), (*names, ALL))
        step = self._step(timelines, timelines.as_of(self.as_of))[0]
        if cell["group"] == ALL:
            ids = timelines.walk(replace(step, named="customers")).rows["ids"].to_pylist()
            return People(tuple(sorted(ids)), cell)
        rows = timelines.walk(step).rows
        ids = rows["ids"].filter(pa.array(rows["group"] == names.index(cell["group"])))
        return People(tuple(sorted(ids.to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """What is at stake by group; where money is not known, the people."""
        from holdfast.charts.bars import interval_bars

        rows, currency = answer.table.to_pylist(), answer.source.settings.currency
        paid = any(row["at_stake"] for row in rows)
        bars = [(row["title"], float((row["at_stake"] if paid else row["customers"]) or 0), None, None) for row in rows]
        unit = f"at stake, {currency}" if paid else "customers"
        return interval_bars(bars, title="Who needs attention now?", subtitle=answer.words, unit=unit, order="as given")

    def _step(self, timelines: Timelines, as_of: AsOf) -> tuple[AttentionStep, list[str]]:
        """The step, and what could not be told."""
        settings, end = timelines.settings, day_of(as_of.last)
        traits, missing = _traits(timelines, as_of)
        said, since = matching(timelines.meta, settings.complaints), end - self.complaint_days + 1
        scope = Scope(None, self.where).ready(timelines, as_of)
        return AttentionStep(scope, as_of, settings.refunds, said, since, traits, _second(timelines, as_of), end), missing


_TEXT = (
    "Customers of now, each in the first group that fits: unhappy (complained lately, no order since), quiet (silent for "
    "longer than her own rhythm explains), falling (comes significantly less often than was her habit), single (one order, "
    "longer ago than half of those who came back took for the second), best (Champions by RFM). At stake: of the unhappy "
    "their value over the next 12 months; of the quiet, falling and single the part of it that is lost if they are gone, "
    "weighed with the chance of that."
)


def _traits(timelines: Timelines, as_of: AsOf) -> tuple[tuple[tuple[str, Trait], ...], list[str]]:
    """The traits that can be told of these data, and a remark for each that cannot."""
    told: list[tuple[str, Trait]] = []
    missing = []
    for name in _TRAITS:
        try:
            told.append((name, import_module(TRAITS[name]).trait(name, timelines, as_of)))
        except HoldfastError as error:
            if name != "value_at_risk":
                missing.append(f"{name} is not known: {error.what}")
    return tuple(told), missing


def _second(timelines: Timelines, as_of: AsOf) -> float | None:
    """Half of those who ordered a second time did so within so many days; None where nobody has."""
    row = Repeat(as_of=datetime.fromtimestamp(as_of.until, UTC)).answer(timelines).extra["summary"].to_pylist()
    return row[0]["first_to_second_days"] if row else None


def _table(tally: Tally, paid: bool) -> pa.Table:
    n, rows = int(tally.sums["customers"][0]), []
    for place, group in enumerate(GROUPS):
        inside = tally.rows["group"] == place
        people = int(np.count_nonzero(inside))
        if people:
            low, high = wilson(people, n)
            value = float(tally.rows["value"][inside].sum()) if paid else None
            rows.append(
                {
                    "group": group.name, "title": group.title, "do": group.do, "customers": people, "n": n,
                    "share": people / n, "low": low, "high": high,
                    "at_stake": float(_stake(tally)[inside].sum()) if paid and place != BEST else None, "value": value,
                }
            )  # fmt: skip
    return pa.Table.from_pylist(rows, _SCHEMA)


_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("group", "title", "do")),
        *((name, pa.int64()) for name in ("customers", "n")),
        *((name, pa.float64()) for name in ("share", "low", "high", "at_stake", "value")),
    ]
)


def _stake(tally: Tally) -> Any:
    """What is at stake, per row."""
    group = tally.rows["group"]
    return np.where(group == UNHAPPY, tally.rows["value"], np.where(group == BEST, 0.0, tally.rows["value_at_risk"]))


def _listed(tally: Tally, paid: bool, limit: int) -> pa.Table:
    stake = _stake(tally)
    top = np.lexsort((np.arange(len(stake)), -stake))[:limit]
    names = np.array([group.name for group in GROUPS])
    return pa.table(
        {
            "customer": tally.rows["ids"].take(pa.array(top)).cast(pa.string()),
            "group": pa.array(names[tally.rows["group"][top]], pa.string()),
            "at_stake": pa.array(stake[top], pa.float64(), mask=np.full(len(top), not paid)),
            "value": pa.array(tally.rows["value"][top], pa.float64(), mask=np.full(len(top), not paid)),
        }
    )


def _words(rows: list[dict[str, Any]], n: int, currency: str) -> str:
    asking = [row for row in rows if row["group"] != GROUPS[BEST].name]
    if not asking:
        return f"Nobody of {counted(n, 'customer')} needs attention now."
    people = sum(row["customers"] for row in asking)
    most = max(asking, key=lambda row: (row["at_stake"] or 0, row["customers"]))
    stake = sum(row["at_stake"] or 0 for row in asking)
    money = f", with {stake:,.0f} {currency} at stake over the next 12 months" if currency and stake else ""
    part = f" ({most['at_stake']:,.0f} {currency})" if currency and most["at_stake"] else ""
    title = most["title"][0].lower() + most["title"][1:]
    return (
        f"{people:,} of {counted(n, 'customer')} need attention{money}. Most of it: "
        f"{title}, {counted(most['customers'], 'customer')}{part}."
    )
