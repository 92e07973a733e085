"""First half of building timelines: take record batches in any order and lay them down as plain numbers.

Every batch is read once: ids and names become codes, times become seconds, money becomes whole units. What remains per event is
about 20 bytes, whatever the text was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.errors import InputError
from holdfast.events.schema import MONEY, MONEY_UNITS, ORDER, REFUND
from holdfast.timelines.text import Interner, hash_strings
from holdfast.timelines.zone import DAY, LAST_SECOND

__all__ = ["MOST_UNITS", "TOO_MUCH_MEND", "Gathered", "Gatherer", "person_keys"]

MAX_NAMES = 65_534
MAX_VALUES = 1_000
"""A property found in the data is kept for breakdowns while it has at most this many different values."""

MOST_UNITS = 2.0**63
"""Sums of money are 64-bit integers of ten-thousandths: so much, about 922 million millions of the currency, and no more."""

TOO_MUCH_MEND = "is the column an amount of money? else count it in a larger unit, such as thousands"

PROPERTY = "property:"

_SILENT = ("identify", "group", "alias")


def person_keys(batch: pa.RecordBatch | pa.Table) -> pa.Array:
    """Who did it: the customer's id, else `anon:` and the anonymous id, else null."""
    keys = _column(batch, "customer_id", pa.string())
    if "anonymous_id" in batch.schema.names and batch.column("anonymous_id").null_count < len(batch):
        anonymous = pc.binary_join_element_wise("anon:", pc.cast(batch.column("anonymous_id"), pa.string()), "")
        keys = pc.coalesce(keys, anonymous)
    return keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys


def _column(batch: pa.RecordBatch | pa.Table, name: str, kind: pa.DataType) -> Any:
    if name not in batch.schema.names:
        return pa.nulls(len(batch), kind)
    column = batch.column(name)
    return column if column.type == kind else pc.cast(column, kind)


@dataclass(frozen=True)
class Gathered:
    """All events as numbers, in order of arrival: one value an event unless said otherwise.

    person int32 (-1 nobody) · time int64 microseconds UTC · sequence int64 · code uint16 (1-based into `names`, 0 silent)
    slot int32: place in the order arrays, -1 for other events · amount int64, order uint64: one value an order or refund
    """

    person: npt.NDArray[np.int32]
    time: npt.NDArray[np.int64]
    sequence: npt.NDArray[np.int64]
    code: npt.NDArray[np.uint16]
    slot: npt.NDArray[np.int32]
    amount: npt.NDArray[np.int64]
    order: npt.NDArray[np.uint64]
    properties: dict[str, npt.NDArray[np.uint16]]
    values: dict[str, tuple[str, ...]]
    names: tuple[str, ...]
    people: Interner
    wide: tuple[str, ...]
    skipped: int
    no_revenue: int


class _Coder:
    """Text → 1, 2, 3, … in order of first sight; 0 for null. Stops growing at `limit`."""

    def __init__(self, limit: int) -> None:
        self.codes: dict[str, int] = {}
        self.limit = limit

    @property
    def full(self) -> bool:
        return len(self.codes) > self.limit

    def encode(self, array: Any) -> npt.NDArray[np.uint16]:
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        encoded = array if pa.types.is_dictionary(array.type) else pc.dictionary_encode(array)
        words = [str(word) if word is not None else None for word in encoded.dictionary.to_pylist()]
        if self.full:
            return np.zeros(len(array), np.uint16)
        table = np.array([0 if not word else self.codes.setdefault(word, len(self.codes) + 1) for word in words] + [0])
        places = pc.fill_null(encoded.indices, len(words)).to_numpy(zero_copy_only=False)
        return np.asarray(table[places], np.uint16)


