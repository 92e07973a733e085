"""From chunks of text to canonical rows: typed times, exact money, clean names; what cannot be used is refused with its
reason."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.cells import EARLIEST_US, Judge, clean, in_own_currency, whole_units
from holdfast.events.chunks import Chunk
from holdfast.events.dates import instants
from holdfast.events.event_names import renamed_events
from holdfast.events.numbers import NUMBER, QUANTITY, parse_numbers
from holdfast.events.properties import json_objects
from holdfast.events.refusals import Refusal, refusal
from holdfast.settings import Settings

if TYPE_CHECKING:
    from holdfast.events.plan import ImportPlan

__all__ = ["CANONICAL", "Canonical", "canonical", "raw_rows"]

CANONICAL = pa.schema(
    [
        ("row", pa.int64()),
        ("time", pa.timestamp("us", tz="UTC")),
        ("customer", pa.string()),
        ("anonymous", pa.string()),
        ("event", pa.string()),
        ("type", pa.string()),
        ("order", pa.string()),
        ("refund_of", pa.string()),
        ("event_id", pa.string()),
        ("product", pa.string()),
        ("product_name", pa.string()),
        ("category", pa.string()),
        ("quantity", QUANTITY),
        ("price", NUMBER),
        ("amount", pa.int64()),
        ("currency", pa.string()),
        ("products", pa.string()),
        ("properties", pa.string()),
    ]
)
"""A row as it was understood. `amount` is in ten-thousandths of the workspace's currency; null where the row has no money."""

_DAY = dt.timedelta(days=1)
_DAMAGE = (
    r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]|\\u00[01]|\x{FFFD}|Ã[\x{0080}-\x{00BF}]|â€"
    r"|https?://|www\.|<[Aa] |<[Ss][Cc][Rr][Ii][Pp][Tt]"
)
_TEXTS = (
    "customer",
    "anonymous",
    "event",
    "type",
    "order",
    "refund_of",
    "event_id",
    "product",
    "product_name",
    "category",
    "products",
)


@dataclass(frozen=True)
class Canonical:
    """The rows of a chunk as understood (schema CANONICAL), those refused, and counts.

    rounded  amounts that had more than four decimals
    damaged  rows with damaged text or links in their names
    """

    table: pa.Table
    refused: tuple[Refusal, ...]
    rounded: int
    damaged: int


def canonical(chunk: Chunk, plan: ImportPlan, settings: Settings, now: dt.datetime | None) -> Canonical:
    """Understands a chunk by the plan; `now` (UTC) is the clock against which the future is judged, None to leave that out."""
    judge = Judge(chunk.table.num_rows)
    texts = {role: clean(chunk.table[plan.mapping[role]]) for role in _TEXTS if role in plan.mapping}
    if "customer" in texts and "ids" in plan.facts:
        texts["customer"] = pc.replace_substring_regex(texts["customer"], r"^(\d+)\.0+$", r"\1")
    _judge_empty(chunk.table, judge)
    time = _time(chunk.table, plan, judge, now)
    money, rounded = _money(chunk.table, plan, settings, judge)
    if plan.shape.value == "events" and "event" not in texts and plan.event is None:
        texts["event"] = pa.nulls(chunk.table.num_rows, pa.string())
    if "event" in texts and plan.event is None:
        kind = texts.get("type")
        _fill_event_names(texts, kind, judge)
        texts["event"] = renamed_events(texts["event"], plan.options.events)
    columns = {"row": pa.array(chunk.rows), "time": time, **texts, **money, "properties": _properties(chunk.table, plan)}
    whole = pa.table([columns.get(one.name, pa.nulls(chunk.table.num_rows, one.type)) for one in CANONICAL], schema=CANONICAL)
    bad = judge.codes != ""
    return Canonical(
        whole.filter(pa.array(~bad)) if bad.any() else whole,
        (*chunk.refused, *_refuse(chunk, judge)),
        rounded,
        _damaged(texts, columns, bad),
    )


def _judge_empty(table: pa.RecordBatch, judge: Judge) -> None:
    empty = np.ones(table.num_rows, dtype=bool)
    for column in table.columns:
        present = column.is_valid()
        if pa.types.is_string(column.type) and column.null_count < len(column) and empty.any():
            present = pc.and_kleene(present, pc.not_equal(pc.utf8_trim_whitespace(pc.fill_null(column, "")), ""))
        empty &= ~present.to_numpy(zero_copy_only=False)
        if not empty.any():
            return
    judge.say(empty, "empty_row")


