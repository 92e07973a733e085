"""Value, value at risk and P(alive) as traits: bands for `--by` and `--where` of any question, numbers in `holdfast traits`.

Over the next 12 months, as of the question's own as-of, by the models that `choice.py` names: traits of now, not of the entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.occasions import Occasions, OccasionsStep, occasions
from holdfast.analyses.scope import Scope
from holdfast.analyses.tops import BANDS, bands_of, cuts_of
from holdfast.analyses.value.choice import choice
from holdfast.analyses.value.groups import ALIVE_BANDS, alive_band
from holdfast.analyses.value.question import CustomerValue
from holdfast.analyses.value.valuer import Valuer, Worth
from holdfast.errors import UsageError
from holdfast.settings import RefundMode
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.analyses.contract_value.trait import ContractTrait
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["BANDS", "ValueTrait", "labels", "trait"]

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ValueTrait:
    """What each customer is worth, by models fitted beforehand to all of them; it travels with a step.

    name    value, value_at_risk or p_alive
    valuer  the models · as_of, mode  which orders count · day  local day on which watching ends
    cuts    least value of each band but the last, descending; none for p_alive
    """

    name: str
    valuer: Valuer
    as_of: AsOf
    mode: RefundMode
    day: int
    cuts: tuple[float, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The bands by code."""
        return labels(self.name, None)

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The band per customer of a shard, 0 for those without a counting order; kept with the columns."""
        return shard.once(("value band", *self._key), lambda: self._codes(shard))

    def told(self, shard: Shard) -> pa.Array:
        """The value in the currency, or P(alive), per customer of the shard; null for those without a counting order."""
        digits = 4 if self.name == "p_alive" else 2
        numbers = self._numbers(shard)
        return pa.array(np.round(numbers, digits), pa.float64(), mask=np.isnan(numbers))

    @property
    def _key(self) -> tuple[Any, ...]:
        return (self.name, self.as_of.until, self.mode, self.valuer.horizon, self.valuer.margin)

    def _numbers(self, shard: Shard) -> Numbers:
        return shard.once(("value told", *self._key), lambda: self._made(shard))

    def _made(self, shard: Shard) -> Numbers:
        step = OccasionsStep(Scope(), self.as_of, self.mode)
        found = Occasions(**step(shard).rows, day=self.day, until=self.day)
        out = np.full(shard.high - shard.low, np.nan)
        bought = shard.source.purchases(self.as_of.until, self.mode)
        out[np.diff(bought.offsets[shard.low : shard.high + 1]) > 0] = _told(self.name, self.valuer.worth(found))
        return out

    def _codes(self, shard: Shard) -> npt.NDArray[np.uint8]:
        numbers = self._numbers(shard)
        known = ~np.isnan(numbers)
        codes = np.zeros(len(numbers), np.uint8)
        if self.name == "p_alive":
            codes[known] = alive_band(numbers[known]) + 1
        else:
            codes[known] = bands_of(numbers[known], self.cuts) + 1
        return codes


def _told(name: str, worth: Worth) -> Numbers:
    return {"value": worth.value, "value_at_risk": worth.at_risk, "p_alive": worth.alive}[name]


def labels(name: str, _meta: Meta | None) -> tuple[str, ...]:
    """The bands by code."""
    return (NOT_KNOWN, *(ALIVE_BANDS if name == "p_alive" else BANDS))


def trait(name: str, timelines: Timelines, as_of: AsOf) -> ValueTrait | ContractTrait:
    """The trait as of an instant; UsageError where the data are too few, or without money where money is asked for.

    Where customers are those under contract it is that of their renewals.
    """
    if timelines.settings.base == "contract":
        from holdfast.analyses.contract_value.trait import contract_trait

        return contract_trait(name, timelines, as_of, labels(name, None))
    models = choice(timelines, as_of)
    valuer = CustomerValue().valuer(timelines, as_of, models)
    if valuer is None:
        raise UsageError(f"{name} cannot be told: {models.why}", "it needs customers who came back")
    if valuer.spending is None and name != "p_alive":
        raise UsageError(f"{name} cannot be told: no order has an amount", "bring in orders with a revenue; p_alive needs none")
    rows = occasions(timelines, as_of)
    cuts = () if name == "p_alive" else cuts_of(_told(name, valuer.worth(rows)))
    return ValueTrait(name, valuer, as_of, timelines.settings.refunds, rows.day, cuts)
