"""Which kinds of taste the data know of: properties of events, the products of orders, the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.analyses.discounts import DISCOUNTS, discount_properties, discount_values
from holdfast.analyses.taste.loops import BY_DAY, BY_HOUR, BY_VALUE
from holdfast.analyses.taste.walk import DAYS, HOURS, NO_LINES, Kind, Lines, Rhythm
from holdfast.timelines.attributes import property_name

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.order_lines import OrderLines
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["CLOCK", "LEAST", "WITHOUT", "found_kinds", "found_rhythm", "kind_of", "named"]

LEAST = 5
"""Touches that a favourite needs. With fewer, one value alone passes an interval where the shop has many values."""

PRODUCT = "product"
"""The kind of the products themselves, which only the lines of orders name."""

WITHOUT = {"channel": "source"}
"""Where the usual property is not there, another often is."""

CLOCK = (Kind("hour", HOURS, BY_HOUR), Kind("day", DAYS, BY_DAY))


def named(meta: Meta, name: str) -> str | None:
    """The kept property that is meant, None where there is none; UnknownName for one that was named on purpose."""
    if any(known.lower() == name.lower() for known in meta.properties):
        return property_name(meta, name)
    if name in ("category", "brand"):
        return None
    if name in WITHOUT:
        return named(meta, WITHOUT[name])
    return None if name in WITHOUT.values() else property_name(meta, name)


def found_kinds(
    timelines: Timelines, as_of: AsOf, category: str, brand: str, channel: str, lines: OrderLines | None
) -> tuple[Kind, ...]:
    """The kinds that the data know of, the clock's always; the products themselves where nothing names a category or brand."""
    meta, found = timelines.meta, list[Kind]()
    for name, wanted in (("category", category), ("brand", brand), ("channel", channel)):
        known = None if lines is None or name == "channel" else _from_lines(timelines, as_of, lines, name)
        by = named(meta, wanted)
        if by is not None or (known is not None and known.num_rows):
            found.append(kind_of(meta, name, by, known))
    if lines is not None and not {"category", "brand"} & {kind.name for kind in found}:
        known = _from_lines(timelines, as_of, lines, PRODUCT)
        found = [kind_of(meta, PRODUCT, None, known), *found] if known.num_rows else found
    return (*found, *CLOCK)


def kind_of(meta: Meta, name: str, by: str | None, known: pa.Table | None = None) -> Kind:
    """The kind of a property's values and of touches that only product lines know (person, day, value), in order of name."""
    values = () if by is None else meta.properties[by]
    also = () if known is None else known["value"].unique().to_pylist()
    labels = tuple(sorted({*values[1:], *also}))
    at = {label: place for place, label in enumerate(labels)}
    by_value = np.array([-1, *(at[value] for value in values[1:])], np.int64)
    return Kind(name, labels, BY_VALUE, by, by_value, _lines(known, at))


def _lines(known: pa.Table | None, at: dict[str, int]) -> Lines:
    if known is None:
        return NO_LINES
    label = np.array([at[value] for value in known["value"].to_pylist()], np.int64)
    return Lines(known["person"].to_numpy(), known["day"].to_numpy(), label)


def _from_lines(timelines: Timelines, as_of: AsOf, lines: OrderLines, name: str) -> pa.Table:
    """Touches of the products ordered before the as-of: person, day, value, in order of person and day."""
    orders, told = lines.orders, lines.lines
    places = orders["place"].to_numpy()
    value, at = told[name], told["place"].to_numpy()
    spot = np.minimum(np.searchsorted(places, at), max(len(places) - 1, 0))
    second = orders["second"].to_numpy()
    # Orders that a later arrival replaced have lines, too, but no place among the orders.
    known = pc.fill_null(pc.not_equal(value, ""), False).to_numpy(zero_copy_only=False)
    good = known & ((places[spot] == at) & (second[spot] < as_of.until) if len(places) else False)
    chosen = spot[good]
    table = pa.table(
        {
            "person": orders["person"].to_numpy()[chosen],
            "day": timelines.zone.days(second[chosen]).astype(np.int64),
            "value": value.filter(pa.array(good)),
        }
    )
    return table.sort_by([("person", "ascending"), ("day", "ascending"), ("value", "ascending")])


def found_rhythm(timelines: Timelines, as_of: AsOf, discount: tuple[str, ...] = DISCOUNTS) -> Rhythm:
    """What orders say, with the properties of discounts that the data know of."""
    meta = timelines.meta
    told = {name: discount_values(meta, name) for name in discount_properties(meta, discount)}
    return Rhythm(as_of, timelines.settings.refunds, told)
