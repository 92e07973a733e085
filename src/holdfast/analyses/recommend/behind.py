"""Who stands behind a number of the tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.recommend.offers import TENURES, of_tenure, targets, units_of
from holdfast.analyses.recommend.prepared import WAYS, grounded, measured
from holdfast.analyses.recommend.reasons import due
from holdfast.analyses.recommend.shown import asked_about
from holdfast.analyses.recommend.tables import OPENED, WAY_NAMES
from holdfast.analyses.recommend.taught import KINDS, RECENT
from holdfast.analyses.recommend.together import buyers_of, followed, holders_next, holders_together, lately
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    from holdfast.analyses.recommend.prepared import Asked
    from holdfast.analyses.recommend.question import Recommend
    from holdfast.analyses.recommend.sales import Sales
    from holdfast.analyses.recommend.taught import Ground
    from holdfast.timelines.timelines import Timelines

__all__ = ["behind"]


def behind(question: Recommend, timelines: Timelines, asked: Asked, sales: Sales, cell: dict[str, str]) -> pa.Array:
    """The places of the customers behind a cell."""
    what = cell.pop("what", "customers")
    keys = set(cell)
    if keys in ({"item", "with_item"}, {"item", "next_item"}):
        _known(what, ("customers", "n"))
        found = _of_pair(question, asked, sales, cell, what)
    elif keys in ({"item", "premium"}, {"have", "offer"}):
        _known(what, ("customers", "have_both", "n"))
        found = _to_win(grounded(timelines, asked, question.lines, sales), cell, what)
    elif keys == {"item"} and what == "customers_of_late":
        mind = grounded(timelines, asked, question.lines, sales)
        found = lately(mind.sales, _code(sales, cell["item"]), RECENT, mind.held.day)
    elif what != "customers":
        raise UsageError(
            f"what={what} names no number there", "it goes with a pair of products, or customers_of_late with item"
        )
    elif keys == {"tenure"}:
        found = _of_tenure(sales, cell["tenure"])
    elif keys and keys <= {"of", "method"}:
        found = _judged(question, timelines, asked, sales, cell)
    elif keys == {"opening"}:
        found = _opened(question, timelines, asked, sales, cell["opening"])
    elif keys <= {"item", "kind", "customer"}:
        found = _listed(question, timelines, asked, sales, cell)
    else:
        raise UsageError(
            f"no number is named by {', '.join(sorted(keys))}",
            "name one by item and kind, with_item, next_item or premium, by have and offer, by opening, by tenure, or by of",
        )
    return pa.array(found, pa.int64())


def _known(what: str, columns: tuple[str, ...]) -> None:
    if what not in columns:
        raise UnknownName("column", what, columns)


def _of_pair(question: Recommend, asked: Asked, sales: Sales, cell: dict[str, str], what: str) -> Any:
    """Who had both products so, or all who had the first and were counted."""
    one = _code(sales, cell["item"])
    if "with_item" in cell:
        other = _code(sales, cell["with_item"])
        return buyers_of(sales, one) if what == "n" else holders_together(sales, one, other)
    other, last = _code(sales, cell["next_item"]), day_of(asked.as_of.last)
    if what == "n":
        return followed(sales, one, question.window_days, last)[0]
    return holders_next(sales, one, other, question.window_days, last)


def _to_win(mind: Ground, cell: dict[str, str], what: str) -> Any:
    """Who has the one and not the other; both; or the one at all."""
    if "premium" in cell:
        units, (one, other) = None, (_code(mind.sales, cell[key]) for key in ("item", "premium"))
    else:
        units = units_of(mind)
        one, other = (_unit(units.level, units.names, cell[key]) for key in ("have", "offer"))
    if what == "customers":
        return targets(mind, units, one, other)
    bought = (units.bought if units else mind.bought).tocsc()
    has = bought[:, [one]].indices
    return np.sort(has if what == "n" else np.intersect1d(has, bought[:, [other]].indices))


def _opened(question: Recommend, timelines: Timelines, asked: Asked, sales: Sales, opening: str) -> Any:
    """Whose list opens so, or has something that is due."""
    if opening not in OPENED:
        raise UnknownName("opening", opening, OPENED)
    mind, parts = question.mind(timelines, asked, sales), [np.zeros(0, np.int64)]
    for block in mind.lists(asked_about(question, sales), question.top, question.kind):
        hit = due(mind, block).any(axis=1) if opening == OPENED[-1] else block.kind[:, 0] == OPENED.index(opening)
        parts.append(block.customers[hit])
    return np.concatenate(parts)


def _code(sales: Sales, item: str) -> int:
    if item not in sales.places:
        raise UnknownName("product", item, sales.items.ids)
    return sales.places[item]


def _unit(level: str, names: tuple[str, ...], name: str) -> int:
    if name not in names:
        raise UnknownName(level, name, names)
    return names.index(name)


def _of_tenure(sales: Sales, name: str) -> Any:
    names = tuple(tenure[0] for tenure in TENURES)
    if name not in names:
        raise UnknownName("tenure", name, names)
    return np.unique(sales.row_owner[of_tenure(sales, name)])


def _judged(question: Recommend, timelines: Timelines, asked: Asked, sales: Sales, cell: dict[str, str]) -> Any:
    """Who was judged: the places among today's customers."""
    of = cell.get("of", "all")
    if of not in WAYS:
        raise UnknownName("kind of list", of, WAYS)
    method = cell.get("method", WAY_NAMES["chosen"])
    if method not in [WAY_NAMES[way] for way in WAYS[of]]:
        raise UnknownName("method", method, [WAY_NAMES[way] for way in WAYS[of]])
    found = measured(timelines, asked, question.lines, sales)
    if found is None:
        return np.zeros(0, np.int64)
    return np.searchsorted(sales.people, found.people.people[found.ways[of, "chosen"].customers])


def _listed(question: Recommend, timelines: Timelines, asked: Asked, sales: Sales, cell: dict[str, str]) -> Any:
    """Who has a product, or a kind of it, in the list."""
    whole = asked_about(replace(question, customer=cell["customer"]) if "customer" in cell else question, sales)
    if not cell.keys() & {"item", "kind"}:
        return whole
    kind = cell.get("kind")
    if kind is not None and kind not in KINDS:
        raise UnknownName("kind", kind, KINDS)
    item = _code(sales, cell["item"]) if "item" in cell else None
    parts = [np.zeros(0, np.int64)]
    for block in question.mind(timelines, asked, sales).lists(whole, question.top, question.kind):
        hit = block.item >= 0 if item is None else block.item == item
        if kind is not None:
            hit &= block.kind == KINDS.index(kind)
        parts.append(block.customers[hit.any(axis=1)])
    return np.concatenate(parts)
