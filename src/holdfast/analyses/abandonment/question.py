"""Abandonment: carts and checkouts that were begun and ended in no order, and at which step they were left (MISSION 3.53).

1. A *cart* opens with the first thing put into it and lives on with each further one, each one taken out and each step of the
   checkout. A *checkout* opens with any of its steps and lives on with each.
2. It is *bought* when an order comes within the window after its last sign of life, *abandoned* when the window passes without
   one, and *in progress* while the window is open at the as-of. The window may be the session.
3. The rate is abandoned / (bought + abandoned); what is in progress stands apart. It is counted in the period of its opening.
4. What is abandoned was left at the furthest step it had come to; what is bought has passed them all. Reached − left = reached
   the next.
5. The money left in a cart is the sum of what was put in less what was taken out, where the events carry a price.
6. A customer may have several carts: the counts are of carts, and beside them stands how many customers they belong to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from holdfast.analyses.abandonment.tables import abandonment_notes, abandonment_words, rate_table, steps_table, way_rows
from holdfast.analyses.abandonment.walk import (
    ABANDONED,
    ADDS,
    ANY_END,
    BOUGHT,
    IN_PROGRESS,
    ORDERS,
    REMOVES,
    UNKNOWN,
    AbandonmentStep,
    Prices,
    Roles,
    Target,
)
from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.funnel import step_nodes
from holdfast.analyses.scope import Condition, Scope, segment_code
from holdfast.analyses.steps import SESSION_GAP_MINUTES, Naming, Nodes
from holdfast.analyses.windows import window_of
from holdfast.errors import UsageError
from holdfast.events.schema import MONEY_UNITS
from holdfast.timelines.attributes import Moment, property_name
from holdfast.timelines.periods import UNITS, Periods, Unit
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["USUAL_CART", "USUAL_CHECKOUT", "USUAL_ORDERS", "USUAL_REMOVALS", "Abandonment"]

USUAL_CART = ("Product Added", "add_to_cart", "Added to Cart", "Cart Viewed", "cart")
"""Names by which things are known to be put into a cart: the first that the data have."""

USUAL_REMOVALS = ("Product Removed", "remove_from_cart")

USUAL_CHECKOUT = (
    ("Checkout Started", "begin_checkout", "checkout"),
    ("Checkout Step Viewed",),
    ("Shipping Info Entered", "add_shipping_info", "shipping_details", "delivery_choice"),
    ("Checkout Step Completed",),
    ("Payment Info Entered", "add_payment_info", "payment_details", "payment_choice"),
)
"""The steps of a checkout in their order, each with the names it is known by."""

USUAL_ORDERS = ("Order Completed", "purchase", "payment_done", "order_completed")

KINDS = ("cart", "checkout")
ENDS = {"abandoned": ABANDONED, "bought": BOUGHT, "in progress": IN_PROGRESS, "started": ANY_END}
ALL = "all"
EVERY_EVENT = Naming()
MOST_SEGMENTS = 200


@dataclass(frozen=True)
class Abandonment(Question):
    """How many carts and checkouts are left behind, when, at which step, with how much inside, and whose?

    cart, removed, checkout, orders  names or patterns of the events that put something into a cart, take it out, are a step of
               the checkout (in their order, "a|b" for one step of several names), are an order; empty: the usual names
    window     how long a cart or checkout lives after its last sign of life: "24 hours", "7 days", "session"
    gap_minutes  after so many minutes without a step a session ends
    price, quantity  properties of what is put into a cart; None: price or value, and quantity, where the data have them
    period     "day", "week", "month", …: by when it was opened
    as_of      the instant up to which rows count
    by, where, moment  segments and conditions, at the first cart or checkout ("entry") or now ("current")

    Table: a row per segment, what ("cart", "checkout") and period ("all": the whole) with started, bought, abandoned,
    in_progress, n (bought and abandoned), rate, low, high, customers (who abandoned them) and customers_started, _bought,
    _in_progress; value_left in the `valued` abandoned carts. Extra table: steps. People: what="cart", outcome="abandoned" |
    "bought" | "in progress" | "started", period=, segment=; step=2 for those who left at that step.
    """

    cart: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    checkout: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    window: str = "24 hours"
    gap_minutes: float | None = SESSION_GAP_MINUTES
    price: str | None = None
    quantity: str | None = None
    period: Unit = "month"
    naming: Naming = EVERY_EVENT
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("period", self.period, UNITS)
        window_of(self.window)

    def events(self, nodes: Nodes) -> dict[str, tuple[Any, ...]]:
        """The names that count: cart, removed, orders, and the steps of the checkout (each a tuple of names)."""
        known = set(nodes.labels)
        cart = self.cart or tuple(name for name in USUAL_CART if name in known)[:1]
        orders = self.orders or tuple(name for name in USUAL_ORDERS if name in known)
        removed = self.removed or tuple(name for name in USUAL_REMOVALS if name in known)
        usual = [tuple(name for name in names if name in known) for names in USUAL_CHECKOUT]
        checkout = tuple(tuple(step.split("|")) for step in self.checkout) or tuple(step for step in usual if step)
        return {"cart": cart, "removed": removed, "orders": orders, "checkout": checkout}

    def roles(self, nodes: Nodes) -> Roles:
        """What each node does; UsageError when one is to do two things."""
        events, role, stage = self.events(nodes), np.zeros(len(nodes), np.int8), np.zeros(len(nodes), np.int32)
        for name, does in (("cart", ADDS), ("removed", REMOVES), ("orders", ORDERS)):
            if events[name]:
                role[_free(nodes, list(step_nodes(nodes, events[name])), role)] = does
        for place, step in enumerate(events["checkout"]):
            stage[_free(nodes, list(step_nodes(nodes, step)), role + stage)] = place + 1
        return Roles(role, stage, len(events["checkout"]))

    def step(self, timelines: Timelines) -> AbandonmentStep:
        """The step that counts, without anyone to name."""
        as_of = timelines.as_of(self.as_of)
        nodes = self.naming.nodes(timelines.meta)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        labels = scope.labels(timelines)
        if len(labels) > MOST_SEGMENTS:
            raise UsageError(f"{self.by} has {len(labels):,} values", f"split by a property of at most {MOST_SEGMENTS}")
        periods = self._periods(timelines, as_of)
        table = periods.of_day(), len(periods)
        roles, prices, window = self.roles(nodes), self._prices(timelines.meta), window_of(self.window)
        return AbandonmentStep(scope, as_of, nodes, roles, prices, window, self.gap_minutes, len(labels), table)

    def _prices(self, meta: Meta) -> Prices:
        price, quantity = (
            property_name(meta, name) if name else next((usual for usual in usuals if usual in meta.properties), None)
            for name, usuals in ((self.price, ("price", "value")), (self.quantity, ("quantity",)))
        )
        return Prices(price, _numbers(meta, price, MONEY_UNITS), quantity, _numbers(meta, quantity, 1))

    def _periods(self, timelines: Timelines, as_of: AsOf) -> Periods:
        last = day_of(as_of.last)
        first = min(timelines.zone.day_at(max(timelines.meta.first_second, 0)), last)
        return Periods.covering(self.period, first, last, timelines.settings.week_start)

    def answer(self, timelines: Timelines) -> Answer:
        """Walk once: what became of each cart and checkout."""
        step = self.step(timelines)
        sums = timelines.walk(step).sums
        labels, periods = step.scope.labels(timelines), self._periods(timelines, step.as_of)
        events = self.events(step.nodes)
        kinds = tuple(kind for kind in KINDS if events[kind] and events["orders"])
        valued = step.prices.price is not None
        table = rate_table(sums, labels, periods, step.as_of.day, kinds, valued=valued)
        names = (" or ".join(events["cart"]), *(" or ".join(each) for each in events["checkout"]))
        steps = steps_table(sums, labels, names, kinds)
        return Answer(
            question=self,
            words=abandonment_words(table, steps, step.window, timelines.settings.currency),
            table=table,
            definition=self._definition(timelines, step, int(sums["n"])),
            source=timelines,
            notes=abandonment_notes(
                table, sums, events, timelines.settings.small_group, valued=valued, wide=timelines.meta.wide
            ),
            extra={"steps": steps},
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of one number; see the class."""
        checked_cell(cell, "segment", "what", "period", "outcome", "step")
        step = self.step(timelines)
        kind, outcome, at = cell.get("what", "cart"), cell.get("outcome", "abandoned"), cell.get("step", -1)
        checked_choice("what", kind, KINDS)
        checked_choice("outcome", outcome, tuple(ENDS))
        if not isinstance(at, int) or not -1 <= at <= step.roles.stages:
            raise UsageError(f"there is no step {at!r}", f"0 is the cart, 1 to {step.roles.stages} are steps of the checkout")
        period = cell.get("period", ALL)
        place = -1 if period == ALL else self._periods(timelines, step.as_of).find(str(period))
        segment = segment_code(step.scope, timelines, cell.get("segment"))
        target = Target(KINDS.index(kind), ENDS[outcome], segment, place, at)
        rows = timelines.walk(replace(step, target=target)).rows
        return People(tuple(sorted(rows["customer"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """Where they are left: a bar a step of the way to an order, the last of them what was bought."""
        from holdfast.charts.funnel import funnel_bars

        rows = way_rows(answer.extra["steps"].to_pylist(), answer.table.to_pylist())
        return funnel_bars(rows, title="Where are they left behind?", subtitle=answer.words)

    def _definition(self, timelines: Timelines, step: AbandonmentStep, n: int) -> Any:
        events = self.events(step.nodes)
        rules: dict[str, Any] = {"cart": ", ".join(events["cart"]) or "none", "orders": ", ".join(events["orders"]) or "none"}
        rules["checkout"] = " → ".join("|".join(each) for each in events["checkout"]) or "none"
        rules |= {"window": step.window.said, "clock": "elapsed"}
        if step.window.session:
            rules["session gap"] = "none" if not self.gap_minutes else f"{self.gap_minutes:g} minutes"
        if step.prices.price is not None:
            rules["price"] = step.prices.price + ("" if step.prices.quantity is None else f" × {step.prices.quantity}")
        rules |= self.naming.rules() | scope_rules(step.scope, "first cart or checkout")
        used = {*events["cart"], *events["orders"], *(one for each in events["checkout"] for one in each)}
        names = tuple(name for name in timelines.meta.events[1:] if name in used) or timelines.meta.events[1:]
        return defined(timelines, step.as_of, title="What is left behind?", text=_TEXT, rules=rules, n=n, names=names)


def _free(nodes: Nodes, places: list[int], taken: Any) -> list[int]:
    """The places, once it is sure that none of them already does something else."""
    twice = [nodes.labels[place] for place in places if taken[place]]
    if twice:
        raise UsageError(
            f"{twice[0]} is to do two things", "name it once: for the cart, its removal, the checkout or the order"
        )
    return places


def _numbers(meta: Meta, name: str | None, units: int) -> Any:
    """The values of a property as numbers of so many units, by code; UNKNOWN where one is no number."""
    if name is None:
        return np.zeros(0, np.int64)
    out = np.full(len(meta.properties[name]), UNKNOWN, np.int64)
    for place, text in enumerate(meta.properties[name]):
        try:
            number = float(text)
        except ValueError:
            continue
        if place and abs(number) < 1e12:
            out[place] = round(number * units)
    return out


_TEXT = (
    "A cart opens with the first thing put into it, a checkout with any of its steps; each lives on with every further such "
    "event. Bought: an order came within the window after the last of them; abandoned: none did; in progress: the window is "
    "still open. Rate = abandoned / (bought + abandoned), by the period of opening; a customer may have many carts, so its 95 "
    "% interval follows customers (Wilson's at the effective number of carts). What is abandoned was left at the furthest step "
    "it had come to. Why it was left is not in the events: ask (a survey), or hold out a group."
)
