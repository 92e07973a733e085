"""Merging later arrivals into timelines without reading the old events again.

Two sorted stores become one by walking both side by side: customers by the hash of their id, events by time, the older arrival
first where two are at the same microsecond. Nothing is sorted. Copying dominates: customers without anything new are copied
together, as long *runs* of events, so that little that is new in a large store costs little more than writing it. The result
equals a full rebuild.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from holdfast.events.schema import ORDER, REFUND
from holdfast.timelines.build import code_type, settle
from holdfast.timelines.columns import Columns, Meta, Nobody, Orders
from holdfast.timelines.gather import MAX_VALUES
from holdfast.timelines.text import hash_strings

__all__ = ["merge_columns", "places_of"]

Array = npt.NDArray[Any]


def merge_columns(old: Columns, fresh: Columns, *, drop: pa.Array | None = None, named: bool = False) -> Columns:
    """Old timelines with fresh ones merged in.

    old, fresh  columns in the same zone; every event of `fresh` arrived after every event of `old`
    drop        person keys whose old timelines are left out: those who are erased, or whose events all come again in `fresh`
                because their identity changed
    named       whether the kept properties were named by the settings (then they may have any number of values)
    """
    meta, coded = _meta(old.meta, fresh.meta, named)
    gone = np.zeros(old.customers, np.bool_)
    if drop is not None and len(drop):
        gone[places_of(old, drop)] = True
    a, b = _persons(old.id_hash, old.id_offsets, old.id_data, fresh.id_hash, fresh.id_offsets, fresh.id_data, gone)
    code_a, code_b = _recoded(coded[0], old.code), _recoded(coded[1], fresh.code)
    valued = _valued(meta.events)
    offsets, runs, order_offsets, order_source, places = _weave(
        *(a, b, old.offsets, fresh.offsets, old.second, fresh.second, _micro(old), _micro(fresh), code_a, code_b),
        *(old.orders.offsets, fresh.orders.offsets, valued),
    )
    code = _pick(runs, code_a, code_b)
    orders, code, counts = settle(
        _orders(order_offsets, order_source, old.orders, fresh.orders), (order_source < 0).astype(np.int64), places, code
    )
    replaced = old.meta.replaced + fresh.meta.replaced + counts["replaced"]
    ignored = int(np.count_nonzero(code == 0))
    id_offsets, id_data = _ids(a, b, old, fresh)
    return Columns(
        meta=replace(meta, replaced=replaced, ignored=ignored, refunds=counts["refunds"], tied=counts["tied"]),
        offsets=offsets,
        code=code,
        day=_pick(runs, old.day, fresh.day),
        second=_pick(runs, old.second, fresh.second),
        micro=_pick(runs, _micro(old), _micro(fresh)) if len(old.micro) or len(fresh.micro) else old.micro,
        id_hash=np.where(a >= 0, old.id_hash[a] if old.customers else 0, fresh.id_hash[b] if fresh.customers else 0).astype(
            np.uint64
        ),
        id_offsets=id_offsets,
        id_data=id_data,
        orders=orders,
        nobody=_nobody(old.nobody, fresh.nobody, coded),
        properties=_properties(meta, runs, old, fresh),
    )


def places_of(columns: Columns, keys: pa.Array) -> npt.NDArray[np.int64]:
    """The places of those customers that are inside."""
    hashes = hash_strings(keys)
    wanted = set(keys.to_pylist())
    low = np.searchsorted(columns.id_hash, hashes, side="left")
    high = np.searchsorted(columns.id_hash, hashes, side="right")
    ids = columns.ids()
    near = [place for start, stop in zip(low, high, strict=True) for place in range(start, stop)]
    return np.array([place for place in near if ids[place].as_py() in wanted], np.int64)


def _micro(columns: Columns) -> Array:
    return columns.micro if len(columns.micro) else np.broadcast_to(np.zeros(1, np.uint32), len(columns.second))


def _valued(names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    valued = np.zeros(65_536, np.bool_)
    for name in (ORDER, REFUND):
        if name in names:
            valued[names.index(name)] = True
    return valued


def _meta(old: Meta, fresh: Meta, named: bool) -> tuple[Meta, tuple[Array, Array]]:
    """The meta of both together, and the tables from either's event codes to the common ones."""
    names = ("", *sorted({*old.events, *fresh.events} - {""}))
    kind = code_type(names)
    tables = tuple(np.array([names.index(name) for name in meta.events], kind) for meta in (old, fresh))
    wide = {*old.wide, *fresh.wide}
    values = {}
    for name in sorted({*old.properties, *fresh.properties} - wide):
        words = {*old.properties.get(name, ()), *fresh.properties.get(name, ())} - {""}
        if named or len(words) <= MAX_VALUES:
            values[name] = ("", *sorted(words))
        else:
            wide.add(name)
    firsts = [side.first_second for side in (old, fresh) if side.last_second >= side.first_second]
    return replace(
        old,
        events=names,
        properties=values,
        wide=tuple(sorted(wide)),
        first_second=min(firsts, default=0),
        last_second=max(old.last_second, fresh.last_second),
        last_sequence=max(old.last_sequence, fresh.last_sequence),
        skipped=old.skipped + fresh.skipped,
        no_revenue=old.no_revenue + fresh.no_revenue,
    ), (tables[0], tables[1])


