"""Value, value at risk and P(alive) as traits where customers are those under contract.

By renewals of the next 12 months, as `holdfast value` has them. Who is under contract is known: P(alive) is 1 or 0. Whose
contract has ended is worth 0: no renewal of hers is to be expected. Who never had one has no value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.contract_value.calendar import Rhythm
from holdfast.analyses.contract_value.contracts import Contracts
from holdfast.analyses.contract_value.question import ContractValue
from holdfast.analyses.contract_value.valued import Plan, valued
from holdfast.analyses.contract_value.walk import ContractsStep
from holdfast.analyses.models.renewals import Renewing
from holdfast.analyses.scope import EVERYONE
from holdfast.analyses.tops import bands_of, cuts_of
from holdfast.errors import UsageError
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["ContractTrait", "WorthStep", "contract_trait"]

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WorthStep:
    """A step that values each customer under contract by a model fitted beforehand.

    name    value, value_at_risk or p_alive · step  lays out the contracts
    model   everyone's; none for p_alive · parts  of their period that lost contracts had behind them · plan  how far ahead
    """

    name: str
    step: ContractsStep
    model: Renewing | None
    parts: Numbers
    plan: Plan
    rhythm: Rhythm

    def __call__(self, shard: Shard) -> Tally:
        """Row "worth": of those under contract, what is theirs."""
        numbers, running = self.numbers(shard)
        return Tally({}, {"worth": numbers[running > 0]})

    def numbers(self, shard: Shard) -> Numbers:
        """[2, customers of the shard]: what is hers, nan where she never had a contract; and 1 where she is under contract."""
        places, rows = self.step.laid(shard)
        days = {name: rows[name].astype(np.int64) for name in ("begin", "end", "now", "paid")}
        segment = np.zeros(len(places), np.int64)
        contracts = Contracts(rows["ids"], segment, (EVERYONE,), day=self.step.last_day, rhythm=self.rhythm, **days)
        here = contracts.now >= 0
        out, running = np.full(shard.high - shard.low, np.nan), np.zeros(shard.high - shard.low)
        out[places] = running[places] = here
        if self.model is not None and here.any():
            found = valued(contracts, {}, self.model, self.plan, self.parts)
            out[places[found.rows]] = found.value if self.name == "value" else found.at_risk
        return np.stack([out, running])


@dataclass(frozen=True, eq=False)
class ContractTrait:
    """The trait: it travels with a step.

    worth   values the customers · labels  the bands by code
    cuts    least value of each band but the last, among those under contract, descending; none for p_alive, whose first band
            holds those under contract and whose last one those who were
    """

    worth: WorthStep
    labels: tuple[str, ...]
    cuts: tuple[float, ...]

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The band per customer of a shard, 0 for those who never had a contract; kept with the columns."""
        return shard.once(("contract band", *self._key), lambda: self._codes(shard))

    def told(self, shard: Shard) -> pa.Array:
        """The value in the currency, or P(alive), per customer of the shard; null for those who never had a contract."""
        numbers, _ = self._numbers(shard)
        return pa.array(np.round(numbers, 2), pa.float64(), mask=np.isnan(numbers))

    @property
    def _key(self) -> tuple[Any, ...]:
        step = self.worth.step
        return (self.worth.name, step.as_of.until, step.mode, step.contract, self.worth.plan)

    def _numbers(self, shard: Shard) -> Numbers:
        return shard.once(("contract worth", *self._key), lambda: self.worth.numbers(shard))

    def _codes(self, shard: Shard) -> npt.NDArray[np.uint8]:
        numbers, running = self._numbers(shard)
        codes, here = np.zeros(len(numbers), np.uint8), running > 0
        codes[~np.isnan(numbers)] = len(self.labels) - 1
        codes[here] = bands_of(numbers[here], self.cuts) + 1
        return codes


def contract_trait(name: str, timelines: Timelines, as_of: AsOf, labels: tuple[str, ...]) -> ContractTrait:
    """The trait as of an instant: everyone's model, learned once and kept with the timelines.

    labels  the bands by code, the highest first
    UsageError where the contracts are too few for a model, or nobody has paid.
    """
    question, settings = ContractValue(), timelines.settings
    key = ("contract value", as_of.until, settings.refunds, settings.contract, settings.margin, settings.small_group)
    kept = timelines.source.kept
    if key not in kept:
        kept[key] = question.learned(timelines, as_of)
    step, parts, chosen, plan = kept[key]
    known = name == "p_alive"
    if not known and chosen.model is None:
        raise UsageError(f"{name} cannot be told: {chosen.why}", "p_alive needs no model: who is under contract is known")
    worth = WorthStep(name, step, None if known else chosen.model, parts, plan, Rhythm(question.every))
    if known:
        return ContractTrait(worth, labels, ())
    values = timelines.walk(worth).rows["worth"]
    if not (values > 0).any():
        raise UsageError(f"{name} cannot be told: nobody under contract has paid", "bring in payments as orders with a revenue")
    return ContractTrait(worth, labels, cuts_of(values))
