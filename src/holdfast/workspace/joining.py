"""What a reading gives, joined with what the lake holds, on its way into the lake.

    replayed lines   of an order that is in already complete it              (workspace/replaying.py)
    refunds          that are in already, whichever way they were tied, are known; those whose order came with an earlier
                     import are tied to it                                    (workspace/late_refunds.py)

Everything else passes as it comes. The lake is read only where a replay or a refund of a customer asks for it, and within the
append that takes the events, so that no other import comes between. Plain events are left as their source ties them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.schema import EVENTS, MONEY_UNITS, ORDER, REFUND
from holdfast.workspace.late_refunds import Back, backs, holdings, tied, uncovered
from holdfast.workspace.replaying import completed

if TYPE_CHECKING:
    from holdfast.events.lake import Lake

__all__ = ["Joining"]


class Joining:
    """The events of one reading on their way into the lake.

    lake      where they go
    shape     what a row of the source is: "lines", "orders" or "events"
    replayed  the source is a refusals file
    origin    the import whose refused rows it holds, None where that is not known
    counts    what to add to the counts of the reading when its events are used up: refunds, refunds_tied, refunds_untied,
              refunds_tied_earlier (to orders of earlier imports), orders_completed (by replayed lines), events
    """

    def __init__(self, lake: Lake, *, shape: str, replayed: bool, origin: str | None) -> None:
        self._lake = lake
        self.shape = shape
        self._completes = replayed and shape == "lines"
        self._origin = origin
        self.counts: Counter[str] = Counter(refunds_tied_earlier=0, orders_completed=0)

    def events(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The events that go in; refunds of customers come last."""
        if self.shape == "events" or self._lake.last_sequence() < 0:
            yield from batches
            return
        orders, held = _Orders(), []
        for batch in batches:
            refund = pc.and_(pc.equal(batch["event"], REFUND), batch["customer_id"].is_valid())
            if pc.any(refund).as_py():
                held.append(batch.filter(refund))
                batch = batch.filter(pc.invert(refund))
            if self._completes and batch.num_rows:
                batch = self._completed(batch)
            orders.add(batch)
            if batch.num_rows:
                yield batch
        if held:
            yield from self._refunds(pa.Table.from_batches(held, EVENTS), orders)

    def _completed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        from holdfast.events.lake_lookup import orders_numbered

        order = pc.equal(batch["event"], ORDER)
        numbers = batch["order_id"].filter(order).unique()
        stored = orders_numbered(self._lake, numbers)
        if not stored:
            return batch
        found, joined = completed(batch.filter(order).to_pylist(), stored, self._origin)
        self.counts["orders_completed"] += joined
        return _one_batch(pa.concat_tables([_rows(found), pa.table(batch.filter(pc.invert(order)))]))

    def _refunds(self, held: pa.Table, here: _Orders) -> Iterator[pa.RecordBatch]:
        """The refunds of the import: those that nothing in the lake speaks of as they are, the others looked at one by one."""
        stored = self._stored(held)
        known = pc.is_in(held["event_id"], stored["event_id"])
        again = pc.is_in(_moments(held), _moments(stored))
        concerned = pc.and_(pc.or_(again, held["order_id"].is_null()), pc.invert(known))
        passing = held.filter(pc.invert(concerned))
        yield from passing.to_batches()
        if pc.any(concerned).as_py():
            new = held.filter(concerned)
            self._count(new, -1)
            rest = self._settled(new, stored.filter(pc.invert(pc.is_in(stored["event_id"], held["event_id"]))), passing, here)
            self._count(rest, 1)
            yield from rest.to_batches()

    def _stored(self, held: pa.Table) -> pa.Table:
        from holdfast.events.lake_lookup import refunds_between

        span = pc.min_max(pc.cast(held["time"], pa.int64())).as_py()
        return refunds_between(self._lake, held["customer_id"].unique(), span["min"], span["max"])

    def _settled(self, new: pa.Table, stored: pa.Table, passing: pa.Table, here: _Orders) -> pa.Table:
        fresh, inside = uncovered(backs(new.to_pylist()), backs(stored.to_pylist()))
        untied = [one for one in fresh if one.order is None]
        settled = [one for one in fresh if one.order is not None]
        if untied:
            settled += self._tied(untied, settled, passing, here)
        taken = {*stored["event_id"].to_pylist(), *passing["event_id"].to_pylist()}
        return pa.concat_tables([_rows([one.event for one in inside]), *_written(settled, taken)])

    def _tied(self, untied: list[Back], settled: list[Back], passing: pa.Table, here: _Orders) -> list[Back]:
        from holdfast.events.lake_lookup import purchases_of

        customers = pa.array(sorted({one.event["customer_id"] for one in untied}), pa.string())
        purchases = purchases_of(self._lake, customers)
        orders = {(one["customer_id"], one["order_id"]) for one in purchases if one["event"] == ORDER}
        concerned = pc.and_(pc.is_in(passing["customer_id"], customers), passing["order_id"].is_valid())
        going_in = [*settled, *backs(passing.filter(concerned).to_pylist())]
        found = tied(untied, holdings(purchases, here.among(orders), going_in), orders)
        self.counts["refunds_tied_earlier"] += sum(part.order is not None for part in found)
        return found

    def _count(self, refunds: pa.Table, sign: int) -> None:
        untied = refunds["order_id"].null_count
        self.counts["events"] += sign * refunds.num_rows
        self.counts["refunds"] += sign * refunds.num_rows
        self.counts["refunds_untied"] += sign * untied
        self.counts["refunds_tied"] += sign * (refunds.num_rows - untied)


