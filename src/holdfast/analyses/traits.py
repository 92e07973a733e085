"""All traits of every customer in one table: RFM, signs, favourites, discounts, the next order, and what else there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell
from holdfast.analyses.definitions import counted, defined, scope_rules
from holdfast.analyses.scope import TRAITS, Condition, Scope, ToldTrait, Trait
from holdfast.analyses.statistics import wilson
from holdfast.analyses.taste.walk import entries
from holdfast.errors import HoldfastError, UnknownName, UsageError
from holdfast.timelines.attributes import Moment
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["ON_DEMAND", "Traits", "TraitsStep"]

ON_DEMAND = ("cluster", "next_items", "p_alive", "reason", "risk", "value", "value_at_risk")
"""Traits that take as long as all others together, or many times as long: they are worked out where they are named.

On the Online Retail shop all others take a second of a processor, the fit that `due`, `next_order` and `unusual_on` share among
them; cluster 1.8, risk or reason 2, value or p_alive 0.4 (8 with a million customers, where the others take 9.5 together).
"""

TOLD = " told"


@dataclass(frozen=True)
class TraitsStep:
    """A step that lays out the codes of several traits.

    traits  name and trait · code  the people to name: those with that code of the one trait there is; -1: nobody
    """

    traits: tuple[tuple[str, Trait], ...]
    scope: Scope
    as_of: AsOf
    code: int = -1

    def __call__(self, shard: Shard) -> Tally:
        """Rows ids, and a code a trait, of everyone in scope with an event before the as-of."""
        inside = entries(shard, self.scope, self.as_of) >= 0
        codes: dict[str, npt.NDArray[Any]] = {name: trait.codes(shard) for name, trait in self.traits}
        if self.code >= 0:
            return Tally({}, {"ids": shard.ids(inside & (codes[self.traits[0][0]] == self.code))})
        rows: dict[str, Any] = {"ids": shard.ids(inside)}
        for name, trait in self.traits:
            rows[name] = codes[name][inside].astype(np.int32)
            if isinstance(trait, ToldTrait):
                rows[name + TOLD] = trait.told(shard).filter(pa.array(inside))
        return Tally({}, rows)


@dataclass(frozen=True)
class Traits(Question):
    """Every trait of every customer, as it is at the as-of.

    names   the traits; empty: all that can be worked out on these data, but for those `ON_DEMAND`
    as_of, where, moment  as in every question

    Table: a row per customer: customer_id and a column a trait, in order of the id; a trait that is a number, a date or a text
    of the customer's own stands there as it is, and beside it as NAME_band the band that --by and --where know. Extra table
    "summary": trait, value, customers, n, share, low, high. People: trait="due", value="overdue".
    """

    names: tuple[str, ...] = ()
    as_of: date | datetime | str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def answer(self, timelines: Timelines) -> Answer:
        """One walk lays out the codes of all traits."""
        as_of = timelines.as_of(self.as_of)
        traits, missing = self._traits(timelines, as_of)
        scope = Scope(None, self.where, self.moment).ready(timelines, as_of)
        rows = timelines.walk(TraitsStep(traits, scope, as_of)).rows
        table = _table(rows, traits)
        return Answer(
            question=self,
            words=f"{counted(table.num_rows, 'customer')} with {counted(len(traits), 'trait')}: "
            f"{', '.join(name for name, _ in traits)}.",
            table=table,
            definition=defined(
                timelines, as_of, title="What is known of each customer?", text=_TEXT, rules=scope_rules(scope, "first event"),
                n=table.num_rows, names=timelines.meta.events[1:],
            ),
            source=timelines,
            notes=(*(f"no {name}: {why}" for name, why in missing.items()), *(() if self.names else _ON_DEMAND_TOLD)),
            extra={"summary": _summary(rows, traits)},
        )  # fmt: skip

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who has a value of a trait (trait=, value=); everyone without."""
        checked_cell(cell, "trait", "value")
        as_of = timelines.as_of(self.as_of)
        scope = Scope(None, self.where, self.moment).ready(timelines, as_of)
        if not cell:
            return _named(timelines.walk(TraitsStep((), scope, as_of)), cell)
        name, value = str(cell.get("trait", "")), str(cell.get("value", ""))
        if name not in TRAITS:
            raise UnknownName("trait", name, TRAITS)
        found: Trait = import_module(TRAITS[name]).trait(name, timelines, as_of)
        if value not in found.labels:
            raise UnknownName(name, value, found.labels)
        return _named(timelines.walk(TraitsStep(((name, found),), scope, as_of, found.labels.index(value))), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """A list has no picture: UsageError."""
        del answer
        raise UsageError("a list of traits has no picture", "take --csv, --parquet or --json, or ask holdfast taste --png")

    def _traits(self, timelines: Timelines, as_of: AsOf) -> tuple[tuple[tuple[str, Trait], ...], dict[str, str]]:
        """The traits, and why others cannot be worked out; one that was asked for by name raises why it cannot."""
        for name in self.names:
            if name not in TRAITS:
                raise UnknownName("trait", name, TRAITS)
        found, missing = [], {}
        for name in self.names or sorted(set(TRAITS) - set(ON_DEMAND)):
            try:
                found.append((name, import_module(TRAITS[name]).trait(name, timelines, as_of)))
            except HoldfastError as why:
                if self.names:
                    raise
                missing[name] = str(why).splitlines()[0]
        return tuple(found), missing


_ON_DEMAND_TOLD = (
    f"{', '.join(ON_DEMAND[:-1])} and {ON_DEMAND[-1]} take longer and stand here when “name” says so, such as {ON_DEMAND[0]}",
)

_TEXT = (
    "A row is a customer with an event before the as-of. Each trait is worked out as its own question does, over all customers "
    "and as of the same instant: rfm as holdfast rfm, signs as holdfast slipping, favourites, discount and due as holdfast "
    "taste, from events alone, next_order and unusual_on as holdfast next. (not known): nothing is known of this "
    "customer in that respect."
)

SUMMARY = pa.schema(
    [
        *((name, pa.string()) for name in ("trait", "value")),
        *((name, pa.int64()) for name in ("customers", "n")),
        *((name, pa.float64()) for name in ("share", "low", "high")),
    ]
)


def _named(tally: Tally, cell: dict[str, Any]) -> People:
    return People(tuple(sorted(tally.rows["ids"].to_pylist())), cell)


def _table(rows: dict[str, Any], traits: tuple[tuple[str, Trait], ...]) -> pa.Table:
    ids = rows["ids"]
    columns = {"customer_id": ids}
    for name, trait in traits:
        banded = pa.DictionaryArray.from_arrays(pa.array(rows[name]), pa.array(trait.labels, pa.string()))
        if name + TOLD in rows:
            columns[name] = rows[name + TOLD]
            columns[f"{name}_band"] = banded
        else:
            columns[name] = banded
    return pa.table(columns).sort_by("customer_id")


def _summary(rows: dict[str, Any], traits: tuple[tuple[str, Trait], ...]) -> pa.Table:
    out = []
    for name, trait in traits:
        counts = np.bincount(rows[name], minlength=len(trait.labels))
        n = int(counts.sum())
        for place in np.flatnonzero(counts):
            k = int(counts[place])
            low, high = wilson(k, n)
            out.append(
                {"trait": name, "value": trait.labels[place], "customers": k, "n": n, "share": k / n, "low": low, "high": high}
            )
    return pa.Table.from_pylist(out, SUMMARY)
