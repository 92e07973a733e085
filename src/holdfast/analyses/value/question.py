"""What is each customer worth from now on (MISSION 1.3, 1.21, 2.7, 3.13; SEMANTICS 14)?

1. A customer's orders over the horizon are those that a model of buying expects of her, by how often she ordered, when last,
   and how long she has been known: it knows that who ordered often and has been silent for long is probably gone.
2. An order of hers is worth what the Gamma-Gamma model expects, between everyone's mean and her own.
3. Value = discounted orders × value of an order: profit with a margin, revenue otherwise. Its interval is that of *her own*
   future, 90 %: how many orders it will be, and how large.
4. Value at risk = (1 − P(alive)) × what she would be worth if she were here for sure: who is worth most and may be gone.
5. Customer equity is the sum over everybody, with what chance and the doubt about the models leave open (95 %).
6. The models are learned from everyone, whatever the conditions; `choice.py` says which, and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.clv import PlainClv
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.occasions import occasions
from holdfast.analyses.scope import EVERYONE, Condition, Scope
from holdfast.analyses.value.beside import NEW, new_table, plain_table
from holdfast.analyses.value.choice import Choice, choice, net_share
from holdfast.analyses.value.groups import ALIVE_BANDS, Group, alive_band, cohorts, in_doubt, source_property, tenths
from holdfast.analyses.value.horizon import Horizon
from holdfast.analyses.value.lately import lately
from holdfast.analyses.value.tables import CUSTOMERS, GROUPED, Told, customers_table, group_table
from holdfast.analyses.value.valuer import GONE, Valuer
from holdfast.analyses.value.words import care, difference, doubtful, equity_words, lately_words, too_few_words
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import MONEY_UNITS
from holdfast.timelines.attributes import Moment, property_name
from holdfast.timelines.periods import Unit

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["SHOWS", "CustomerValue", "Show"]

Show = Literal["customers", "at-risk", "segments", "cohorts", "sources", "deciles", "bands", "new", "plain"]
SHOWS: tuple[Show, ...] = get_args(Show)

LIMIT = 20

CELLS = ("customer", "segment", "cohort", "source", "decile", "band")


@dataclass(frozen=True)
class CustomerValue(Question):
    """What each customer is worth over the next months, and all of them together.

    horizon_months  how far ahead, 1 to 120 · discount  a year's, 0 to 1: what money of next year is worth less
    cohort    the period of the first order by which cohorts are told: "month", "quarter", "year", …
    source    the property that says where a customer came from, at her first order; None: found in the data
    show      which table is the main one: "customers" (most value first), "at-risk" (most value at risk first, of those in
              doubt: P(alive) 0.1 to 0.8), "segments", "cohorts", "sources", "deciles", "bands" (of P(alive)), "new" (a customer
              acquired today), "plain" (beside the plain formula); the others are extra tables
    limit     how many customers are listed, 0: all; all are counted
    as_of, by, where, moment  as in every question; segments at the first order

    Table customers: customer, segment, orders, last_order, expected_orders, p_alive, order_value, value with low and high
    (90 %: her own future), value_if_here, value_at_risk. Tables of groups: n, value (mean) with low and high (95 %),
    total_value with low and high, share, value_at_risk (total), expected_orders, p_alive, value_so_far (means); "segments" ends
    with everyone: customer equity. People: customer=…, segment=…, cohort=…, source=…, decile=…, band=…, together or alone.
    """

    horizon_months: int = 12
    discount: float = 0.1
    cohort: Unit = "month"
    source: str | None = None
    show: Show = "customers"
    limit: int = LIMIT
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("show", self.show, SHOWS)
        checked_choice("cohort", self.cohort, ("week", "month", "quarter", "year"))
        Horizon(self.horizon_months, self.discount)
        if self.limit < 0:
            raise UsageError(f"{self.limit} customers cannot be listed", "give 0 or more")

    def answer(self, timelines: Timelines) -> Answer:
        """One walk lays out what everyone bought, the models are fitted, each customer is valued."""
        as_of, settings = timelines.as_of(self.as_of), timelines.settings
        chosen = choice(timelines, as_of)
        told = self._told(timelines, as_of, chosen)
        if told is None or not len(told.found):
            return self._too_few(timelines, as_of, chosen)
        tables = self._tables(timelines, told)
        beside, more = difference(tables["plain"], settings), self._more(told, timelines)
        seen = lately(timelines, as_of, self._scope(timelines, as_of), told)
        remarks = (lately_words(seen, settings), *care(told, tables, settings, chosen.error))
        return Answer(
            question=self,
            words=equity_words(told, tables, settings, seen),
            table=tables[self.show],
            definition=self._definition(timelines, as_of, told, len(told.found)),
            source=timelines,
            notes=tuple(filter(None, (chosen.why, chosen.spending_why, beside, *remarks, *more))),
            extra={name: table for name, table in tables.items() if name != self.show},
        )  # fmt: skip

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who is in a segment, cohort, source, tenth or band of P(alive), or several of them at once; or one customer."""
        checked_cell(cell, *CELLS)
        as_of = timelines.as_of(self.as_of)
        told = self._told(timelines, as_of, choice(timelines, as_of))
        if told is None:
            raise UsageError("there are no values yet, so nobody stands behind one", "see why: holdfast value")
        groups = {group.name: group for group in self._groups(timelines, told)}
        chosen = np.ones(len(told.found), np.bool_)
        for name, value in cell.items():
            if name != "customer" and not (name == "segment" and value == EVERYONE):
                chosen &= _member(groups, name, value)
        ids = told.found.ids.filter(pa.array(chosen)).to_pylist()
        if "customer" in cell:
            if str(cell["customer"]) not in ids:
                raise UsageError(f"{cell['customer']} is not among them", "see who is: leave customer= out")
            ids = [str(cell["customer"])]
        return People(tuple(sorted(ids)), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """By tenths of customers: what they are worth, and what is at risk; of groups their mean values."""
        from holdfast.charts.value import group_values, tenth_values

        currency, tables = answer.source.settings.currency, {self.show: answer.table, **answer.extra}
        words = {"title": "What customers are worth", "subtitle": answer.words, "unit": currency}
        if self.show in ("segments", "cohorts", "sources") and len(answer.table) > 1:
            return group_values(answer.table.to_pylist(), answer.table.column_names[0], **words)
        return tenth_values(tables["deciles"].to_pylist(), **words)

    def valuer(self, timelines: Timelines, as_of: AsOf, chosen: Choice) -> Valuer | None:
        """What values a customer, by these models; None where there are none."""
        if chosen.buying is None:
            return None
        net = net_share(timelines, as_of) if chosen.spending is not None else 1.0
        horizon = Horizon(self.horizon_months, self.discount)
        return Valuer(chosen.buying, chosen.spending, horizon, net, timelines.settings.margin)

    def _told(self, timelines: Timelines, as_of: AsOf, chosen: Choice) -> Told | None:
        valuer = self.valuer(timelines, as_of, chosen)
        if valuer is None:
            return None
        scope = self._scope(timelines, as_of)
        found = occasions(timelines, as_of, scope)
        return Told(found, valuer, valuer.worth(found), scope.labels(timelines))

    def _scope(self, timelines: Timelines, as_of: AsOf) -> Scope:
        return Scope(self.by, self.where, self.moment).ready(timelines, as_of)

    def _tables(self, timelines: Timelines, told: Told) -> dict[str, pa.Table]:
        """Every table by its name."""
        worth = told.worth
        groups = {group.name: group for group in self._groups(timelines, told)}
        made = {name: group_table(told, groups[name]) for name in groups}
        segments = made["segment"]
        if self.by is not None:
            everyone = Group("segment", (EVERYONE,), np.zeros(len(told.found), np.int64))
            segments = pa.concat_tables([segments, group_table(told, everyone)])
        first = worth.value if told.paid else worth.orders
        missing = worth.at_risk if told.paid else worth.orders / np.maximum(worth.alive, GONE) - worth.orders
        return {
            "customers": self._alone(customers_table(told, first, self._listed("customers"))),
            "at-risk": self._alone(customers_table(told, missing, self._listed("at-risk"), in_doubt(worth.alive))),
            "segments": segments, "cohorts": made["cohort"],
            "sources": made.get("source", _empty("source")), "deciles": made["decile"], "bands": made["band"],
            "new": new_table(told), "plain": plain_table(told, self._plain(), timelines, self.horizon_months),
        }  # fmt: skip

    def _listed(self, show: Show) -> int | None:
        """How many customers a table lists: all are only where it is the main one."""
        return self.limit or (None if show == self.show else LIMIT)

    def _alone(self, table: pa.Table) -> pa.Table:
        return table if self.by is not None else table.drop_columns(["segment"])

    def _groups(self, timelines: Timelines, told: Told) -> list[Group]:
        found, worth = told.found, told.worth
        out = [
            Group("segment", told.labels, found.segment),
            cohorts(found.first, self.cohort, timelines.settings.week_start),
            tenths(worth.value if told.paid else worth.orders),
            Group("band", ALIVE_BANDS, alive_band(worth.alive)),
        ]
        source = self._source(timelines)
        if source is not None:
            scope = Scope(source, self.where, self.moment).ready(timelines, timelines.as_of(self.as_of))
            out.append(Group("source", scope.labels(timelines), self._codes(timelines, scope)))
        return out

    def _codes(self, timelines: Timelines, scope: Scope) -> npt.NDArray[Any]:
        return occasions(timelines, timelines.as_of(self.as_of), scope).segment

    def _source(self, timelines: Timelines) -> str | None:
        if self.source is not None:
            return property_name(timelines.meta, self.source)
        return source_property(timelines.meta)

    def _plain(self) -> PlainClv:
        return PlainClv(as_of=self.as_of, where=self.where, moment=self.moment)

    def _more(self, told: Told, timelines: Timelines) -> list[str]:
        """What is not shown, and what the data do not say."""
        out = []
        if self._source(timelines) is None:
            out.append("the data do not say where customers came from (a property source, utm_source, referrer or channel)")
        if timelines.settings.base == "contract":
            out.append(
                "the base is one of contracts: `holdfast value` there asks what contracts are worth; this takes orders alone"
            )
        if self.show == "at-risk":
            out.append(doubtful(told))
        listed = {"customers": len(told.found), "at-risk": int(in_doubt(told.worth.alive).sum())}.get(self.show, 0)
        if 0 < self.limit < listed:
            out.append(f"{listed - self.limit:,} more: “limit” lists more of them, the CSV has all")
        return out

    def _definition(self, timelines: Timelines, as_of: AsOf, told: Told | None, n: int) -> Any:
        settings = timelines.settings
        rules: dict[str, Any] = {"horizon": f"{self.horizon_months} months", "discount": f"{self.discount:.1%} a year"}
        rules["money"] = "revenue" if settings.margin is None else f"profit at a margin of {settings.margin:g}"
        rules["refunds"] = settings.refunds
        if told is not None:
            rules["model"] = told.valuer.buying.fit.model
        return defined(
            timelines, as_of, title="What is each customer worth?", text=_TEXT,
            rules=rules | scope_rules(self._scope(timelines, as_of)), n=n,
        )  # fmt: skip

    def _too_few(self, timelines: Timelines, as_of: AsOf, chosen: Choice) -> Answer:
        """What can be said where no model can be asked: the plain formula, and what customers brought so far."""
        found = occasions(timelines, as_of, self._scope(timelines, as_of))
        why = chosen.why if chosen.buying is None else "nobody is in scope"
        margin = 1.0 if timelines.settings.margin is None else timelines.settings.margin
        brought = float(found.money.sum()) / MONEY_UNITS * margin / len(found) if len(found) else None
        tables = {
            "customers": self._alone(CUSTOMERS.empty_table()), "at-risk": self._alone(CUSTOMERS.empty_table()),
            "segments": _empty("segment"), "cohorts": _empty("cohort"), "sources": _empty("source"),
            "deciles": _empty("decile", pa.int64()), "bands": _empty("band"), "new": NEW.empty_table(),
            "plain": plain_table(None, self._plain(), timelines, self.horizon_months),
        }  # fmt: skip
        return Answer(
            question=self, words=too_few_words(why, brought if brought else None, timelines.settings),
            table=tables[self.show], definition=self._definition(timelines, as_of, None, len(found)), source=timelines,
            notes=("the plain formula, the choice “plain”, needs less",),
            extra={name: table for name, table in tables.items() if name != self.show},
        )  # fmt: skip


_TEXT = (
    "A row is a customer with a counting order before the as-of; orders of one local day are one occasion. Expected orders "
    "and P(alive) come from a model of buying, fitted to how often each customer came again, when last, and how long she "
    "has been known; the value of an order lies between everyone's mean and her own. Value is the expected number of "
    "orders, those of the m-th month discounted by m months, times the value of an order, net of refunds; times the margin "
    "where one is set. low and high of a customer: 90 % of her own possible futures lie between (how many orders, and how "
    "large; where no order at all is likely enough it begins at 0, and where nine of ten futures bring nothing it is 0 to "
    "0, though the mean is not). Of a group: 95 %, by chance in each one's future and the doubt about the parameters, not "
    "about whether the model is right. Value if here: the value were she here for sure; value at risk: (1 − P(alive)) × "
    "that; at-risk lists those in doubt, P(alive) 0.1 to 0.8. Deciles: tenths by value, equal values in the same one. A new "
    "customer: the mean first order and the orders to come. The models learn from everyone, whatever the conditions."
)


def _empty(name: str, kind: pa.DataType | None = None) -> pa.Table:
    return pa.schema([(name, kind or pa.string()), *GROUPED]).empty_table()


def _member(groups: dict[str, Group], name: str, value: Any) -> npt.NDArray[np.bool_]:
    """Who stands in a group; UnknownName lists the groups."""
    if name not in groups:
        raise UsageError(f"the data do not say any {name}", "leave it out, or name a property: source=…")
    labels = groups[name].labels
    wanted = int(value) if name == "decile" and str(value).isdigit() else str(value)
    if wanted not in labels:
        raise UnknownName(name, str(value), [str(label) for label in labels])
    return np.asarray(groups[name].codes == labels.index(wanted))
