"""Who the customers are: each with orders, revenue, first and last order and RFM segment; found by id or by segment."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.rfm.trait import trait
from holdfast.analyses.scope import Condition, Scope, money
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import Moment
from holdfast.timelines.walk import Shard, Tally
from holdfast.timelines.zone import date_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.analyses.rfm.trait import RfmTrait
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["Customers", "CustomersStep", "Sort"]

Sort = Literal["revenue", "orders", "recent", "oldest"]
SORTS: tuple[Sort, ...] = ("revenue", "orders", "recent", "oldest")


@dataclass(frozen=True)
class CustomersStep:
    """A row a customer in scope with a counting order: orders, revenue, first and last day, RFM code.

    search  text that the id must hold, in any case; empty: all
    """

    scope: Scope
    as_of: AsOf
    mode: Any
    rfm: RfmTrait
    search: str

    def __call__(self, shard: Shard) -> Tally:
        """The rows of a shard."""
        bought = shard.source.purchases(self.as_of.until, self.mode)
        offsets = bought.offsets[shard.low : shard.high + 1]
        chosen = self.scope.by_first_order(shard, self.as_of, self.mode) >= 0
        if self.search:
            chosen &= self._found(shard)
        places = np.flatnonzero(chosen)
        orders = np.diff(offsets)[places]
        rows = {
            "ids": shard.ids(chosen),
            "orders": orders,
            "revenue": _summed(bought.amount, offsets, places)
            # Money that belongs to no counting order, such as a refund whose order is not known.
            + _summed(bought.adjust_amount, bought.adjust_offsets[shard.low : shard.high + 1], places),
            "first": bought.day[offsets[:-1][places]].astype(np.int64),
            "last": bought.day[np.maximum(offsets[1:][places] - 1, 0)].astype(np.int64),
            "rfm": self.rfm.codes(shard)[places],
        }
        return Tally({"n": len(places)}, rows)

    def _found(self, shard: Shard) -> Any:
        ids = shard.columns.ids().slice(shard.low, shard.high - shard.low)
        return pc.match_substring(ids, self.search, ignore_case=True).to_numpy(zero_copy_only=False)


def _summed(amount: Any, offsets: Any, places: Any) -> Any:
    """The money of each chosen customer; offsets are those of a shard into the whole column."""
    begin = offsets[0]
    total = np.concatenate([[0], np.cumsum(amount[begin : offsets[-1]], dtype=np.int64)])
    return total[offsets[1:][places] - begin] - total[offsets[:-1][places] - begin]


@dataclass(frozen=True)
class Customers(Question):
    """The customers with a counting order, most valuable first.

    search  text that the id holds; empty: all
    rfm     only this RFM segment
    sort    "revenue", "orders", "recent" (last order newest) or "oldest" (last order longest ago)
    limit   how many rows the table has; all are counted
    as_of, where, moment  as in every question

    Table: customer, orders, revenue, first_order, last_order, days_since, rfm. People: all who were found, or customer=….
    """

    search: str = ""
    rfm: str | None = None
    sort: Sort = "revenue"
    limit: int = 50
    as_of: date | datetime | str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("sort", self.sort, SORTS)
        if self.limit < 0:
            raise UsageError(f"{self.limit} rows cannot be shown", "give 0 or more")

    def answer(self, timelines: Timelines) -> Answer:
        """One walk lays out the customers; the table holds the first of them."""
        as_of = timelines.as_of(self.as_of)
        rows, kept = self._rows(timelines, as_of)
        order = self._order(rows, kept)
        scope = self._scope()
        rules = {
            "sorted by": self.sort,
            "refunds": timelines.settings.refunds,
            **({"rfm": self.rfm} if self.rfm else {}),
            **scope_rules(scope),
        }
        return Answer(
            question=self,
            words=_words(len(kept), self.search, self.rfm),
            table=_table(rows, order[: self.limit], as_of, trait("rfm", timelines, as_of).labels),
            definition=defined(timelines, as_of, title="Who are our customers?", text=_TEXT, rules=rules, n=len(kept)),
            source=timelines,
            notes=(f"{len(kept) - self.limit:,} more: “limit” lists more of them, the CSV has all",)
            if len(kept) > self.limit
            else (),
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """All who were found; customer=… for one of them."""
        checked_cell(cell, "customer")
        rows, kept = self._rows(timelines, timelines.as_of(self.as_of))
        ids = pc.take(_flat(rows["ids"]), pa.array(kept)).to_pylist()
        if "customer" in cell and str(cell["customer"]) not in ids:
            raise UnknownName("customer", str(cell["customer"]), _near(str(cell["customer"]), sorted(ids)))
        return People((str(cell["customer"]),) if "customer" in cell else tuple(sorted(ids)), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """A list has no picture: UsageError."""
        del answer
        raise UsageError("a list of customers has no picture", "take --csv, --json or --html, or ask holdfast rfm --png")

    def _scope(self) -> Scope:
        return Scope(None, self.where, self.moment)

    def _rows(self, timelines: Timelines, as_of: AsOf) -> tuple[dict[str, Any], Any]:
        scope = self._scope().ready(timelines, as_of)
        found = trait("rfm", timelines, as_of)
        rows = timelines.walk(CustomersStep(scope, as_of, timelines.settings.refunds, found, self.search)).rows
        if self.rfm is None:
            return rows, np.arange(len(rows["orders"]))
        if self.rfm not in found.labels:
            raise UnknownName("RFM segment", self.rfm, found.labels[1:])
        return rows, np.flatnonzero(rows["rfm"] == found.labels.index(self.rfm))

    def _order(self, rows: dict[str, Any], kept: Any) -> Any:
        by = {"revenue": -rows["revenue"], "orders": -rows["orders"], "recent": -rows["last"], "oldest": rows["last"]}[
            self.sort
        ]
        return kept[np.argsort(by[kept], kind="stable")]


_TEXT = (
    "A customer is someone with a counting order as of the date. Orders, first and last order are counting "
    "orders (an order taken back in full is none); revenue is net of refunds; RFM is the segment by quintiles over all "
    "customers."
)


def _words(count: int, search: str, rfm: str | None) -> str:
    which = (f" in {rfm}" if rfm else "") + (f" whose id holds {search!r}" if search else "")
    return f"{count:,} customer{'' if count == 1 else 's'}{which}."


def _table(rows: dict[str, Any], places: Any, as_of: AsOf, labels: tuple[str, ...]) -> pa.Table:
    last = [date_of(int(day)) for day in rows["last"][places]]
    return pa.table(
        {
            "customer": pa.array(pc.take(_flat(rows["ids"]), pa.array(places)).to_pylist(), pa.string()),
            "orders": pa.array(rows["orders"][places], pa.int64()),
            "revenue": pa.array([money(one) for one in rows["revenue"][places]], pa.float64()),
            "first_order": pa.array([date_of(int(day)) for day in rows["first"][places]], pa.date32()),
            "last_order": pa.array(last, pa.date32()),
            "days_since": pa.array([(as_of.last - day).days for day in last], pa.int64()),
            "rfm": pa.array([labels[code] for code in rows["rfm"][places]], pa.string()),
        }
    )


def _near(name: str, known: list[str]) -> list[str]:
    """The ids that stand next to a name: likeness to each of a million would take minutes."""
    at = bisect_left(known, name)
    return known[max(at - 6, 0) : at + 6]


def _flat(ids: Any) -> Any:
    return ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
