"""The next order as traits: the date on which a customer is expected again, and the date on which her silence becomes unusual.

`next_order` tells the date, and as its band how she stands to it; `unusual_on` tells the other date, and whether it has come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.next_order.question import UNUSUAL_SHARE, prepared
from holdfast.analyses.next_order.tables import LAST_DAY
from holdfast.analyses.next_order.walk import BANDS, ONE_ORDER, UNUSUAL, NextStep, Orders, part_of
from holdfast.analyses.scope import Scope
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["NextOrderTrait", "labels", "trait"]

USUAL = (NOT_KNOWN, "not yet", "unusual silence")


@dataclass(frozen=True)
class NextOrderTrait:
    """Each customer's date and band, by what was learned of everyone; it travels with a step."""

    name: str
    step: NextStep

    @property
    def labels(self) -> tuple[str, ...]:
        """The values by code."""
        return labels(self.name)

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The value code per customer of a shard; kept with the columns."""
        orders = self.step.orders
        band = shard.once(("next order", orders, self.step.rhythm, self.step.unusual), lambda: self.step.bands(shard))
        if self.name == "next_order":
            return band
        return np.where(band <= ONE_ORDER, 0, np.where(band == UNUSUAL, 2, 1)).astype(np.uint8)

    def told(self, shard: Shard) -> pa.Array:
        """The date of each customer of a shard, null where no rhythm of her own is known."""
        places, rhythm = self.step.told(shard), self.step.rhythm
        days, null = np.zeros(shard.high - shard.low, np.int32), np.ones(shard.high - shard.low, np.bool_)
        if rhythm is not None and len(places):
            waits = part_of(self.step.orders.waits(shard), places)
            k = rhythm.regularity(waits)
            if self.name == "next_order":
                ahead = rhythm.quantile_now(waits, 0.5, k)
            else:
                ahead = np.floor(rhythm.quantile(waits, self.step.unusual, k) + 0.5)
            days[places] = np.minimum(self.step.orders.end - waits.silent + ahead, LAST_DAY).astype(np.int32)
            null[places] = False
        return pa.array(days, pa.int32(), mask=null).cast(pa.date32())


def labels(name: str, _meta: Meta | None = None) -> tuple[str, ...]:
    """The values by code."""
    return BANDS if name == "next_order" else USUAL


def trait(name: str, timelines: Timelines, as_of: AsOf) -> NextOrderTrait:
    """The trait as of an instant: one walk learns what is usual, kept for the next question."""
    orders = Orders(as_of, timelines.settings.refunds)
    return NextOrderTrait(name, NextStep(orders, prepared(timelines, orders), UNUSUAL_SHARE, Scope(), 1))
