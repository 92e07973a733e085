"""Which numbers of a table open to the people behind them, and how each is named.

A rule says: in tables with this column (of the question's kind), the number opens to the cell made of these keys. A key's value
is another column of the row, or, after "=", the value itself. That the people are as many as the number says is tested for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.analyses.answer import Answer

__all__ = ["RULES", "Rule", "cells_of", "rules_of"]


@dataclass(frozen=True)
class Rule:
    """A number that opens.

    column  the number's column
    cell    key of the cell → column of the row, or "=" and the value
    table   columns that a table has where the rule holds, beside the number's and those of the cell
    lacks   columns that it has not
    adds_up whether the number is a sum over the people (money), and so not their count
    but     (column, values) of the rows whose number does not open
    asked   (name, values) of the question; with another value the number counts no people, or not each of them once
    """

    column: str
    cell: Mapping[str, str]
    table: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    adds_up: bool = False
    but: tuple[str, tuple[str, ...]] = ("", ())
    asked: tuple[str, tuple[str, ...]] = ("", ())


def _what(columns: str, key: str = "what", table: tuple[str, ...] = (), adds_up: bool = False, **cell: str) -> tuple[Rule, ...]:
    """Rules of columns that are named by themselves: lost opens to what=lost."""
    return tuple(Rule(name, {**cell, key: f"={name.replace('_', ' ')}"}, table, (), adds_up) for name in columns.split())


_MONEY = "start new returned expansion contraction lost end"
_BRIDGE = _what("start new returned lost end", period="period", table=("crr",))
_COHORT = (
    Rule("customers", {"cohort": "cohort", "period": "period", "count": "=customers"}),
    Rule("size", {"cohort": "cohort", "count": "=size"}, but=("cohort", ("all",))),
)
_MOVES = (Rule("customers", {"before": "before", "after": "after"}),)

_ONE_ENTRY = ("entry", ("first ever", "first in window"))
_BY_CUSTOMER = ("unit", ("customers",))

_OF_NO_PEOPLE = (
    *("orders", "revenue", "aov", "aov_median", "later_share", "refund_rate"),
    *("gap_days", "clv", "stickiness", "gone_after"),
)
"""Metrics whose n counts orders, gaps or months of customers."""

RULES: dict[str, tuple[Rule, ...]] = {
    "Metrics": (
        Rule("value", {"metric": "metric"}, ("unit",), but=("metric", ("orders", "frequency", "quick_ratio"))),
        Rule("n", {"metric": "metric", "count": "=n"}, ("unit",), but=("metric", _OF_NO_PEOPLE)),
    ),
    "Bridge": (*_BRIDGE, *_what(_MONEY, period="period", table=("contraction",), adds_up=True)),
    "MoneyRetention": (*_what("n", period="period"), *_what(_MONEY, period="period", adds_up=True)),
    "LifeCycle": (
        *_what("active before new kept returned lost dormant", "state", ("pulse",), period="period"),
        Rule("customers", {"period": "period", "from": "from", "to": "to"}),
        Rule("n", {"period": "period", "from": "from", "to": "to"}, but=("period", ("all",))),
        Rule("of", {"period": "period", "from": "from"}, ("to",), but=("period", ("all",))),
    ),
    "Losses": (
        Rule("customers", {"period": "period", "kind": "kind", "event": "event", "reason": "reason"}),
        Rule("n", {"period": "period"}, ("kind",)),
    ),
    "Cohorts": (
        *_COHORT,
        Rule("customers", {"cohort": "=all", "period": "period"}, ("n",), ("cohort",), asked=_ONE_ENTRY),
        Rule("n", {"cohort": "=all", "period": "period", "count": "=size"}, ("customers",), ("cohort",), asked=_ONE_ENTRY),
        Rule("n", {"cohort": "=all", "count": "=size"}, ("median",)),
    ),
    "Repeat": (
        Rule("n", {"days": "days", "what": "=eligible"}),
        Rule("second", {"days": "days", "what": "=second"}),
        Rule("customers", {"what": "=customers"}, ("repeat",)),
        Rule("repeat", {"what": "=repeat"}),
    ),
    "OneYear": _what("n customers everyone", "count", ("still",)),
    "Survival": (
        Rule("customers", {"what": "=customers"}, ("at_risk", "months")),
        *_what("at_risk left", months="months"),
        *_what("customers left", table=("median_days",)),
        Rule("at_risk", {"days": "days", "what": "=at risk"}, (), ("months",)),
        Rule("left", {"days": "days", "what": "=left then"}, ("survival",), ("months",)),
        Rule(
            "customers", {"property": "property", "value": "value"}, ("hazard_ratio",), but=("property", ("first_order_value",))
        ),
        Rule(
            "left",
            {"property": "property", "value": "value", "what": "=left"},
            ("hazard_ratio",),
            but=("property", ("first_order_value",)),
        ),
    ),
    "Stages": (
        *_what("reached current fell_out", stage="stage"),
        Rule("n", {"stage": "=(start)"}, ("reached",)),
        Rule("of", {"stage": "from"}, ("to",)),
        Rule("customers", {"from": "from", "to": "to"}),
        Rule("customers", {"order": "order", "side": "side", "event": "event"}),
    ),
    "GoneAfter": _what("gone here", table=("how",)),
    "BeforeAfter": _what("customers size", "count", side="side"),
    "Rfm": (Rule("customers", {"rfm": "rfm"}, (), ("code",)), Rule("customers", {"code": "code"}), Rule("n", {}, ("rfm",))),
    "RfmMigration": (
        *_MOVES,
        Rule("n", {"before": "before"}, ("after",)),
        Rule("before", {"before": "rfm"}),
        Rule("after", {"after": "rfm"}),
        Rule("stayed", {"before": "rfm", "after": "rfm"}),
    ),
    "Personas": (
        Rule("customers", {"persona": "persona"}),
        *_what("kept gone", persona="persona"),
        Rule("before_30", {"persona": "persona", "what": "=before_30"}),
        Rule("before_90", {"persona": "persona", "what": "=before_90"}),
        Rule("customers", {"mark": "mark"}),
        Rule("n", {"persona": "=repeat buyer"}, ("mark",)),
        Rule("n", {}, ("persona",)),
    ),
    "PersonaCard": (
        Rule("customers", {"persona": "persona", "part": "part", "item": "item"}),
        Rule("customers", {"persona": "persona"}, ("aov",)),
    ),
    "PersonaMoves": (
        *_MOVES,
        Rule("n", {"before": "before"}, ("after",)),
        Rule("before", {"before": "persona"}),
        Rule("after", {"after": "persona"}),
        Rule("stayed", {"before": "persona", "after": "persona"}),
    ),
    "Clusters": (Rule("customers", {"cluster": "cluster"}, ("name",)), Rule("n", {}, ("cluster", "name"))),
    "Taste": (
        Rule("customers", {"kind": "kind", "value": "value"}, ("n",), ("touches",)),
        Rule("customers", {"kind": "kind", "value": "value", "what": "=touched"}, ("touches",)),
    ),
    "Concentration": (
        Rule("customers", {"top": "top"}),
        Rule("customers_for_80", {"what": "=reach 80"}),
        Rule("n", {}, ("top",), ("lorenz",)),
        Rule("n", {}, ("gini",)),
        *_what("zero negative", table=("gini",)),
    ),
    "Traits": (Rule("customers", {"trait": "trait", "value": "value"}), Rule("n", {}, ("trait",))),
    "Orders": (
        Rule("customers", {"period": "period", "what": "=customers"}),
        Rule("first_orders", {"period": "period", "what": "=first"}),
        Rule("customers", {"kind": "kind"}, ("orders_per_customer",), ("period",)),
        Rule("orders", {"kind": "kind"}, ("orders_per_customer",), ("period",), but=("kind", ("all", "later"))),
    ),
    "Baskets": (Rule("customers", {"kind": "kind"}),),
    "CustomerValue": (
        *(Rule("n", {name: name}, ("value_so_far",)) for name in ("cohort", "source", "decile", "band")),
        Rule("n", {}, ("value_so_far", "total_value")),
        Rule("n", {}, ("months", "first_value")),
        Rule("n", {}, ("method",), but=("method", ("plain formula", "plain formula, same months"))),
    ),
    "ContractValue": (
        Rule("at_risk", {"renewal": "renewal", "what": "=at risk"}),
        Rule("lost", {"renewal": "renewal", "what": "=lost"}),
    ),
    "Costs": (Rule("customers", {"what": "what"}, ("customer_months",)),),
    "Referred": (*_what("customers bought again kept", group="group"), *_what("customers bought again kept", source="source")),
    "Service": _what("customers contacting", who="who"),
    "WhatIf": (Rule("base", {}, ("churn",)),),
    "Holdout": (
        Rule("customers", {"frequency": "frequency"}, ("plain",)),
        Rule("customers", {"frequency": "frequency", "what": "=inside"}, ("width",)),
        Rule("n", {"frequency": "frequency", "what": "=judged"}, ("width",)),
        Rule("customers", {"frequency": "frequency"}, ("share", "expected")),
        Rule("n", {"frequency": "=all"}, ("share", "expected")),
        Rule("customers", {"frequency": "=all"}, ("mae",)),
    ),
    "Again": (Rule("customers", {"x": "x", "t_x": "t_x", "n": "n"}), Rule("customers", {}, ("alive",), ("x",))),
    "Sessions": (
        Rule("customers", {"landing": "landing", "what": "=sessions"}, (), ("period",)),
        Rule("customers_bounced", {"landing": "landing", "what": "=bounced"}, (), ("period",)),
        Rule("customers", {"exit": "page", "what": "=sessions"}),
        Rule("customers_exited", {"exit": "page", "what": "=exits"}),
        Rule("customers", {"length": "length"}),
        Rule("customers", {"landing": "landing", "period": "period", "what": "=sessions"}),
        Rule("customers_bounced", {"landing": "landing", "period": "period", "what": "=bounced"}),
    ),
    "Paths": (
        Rule("customers", {"layer": "layer", "from": "from", "to": "to"}),
        Rule("customers", {"layer": "layer", "node": "node"}),
        Rule("customers", {"path": "path"}),
        *(
            Rule("count", cell, asked=_BY_CUSTOMER)
            for cell in (
                {"layer": "layer", "from": "from", "to": "to"},
                {"layer": "layer", "node": "node"},
                {"path": "path"},
            )
        ),
        Rule("from_count", {"layer": "layer", "node": "from"}, asked=_BY_CUSTOMER),
        *(
            Rule(f"customers_{side}", {"layer": "layer", "from": "from", "to": "to", "segment": f"segment_{side}"})
            for side in "ab"
        ),
    ),
    "Transitions": (
        Rule("customers", {"from": "from", "to": "to"}),
        Rule("customers", {"node": "node"}, ("visits",)),
        *(Rule(f"customers_{side}", {"from": "from", "to": "to", "segment": f"segment_{side}"}) for side in "ab"),
    ),
    "Funnel": (
        *_what("reached dropped in_progress", step="step"),
        Rule("entered", {"what": "=reached", "period": "period"}),
        *_what("converted in_progress", period="period"),
        Rule("entered", {"what": "=reached"}),
        *_what("converted in_progress", table=("settled",)),
        *(Rule(f"reached_{side}", {"step": "step", "segment": f"segment_{side}"}) for side in "ab"),
        *(Rule(f"n_{side}", {"what": "=reached", "segment": f"segment_{side}"}, ("step",)) for side in "ab"),
    ),
    "Abandonment": tuple(
        Rule(column, {"what": "what", "period": "period", "outcome": f"={outcome}"})
        for column, outcome in (
            ("customers", "abandoned"),
            ("customers_started", "started"),
            ("customers_bought", "bought"),
            ("customers_in_progress", "in progress"),
        )
    ),
    "Drivers": tuple(
        Rule(column, {"behaviour": "behaviour", "n": "n", "what": f"={what}"})
        for column, what in (
            ("did", "did"),
            ("did_stayed", "did and stayed"),
            ("others", "did not"),
            ("others_stayed", "did not and stayed"),
        )
    ),
    "Activation": (
        Rule("activated", {"cohort": "cohort", "days": "days", "what": "=activated"}),
        Rule("n", {"cohort": "cohort", "days": "days", "what": "=watched"}, ("activated",)),
        Rule("n", {"what": "group"}, ("stayed",)),
    ),
    "Breadth": (
        Rule("customers", {"features": "features", "what": "=customers"}, ("stayed",)),
        Rule("stayed", {"features": "features", "what": "=stayed"}),
        Rule("customers", {"features": "features", "when": "=ever"}, (), ("stayed",)),
        Rule("customers", {"feature": "feature", "what": "=used"}),
        *_what("only show", feature="feature"),
        Rule("n", {}, ("feature", "only")),
    ),
    "Adoption": (
        *(
            Rule(column, {"value": "value", "what": f"={what}"}, ("only",))
            for column, what in (
                ("customers", "used"),
                ("only", "only"),
                ("early", "early"),
                ("early_stayed", "early and stayed"),
                ("others", "not early"),
                ("others_stayed", "not early and stayed"),
            )
        ),
        Rule("n", {}, ("only",)),
        Rule("adopted", {"value": "value", "period": "period"}),
        Rule("customers", {"values": "values"}),
    ),
    "Stickiness": (
        *_what("dau wau mau", "measure", date="date"),
        *(
            Rule(name, {"unit": "unit", "days": "days", "count": f"={name.replace('_', ' ')}"})
            for name in ("exactly", "at_least")
        ),
        Rule("n", {"unit": "unit"}, ("exactly",)),
    ),
    "Attention": (Rule("customers", {"group": "group"}, ("do",)), Rule("n", {"group": "=all"}, ("do",))),
    "Risk": (
        Rule("customers", {"band": "band"}, ("expected",)),
        Rule("n", {}, ("band", "expected")),
        Rule("dissatisfied", {"band": "band", "dissatisfied": "=yes"}, ("expected",)),
        Rule("n", {"decile": "decile"}),
        Rule("left", {"decile": "decile", "what": "=left"}),
        Rule("n", {"decile": "=all"}, ("auc",)),
        Rule("left", {"decile": "=all", "what": "=left"}, ("auc",)),
        Rule("n", {"snapshot": "snapshot"}),
        Rule("left", {"snapshot": "snapshot", "what": "=left"}),
    ),
    "EarlySigns": (Rule("customers", {"status": "status", "what": "what"}), Rule("n", {"status": "=all"}, ("what",))),
    "NextOrder": (
        Rule("customers", {"band": "band"}, ("share",)),
        Rule("n", {"band": "=all"}, ("band", "share")),
        Rule("n", {"line": "line", "outcome": "=all"}),
        Rule("k", {"line": "line", "outcome": "outcome"}),
    ),
    "Recommend": (
        Rule("customers", {"item": "item", "kind": "kind"}, (), ("customer",)),
        Rule("customers", {"item": "item", "with_item": "with_item"}),
        Rule("customers", {"item": "item", "next_item": "next_item"}),
        Rule("customers", {"item": "item", "premium": "premium"}),
        Rule("customers", {"have": "have", "offer": "offer"}),
        Rule("customers", {"opening": "opening"}),
        Rule("customers_of_late", {"item": "item", "what": "=customers_of_late"}),
    ),
    "Uplift": (
        Rule("n", {"arm": "arm"}, ("effect", "outcome"), ("decile",)),
        Rule("n_control", {"arm": "arm", "group": "=control"}, ("effect",), ("decile",)),
    ),
}
"""Name of the question's class → its numbers that open."""