class Gatherer:
    """Collects batches of events; `finish` gives them as numbers.

    properties  which to keep; none named: those found
    first_row   arrival number of the first row where the batches carry no sequence
    people      the numbers of the person keys so far
    rows        events gathered
    held        events gathered and not taken yet
    """

    def __init__(self, properties: Sequence[str] = (), first_row: int = 0) -> None:
        self.first_row = first_row
        self.people = Interner()
        self._names = _Coder(MAX_NAMES)
        self._wanted = tuple(properties)
        self._coders: dict[str, _Coder] = {name: _Coder(MAX_NAMES) for name in properties}
        self._chunks: dict[str, list[npt.NDArray[Any]]] = {
            name: [] for name in ("person", "time", "sequence", "code", "slot", "amount", "order")
        }
        self._kept: list[dict[str, npt.NDArray[np.uint16]]] = []
        self.held = self.rows = self._orders = self._skipped = self._no_revenue = 0

    def add_all(self, batches: Iterable[pa.RecordBatch]) -> Gatherer:
        """Take every batch."""
        for batch in batches:
            self.add(batch)
        return self

    def add(self, batch: pa.RecordBatch) -> None:
        """Take one batch; needs `time` and any of the columns of the events schema; rows that cannot be placed are counted."""
        time = _column(batch, "time", pa.timestamp("us", tz="UTC"))
        micros = pc.cast(time, pa.int64())
        usable = pc.and_kleene(pc.greater_equal(micros, DAY * 1_000_000), pc.less(micros, LAST_SECOND * 1_000_000)).fill_null(
            False
        )
        kept = pc.sum(usable).as_py() or 0
        if kept < len(batch):
            self._skipped += len(batch) - kept
            batch, micros = batch.filter(usable), micros.filter(usable)
        if len(batch) == 0:
            return
        code = self._code(batch)
        self._put("person", self.people.number(person_keys(batch)))
        self._put("time", micros.to_numpy(zero_copy_only=False))
        self._put("sequence", self._sequence(batch))
        self._put("code", code)
        self._money(batch, code)
        self._kept.append(self._properties(batch))
        self.held += len(batch)
        self.rows += len(batch)

    def _put(self, name: str, values: npt.NDArray[Any]) -> None:
        self._chunks[name].append(values)

    def _sequence(self, batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
        if "sequence" not in batch.schema.names:
            first = self.first_row + self.rows
            return np.arange(first, first + len(batch), dtype=np.int64)
        sequence: npt.NDArray[np.int64] = batch.column("sequence").to_numpy(zero_copy_only=False)
        return sequence

    def _code(self, batch: pa.RecordBatch) -> npt.NDArray[np.uint16]:
        if "event" not in batch.schema.names:
            batch = batch.append_column("event", pa.array([ORDER]).take(pa.array(np.zeros(len(batch), np.int64))))
        code = self._names.encode(batch.column("event"))
        if self._names.full:
            raise InputError(
                f"more than {MAX_NAMES:,} different event names", "the event name is probably mapped to the wrong column"
            )
        if "type" in batch.schema.names:
            silent = pc.is_in(pc.cast(batch.column("type"), pa.string()), pa.array(_SILENT)).to_numpy(zero_copy_only=False)
            code[silent] = 0
        return code

    def _money(self, batch: pa.RecordBatch, code: npt.NDArray[np.uint16]) -> None:
        valued = [self._names.codes.get(ORDER, -1), self._names.codes.get(REFUND, -1)]
        rows = np.flatnonzero((code == valued[0]) | (code == valued[1]))
        slot = np.full(len(code), -1, np.int32)
        slot[rows] = np.arange(self._orders, self._orders + len(rows), dtype=np.int32)
        self._put("slot", slot)
        if len(rows) == 0:
            return
        self._orders += len(rows)
        some = pa.array(rows)
        revenue = _revenue(batch).take(some)
        self._no_revenue += revenue.null_count
        self._put("amount", _units(revenue))
        self._put("order", hash_strings(_column(batch, "order_id", pa.string()).take(some)))

    def _properties(self, batch: pa.RecordBatch) -> dict[str, npt.NDArray[np.uint16]]:
        out = {}
        for name, column in _found(batch, self._wanted).items():
            coder = self._coders.setdefault(name, _Coder(MAX_VALUES))
            if not coder.full:
                out[name] = coder.encode(column)
        for name in self._wanted:
            if self._coders[name].full:
                raise InputError(f"property {name!r} has more than {MAX_NAMES:,} values", "keep one with fewer values")
        return out

    def take(self) -> dict[str, npt.NDArray[Any]]:
        """The numbers gathered since the last taking, and forget them: the arrays of `Gathered` by name, and each property in
        order of first sight under "property:" and its name."""
        sizes = [len(chunk) for chunk in self._chunks["person"]]
        taken = {name: _joined(chunks, name) for name, chunks in self._chunks.items()}
        for name in {name for kept in self._kept for name in kept}:
            pieces = [kept.pop(name, np.zeros(n, np.uint16)) for kept, n in zip(self._kept, sizes, strict=True)]
            taken[PROPERTY + name] = np.concatenate(pieces)
        self._kept.clear()
        self.held = self._orders = 0
        return taken

    def finish(self, taken: dict[str, npt.NDArray[Any]] | None = None) -> Gathered:
        """What was taken (default: all that is held), with all names known by now.

        Property values are coded in alphabetical order, so that arrival changes nothing.
        """
        taken = self.take() if taken is None else taken
        properties, values = {}, {}
        for name, coder in sorted(self._coders.items()):
            if coder.full or not coder.codes:
                continue
            words = sorted(coder.codes)
            table = np.zeros(len(words) + 1, np.uint16)
            table[[coder.codes[word] for word in words]] = np.arange(1, len(words) + 1)
            seen = taken.get(PROPERTY + name)
            properties[name] = np.zeros(len(taken["person"]), np.uint16) if seen is None else table[seen]
            values[name] = ("", *words)
        return Gathered(
            **{name: array for name, array in taken.items() if not name.startswith(PROPERTY)},
            properties=properties,
            values=values,
            names=tuple(self._names.codes),
            people=self.people,
            wide=tuple(sorted(name for name, coder in self._coders.items() if coder.full)),
            skipped=self._skipped,
            no_revenue=self._no_revenue,
        )


_KINDS = {"person": np.int32, "time": np.int64, "sequence": np.int64, "code": np.uint16, "slot": np.int32}
_RESERVED = {
    *("event_id", "type", "event", "time", "sequence", "customer_id", "anonymous_id", "order_id"),
    *("revenue", "currency", "products", "properties", "source", "batch"),
}


def _joined(chunks: list[npt.NDArray[Any]], name: str) -> npt.NDArray[Any]:
    kind = _KINDS.get(name, np.int64 if name == "amount" else np.uint64)
    joined = np.concatenate(chunks) if chunks else np.zeros(0, kind)
    chunks.clear()
    return joined.astype(kind, copy=False)


def _revenue(batch: pa.RecordBatch) -> Any:
    """The revenue of each row, null where there is none: as decimals of our scale, integers or finite floats."""
    if "revenue" not in batch.schema.names:
        return pa.nulls(len(batch), MONEY)
    column = batch.column("revenue")
    kind = column.type
    if pa.types.is_integer(kind):
        return column
    if pa.types.is_floating(kind):
        return pc.if_else(pc.is_finite(column), column, pa.scalar(None, kind))
    if pa.types.is_decimal(kind) and kind.scale > MONEY.scale:
        column = pc.round(column, MONEY.scale, "half_to_even")
    try:
        return pc.cast(column, MONEY)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"the revenue column holds {kind} that is no amount of money: {error}", "give numbers") from error