def _properties(meta: Meta, runs: tuple[Array, Array], old: Columns, fresh: Columns) -> dict[str, npt.NDArray[np.uint16]]:
    out = {}
    for name, words in meta.properties.items():
        place = {word: code for code, word in enumerate(words)}
        sides = []
        for columns in (old, fresh):
            if name in columns.properties:
                table = np.array([place[word] for word in columns.meta.properties[name]], np.uint16)
                sides.append(_recoded(table, columns.properties[name]))
            else:
                sides.append(np.broadcast_to(np.zeros(1, np.uint16), len(columns.code)))
        out[name] = _pick(runs, *sides)
    return out


def _orders(offsets: Array, source: Array, old: Orders, fresh: Orders) -> Orders:
    taken = {
        name: _picked_singly(source, getattr(old, name), getattr(fresh, name))
        for name in ("day", "second", "amount", "refund", "link", "order")
    }
    return Orders(offsets=offsets, **taken)


def _nobody(old: Nobody, fresh: Nobody, coded: tuple[Array, Array]) -> Nobody:
    second = np.concatenate([old.second, fresh.second])
    order = np.argsort(second, kind="stable")
    return Nobody(
        np.concatenate([old.day, fresh.day])[order],
        second[order],
        np.concatenate([coded[0][old.code], coded[1][fresh.code]])[order],
        np.concatenate([old.amount, fresh.amount])[order],
    )


def _ids(a: Array, b: Array, old: Columns, fresh: Columns) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    ids = pa.chunked_array([old.ids(), fresh.ids()]).combine_chunks()
    taken = ids.take(pa.array(np.where(a >= 0, a, b + old.customers)))
    data = taken.buffers()[2]
    return (
        np.frombuffer(taken.buffers()[1], np.int64)[: len(taken) + 1],
        np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8),
    )


def _recoded(table: Array, codes: Array) -> Array:
    """Codes by the common table; the same array where nothing was renumbered."""
    if table.dtype == codes.dtype and np.array_equal(table, np.arange(len(table))):
        return codes
    made: Array = table[codes]
    made.setflags(write=False)
    return made


def _pick(runs: tuple[Array, Array], old: Array, fresh: Array) -> Array:
    """A column of both, run by run."""
    starts, sources = runs
    out = np.empty(starts[-1], old.dtype)
    _fill(starts, sources, old, fresh, out)
    return out


def _picked_singly(source: Array, old: Array, fresh: Array) -> Array:
    """A column of both, row by row."""
    out = np.empty(len(source), old.dtype)
    _fill_singly(source, old, fresh, out)
    return out


@njit(cache=True, nogil=True)
def _fill(starts: Any, sources: Any, old: Any, fresh: Any, out: Any) -> None:
    for run in range(len(sources)):
        low, high, place = starts[run], starts[run + 1], sources[run]
        if place >= 0:
            out[low:high] = old[place : place + high - low]
        else:
            out[low:high] = fresh[~place : ~place + high - low]


@njit(cache=True, nogil=True)
def _fill_singly(source: Any, old: Any, fresh: Any, out: Any) -> None:
    for i in range(len(source)):
        place = source[i]
        out[i] = old[place] if place >= 0 else fresh[~place]


@njit(cache=True, nogil=True)
def _run_on(starts: Any, sources: Any, runs: int, out: int, place: int) -> int:
    """How many runs there are when the event at `out` comes from `place`: it continues the last run, or begins one."""
    if runs:
        last, done = sources[runs - 1], out - starts[runs - 1]
        if (place >= 0 and last >= 0 and last + done == place) or (place < 0 and last < 0 and ~last + done == ~place):
            return runs
    starts[runs] = out
    sources[runs] = place
    return runs + 1