def rules_of(answer: Answer, table: pa.Table) -> dict[str, Rule]:
    """Column → the rule by which its numbers open, in one of the answer's tables."""
    names = set(table.column_names)
    found: dict[str, Rule] = {}
    for rule in RULES.get(type(answer.question).__name__, ()):
        needed = {rule.column, *rule.table, *(source for source in rule.cell.values() if not source.startswith("="))}
        meant = not rule.asked[0] or getattr(answer.question, rule.asked[0]) in rule.asked[1]
        if meant and needed <= names and not names & set(rule.lacks) and rule.column not in found:
            found[rule.column] = rule
    return found


def cells_of(rules: Mapping[str, Rule], row: Mapping[str, Any], segmented: bool) -> dict[str, dict[str, Any]]:
    """Column → the cell of a row's number; a number that is not known, or no whole count where it should be, opens to nobody.

    segmented  whether there are several segments, of which the cell names one
    """
    found: dict[str, dict[str, Any]] = {}
    for column, rule in rules.items():
        number = row[column]
        counts = column != "value" or row.get("unit", "number") == "number"
        whole = number is not None and (rule.adds_up or float(number).is_integer()) and counts
        if not whole or row.get(rule.but[0]) in rule.but[1]:
            continue
        cell = {key: source[1:] if source.startswith("=") else row[source] for key, source in rule.cell.items()}
        cell = {key: value for key, value in cell.items() if value not in (None, "") and (key, value) != ("period", "all")}
        if segmented and "segment" in row:
            cell["segment"] = row["segment"]
        found[column] = cell
    return found
