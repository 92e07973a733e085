"""An errand of the analyst: orders, money, first and last day of some customers, read off the timelines.

`figures(["17", "42"])` asks for it from the web and gives nothing, rather than an error, where the analyst cannot answer in
time: lists show their names all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from holdfast.server.customers.standing import Standing

if TYPE_CHECKING:
    from holdfast.server.analyst.desk import Desk

__all__ = ["best", "best_errand", "errand", "figures"]

AMOUNT = 10_000
"""Timelines count money in ten-thousandths of the currency."""


def figures(persons: Sequence[str], within_seconds: float = 5.0) -> dict[str, Standing] | None:
    """How we stand with each of those who have a timeline; None when the analyst does not answer in time."""
    from holdfast.errors import HoldfastError
    from holdfast.server.analyst.client import AnalystAway, call

    if not persons:
        return {}
    try:
        found: dict[str, Standing] = call("customers.figures", within_seconds=within_seconds, persons=list(persons))
    except (AnalystAway, TimeoutError, HoldfastError):
        return None
    return found


def best(most: int, within_seconds: float = 10.0) -> dict[str, Standing] | None:
    """How we stand with those who brought the most money so far, the best first; None when the analyst does not answer."""
    from holdfast.errors import HoldfastError
    from holdfast.server.analyst.client import AnalystAway, call

    try:
        found: dict[str, Standing] = call("customers.best", within_seconds=within_seconds, most=most)
    except (AnalystAway, TimeoutError, HoldfastError):
        return None
    return found


def best_errand(desk: Desk, most: int) -> dict[str, Standing]:
    """The standing of the `most` customers who brought the most money, the best first."""
    import numpy as np

    timelines = desk.timelines()
    columns = timelines.source.columns
    if not columns.customers:
        return {}
    as_of = timelines.as_of()
    bought = timelines.source.purchases(as_of.until, timelines.settings.refunds)
    sums = np.concatenate([[0], np.cumsum(bought.amount, dtype=np.int64)])
    money = sums[bought.offsets[1:]] - sums[bought.offsets[:-1]]
    places = np.argsort(-money, kind="stable")[:most]
    segments, ids = _segments(timelines, as_of), columns.ids()
    return {
        ids[int(place)].as_py(): _standing(columns, bought, int(place), as_of.last, segments)
        for place in places
        if money[place] > 0
    }


def errand(desk: Desk, persons: list[str]) -> dict[str, Standing]:
    """The standing of each of the persons who have a timeline, as of the end of the data."""
    import pyarrow as pa

    from holdfast.timelines.merge import places_of

    timelines = desk.timelines()
    columns = timelines.source.columns
    if not columns.customers:
        return {}
    as_of = timelines.as_of()
    bought = timelines.source.purchases(as_of.until, timelines.settings.refunds)
    segments = _segments(timelines, as_of)
    ids = columns.ids()
    return {
        ids[place].as_py(): _standing(columns, bought, int(place), as_of.last, segments)
        for place in places_of(columns, pa.array(persons, pa.large_string()))
    }


def _standing(columns: Any, bought: Any, place: int, as_of: Any, segments: Any) -> Standing:
    from holdfast.timelines.zone import date_of

    begin, end = int(columns.offsets[place]), int(columns.offsets[place + 1])
    low, high = int(bought.offsets[place]), int(bought.offsets[place + 1])
    ad_low, ad_high = int(bought.adjust_offsets[place]), int(bought.adjust_offsets[place + 1])
    amount = int(bought.amount[low:high].sum()) + int(bought.adjust_amount[ad_low:ad_high].sum())
    days = columns.day
    return Standing(
        seen=(date_of(int(days[begin])), date_of(int(days[end - 1]))) if end > begin else None,
        ordered=(date_of(int(bought.day[low])), date_of(int(bought.day[high - 1]))) if high > low else None,
        orders=high - low,
        revenue=amount / AMOUNT,
        as_of=as_of,
        segment=segments(place),
        order_days=len(set(bought.day[low:high].tolist())),
    )


def _segments(timelines: Any, as_of: Any) -> Any:
    """A function from a place to the name of the RFM segment there."""
    from holdfast.analyses.rfm.trait import trait
    from holdfast.errors import HoldfastError
    from holdfast.timelines.walk import Shard

    try:
        rfm = trait("rfm", timelines, as_of)
        codes = rfm.codes(Shard(timelines.source, 0, timelines.source.columns.customers))
    except HoldfastError:
        return lambda _place: ""
    return lambda place: rfm.labels[int(codes[place])] if codes[place] else ""
