"""Taste: what each customer likes, when she comes, whether she waits for discounts, when she orders next (MISSION 3.57, 0.15).

1. A *touch* is a value on a local day: the categories, brands and channels of a customer's events and of the products she
   ordered, the part of the day and the day of the week at which she came. Forty clicks in one evening are one touch.
2. A *favourite* is the most touched value, if there are enough touches, three of them its own, and Wilson's interval of its
   share lies above the share that it has of everyone's touches. The *index* is that share by everyone's. Otherwise there is no
   clear favourite.
3. *Discounts*: the share of a customer's counting orders that bear a coupon, a discount or a promotion. A seeker's share is
   above the shop's, interval and all.
4. *The next order*: as `holdfast next` has it, from her own waits and everyone's; the range holds four in five of the customers
   like her. Overdue: nine in ten of them would have ordered by now.
5. Per segment: the share of its customers who touched a value at all, beside that of everyone (affinity).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from holdfast.analyses.answer import Answer, People, Question, checked_cell
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.discounts import DISCOUNTS
from holdfast.analyses.next_order.question import prepared
from holdfast.analyses.next_order.walk import Orders
from holdfast.analyses.scope import Condition, Scope, segment_code
from holdfast.analyses.taste.judge import Judge, TasteStep, Wanted
from holdfast.analyses.taste.kinds import LEAST, found_kinds, found_rhythm
from holdfast.analyses.taste.tables import affinity_table, favourites_table, notes, rhythm_table, table_of, words
from holdfast.analyses.taste.walk import Kind, Learned, LearnStep, Rhythm
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import Moment

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.order_lines import OrderLines
    from holdfast.timelines.timelines import Timelines

__all__ = ["Taste", "learned_of"]

MOST_CELLS = 5_000_000
"""Segments times values that are counted side by side."""

WHATS = ("favourite", "touched")


@dataclass(frozen=True)
class Taste(Question):
    """What each customer likes, when she comes, whether she waits for discounts, and when her next order is to be expected.

    category, brand, channel  properties of events (category and brand also of the products of orders, see `lines`)
    discount  properties of orders that tell of a discount
    least     touches that a favourite needs
    limit     how many rows the table has, most money first; all are counted
    as_of, by, where, moment  as in every question; segments at the first event. What is usual is learned from everyone
    lines     what was in the orders; `Workspace.taste` fills it in; None: events alone

    Table: a row per customer with customer, segment, orders, revenue; for each kind (category, brand, channel, hour, day;
    product where the lines of orders name neither category nor brand) the
    favourite, its share of touches with low and high, index and n (touches); discount (seeker, sometimes, never) with share,
    low, high; waits (known waits between orders), own_median_days, usual_days, last_order, next_order, next_low, next_high
    (80 %), due (not due, due, overdue). Extra tables: favourites (customers by segment, kind and value), affinity (who touched
    a value at all, by segment), rhythm (one row: the shop).
    People: kind="category", value="Shoes", what="favourite" | "touched", segment=…; kind may be discount or due, too.
    """

    category: str = "category"
    brand: str = "brand"
    channel: str = "channel"
    discount: tuple[str, ...] = DISCOUNTS
    least: int = LEAST
    limit: int = 50
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"
    lines: OrderLines | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.least < 1 or self.limit < 0:
            raise UsageError("least must be 1 or more, limit 0 or more", "such as least=5, limit=50")

    def answer(self, timelines: Timelines) -> Answer:
        """Learn what is usual, tell everyone's taste, and lay out the customers with most money."""
        step, sums = self._step(timelines)
        labels = step.scope.labels(timelines)
        tally = timelines.walk(step)
        top = np.lexsort((tally.rows["person"], -tally.rows["money"]))[: self.limit]
        rows = timelines.walk(replace(step, chosen=np.sort(tally.rows["person"][top]))).rows
        extra = {
            "favourites": favourites_table(tally.sums, step, labels),
            "affinity": affinity_table(sums, step.judge.kinds, labels),
            "rhythm": rhythm_table(step.judge.learned, step.judge.rhythm),
        }
        table = table_of(rows, step, labels)
        n = int(tally.sums["n"].sum())
        return Answer(
            question=self,
            words=words(extra["favourites"], extra["rhythm"], n),
            table=table if self.by is not None else table.drop_columns(["segment"]),
            definition=defined(
                timelines, step.judge.rhythm.as_of, title="What do customers like, and when do they come?", text=_TEXT,
                rules=self._rules(step), n=n, names=timelines.meta.events[1:],
            ),
            source=timelines,
            notes=notes(step, extra, n, self.limit, timelines.settings.small_group),
            extra=extra,
        )  # fmt: skip

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who has a favourite (kind=, value=), who touched it (what="touched"), who is a seeker, who is overdue; segment=…"""
        checked_cell(cell, "kind", "value", "what", "segment")
        step, _ = self._step(timelines)
        what = cell.get("what", "favourite")
        if what not in WHATS:
            raise UnknownName("relation to a value", str(what), WHATS)
        only = segment_code(step.scope, timelines, cell.get("segment"))
        wanted = self._wanted(step, cell, what, only)
        rows = timelines.walk(replace(step, wanted=wanted)).rows
        return People(tuple(sorted(rows["ids"].to_pylist())), cell)

    def _wanted(self, step: TasteStep, cell: dict[str, Any], what: str, only: int) -> Wanted:
        if "value" not in cell:
            return Wanted("", only=only)
        name, value = str(cell.get("kind", step.names[0])), str(cell["value"])
        if name not in step.names:
            raise UnknownName("kind of taste", name, step.names)
        labels = step.judge.labels(name)
        if value not in labels:
            raise UnknownName(name, value, labels)
        if what == "touched":
            if name in ("discount", "due") or labels.index(value) < 2:
                raise UsageError(f"nobody can touch {name} {value}", "give a kind and one of its values, such as category")
            return Wanted(name, touched=labels.index(value) - 2, only=only)
        return Wanted(name, code=labels.index(value), only=only)

    def figure(self, answer: Answer) -> go.Figure:
        """Favourites as bars; several segments as how much more each touches a value than everyone."""
        from holdfast.charts.taste import affinity_map, favourite_bars

        if self.by is not None:
            return affinity_map(answer.extra["affinity"].to_pylist(), title="Taste by segment", subtitle=answer.words)
        return favourite_bars(answer.extra["favourites"].to_pylist(), title="What customers like", subtitle=answer.words)

    def _step(self, timelines: Timelines) -> tuple[TasteStep, dict[str, Any]]:
        """The step that tells taste, and the sums that it stands on."""
        as_of = timelines.as_of(self.as_of)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        kinds = found_kinds(timelines, as_of, self.category, self.brand, self.channel, self.lines)
        segments = len(scope.labels(timelines))
        for kind in kinds:
            if segments * len(kind.labels) > MOST_CELLS:
                raise UsageError(
                    f"{kind.name} has {len(kind.labels):,} values", "name a property with fewer, or leave --by out"
                )
        rhythm = found_rhythm(timelines, as_of, self.discount)
        sums = timelines.walk(LearnStep(kinds, rhythm, scope, segments)).sums
        pace = prepared(timelines, Orders(as_of, rhythm.mode))
        judge = Judge(kinds, rhythm, Learned.of(sums, kinds), self.least, pace)
        names = (*(kind.name for kind in kinds), *(("discount",) if rhythm.discounts else ()), "due")
        return TasteStep(judge, names, scope, segments), sums

    def _rules(self, step: TasteStep) -> dict[str, Any]:
        rules: dict[str, Any] = {"least touches": self.least, "refunds": step.judge.rhythm.mode, "clock": "calendar"}
        rules["products of orders"] = "read" if self.lines is not None else "not read"
        if step.judge.rhythm.discounts:
            rules["discount by"] = ", ".join(step.judge.rhythm.discounts)
        return rules | scope_rules(step.scope, "first event")


def learned_of(timelines: Timelines, kinds: tuple[Kind, ...], rhythm: Rhythm) -> Learned:
    """What is usual of those kinds and of the orders, among everyone."""
    return Learned.of(timelines.walk(LearnStep(kinds, rhythm, Scope(), 1)).sums, kinds)


_TEXT = (
    "A touch is a value on a local day, however often it is met on that day: the category, brand and channel of events (and of"
    " the products of orders), the part of the day (night from 0, morning from 6, afternoon from 12, evening from 18 o'clock) "
    "and the day of the week. A favourite is a customer's most touched value, given enough touches, three its own, and "
    "Wilson's interval of its share above the share of everyone's touches; the index is the one by the other. Discount: the "
    "share of counting orders with a discount; a seeker's interval lies above the shop's. Usual wait: the typical wait between"
    " a customer's order days by her own waits and everyone's; next order: as holdfast next has it, its range holds four in "
    "five of the customers like her. Affinity: the share of a segment's customers who touched a value at all, by that of "
    "everyone."
)