@njit(cache=True, nogil=True)
def _persons(hash_a: Any, offsets_a: Any, data_a: Any, hash_b: Any, offsets_b: Any, data_b: Any, gone: Any) -> Any:
    """For each customer of either side, in hash order, the place on both sides, -1 where she is not."""
    size = len(hash_a) + len(hash_b)
    a, b = np.full(size, -1, np.int64), np.full(size, -1, np.int64)
    i = j = count = 0
    while i < len(hash_a) or j < len(hash_b):
        if i < len(hash_a) and gone[i]:
            i += 1
            continue
        if j >= len(hash_b):
            order = -1
        elif i >= len(hash_a):
            order = 1
        elif hash_a[i] != hash_b[j]:
            order = -1 if hash_a[i] < hash_b[j] else 1
        else:
            order = _compare(data_a, offsets_a[i], offsets_a[i + 1], data_b, offsets_b[j], offsets_b[j + 1])
        if order <= 0:
            a[count] = i
            i += 1
        if order >= 0:
            b[count] = j
            j += 1
        count += 1
    return a[:count].copy(), b[:count].copy()


@njit(cache=True, nogil=True)
def _compare(data_a: Any, start_a: int, stop_a: int, data_b: Any, start_b: int, stop_b: int) -> int:
    size_a, size_b = stop_a - start_a, stop_b - start_b
    for i in range(min(size_a, size_b)):
        if data_a[start_a + i] != data_b[start_b + i]:
            return -1 if data_a[start_a + i] < data_b[start_b + i] else 1
    if size_a == size_b:
        return 0
    return -1 if size_a < size_b else 1


@njit(cache=True, nogil=True)
def _added(a: Any, b: Any, offsets_a: Any, offsets_b: Any) -> Any:
    """Where each customer's rows begin when those of both sides stand together."""
    offsets = np.zeros(len(a) + 1, np.int64)
    for k in range(len(a)):
        size = 0
        if a[k] >= 0:
            size += offsets_a[a[k] + 1] - offsets_a[a[k]]
        if b[k] >= 0:
            size += offsets_b[b[k] + 1] - offsets_b[b[k]]
        offsets[k + 1] = offsets[k] + size
    return offsets


@njit(cache=True, nogil=True)
def _orders_as_before(
    order_source: Any, places: Any, start: int, stop: int, order: int, code: Any, i: int, out: int, valued: Any
) -> None:
    """The orders of a customer of whom nothing is fresh: they stand where their events stand."""
    while start < stop:
        if valued[code[i]]:
            order_source[start], places[start] = order, out
            order += 1
            start += 1
        i += 1
        out += 1


@njit(cache=True, nogil=True)
def _weave(
    a: Any, b: Any, offsets_a: Any, offsets_b: Any, second_a: Any, second_b: Any, micro_a: Any, micro_b: Any,
    code_a: Any, code_b: Any, orders_a: Any, orders_b: Any, valued: Any,
) -> Any:  # fmt: skip
    """Where the merged events come from, as runs: (start of each, and their end), (place in the old events, or ~place in the
    fresh ones); the same for orders, one by one, and the places of their events."""
    customers = len(a)
    offsets, orders = _added(a, b, offsets_a, offsets_b), _added(a, b, orders_a, orders_b)
    # One for each event would do; pages that are not written to take no memory.
    starts, sources, runs = np.empty(offsets[customers] + 1, np.int64), np.empty(offsets[customers], np.int64), 0
    order_source = np.empty(orders[customers], np.int64)
    places = np.empty(orders[customers], np.int64)
    out = order_out = 0
    for k in range(customers):
        i = stop_i = order_i = 0
        j = stop_j = order_j = 0
        if a[k] >= 0:
            i, stop_i, order_i = offsets_a[a[k]], offsets_a[a[k] + 1], orders_a[a[k]]
        if b[k] >= 0:
            j, stop_j, order_j = offsets_b[b[k]], offsets_b[b[k] + 1], orders_b[b[k]]
        if b[k] < 0:
            if i < stop_i:
                runs = _run_on(starts, sources, runs, out, i)
            _orders_as_before(
                order_source, places, order_out, order_out + orders[k + 1] - orders[k], order_i, code_a, i, out, valued
            )
            order_out, out = order_out + orders[k + 1] - orders[k], offsets[k + 1]
            continue
        while i < stop_i or j < stop_j:
            first = j >= stop_j or (
                i < stop_i and (second_a[i] < second_b[j] or (second_a[i] == second_b[j] and micro_a[i] <= micro_b[j]))
            )
            if first:
                runs = _run_on(starts, sources, runs, out, i)
                if valued[code_a[i]]:
                    order_source[order_out], places[order_out] = order_i, out
                    order_i += 1
                    order_out += 1
                i += 1
            else:
                runs = _run_on(starts, sources, runs, out, ~j)
                if valued[code_b[j]]:
                    order_source[order_out], places[order_out] = ~order_j, out
                    order_j += 1
                    order_out += 1
                j += 1
            out += 1
    starts[runs] = out
    return offsets, (starts[: runs + 1].copy(), sources[:runs].copy()), orders, order_source, places
