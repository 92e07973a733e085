"""Recommend: what each customer would like next (MISSION 1.6, 2.10, 3.14, 3.55).

1. *Again*: what she has, in the order of the chance to buy it again within the next days; *new*: what she has not, by what she
   has (EASE) and by what sells now; *popular*: what many bought of late, where nothing is known of her.
2. What she returned, what is out of the catalogue, and what is no product never stands in a list.
3. Every choice (regularisation, weight of what sells now, what a list opens with) is made on the past alone; `show="quality"`
   judges the whole procedure on a later stretch that it never saw, beside popularity, repeat and new products apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.recommend.behind import behind
from holdfast.analyses.recommend.prepared import Asked, catalogue_of, prepared, sold_before, split_days
from holdfast.analyses.recommend.shown import Shown, shown_of
from holdfast.analyses.recommend.taught import MIXES
from holdfast.analyses.scope import Condition, Scope
from holdfast.errors import UsageError
from holdfast.timelines.attributes import Moment

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.analyses.recommend.sales import Sales
    from holdfast.analyses.recommend.taught import Taught
    from holdfast.timelines.order_lines import OrderLines
    from holdfast.timelines.timelines import Timelines

__all__ = ["Kind", "Recommend", "Show"]

Show = Literal["customers", "items", "next", "premium", "cross-sell", "quality"]
Kind = Literal["best", "half", "again", "new"]

LEAST, LEAST_SHARE = 5, 0.005
"""Customers that a pair of products needs: so many, and so large a share of all, unless a number is given."""


@dataclass(frozen=True)
class Recommend(Question):
    """What each customer would like next, which products go together, and how good such lists were in the past.

    show      the main table: "customers" (their lists), "items" (bought together), "next" (bought next), "premium" (steps to
              dearer products), "cross-sell" (what goes with what they have), "quality" (the past, judged)
    kind      what a list holds: "best" (as did best in the past), "half" (of what she has and of new products), "again", "new"
    top       products in a list · limit  customers or pairs in the table; 0: all. All customers are counted
    customer  one customer's list alone
    catalogue_days  a product without a sale for so long is not offered; None: as the data say
    available ids that alone are offered; empty: all in the catalogue
    exclude   ids that are no products, besides those that look like none
    test_days the last days that judge the lists, and the days within which "again" has its chance; None: a sixth of the data
    window_days  within how many days "next" is · least  customers a pair needs; None: five and half a percent of all
    premium_top  a product is premium when fewer than this share of its category are dearer
    as_of, where, moment  as in every question: who gets lists. What goes together is learned from everyone
    lines     what was in the orders; `Workspace.recommend` fills it in; None: events that bear a product alone

    Table "customers": customer, rank, item, name, kind (again, new, popular), score (again: the chance to be bought again; new:
    the model's; popular: customers of late), reason. Extra tables: offers (item, kind, customers), opening (how many lists open
    with which kind, and how many have something due), popular (for those of whom nothing is known), recipe (what was tried).
    "items": item, with_item, customers (who had both in one order), orders, n (customers of the item), share, lift, with
    intervals. "next": likewise. "premium": item, premium, customers (who have the one and not the other), have_both, n, share,
    lift; extra table tenure. "cross-sell": have, offer, likewise. "quality": of, method, n, recall, ndcg, better, with
    intervals.
    People: item=, kind= (who has it in the list); item=, with_item=; item=, next_item=; item=, premium=; have=, offer=;
    tenure=; opening= (again, new, popular, due); of= (who was judged). Of a pair what= names the column: customers, have_both
    or n; item= with what="customers_of_late" opens the table popular. There is no by=: lists are one customer's own; ask with
    where= for those of a segment.
    """

    show: Show = "customers"
    kind: Kind = "best"
    top: int = 10
    limit: int = 50
    customer: str | None = None
    catalogue_days: int | None = None
    available: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    test_days: int | None = None
    window_days: int = 90
    least: int | None = None
    premium_top: float = 0.25
    as_of: date | datetime | str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"
    lines: OrderLines | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        checked_choice("show", self.show, get_args(Show))
        checked_choice("kind", self.kind, MIXES)
        if self.top < 1 or self.limit < 0 or self.window_days < 1:
            raise UsageError("top and window_days must be 1 or more, limit 0 or more", "such as top=10, limit=50")
        for name in ("catalogue_days", "test_days", "least"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} cannot be {value}", "give whole numbers, 1 or more, or leave it out")
        if not 0 < self.premium_top < 1:
            raise UsageError(f"premium_top cannot be {self.premium_top}", "give a share between 0 and 1, such as 0.25")

    def answer(self, timelines: Timelines) -> Answer:
        """Read the sales, learn from them, and lay out what is asked for."""
        asked = self.asked(timelines)
        scope = self.scope(timelines)
        sales = sold_before(timelines, asked, self.lines, scope)
        if sales is None or not len(sales.item):
            shown, n = _nothing(self.lines), 0
        else:
            shown, n = shown_of(self, timelines, asked, sales), int(np.count_nonzero(sales.inside))
        return Answer(
            question=self,
            words=shown.words,
            table=shown.table,
            definition=defined(
                timelines, asked.as_of, title=_TITLES[self.show], text=_TEXT,
                rules={} if sales is None else self._rules(asked, sales, scope), n=n,
            ),
            source=timelines,
            notes=shown.notes,
            extra=shown.extra,
        )  # fmt: skip

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who stands behind a number; everyone who gets a list without a cell."""
        checked_cell(
            cell,
            "item",
            "kind",
            "customer",
            "with_item",
            "next_item",
            "premium",
            "have",
            "offer",
            "tenure",
            "of",
            "method",
            "opening",
            "what",
        )
        asked = self.asked(timelines)
        sales = sold_before(timelines, asked, self.lines, self.scope(timelines))
        if sales is None:
            raise UsageError("no product is known here", "ask the workspace: shop.recommend()")
        places = behind(self, timelines, asked, sales, {key: str(value) for key, value in cell.items()})
        found = sales.customers.take(places).to_pylist()
        return People(tuple(sorted(found)), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """Quality: recall beside popularity; items, next: what goes with the products of most customers; premium, cross-sell:
        how many customers to win; customers: what is offered most."""
        from holdfast.charts.recommend import go_together, offered_most, quality_bars, to_win

        words = answer.words
        if self.show == "quality":
            return quality_bars(answer.table.to_pylist(), title="What the lists held of what was bought next", subtitle=words)
        if self.show == "customers":
            rows = answer.extra["offers"].to_pylist() if "offers" in answer.extra else []
            return offered_most(rows, title="What is offered most", subtitle=words)
        one, other = _ENDS[self.show]
        if "map" not in answer.extra:
            won = [(row[one], row[other], row["customers"], row["share"]) for row in answer.table.to_pylist()]
            return to_win(won, title=_TITLES[self.show], subtitle=words)
        pairs = [(row[one], row[other], row["lift"], row["share"], row["n"]) for row in answer.extra["map"].to_pylist()]
        return go_together(pairs, title=_TITLES[self.show], subtitle=words)

    def asked(self, timelines: Timelines) -> Asked:
        """What lists depend on besides the data."""
        return Asked(timelines.as_of(self.as_of), self.exclude, self.available, self.catalogue_days, self.test_days)

    def scope(self, timelines: Timelines) -> Scope:
        """Who is asked about."""
        return Scope(None, self.where, self.moment).ready(timelines, timelines.as_of(self.as_of))

    def mind(self, timelines: Timelines, asked: Asked, sales: Sales) -> Taught:
        """What the lists are made of."""
        return prepared(timelines, asked, self.lines, sales)

    def support(self, sales: Sales) -> int:
        """Customers that a pair needs."""
        return self.least or max(LEAST, round(LEAST_SHARE * len(np.unique(sales.row_owner))))

    def _rules(self, asked: Asked, sales: Sales, scope: Scope) -> dict[str, Any]:
        rules: dict[str, Any] = {"refunds": "order", "products from": ", ".join(sales.told[:3])}
        rules["catalogue"] = f"sold in the last {catalogue_of(sales, asked)} days"
        if self.available:
            rules["available"] = f"{len(self.available):,} ids"
        if sales.noise:
            rules["no products"] = ", ".join(sales.noise[:12]) + (" …" if len(sales.noise) > 12 else "")
        days = split_days(sales, self.test_days)
        if days is not None:
            rules["judged by"] = f"{days} days"
        if self.show in ("items", "next", "premium", "cross-sell"):
            rules["least customers"] = self.support(sales)
        if self.show == "next":
            rules["window"] = f"{self.window_days} days"
        if self.show == "premium":
            rules["premium"] = f"the dearest {100 * self.premium_top:.0f} %"
        return rules | scope_rules(scope)


_ENDS = {
    "items": ("name", "with_name"), "next": ("name", "next_name"), "premium": ("name", "premium_name"),
    "cross-sell": ("have_name", "offer_name"),
}  # fmt: skip

_TITLES = {
    "customers": "What would each customer like next?",
    "items": "What is bought together?",
    "next": "What is bought next?",
    "premium": "Who could be won for something dearer?",
    "cross-sell": "What goes with what customers have?",
    "quality": "How good are the lists?",
}


def _nothing(lines: OrderLines | None) -> Shown:
    """No product to tell of: the workspace was not asked, which reads the lines of orders, or its orders name no product."""
    from holdfast.analyses.recommend.tables import CUSTOMERS

    if lines is None:
        words = "Nothing tells which products were bought: timelines know orders, not what was in them."
        mend = "ask the workspace, which reads the lines of orders: shop.recommend(), holdfast recommend"
    else:
        words = "Nothing tells which products were bought: no counting order by the as-of names one."
        mend = "import order lines with a column for the product (holdfast import lines.csv --help)"
    return Shown(words, CUSTOMERS.empty_table(), (mend,))


_TEXT = (
    "Orders are counting ones; one taken back in full counts for nothing. Of a product of which a customer kept nothing, "
    "and of all that she returned, nothing is recommended to her. Again: what she has, by the chance to be bought again "
    "within the days that judge, a logistic regression on how often, how long ago, her own rhythm drawn to the product's, "
    "and how the product sells. New: EASE (Steck 2019) on who has what, times the share of a product's customers that came "
    "of late; beyond 10,000 products the cosine of their customers. Popular: customers of the last 30 days. Together: both "
    "in one order; next: the second in a later order within the window after the first of the first. A share is of the n "
    "customers of the first product; lift is that share by the usual one; intervals are Wilson's. Recall@10: products of "
    "the list that were bought in the days after, by those bought, at most ten; nDCG@10 weighs them by rank; means over the"
    " customers who bought something of the kind, which the products known before could have named. What goes together need"
    " not come from one another."
)
