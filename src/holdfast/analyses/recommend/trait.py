"""The next products as a trait: the first three of a customer's list, "A · B · C", and in which band they are.

Timelines hold no lines of orders. The trait stands on the events that name a product by a property (product_id, product, sku):
of orders, else of views, carts and wish lists. Where none does, it says so; `holdfast recommend --csv` has the lists of lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.recommend.prepared import Asked, prepared, sold_before
from holdfast.analyses.recommend.reasons import due
from holdfast.analyses.recommend.taught import KINDS
from holdfast.analyses.scope import Scope
from holdfast.errors import UsageError
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["LABELS", "NextItemsTrait", "labels", "trait"]

LABELS = (NOT_KNOWN, "again due", "again", "new", "popular only")
"""The bands by code: something in the list is due; it opens with what she has; with what is new to her; nothing is known."""

TOLD = 3


@dataclass(frozen=True)
class NextItemsTrait:
    """The lists, worked out beforehand; they travel with a step.

    people  uint64, ascending: hashes of the ids · bands  int8, place in LABELS · texts  "A · B · C"
    """

    people: npt.NDArray[np.uint64]
    bands: npt.NDArray[np.int8]
    texts: pa.Array

    @property
    def labels(self) -> tuple[str, ...]:
        """The bands by code."""
        return LABELS

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The band per customer of a shard, 0 for those without a list."""
        at, known = self._at(shard)
        return np.where(known, self.bands[at], 0).astype(np.int8) if len(self.people) else np.zeros(len(at), np.int8)

    def told(self, shard: Shard) -> pa.Array:
        """The first products of each customer's list, null where there is none."""
        at, known = self._at(shard)
        if not len(self.people):
            return pa.nulls(len(at), pa.string())
        return self.texts.take(pa.array(at, mask=~known))

    def _at(self, shard: Shard) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        own = shard.columns.id_hash[shard.low : shard.high]
        if not len(self.people):
            return np.zeros(len(own), np.int64), np.zeros(len(own), np.bool_)
        at = np.minimum(np.searchsorted(self.people, own), len(self.people) - 1)
        return at.astype(np.int64), self.people[at] == own


def labels(_name: str, _meta: Meta) -> tuple[str, ...]:
    """The values by code."""
    return LABELS


def trait(_name: str, timelines: Timelines, as_of: AsOf) -> NextItemsTrait:
    """The trait as of an instant; UsageError where no event names a product."""
    key = ("next items", as_of)
    kept = timelines.source.kept
    if key not in kept:
        kept[key] = _made(timelines, Asked(as_of, (), (), None, None))
    found: NextItemsTrait = kept[key]
    return found


def _made(timelines: Timelines, asked: Asked) -> NextItemsTrait:
    sales = sold_before(timelines, asked, None, Scope())
    if sales is None or not len(sales.item):
        raise UsageError(
            "no event names a product, and timelines do not know what was in an order",
            "take the lists of the workspace, which reads the lines: holdfast recommend --limit 0 --csv lists.csv",
        )
    mind = prepared(timelines, asked, None, sales)
    bands, texts = np.zeros(len(sales.people), np.int8), np.full(len(sales.people), None, dtype=object)
    names = np.array(sales.items.name, dtype=object)
    for block in mind.lists(np.arange(len(sales.people)), TOLD):
        late = due(mind, block).any(axis=1)
        opens = block.kind[:, 0]
        band = np.select([opens < 0, late, opens == KINDS.index("again"), opens == KINDS.index("new")], [0, 1, 2, 3], 4)
        bands[block.customers] = band
        for place, row in zip(block.customers, block.item, strict=True):
            said = names[row[row >= 0]]
            texts[place] = " · ".join(said) if len(said) else None
    return NextItemsTrait(sales.people, bands, pa.array(texts, pa.string()))
