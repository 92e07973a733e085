"""Reading a source by its plan: events come out, refusals and counts stay behind."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.canonical import Canonical, canonical, raw_rows
from holdfast.events.chunks import Chunk
from holdfast.events.drafts import Finisher
from holdfast.events.lines import Lines
from holdfast.events.plan import ImportPlan
from holdfast.events.refusals import Refusals, refusal
from holdfast.events.rows import Orders, event_drafts
from holdfast.events.schema import ORDER, REFUND
from holdfast.settings import Settings

__all__ = ["Reading", "read_events"]

Progress = Callable[[int, int | None], None]


class Reading:
    """One reading of a source. `events` is consumed once; `refusals`, `counts` and `notes` are whole when it is.

    events    iterator of Arrow record batches in schema EVENTS, `sequence` 0
    refusals  the rows that could not be used
    counts    rows, events, orders, refunds, refunds_tied, refunds_untied, anonymous_rows, duplicates_kept, duplicates_dropped,
              refused, rounded, damaged, filled, without_amount
    """

    def __init__(self, plan: ImportPlan, settings: Settings, on_progress: Progress | None, now: dt.datetime) -> None:
        self.plan = plan
        self.refusals = Refusals()
        self.counts: Counter[str] = Counter(dict.fromkeys(_COUNTS, 0))
        self.events: Iterator[pa.RecordBatch] = self._read(settings, on_progress, now)

    def notes(self) -> tuple[str, ...]:
        """What should be said of the reading, in sentences."""
        said = []
        for name, sentence in _SENTENCES.items():
            if self.counts[name]:
                said.append(sentence.format(self.counts[name]))
        return tuple(said)

    def _read(self, settings: Settings, on_progress: Progress | None, now: dt.datetime) -> Iterator[pa.RecordBatch]:
        import duckdb

        # two connections: one cannot digest while the other streams its orders
        with (
            tempfile.TemporaryDirectory(prefix="holdfast-") as folder,
            duckdb.connect(config={"memory_limit": "2GB", "temp_directory": folder}) as connection,
            duckdb.connect() as digesting,
        ):
            for quiet in (connection, digesting):
                quiet.execute("set enable_progress_bar = false")  # it would be printed among the answers on stdout
            finisher = Finisher(digesting, self.plan.name, self.plan.options.batch)
            chunks = self._canonical(settings, on_progress, now)
            lines = self.plan.shape.value == "lines" and "order" in self.plan.mapping
            drafts = self._by_lines(connection, chunks) if lines else self._by_rows(connection, chunks)
            for table in drafts:
                if table.num_rows:
                    yield self._finish(finisher, table, by_rows=not lines)

    def _canonical(
        self, settings: Settings, on_progress: Progress | None, now: dt.datetime
    ) -> Iterator[tuple[Chunk, Canonical]]:
        for chunk in self.plan.source.chunks():
            read = canonical(chunk, self.plan, settings, now)
            self.refusals.extend(read.refused)
            self.counts["rows"] += chunk.table.num_rows + len(chunk.refused)
            self.counts["rounded"] += read.rounded
            self.counts["damaged"] += read.damaged
            if self.plan.shape.value != "events" and {"price", "revenue"} & set(self.plan.mapping):
                self.counts["without_amount"] += read.table["amount"].null_count
            self.counts["refused"] = len(self.refusals)
            yield chunk, read
            if on_progress is not None:
                on_progress(self.counts["rows"], self.plan.rows_total)

    def _by_rows(self, connection: Any, chunks: Iterator[tuple[Chunk, Canonical]]) -> Iterator[pa.Table]:
        orders = Orders(connection) if self.plan.shape.value != "events" else None
        for _, read in chunks:
            self.counts["anonymous_rows"] += read.table["customer"].null_count
            yield event_drafts(read.table, self.plan.event) if orders is None else orders.drafts(read.table)
        if orders is not None:
            yield from orders.refunds()

    def _by_lines(self, connection: Any, chunks: Iterator[tuple[Chunk, Canonical]]) -> Iterator[pa.Table]:
        lines = Lines(connection, self.plan.options.duplicates)
        waiting: dict[int, dict[str, str | None]] = {}
        for chunk, read in chunks:
            self.counts["anonymous_rows"] += read.table["customer"].null_count
            waiting.update(_without_time(chunk, read))
            lines.add(read.table)
        timeless, absurd = lines.settle()
        self.refusals.extend(refusal(row, "no_time", values=waiting.get(row)) for row in timeless)
        self.refusals.extend(refusal(row, "amount_absurd", "the order's sum") for row in absurd)
        self.counts["refused"] = len(self.refusals)
        self.counts["filled"] = lines.filled
        self.counts["duplicates_dropped" if self.plan.options.duplicates == "drop" else "duplicates_kept"] = lines.repeated
        yield from lines.orders()
        yield from lines.refunds()

    def _finish(self, finisher: Finisher, table: pa.Table, *, by_rows: bool) -> pa.RecordBatch:
        batch, times = finisher.finish(table)
        if by_rows:
            batch = self._repetitions(batch, times)
        refund = pc.equal(batch["event"], REFUND)
        tied = pc.and_(refund, batch["order_id"].is_valid())
        self.counts["events"] += batch.num_rows
        self.counts["orders"] += _n(pc.equal(batch["event"], ORDER))
        self.counts["refunds"] += _n(refund)
        self.counts["refunds_tied"] += _n(tied)
        self.counts["refunds_untied"] += _n(refund) - _n(tied)
        return batch

    def _repetitions(self, batch: pa.RecordBatch, times: np.ndarray[Any, Any]) -> pa.RecordBatch:
        again = times > 1
        drop = self.plan.options.duplicates == "drop"
        self.counts["duplicates_dropped" if drop else "duplicates_kept"] += int(again.sum())
        return batch.filter(pa.array(~again)) if drop and again.any() else batch


_COUNTS = (
    "rows", "events", "orders", "refunds", "refunds_tied", "refunds_untied", "anonymous_rows", "duplicates_kept",
    "duplicates_dropped",
    "refused", "rounded", "damaged", "filled",
    "without_amount",
)  # fmt: skip
_SENTENCES = {
    "anonymous_rows": "{:,} rows name no customer: they stay in as anonymous",
    "duplicates_kept": "{:,} rows repeat another row exactly: kept (drop them with --duplicates drop)",
    "duplicates_dropped": "{:,} rows repeat another row exactly: dropped",
    "refunds_untied": "{:,} refunds could not be tied to an order",
    "refunds_tied_earlier": "{:,} refunds were tied to orders of earlier imports",
    "orders_elsewhere": "{:,} orders are in under another customer too and count for both; where these are the same "
    "people, say so with alias events",
    "orders_completed": "{:,} orders of earlier imports were completed by lines that had been refused",
    "rounded": "{:,} amounts had more than four decimals and were rounded half-even",
    "damaged": "{:,} rows hold damaged text or links spliced in: kept as text, never followed",
    "without_amount": "{:,} rows have no amount: it stays unknown, not zero (an empty cell, a formula without its value)",
    "filled": "{:,} lines took customer or time from the first line of their order",
}


def _n(mask: Any) -> int:
    return int(pc.sum(mask).as_py() or 0)


def _without_time(chunk: Chunk, read: Canonical) -> dict[int, dict[str, str | None]]:
    """The raw rows without time that may still get one from the first line of their order."""
    if read.table["time"].null_count == 0:
        return {}
    numbers = read.table["row"].filter(read.table["time"].is_null()).to_numpy()
    places = np.flatnonzero(np.isin(chunk.rows, numbers))
    return dict(zip((int(row) for row in chunk.rows[places]), raw_rows(chunk.table, places), strict=True))


def read_events(
    plan: ImportPlan, settings: Settings, on_progress: Progress | None = None, *, now: dt.datetime | None = None
) -> Reading:
    """Reads a source by its plan.

    on_progress  called with (rows done, rows in all or None) after each stretch
    now          the clock against which a time lies in the future (default: the machine's)
    Errors: InputError while the events are consumed, where the file turns out damaged.
    """
    return Reading(plan, settings, on_progress, now or dt.datetime.now(dt.UTC))