def _units(revenue: Any) -> npt.NDArray[np.int64]:
    """Whole ten-thousandths of each amount; 0 for null. Floats are rounded to the nearest unit."""
    if pa.types.is_decimal(revenue.type):
        filled = pc.fill_null(revenue, pa.scalar(0, MONEY))
        filled = filled.combine_chunks() if isinstance(filled, pa.ChunkedArray) else filled
        low = np.frombuffer(filled.buffers()[1], np.int64)[2 * filled.offset : 2 * (filled.offset + len(filled)) : 2]
        return low.copy()
    amounts = pc.fill_null(revenue, 0).to_numpy(zero_copy_only=False)
    if float(np.abs(amounts.astype(np.float64)).max(initial=0.0)) * MONEY_UNITS >= MOST_UNITS:
        raise InputError("an amount of money is too large to count in ten-thousandths", TOO_MUCH_MEND)
    if pa.types.is_integer(revenue.type):
        return np.asarray(amounts.astype(np.int64) * MONEY_UNITS)
    return np.asarray(np.rint(amounts.astype(np.float64) * MONEY_UNITS), np.int64)


def _found(batch: pa.RecordBatch, wanted: tuple[str, ...]) -> dict[str, Any]:
    """The property columns of a batch: its own extra text columns, and the members of the JSON column `properties`."""
    extra = {
        name: batch.column(name)
        for name in batch.schema.names
        if name not in _RESERVED and (name in wanted or (not wanted and _is_text(batch.schema.field(name).type)))
    }
    if "properties" in batch.schema.names and batch.column("properties").null_count < len(batch):
        extra.update(_members(batch.column("properties"), wanted))
    return extra


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind) or pa.types.is_boolean(kind)
    )


def _members(column: Any, wanted: tuple[str, ...]) -> dict[str, pa.Array]:
    encoded = pc.dictionary_encode(column)
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    objects = [msgspec.json.decode(text) if text else {} for text in encoded.dictionary.to_pylist()]
    names = wanted or sorted({name for item in objects for name in item})
    out = {}
    for name in names:
        words = [item.get(name) for item in objects]
        if any(word is not None for word in words):
            texts = pa.array([None if word is None else str(word) for word in words], pa.string())
            out[name] = pc.take(texts, encoded.indices)
    return out
