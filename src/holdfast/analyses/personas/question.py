"""Personas: which of six kinds of customer everybody is, what each kind is worth, and who of it is still there (MISSION 3.45).

The rules stand in `persona_rules`; each customer with an event before the as-of has exactly one persona. The split between low
and high order value is the median first order of all buyers unless a value is given; the same split holds for the sizes 30 and
90 days before, so that a trend is a change of the customers, not of the scale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.answer import Answer, Definition, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import counted, defined, long_date, percent, scope_rules
from holdfast.analyses.personas.actions import ACTIONS, MARK_ACTIONS
from holdfast.analyses.personas.marks import MARKS, marks_of
from holdfast.analyses.personas.rules import CART, PERSONAS, persona_rule, plural
from holdfast.analyses.personas.walk import PersonaStep, Wanted
from holdfast.analyses.personas.who import about_rules, who_of
from holdfast.analyses.scope import Condition, Scope, money, segment_code
from holdfast.analyses.statistics import wilson
from holdfast.analyses.steps import SESSION_GAP_MINUTES
from holdfast.errors import UnknownName
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import Moment
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.analyses.status_trait import StatusTrait
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["EARLIER_DAYS", "Personas", "standing_of"]

EARLIER_DAYS = (30, 90)
"""How many days before the as-of the sizes are told again."""

FIRST_BUYER = 3
"""Place of the first persona that has bought."""

_COUNTS = ("customers", "before_30", "before_90", "kept", "gone")


@dataclass(frozen=True)
class Personas(Question):
    """Which persona everybody is, of everybody with an event before the as-of.

    split        order value, in the currency, that parts low from high; None: the median first order of all buyers
    cart         events, or patterns of events, that are cart or checkout steps; empty: the usual names
    exclude      events, or patterns, that are no steps of a visit; None: messages, tickets, surveys and the like
    gap_minutes  after so many minutes without a step a session is over
    category     property that tells what was bought, for the mark "impulse"; None: category where the data have it
    about        property=value: only those who ever touched it, such as category=Books
    as_of        the instant up to which rows count
    by, where, moment  segments and conditions, at the first event ("entry") or now ("current")

    Table: a row per segment and persona with segment, persona, customers, share of n (0 to 1) with low and high, n (customers
    of the segment), before_30 and before_90 (size so many days earlier; null before the data begin), revenue (net),
    revenue_share, orders, aov, days_since (median days since the last event), kept and gone (customers and former customers
    by the base of the settings), kept_share of both with kept_low and kept_high, action. Extra table: marks (of repeat
    buyers).
    People: persona="repeat buyer", mark="discount seeker", segment=…, what="customers" | "before_30" | "before_90" | "kept" |
    "gone"; what is not named may be any.
    """

    split: float | None = None
    cart: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    gap_minutes: float | None = SESSION_GAP_MINUTES
    category: str | None = None
    about: str | None = None
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def step(self, timelines: Timelines) -> PersonaStep:
        """The step that counts, without anyone to name."""
        as_of = timelines.as_of(self.as_of)
        rule = persona_rule(
            *(timelines, as_of),
            cart=self.cart,
            exclude=self.exclude,
            gap_minutes=self.gap_minutes,
            split=self.split,
        )
        who = who_of(timelines, as_of, Scope(self.by, self.where, self.moment), self.about)
        last = day_of(as_of.last)
        earlier = tuple(timelines.zone.midnight(last + 1 - days) for days in EARLIER_DAYS)
        span = last - timelines.zone.day_at(max(timelines.meta.first_second, 0)) + 2
        marks = marks_of(timelines.meta, self.category)
        return PersonaStep(rule, who, marks, earlier, standing_of(timelines, as_of), max(span, 1))

    def answer(self, timelines: Timelines) -> Answer:
        """Walk once and count."""
        step = self.step(timelines)
        sums = timelines.walk(step).sums
        labels = step.who.scope.labels(timelines)
        table = _table(sums, labels, step, timelines)
        return Answer(
            question=self,
            words=_words(table, timelines.settings.currency),
            table=table,
            definition=self._definition(timelines, step, int(sums["customers"].sum())),
            source=timelines,
            notes=_notes(sums, table, step, timelines),
            extra={"marks": _marks(sums, labels)},
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of one count; without what= those of the as-of."""
        checked_cell(cell, "persona", "mark", "segment", "what")
        step = self.step(timelines)
        what = cell.get("what", "customers")
        checked_choice("what", what, _COUNTS)
        segment = segment_code(step.who.scope, timelines, cell.get("segment"))
        wanted = Wanted(_persona(cell.get("persona")), _mark(cell.get("mark")), segment)
        if what.startswith("before"):
            days = int(what.removeprefix("before_"))
            wanted = replace(wanted, what="before", until=step.earlier[EARLIER_DAYS.index(days)])
        else:
            wanted = replace(wanted, what=what)
        rows = timelines.walk(replace(step, wanted=wanted)).rows
        return People(tuple(sorted(rows["customer"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """Each persona's share of customers beside its share of revenue; several segments as one bar each."""
        from holdfast.charts.personas import persona_segments, persona_shares

        rows = answer.table.to_pylist()
        if self.by is not None:
            return persona_segments(rows, PERSONAS, title="Personas by segment", subtitle=answer.words)
        return persona_shares(rows, title="Who the customers are, and what they bring", subtitle=answer.words)

    def _definition(self, timelines: Timelines, step: PersonaStep, n: int) -> Definition:
        rule, settings = step.rule, timelines.settings
        names = timelines.meta.events
        carts = [name for name, kind in zip(names, rule.kinds, strict=True) if kind == CART]
        how = "median first order" if self.split is None else "given"
        gap = "none" if not self.gap_minutes else f"{self.gap_minutes:g} minutes"
        rules: dict[str, Any] = {
            "split": f"{money(rule.split):,.2f} {settings.currency} ({how})",
            "cart steps": ", ".join(carts) or "none in the data",
            "session gap": gap,
            "refunds": rule.mode,
        }
        rules |= about_rules(step.who) | scope_rules(step.who.scope, "first event")
        return defined(timelines, step.who.as_of, title="Who are our customers?", text=_TEXT, rules=rules, n=n)


def standing_of(timelines: Timelines, as_of: AsOf) -> StatusTrait | None:
    """Who is still a customer by the base of the settings; None where the data have no event of that base."""
    from holdfast.analyses.status_trait import trait

    try:
        return trait("status", timelines, as_of)
    except UnknownName:
        return None


def _persona(name: str | None) -> int:
    if name is None:
        return -1
    if name not in PERSONAS:
        raise UnknownName("persona", str(name), PERSONAS)
    return PERSONAS.index(name) + 1


def _mark(name: str | None) -> int:
    if name is None:
        return -1
    if name not in MARKS:
        raise UnknownName("mark", str(name), MARKS)
    return MARKS.index(name)


SCHEMA = pa.schema(
    [
        ("segment", pa.string()),
        ("persona", pa.string()),
        ("customers", pa.int64()),
        *((name, pa.float64()) for name in ("share", "low", "high")),
        *((name, pa.int64()) for name in ("n", "before_30", "before_90")),
        ("revenue", pa.float64()),
        ("revenue_share", pa.float64()),
        ("orders", pa.int64()),
        ("aov", pa.float64()),
        *((name, pa.int64()) for name in ("days_since", "kept", "gone")),
        *((name, pa.float64()) for name in ("kept_share", "kept_low", "kept_high")),
        ("action", pa.string()),
    ]
)


def _table(sums: dict[str, Any], labels: tuple[str, ...], step: PersonaStep, timelines: Timelines) -> pa.Table:
    some = sums["customers"][:, 1:].any(axis=0)
    shown = [place for place in range(len(PERSONAS)) if some[place] or place >= FIRST_BUYER or not step.rule.orders_only]
    rows = []
    for group, label in enumerate(labels):
        n = int(sums["customers"][group].sum())
        if len(labels) > 1 and n == 0:
            continue
        total = int(sums["revenue"][group].sum())
        rows += [_row(sums, group, place + 1, n, total, step, timelines) | {"segment": label} for place in shown]
    return pa.Table.from_pylist(rows, SCHEMA)


def _row(
    sums: dict[str, Any], group: int, code: int, n: int, total: int, step: PersonaStep, timelines: Timelines
) -> dict[str, Any]:
    got = {name: int(sums[name][group, code]) for name in ("customers", "kept", "gone", "orders", "revenue", "order_money")}
    low, high = wilson(got["customers"], n)
    ever = got["kept"] + got["gone"]
    kept_low, kept_high = wilson(got["kept"], ever)
    begun = [until > timelines.meta.first_second for until in step.earlier]
    earlier = [int(sums["earlier"][place, group, code]) if begun[place] else None for place in range(len(step.earlier))]
    known = step.standing is not None
    return {
        "persona": PERSONAS[code - 1],
        "customers": got["customers"],
        "share": got["customers"] / n if n else None,
        "low": low,
        "high": high,
        "n": n,
        **dict(zip(("before_30", "before_90"), earlier, strict=True)),
        "revenue": money(got["revenue"]),
        "revenue_share": got["revenue"] / total if total > 0 else None,
        "orders": got["orders"],
        "aov": money(got["order_money"] / got["orders"]) if got["orders"] else None,
        "days_since": _median(sums["since"][group, code]),
        "kept": got["kept"] if known else None,
        "gone": got["gone"] if known else None,
        "kept_share": got["kept"] / ever if ever else None,
        "kept_low": kept_low,
        "kept_high": kept_high,
        "action": ACTIONS[PERSONAS[code - 1]],
    }


def _median(counts: Any) -> int | None:
    """The lower median of a histogram over whole days."""
    total = int(counts.sum())
    return int(np.searchsorted(np.cumsum(counts), (total + 1) // 2)) if total else None


def _marks(sums: dict[str, Any], labels: tuple[str, ...]) -> pa.Table:
    rows = []
    for group, label in enumerate(labels):
        n = int(sums["mark"][group].sum())
        if len(labels) > 1 and n == 0:
            continue
        for code, mark in enumerate(MARKS):
            k = int(sums["mark"][group, code])
            low, high = wilson(k, n)
            rows.append(
                {"segment": label, "mark": mark, "customers": k, "share": k / n if n else None, "low": low, "high": high,
                 "n": n, "revenue": money(int(sums["mark_revenue"][group, code])), "action": MARK_ACTIONS[mark]}
            )  # fmt: skip
    kinds: list[Any] = [("segment", pa.string()), ("mark", pa.string()), ("customers", pa.int64())]
    kinds += [(name, pa.float64()) for name in ("share", "low", "high")]
    return pa.Table.from_pylist(
        rows, pa.schema([*kinds, ("n", pa.int64()), ("revenue", pa.float64()), ("action", pa.string())])
    )


def _words(table: pa.Table, currency: str) -> str:
    rows = table.to_pylist()
    if not rows or not any(row["n"] for row in rows):
        return "Nobody has an event before the as-of: there is nobody to tell apart."
    if len({row["segment"] for row in rows}) > 1:
        whole = sorted({(row["segment"], row["n"]) for row in rows}, key=lambda each: -each[1])[:3]
        told = []
        for segment, n in whole:
            first = max((row for row in rows if row["segment"] == segment), key=lambda row: row["customers"])
            told.append(f"{segment} {first['persona']} {percent(first['share'])} of {n:,}")
        return f"The largest persona by segment: {'; '.join(told)}."
    ordered = sorted(rows, key=lambda row: -row["customers"])
    parts = [f"{row['persona']} {percent(row['share'])}" for row in ordered if row["customers"]]
    best = max(rows, key=lambda row: row["revenue"])
    money_said = ""
    if best["revenue_share"] is not None:
        money_said = (
            f" {plural(best['persona']).capitalize()} bring {percent(best['revenue_share'])} of the revenue "
            f"({best['revenue']:,.2f} {currency})."
        )
    return f"Of {counted(rows[0]['n'], 'customer')}: {', '.join(parts)}.{money_said}"


def _notes(sums: dict[str, Any], table: pa.Table, step: PersonaStep, timelines: Timelines) -> tuple[str, ...]:
    notes, small = [], timelines.settings.small_group
    if step.rule.orders_only:
        notes.append("the data hold orders only: visits are not known, so that only the personas of buyers can be told apart")
    elif CART not in step.rule.kinds:
        notes.append(
            "the data have no cart or checkout step under a usual name: unless “cart” names one, who did not buy is a browser"
        )
    if int(sums["orders"].sum()) == 0:
        notes.append(
            f"the data have no counting order ({ORDER}): who bought under another name stands among those who did not, "
            f'which holdfast import --map-event "NAME={ORDER}" mends'
        )
    elif int(sums["order_money"].sum()) == 0:
        notes.append("the orders carry no money: all who ordered once stand as of low value, since nothing tells high from low")
    if sums["gave_back"]:
        notes.append(f"{int(sums['gave_back']):,} of the cart abandoners took back in full whatever they ordered")
    if step.standing is None:
        notes.append("no event of the settings' base ever happened: who is still a customer is not known")
    notes += _marks_notes(step)
    early = [days for days, until in zip(EARLIER_DAYS, step.earlier, strict=True) if until <= timelines.meta.first_second]
    if early:
        notes.append(f"the data begin less than {early[0]} days before {long_date(step.who.as_of.last)}: no sizes before")
    few = sorted({row["persona"] for row in table.to_pylist() if 0 < row["customers"] < small}, key=PERSONAS.index)
    if few:
        notes.append(f"fewer than {small} customers, read with care: {', '.join(few)}")
    return tuple(notes)


def _marks_notes(step: PersonaStep) -> list[str]:
    notes = []
    if step.marks.discounts:
        notes.append(f"discount seekers are told by the property {', '.join(step.marks.discounts)} of orders")
    else:
        notes.append("no property tells of coupons or discounts: no repeat buyer can be marked a discount seeker")
    if step.marks.category is None and step.rule.orders_only:
        notes.append("neither visits nor categories are known: no repeat buyer can be marked impulse")
    return notes


_TEXT = (
    "Everybody with an event before the as-of has exactly one persona. Repeat buyer: two counting orders or more. One-time:"
    " one, of high value when it is worth more than the split, else of low value. Cart abandoner: none, and a cart or "
    "checkout step (an order taken back in full is one). Passive browser: none of these, and a session of more than one "
    "step. Bouncer: none of these. Kept and gone: by the base of the settings, the bridge's own; who never was a customer "
    "is neither. Discount seeker: a repeat buyer with a discount on two orders or more and on at least half. Impulse: a "
    "repeat buyer of three orders or more with irregular intervals (standard deviation at least the mean) whose orders come"
    " within ten minutes of the session's first step, or change category, at least half of the time."
)