def _time(table: pa.RecordBatch, plan: ImportPlan, judge: Judge, now: dt.datetime | None) -> pa.Array:
    column = table[plan.mapping["time"]]
    texts = column if pa.types.is_temporal(column.type) else clean(column)
    waits = plan.shape.value == "lines" and "order" in plan.mapping
    missing = pc.and_(texts.is_null(), table[plan.mapping["order"]].is_null()) if waits else texts.is_null()
    judge.say(missing, "no_time")
    try:
        time, bad = instants(texts, plan.dates.value, plan.zone.value)
    except (pa.ArrowInvalid, OverflowError):
        time, bad = pa.nulls(len(texts), pa.timestamp("us", tz="UTC")), texts.is_valid()
    judge.say(bad, "time_unreadable", texts)
    micros = pc.cast(time, pa.int64())
    judge.say(pc.less(micros, EARLIEST_US), "time_too_early", texts)
    if now is not None:
        judge.say(pc.greater(micros, int((now + _DAY).timestamp()) * 1_000_000), "time_in_future", texts)
    return time


def _money(table: pa.RecordBatch, plan: ImportPlan, settings: Settings, judge: Judge) -> tuple[dict[str, pa.Array], int]:
    """quantity, price, amount (minor units of the workspace's currency) and currency; amount is revenue, else quantity ×
    price."""
    rows = table.num_rows
    read = {role: _number(table, plan, role, judge) for role in ("quantity", "price", "revenue") if role in plan.mapping}
    one = pa.repeat(pa.scalar(1, pa.decimal128(16, 4)), rows)
    quantity = one
    if "quantity" in read:
        quantity = pc.coalesce(
            pc.cast(pc.round(read["quantity"], ndigits=4, round_mode="half_to_even"), QUANTITY, safe=True), one
        )
    price = read.get("price", pa.nulls(rows, NUMBER))
    amount = read.get("revenue")
    if amount is None:
        amount = pc.multiply(quantity, price)
    codes = _currencies(table, plan)
    minor, rounded = whole_units(in_own_currency(amount, codes, settings, judge), judge)
    return {"quantity": quantity, "price": price, "amount": minor, "currency": codes}, rounded


def _number(table: pa.RecordBatch, plan: ImportPlan, role: str, judge: Judge) -> pa.Array:
    column = table[plan.mapping[role]]
    texts = clean(column)
    sign = plan.decimal.value if plan.format in ("delimited", "jsonl") or plan.decimal.reason == "given" else _sign(texts, plan)
    read = parse_numbers(texts, sign)
    judge.say(read.bad, "number_unreadable", texts)
    judge.say(read.absurd, "amount_absurd", texts)
    return read.values


def _sign(texts: pa.Array, plan: ImportPlan) -> str:
    """Typed columns always have the point, whatever the text columns beside them have."""
    return (
        "."
        if pc.all(pc.match_substring_regex(texts, r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$")).as_py() is not False
        else plan.decimal.value
    )


def _currencies(table: pa.RecordBatch, plan: ImportPlan) -> pa.Array:
    """The currency of each row, kept on its event."""
    if "currency" in plan.mapping:
        return pc.fill_null(pc.utf8_upper(clean(table[plan.mapping["currency"]])), plan.currency.value)
    return pa.repeat(pa.scalar(plan.currency.value), table.num_rows)


def _fill_event_names(texts: dict[str, pa.Array], kind: pa.Array | None, judge: Judge) -> None:
    """Calls without an event name (Segment's identify, page, …) are named by their type."""
    names = texts["event"]
    if kind is not None:
        lowered = pc.utf8_lower(kind)
        known = pc.is_in(lowered, pa.array(["page", "screen", "identify", "group", "alias"]))
        names = pc.coalesce(names, pc.if_else(known, pc.utf8_capitalize(lowered), pa.scalar(None, pa.string())))
        texts["event"] = names
    judge.say(names.is_null(), "no_event")


def _properties(table: pa.RecordBatch, plan: ImportPlan) -> pa.Array:
    names = [_bare(name, plan.properties) for name in plan.properties]
    return json_objects(names, [clean(table[name]) for name in plan.properties], table.num_rows)


def _bare(name: str, others: tuple[str, ...]) -> str:
    """`properties.path` of a Segment call is the property `path`, unless another column is called so."""
    bare = name.removeprefix("properties.")
    return bare if bare == name or bare not in others else name


def _refuse(chunk: Chunk, judge: Judge) -> list[Refusal]:
    places = np.flatnonzero(judge.codes != "")
    rows = raw_rows(chunk.table, places)
    return [
        refusal(int(chunk.rows[place]), judge.codes[place], judge.details.get(int(place), ""), values)
        for place, values in zip(places, rows, strict=True)
    ]


def raw_rows(table: pa.RecordBatch, places: Any) -> list[dict[str, str | None]]:
    """The rows of a chunk at `places` as column → text."""
    taken = table.take(pa.array(places, pa.int64()))
    return [{name: None if cell is None else str(cell) for name, cell in row.items()} for row in taken.to_pylist()]


def _damaged(texts: dict[str, pa.Array], columns: dict[str, pa.Array], bad: Any) -> int:
    spoiled = np.zeros(len(bad), dtype=bool)
    for column in (*texts.values(), columns["properties"]):
        spoiled |= pc.fill_null(pc.match_substring_regex(column, _DAMAGE), False).to_numpy(zero_copy_only=False)
    return int((spoiled & ~bad).sum())
