"""A made-up shop: the same events for every run, in time order, of any size, in bounded memory.

A thirtieth as many customers as events, over the years 2023 and 2024. Customers arrive all the time; a few do very much and
most do little (their frequencies have a heavy tail); the recent ones do more. 12 % of the events are orders of some 30 pounds;
of every 30 orders about one is taken back later, in full or by half.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["COUNTRIES", "NAMES", "ZONE", "events_file", "fresh_file"]

ZONE = "Europe/London"
CHUNK = 250_000
BEGIN_MS = 1_672_531_200_000  # 2023-01-01 UTC
SPAN_MS = 731 * 86_400_000  # to the end of 2024
BLOCK = 1_024

NAMES = (
    "Page Viewed",
    "Product Viewed",
    "Product Added",
    "Cart Viewed",
    "Checkout Started",
    "Email Opened",
    "Order Completed",
    "Order Refunded",
)
SHARES = (0.42, 0.25, 0.09, 0.05, 0.045, 0.021, 0.12, 0.004)
ORDER, REFUND = 6, 7
COUNTRIES = ("United Kingdom", "Ireland", "Germany", "France", "Spain", "Italy", "Sweden", "Poland", "Denmark", "Norway")

SCHEMA = pa.schema(
    [
        pa.field("customer_id", pa.int32()),
        pa.field("event", pa.dictionary(pa.int8(), pa.string())),
        pa.field("time", pa.timestamp("ms", tz="UTC")),
        pa.field("order_id", pa.int64()),
        pa.field("revenue", pa.decimal128(12, 2)),
        pa.field("country", pa.dictionary(pa.int8(), pa.string())),
    ]
)

Numbers = npt.NDArray[np.int64]


def events_file(events: int, folder: Path) -> Path:
    """The Parquet file of so many events, made when it is not there yet."""
    return _written(folder / f"shop-{events}.parquet", _chunks(events))


def fresh_file(events: int, fresh: int, folder: Path) -> Path:
    """So many events of the week after `events_file`, of its customers and some new ones."""
    start = BEGIN_MS + SPAN_MS
    chunk = _Chunk(np.random.default_rng([events, 7]), fresh, start, start + 7 * 86_400_000, 1.01, max(events // 30, BLOCK))
    batch = _batch(chunk, 10 * events, None)[0]
    return _written(folder / f"shop-{events}-fresh-{fresh}.parquet", iter([batch]))


def _written(path: Path, batches: Iterator[pa.RecordBatch]) -> Path:
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with pq.ParquetWriter(part, SCHEMA, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
    part.rename(path)
    return path


class _Chunk:
    """Random numbers of one stretch of time: so many events between two instants, by those born until `born` (1: everyone)."""

    def __init__(self, rng: np.random.Generator, size: int, begin: int, end: int, born: float, customers: int) -> None:
        self.rng, self.size = rng, size
        self.customers = customers
        gaps = np.sort(rng.integers(begin, end - size, size))
        self.time = gaps + np.arange(size)  # strictly ascending, so that no two events share a millisecond
        self.customer = self._customers(born)
        self.code = rng.choice(len(NAMES), size, p=SHARES).astype(np.int8)

    def _customers(self, born: float) -> Numbers:
        """Blocks of 1,024 customers by age: the recent ones more often; within a block a few are very busy."""
        blocks = max(int(self.customers / BLOCK * born), 1)
        block = (blocks * (1 - self.rng.random(self.size) ** 1.5)).astype(np.int64)
        place = (BLOCK * self.rng.random(self.size) ** 4).astype(np.int64)
        return np.minimum(block * BLOCK + place, self.customers - 1 if born <= 1 else blocks * BLOCK)


def _chunks(events: int) -> Iterator[pa.RecordBatch]:
    count = -(-events // CHUNK)
    customers = max(events // 30, BLOCK)
    last = None
    for number in range(count):
        size = min(CHUNK, events - number * CHUNK)
        begin = BEGIN_MS + SPAN_MS * number // count
        end = BEGIN_MS + SPAN_MS * (number + 1) // count
        chunk = _Chunk(np.random.default_rng([events, number]), size, begin, end, 0.2 + 0.8 * number / count, customers)
        batch, last = _batch(chunk, number * CHUNK, last)
        yield batch


Orders = tuple[Numbers, Numbers, Numbers]
"""Customer, number and cents of the orders of a chunk: those that the next chunk may take back."""


def _batch(chunk: _Chunk, first: int, last: Orders | None) -> tuple[pa.RecordBatch, Orders]:
    rng, size = chunk.rng, chunk.size
    refunds = np.flatnonzero(chunk.code == REFUND)
    cents = np.maximum(np.exp(rng.normal(3.2, 0.7, size)) * 100, 1).astype(np.int64)
    number = first + np.arange(size, dtype=np.int64)
    if last is None:
        chunk.code[refunds] = 0
    else:
        chosen = rng.choice(len(last[0]), len(refunds), replace=False)
        chunk.customer[refunds], number[refunds] = last[0][chosen], last[1][chosen]
        cents[refunds] = np.maximum(np.where(rng.random(len(refunds)) < 0.6, last[2][chosen], last[2][chosen] // 2), 1)
    orders = np.flatnonzero(chunk.code == ORDER)
    valued = (chunk.code == ORDER) | (chunk.code == REFUND)
    return _arrow(chunk, number, cents, valued), (chunk.customer[orders], number[orders], cents[orders])


def _arrow(chunk: _Chunk, number: Numbers, cents: Numbers, valued: npt.NDArray[np.bool_]) -> pa.RecordBatch:
    unknown = ~valued
    country = (chunk.customer * 2_654_435_761 % 1_000_003 % 97 % len(COUNTRIES)).astype(np.int8)
    return pa.RecordBatch.from_arrays(
        [
            pa.array(_scattered(chunk.customer), pa.int32()),
            pa.DictionaryArray.from_arrays(pa.array(chunk.code), pa.array(NAMES)),
            pa.array(chunk.time, pa.timestamp("ms", tz="UTC")),
            pa.array(number, pa.int64(), mask=unknown),
            _money(cents, unknown),
            pa.DictionaryArray.from_arrays(pa.array(country), pa.array(COUNTRIES)),
        ],
        schema=SCHEMA,
    )


def _scattered(customer: Numbers) -> Numbers:
    """Ids that do not tell the age: an odd multiple turns the numbers below 2²⁹ around among themselves."""
    return customer * 334_214_467 % (1 << 29)


def _money(cents: Numbers, unknown: npt.NDArray[np.bool_]) -> pa.Array:
    words = np.zeros((len(cents), 2), np.int64)
    words[:, 0] = cents
    valid = pa.array(~unknown).buffers()[1]
    return pa.Array.from_buffers(pa.decimal128(12, 2), len(cents), [valid, pa.py_buffer(words)])


if __name__ == "__main__":
    print(events_file(int(float(sys.argv[1])), Path(__file__).parent / "data"))
