"""Breakdowns: which value of a property a customer had, frozen at her entry or now (SEMANTICS 9).

A value *at entry* is the last one known at or before the entry event, that event included. A *current* value is the last one
known before the as-of instant. Not known is a value of its own, shown as "(not known)".
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.columns import Meta
from holdfast.timelines.purchases import Purchases
from holdfast.timelines.walk import Shard

__all__ = ["NOT_KNOWN", "Moment", "events_before", "order_events", "property_name", "value_at", "value_labels"]

Moment = Literal["entry", "current"]
NOT_KNOWN = "(not known)"


def property_name(meta: Meta, name: str) -> str:
    """The kept property that is meant: that name, or the only one that differs in upper and lower case alone."""
    alike = [known for known in meta.properties if known.lower() == name.lower()]
    if name in alike:
        return name
    if name in meta.wide:
        raise UsageError(
            f"{name} has too many different values to be kept by itself", f'name it in holdfast.toml: properties = ["{name}"]'
        )
    if len(alike) != 1:
        raise UnknownName("property", name, meta.properties)
    return alike[0]


def value_labels(meta: Meta, name: str) -> tuple[str, ...]:
    """The values of a kept property by code, "(not known)" first; UnknownName lists the kept ones."""
    return (NOT_KNOWN, *meta.properties[property_name(meta, name)][1:])


def value_at(shard: Shard, name: str, event: npt.NDArray[np.int64]) -> npt.NDArray[np.uint16]:
    """The value code per customer of the shard at an event.

    event  int64 [customers of the shard]: the entry's place within the customer's timeline (for current values: the last
           counted event's place), -1 for customers who did not enter
    """
    columns = shard.columns
    name = property_name(columns.meta, name)
    codes: npt.NDArray[np.uint16] = _last_known(shard.low, shard.high, columns.offsets, columns.properties[name], event)
    return codes


@njit(cache=True, nogil=True)
def _last_known(low: int, high: int, offsets: Any, values: Any, event: Any) -> Any:
    out = np.zeros(high - low, np.uint16)
    for customer in range(low, high):
        for i in range(event[customer - low], -1, -1):
            value = values[offsets[customer] + i]
            if value != 0:
                out[customer - low] = value
                break
    return out


@njit(cache=True, nogil=True)
def events_before(low: int, high: int, offsets: Any, second: Any, until: int) -> Any:
    """How many events each customer of a range has before an instant (UTC seconds): int64 [high - low]."""
    out = np.zeros(high - low, np.int64)
    for customer in range(low, high):
        stop = offsets[customer + 1]
        while stop > offsets[customer] and second[stop - 1] >= until:
            stop -= 1
        out[customer - low] = stop - offsets[customer]
    return out


def order_events(shard: Shard, bought: Purchases, which: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The place in the timeline of each customer's n-th counting order; -1 where `which` is -1.

    which  int64 [customers of the shard]: 0 for the first counting order
    """
    columns = shard.columns
    names = columns.meta.events
    valued = np.zeros(65_536, np.bool_)
    for name in ("Order Completed", "Order Refunded"):
        if name in names:
            valued[names.index(name)] = True
    places: npt.NDArray[np.int64] = _order_places(
        shard.low, shard.high, columns.offsets, columns.code, valued, bought.offsets, bought.place, which
    )
    return places


@njit(cache=True, nogil=True)
def _order_places(low: int, high: int, offsets: Any, code: Any, valued: Any, bought: Any, place: Any, which: Any) -> Any:
    out = np.full(high - low, -1, np.int64)
    for customer in range(low, high):
        nth = which[customer - low]
        if nth < 0:
            continue
        wanted = place[bought[customer] + nth]
        seen = -1
        for i in range(offsets[customer], offsets[customer + 1]):
            if valued[code[i]]:
                seen += 1
                if seen == wanted:
                    out[customer - low] = i - offsets[customer]
                    break
    return out