class _Orders:
    """Which orders of which customers the import brings, in 8 bytes an order."""

    def __init__(self) -> None:
        import duckdb

        from holdfast.events.digest import Seen

        self._connection = duckdb.connect()
        self._connection.execute("set enable_progress_bar = false")  # it would be printed among the answers on stdout
        self._seen = Seen()

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes note of the orders in a batch."""
        order = pc.and_(pc.equal(batch["event"], ORDER), batch["order_id"].is_valid())
        self._seen.occurrences(self._marks(batch["customer_id"].filter(order), batch["order_id"].filter(order)))

    def among(self, owners: set[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Which of these (customer, order id) the import brings."""
        listed = sorted(owners)
        columns = [pa.array(column, pa.string()) for column in zip(*listed, strict=True)]
        found = self._seen.contains(self._marks(*columns)) if listed else np.zeros(0, np.bool_)
        return frozenset(one for one, here in zip(listed, found, strict=True) if here)

    def _marks(self, customers: pa.Array, orders: pa.Array) -> np.ndarray[Any, Any]:
        from holdfast.events.digest import content, digests

        return digests(self._connection, content([customers, orders]))[1]


def _moments(refunds: pa.Table) -> pa.ChunkedArray:
    """Customer and instant of each refund, joined to one text."""
    micros = pc.cast(pc.cast(refunds["time"], pa.int64()), pa.string())
    return pc.binary_join_element_wise(refunds["customer_id"], micros, "\x1f")


def _written(refunds: list[Back], taken: set[str]) -> Iterator[pa.Table]:
    """Refunds as events: those that did not change as they were, the others with the id of their new content."""
    yield _rows([one.event for one in refunds if not one.changed])
    changed = [one for one in refunds if one.changed]
    if changed:
        ids = _ids(changed)
        rows = []
        for one, own in zip(changed, ids, strict=True):
            free = _free(own, taken)
            taken.add(free)
            money = None if one.amount is None else _money(one.amount)
            rows.append(one.event | {"event_id": free, "order_id": one.order, "revenue": money, "products": one.products})
        yield _rows(rows)


def _ids(refunds: list[Back]) -> list[str]:
    """Ids from content as one import of everything would give them; an id that the source gave stays."""
    now = [(one.order, one.amount, one.products) for one in refunds]
    before = [(one.event["order_id"], _units(one.event["revenue"]), one.event["products"]) for one in refunds]
    ids, own = _content_ids(refunds, now), _content_ids(refunds, before)
    given = [one.event["event_id"].split("-")[0] != was for one, was in zip(refunds, own, strict=True)]
    return [one.event["event_id"] if kept else new for one, kept, new in zip(refunds, given, ids, strict=True)]


def _content_ids(refunds: list[Back], parts: list[tuple[Any, Any, Any]]) -> list[str]:
    import duckdb

    from holdfast.events.drafts import DRAFT, Finisher

    rows = [
        {
            **{name: one.event[name] for name in ("type", "event", "time", "currency", "properties")},
            "customer": one.event["customer_id"],
            "anonymous": one.event["anonymous_id"],
            "order": order,
            "amount": amount,
            "products": products,
        }
        for one, (order, amount, products) in zip(refunds, parts, strict=True)
    ]
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")  # it would be printed among the answers on stdout
        made, _ = Finisher(connection, "", None).finish(pa.Table.from_pylist(rows, DRAFT))
    return [one.split("-")[0] for one in made["event_id"].to_pylist()]


def _free(own: str, taken: set[str]) -> str:
    """The id, numbered where another refund has it: the very same lines taken back twice in one instant."""
    number, free = 1, own
    while free in taken:
        number += 1
        free = f"{own}-{number}"
    return free


def _units(money: Any) -> int | None:
    return None if money is None else int(money * MONEY_UNITS)


def _money(amount: int) -> Any:
    from decimal import Decimal

    return Decimal(amount) / MONEY_UNITS


def _rows(events: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(events, EVENTS)


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    whole = table.combine_chunks().to_batches()
    return whole[0] if whole else pa.RecordBatch.from_pylist([], schema=EVENTS)
