"""What each `show` of the question says: words, table, notes, further tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.recommend import tables
from holdfast.analyses.recommend.offers import cross_pairs, premium_items, premium_pairs, tenure_rows, units_of
from holdfast.analyses.recommend.prepared import LEAST_DAYS, grounded, measured, split_days
from holdfast.analyses.recommend.reasons import due
from holdfast.analyses.recommend.taught import KINDS, Taught
from holdfast.analyses.recommend.together import among_most, bought_next, bought_together
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.zone import date_of, day_of

if TYPE_CHECKING:
    from holdfast.analyses.recommend.prepared import Asked
    from holdfast.analyses.recommend.question import Recommend
    from holdfast.analyses.recommend.sales import Sales
    from holdfast.timelines.timelines import Timelines

__all__ = ["Shown", "asked_about", "shown_of"]

TENURE = pa.schema(
    [("tenure", pa.string()), ("customers", pa.int64()), ("orders", pa.int64()),
     *((name, pa.float64()) for name in ("premium_share", "premium_share_low", "premium_share_high"))]
)  # fmt: skip


FULL = 100
"""Customers of a tenure that the words speak of: fewer tell too little of money."""

MAPPED = 14
"""Products on a map of what goes together."""


@dataclass(frozen=True)
class Shown:
    """What an answer is made of."""

    words: str
    table: pa.Table
    notes: tuple[str, ...] = ()
    extra: dict[str, pa.Table] = field(default_factory=dict)


def shown_of(question: Recommend, timelines: Timelines, asked: Asked, sales: Sales) -> Shown:
    """The table that is asked for."""
    made = {
        "customers": _customers, "items": _items, "next": _next, "premium": _premium, "cross-sell": _cross,
        "quality": _quality,
    }[question.show](question, timelines, asked, sales)  # fmt: skip
    return Shown(made.words, made.table, (*made.notes, *_told(timelines, sales)), made.extra)


def asked_about(question: Recommend, sales: Sales) -> npt.NDArray[np.int64]:
    """The customers (places) who get lists, or the one that is named; UnknownName where there is none of that id."""
    if question.customer is None:
        return np.flatnonzero(sales.inside)
    import pyarrow.compute as pc

    at = pc.index(sales.customers, question.customer).as_py()
    if at < 0:
        raise UnknownName("customer", question.customer, sales.customers.to_pylist())
    if not sales.inside[at]:
        raise UsageError(f"{question.customer} is not among the customers that are asked about", "leave out where")
    return np.array([at])


def _customers(question: Recommend, timelines: Timelines, asked: Asked, sales: Sales) -> Shown:
    mind = question.mind(timelines, asked, sales)
    whole = asked_about(question, sales)
    counts, opens, late = np.zeros((len(KINDS), len(sales.items)), np.int64), np.zeros(len(KINDS), np.int64), 0
    for block in mind.lists(whole, question.top, question.kind):
        said = block.item >= 0
        np.add.at(counts, (block.kind[said], block.item[said]), 1)
        opens += np.bincount(block.kind[:, 0][said[:, 0]], minlength=len(KINDS))
        late += int(due(mind, block).any(axis=1).sum())
    orders = np.bincount(sales.owner, minlength=len(sales.people))[whole]
    first = whole[np.lexsort((whole, -orders))][: question.limit or len(whole)]
    table = tables.customers_table(mind, mind.lists(first, question.top, question.kind), sales.customers)
    extra = {
        "offers": tables.offers_table(sales.items, counts),
        "opening": tables.opening_table(opens, late),
        "popular": tables.popular_table(mind, question.top),
        "recipe": tables.recipe_table(mind.recipe),
    }
    notes = [_made_of(mind)]
    if len(first) < len(whole):
        notes.append(f"{len(first):,} of {len(whole):,} customers, those with most orders first: “limit” 0 lists all")
    notes.append("who has not ordered yet gets what is popular: the table “popular”")
    words = _opening_words(opens, late, question, sales.had)
    if question.customer is not None:
        words = _one_words(table, question.customer)
    return Shown(words, table, tuple(notes), extra)


def _opening_words(opens: npt.NDArray[np.int64], late: int, question: Recommend, had: str) -> str:
    if not opens.sum():
        return "Nobody gets a list: nothing in the catalogue can be offered."
    parts = [
        f"{counted(int(n), 'list')} {'opens' if n == 1 else 'open'} with {what}"
        for n, what in zip(opens, (f"something {had} before", "something new", "what is popular"), strict=True)
        if n
    ]
    again = (
        f" {counted(late, 'customer has', 'customers have')} something in the list that is due."
        if question.kind != "new"
        else ""
    )
    return f"{'; '.join(parts)}.{again}"


def _one_words(table: pa.Table, customer: str) -> str:
    names = table["name"].to_pylist()[:3]
    if not names:
        return f"There is nothing to offer to {customer}."
    return f"{customer} would like next: {' · '.join(names)}."


def _made_of(mind: Taught) -> str:
    recipe = mind.recipe
    model = "neighbours by cosine" if recipe.regularisation is None else f"EASE with regularisation {recipe.regularisation:g}"
    lately = f", times the share of customers of the last {recipe.trend_days} days" if recipe.trend_days else ""
    opening = {"again": "lists open with what she has", "new": "lists open with new products", "model": "old and new are mixed"}
    chosen = "chosen on the past" if recipe.tried else "too little past to choose by"
    return f"new products by {model}{lately}; {opening[recipe.opening]} ({chosen}: table recipe)"


def _items(question: Recommend, timelines: Timelines, asked: Asked, sales: Sales) -> Shown:
    del timelines, asked
    pairs = bought_together(sales, question.support(sales))
    table = tables.together_table(sales.items, pairs, question.limit or len(pairs.one))
    words = f"No two products are in an order of {question.support(sales):,} customers or more."
    if table.num_rows:
        best = table.slice(0, 1).to_pylist()[0]
        words = (
            f"{counted(len(pairs.one) // 2, 'pair')} of products were bought together by {question.support(sales):,} "
            f"customers or more; most surely {best['name']} with {best['with_name']}, by {best['customers']:,} of "
            f"{best['n']:,} customers {percent(best['share'], best['low'], best['high'])}, "
            f"{best['lift']:,.1f} times as many as usual."
        )
    extra = {"map": tables.together_table(sales.items, among_most(pairs, MAPPED), MAPPED * MAPPED)}
    return Shown(words, table, _cut(table, len(pairs.one), "pairs, both ways round"), extra)


def _next(question: Recommend, timelines: Timelines, asked: Asked, sales: Sales) -> Shown:
    del timelines
    pairs = bought_next(sales, question.support(sales), question.window_days, day_of(asked.as_of.last))
    table = tables.next_table(sales.items, pairs, question.limit or len(pairs.one))
    words = (
        f"Nothing is bought by {question.support(sales):,} customers or more within {question.window_days} days after another."
    )
    if table.num_rows:
        best = table.slice(0, 1).to_pylist()[0]
        words = (
            f"Within {question.window_days} days after {best['name']}, {best['customers']:,} of {best['n']:,} customers bought "
            f"{best['next_name']} {percent(best['share'], best['low'], best['high'])}, {best['lift']:,.1f} times as many as "
            f"after any product; {counted(len(pairs.one), 'such pair')} in all."
        )
    extra = {"map": tables.next_table(sales.items, among_most(pairs, MAPPED), MAPPED * MAPPED)}
    return Shown(words, table, _cut(table, len(pairs.one), "pairs"), extra)


def _premium(question: Recommend, timelines: Timelines, asked: Asked, sales: Sales) -> Shown:
    mind = grounded(timelines, asked, question.lines, sales)
    pairs = premium_pairs(mind, question.premium_top, question.support(sales))
    table = tables.premium_table(mind, pairs, question.limit or len(pairs.one))
    tenure = pa.Table.from_pylist(tenure_rows(sales, premium_items(sales, question.premium_top)), TENURE)
    words = "No dearer product is bought more often by the customers of another."
    if table.num_rows:
        best = table.slice(0, 1).to_pylist()[0]
        words = (
            f"{best['customers']:,} customers have {best['name']} ({best['price']:,.2f}) and not {best['premium_name']} "
            f"({best['premium_price']:,.2f}), which {percent(best['share'], best['low'], best['high'])} of its customers "
            f"bought, {best['lift']:,.1f} times as many as usual. {_tenure_words(tenure)}"
        )
    notes = [*_cut(table, len(pairs.one), "steps"), "first orders beside later ones: holdfast baskets"]
    if not any(sales.items.category) and not any(sales.items.brand):
        like = (
            "dearer products that the same customers buy" if sales.items.name == sales.items.ids else "dearer ones of like name"
        )
        notes.append(f"products bear neither category nor brand: steps go to {like}")
    small = [row["tenure"] for row in tenure.to_pylist() if 0 < row["customers"] < timelines.settings.small_group]
    if small:
        notes.append(f"fewer than {timelines.settings.small_group} customers: {', '.join(small)}")
    return Shown(words.strip(), table, tuple(notes), {"tenure": tenure})


def _tenure_words(tenure: pa.Table) -> str:
    rows = [
        row for row in tenure.to_pylist()
        if row["premium_share"] is not None and row["premium_share_low"] is not None and row["customers"] >= FULL
    ]  # fmt: skip
    if len(rows) < 2:
        return ""
    first, last = rows[0], rows[-1]
    apart = first["premium_share_high"] < last["premium_share_low"] or last["premium_share_high"] < first["premium_share_low"]
    one, two = (percent(row["premium_share"], row["premium_share_low"], row["premium_share_high"]) for row in (first, last))
    told = "" if apart else ": no difference that chance may not give"
    return (
        f"Premium products take {one} of the money of the {first['tenure']}, {two} of that of orders {last['tenure']} "
        f"after it{told}."
    )


def _cross(question: Recommend, timelines: Timelines, asked: Asked, sales: Sales) -> Shown:
    mind = grounded(timelines, asked, question.lines, sales)
    units = units_of(mind)
    pairs = cross_pairs(mind, units, question.support(sales))
    table = tables.cross_table(mind, units, pairs, question.limit or len(pairs.one))
    words = "Nothing is bought more often by the customers of something else."
    if table.num_rows:
        best = table.slice(0, 1).to_pylist()[0]
        words = (
            f"{best['customers']:,} customers have {best['have_name']} and not {best['offer_name']}, which "
            f"{percent(best['share'], best['low'], best['high'])} of those with {best['have_name']} have, "
            f"{best['lift']:,.1f} times as many as usual."
        )
    notes = list(_cut(table, len(pairs.one), "pairs"))
    if units.level == "product":
        notes.append("products bear no category: these are pairs of products")
    return Shown(words, table, tuple(notes))


def _quality(question: Recommend, timelines: Timelines, asked: Asked, sales: Sales) -> Shown:
    found = measured(timelines, asked, question.lines, sales)
    if found is None:
        return Shown(f"The data are too short to judge lists: they need {4 * LEAST_DAYS} days.", tables.QUALITY.empty_table())
    table = tables.quality_table(found)
    rows = {(row["of"], row["method"]): row for row in table.to_pylist()}
    parts = []
    for of, what in (
        ("all", "of all that was bought"),
        ("again", "of what customers had before"),
        ("new", "of what was new to them"),
    ):
        own, plain = rows[of, "these lists"], rows[of, "popularity"]
        if own["n"]:
            share = percent(own["recall"], own["recall_low"], own["recall_high"])
            parts.append(f"{share} {what} (popularity {percent(plain['recall'])})")
    until = date_of(found.day)
    words = "Nobody who could be judged bought anything in the days after."
    if parts:
        words = f"Lists of ten made on {until} held, of what was bought in the {found.days} days after: {', '.join(parts)}."
    notes = [f"what was chosen for them, on the {found.days} days before {until}: table recipe"]
    small = sorted({row["of"] for row in rows.values() if row["n"] < timelines.settings.small_group})
    if small:
        notes.append(f"fewer than {timelines.settings.small_group} customers could be judged: {', '.join(small)}")
    if rows["all", "these lists"]["better_low"] is not None and rows["all", "these lists"]["better_low"] <= 0:
        notes.append("these lists did not do better than popularity by more than chance may give")
    return Shown(words, table, tuple(notes), {"recipe": tables.recipe_table(found.recipe)})


def _cut(table: pa.Table, n: int, what: str) -> tuple[str, ...]:
    return (f"{table.num_rows:,} of {n:,} {what}: “limit” 0 lists all",) if table.num_rows < n else ()


def _told(timelines: Timelines, sales: Sales) -> tuple[str, ...]:
    """What the data lack or what was left out of them."""
    notes: list[str] = []
    missing = len(sales.owner) - sales.with_lines
    if sales.told != ("lines",):
        notes.append(f"no order says which products it holds: lists stand on the events {', '.join(sales.told[:4])}")
        if sales.had != "bought":
            notes.append("again then means touched before, not bought: who has a product is not known")
    elif missing:
        notes.append(f"{missing:,} of {len(sales.owner):,} orders have no product lines")
    if sales.noise:
        more = " …" if len(sales.noise) > 8 else ""
        notes.append(f"taken for no product: {', '.join(sales.noise[:8])}{more} (“exclude” leaves out more)")
    if split_days(sales, None) is None:
        notes.append(f"fewer than {4 * LEAST_DAYS} days of orders: nothing could be chosen by the past")
    if 0 < len(np.unique(sales.row_owner)) < timelines.settings.small_group:
        notes.append(f"fewer than {timelines.settings.small_group} customers bought anything: read all of it with care")
    return tuple(notes)
