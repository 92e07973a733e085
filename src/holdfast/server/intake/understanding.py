"""Third station: columns of text become events in the schema of the lake, by the rules by which files are read.

Times: the sender's clock is put right by the time between `sentAt` and the arrival, where it is off by more than a minute (less
is the way through the network): timestamp + (received − sentAt), and the event is flagged: context.clock_off_seconds, of a slow
clock positive. A message without a time happened when it arrived. Times without an offset are UTC, as Segment's specification
says. Money: exact, in the workspace's currency. An order with a negative revenue is a refund.

Source: https://segment.com/docs/connections/spec/common/#timestamps
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.cells import EARLIEST_US, Judge, clean, in_own_currency, whole_units
from holdfast.events.dates import instants
from holdfast.events.drafts import money
from holdfast.events.numbers import parse_numbers
from holdfast.events.schema import EVENTS, ORDER, REFUND
from holdfast.server.intake.laying import Laid
from holdfast.server.intake.refusing import Refused, reason
from holdfast.settings import Settings

__all__ = ["Understood", "understood"]

CLOCK_OFF_US = 60_000_000
CLOCK_OFF = "context.clock_off_seconds"
AHEAD_US = 86_400_000_000

Micros = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Understood:
    """Events in the schema EVENTS (sequence and batch still to be given); `rows` and `places` say where each came from."""

    events: pa.RecordBatch
    rows: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]


def understood(laid: Laid, settings: Settings) -> tuple[Understood, list[Refused]]:
    """The messages that can be used as events, and the others."""
    count = len(laid.row)
    judge = Judge(count)
    time = _times(laid, judge)
    amount, currency = _money(laid, settings, judge)
    event, amount = _refunds(_text(laid.event), amount)
    marked, order = _text(laid.marked), clean(_text(laid.order))
    nothing = pa.scalar(None, pa.string())
    columns: dict[str, Any] = {
        "event_id": marked,
        "type": _text(laid.type),
        "event": event,
        "time": pa.array(time, pa.int64()).cast(pa.timestamp("us", tz="UTC")),
        "sequence": pa.array(np.zeros(count, np.int64)),
        "customer_id": clean(_text(laid.customer)),
        "anonymous_id": clean(_text(laid.anonymous)),
        "order_id": pc.if_else(pc.and_(order.is_null(), pc.equal(event, ORDER)), marked, order),
        "revenue": money(amount),
        "currency": pc.if_else(amount.is_valid(), currency, nothing),
        "products": _text(laid.products),
        "properties": _text(laid.properties),
        "source": _text(laid.source),
        "batch": pa.nulls(count, pa.string()),
    }
    whole = pa.RecordBatch.from_arrays([columns[name] for name in EVENTS.names], schema=EVENTS)
    rows, places = np.array(laid.row, np.int64), np.array(laid.place, np.int64)
    bad = judge.codes != ""
    if not bad.any():
        return Understood(whole, rows, places), []
    refused = [
        reason(int(rows[one]), int(places[one]), judge.codes[one], judge.details.get(int(one), ""))
        for one in np.flatnonzero(bad)
    ]
    return Understood(whole.filter(pa.array(~bad)), rows[~bad], places[~bad]), refused


def _text(column: list[Any]) -> pa.Array:
    return pa.array(column, pa.string())


def _times(laid: Laid, judge: Judge) -> Micros:
    """When each message happened, UTC microseconds."""
    received = np.array(laid.received, np.int64)
    said, texts, bad = _read(laid.time)
    judge.say(bad, "time_unreadable", texts)
    sent, _, unreadable = _read(laid.sent)
    off = received - sent
    has_sent = np.array([one is not None for one in laid.sent], np.bool_) & ~unreadable
    missing = texts.is_null().to_numpy(zero_copy_only=False)
    corrected = has_sent & (np.abs(off) > CLOCK_OFF_US) & ~(missing | bad)
    time = np.where(missing | bad, received, np.where(corrected, said + off, said))
    for row in np.flatnonzero(corrected):
        laid.properties[row] = _flagged(laid.properties[row], off[row])
    judge.say(time < EARLIEST_US, "time_too_early", texts)
    judge.say(time > received + AHEAD_US, "time_in_future", texts)
    return time


def _flagged(properties: str | None, off_us: np.int64) -> str:
    """The properties, with the seconds by which the sender's clock was put right."""
    flag = f'"{CLOCK_OFF}":"{round(off_us / 1_000_000)}"}}'
    return "{" + flag if properties is None else f"{properties[:-1]},{flag}"


def _read(column: list[str | None]) -> tuple[Micros, pa.Array, npt.NDArray[np.bool_]]:
    """The instants of texts (0 where there is none), the texts as read, and which of them cannot be read."""
    texts = clean(_text(column))
    try:
        time, bad = instants(texts, "iso", "UTC")
    except (pa.ArrowInvalid, OverflowError):
        time, bad = pa.nulls(len(texts), pa.timestamp("us", tz="UTC")), texts.is_valid()
    micros = pc.fill_null(pc.cast(time, pa.int64()), 0).to_numpy()
    return micros, texts, pc.fill_null(bad, False).to_numpy(zero_copy_only=False)


def _money(laid: Laid, settings: Settings, judge: Judge) -> tuple[pa.Array, pa.Array]:
    """Ten-thousandths of the workspace's currency (int64, null without money) and the currency it came in."""
    texts = clean(_text(laid.revenue))
    own = pa.repeat(pa.scalar(settings.currency), len(texts))
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), pa.int64()), own
    read = parse_numbers(texts)
    judge.say(read.bad, "number_unreadable", texts)
    judge.say(read.absurd, "amount_absurd", texts)
    codes = pc.coalesce(pc.utf8_upper(clean(_text(laid.currency))), own)
    minor, _ = whole_units(in_own_currency(read.values, codes, settings, judge), judge)
    return minor, codes


def _refunds(event: pa.Array, amount: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Events and amounts with negative orders as refunds, and the money of refunds positive."""
    negative = pc.fill_null(pc.less(amount, 0), False)
    event = pc.if_else(pc.and_(pc.equal(event, ORDER), negative), pa.scalar(REFUND), event)
    return event, pc.if_else(pc.equal(event, REFUND), pc.abs(amount), amount)
