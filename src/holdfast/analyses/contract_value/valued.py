"""What running contracts are worth: expected renewals, their money, and what is left open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.contract_value.contracts import Contracts, still_here, still_open
from holdfast.analyses.models.renewal_choice import Geometric, drawn
from holdfast.analyses.models.renewals import Renewing, for_ever, remaining
from holdfast.analyses.models.sbg import ShiftedBetaGeometric
from holdfast.analyses.statistics import Z95
from holdfast.events.schema import MONEY_UNITS

__all__ = ["Plan", "Valued", "sum_with_interval", "valued"]

Numbers = npt.NDArray[np.float64]

DRAWS, SEED = 200, 20_240
"""Draws of the parameters for what they leave open, and the seed they come from."""

AT_ONCE = 50_000
"""Customers worked out at a time."""

OWN = (0.05, 0.95)
"""A customer's own range holds her with 90 %."""


@dataclass(frozen=True)
class Plan:
    """How far ahead and at what discount.

    ahead     renewals within the horizon · discount  per period · margin  share of money that counts
    """

    ahead: int
    discount: float
    margin: float


@dataclass(frozen=True)
class Valued:
    """Running contracts, a row each.

    rows      int64: their places among the contracts · lived int64: renewals so far
    next_day  int64: local day of the next renewal · part  float64: how much of a period until then
    undecided  float64: of those who leave at the next renewal, the share that would not have ended so far
    per_period  float64: mean money of a period so far, times the margin
    chance    float64: of the next renewal · expected  renewals within the horizon, low and high of her own
    value, value_low, value_high  discounted money of the renewals within the horizon; low and high of her own, 90 %
    for_ever  the same without an end; nan where the model or the discount gives none
    at_risk   what would be hers besides, were the next renewal sure
    variance  float64: of the value, from chance alone
    """

    rows: npt.NDArray[np.int64]
    lived: npt.NDArray[np.int64]
    next_day: npt.NDArray[np.int64]
    part: Numbers
    undecided: Numbers
    per_period: Numbers
    chance: Numbers
    expected: Numbers
    value: Numbers
    value_low: Numbers
    value_high: Numbers
    for_ever: Numbers
    at_risk: Numbers
    variance: Numbers


def valued(
    contracts: Contracts, model_of: dict[int, Renewing], whole: Renewing, plan: Plan, parts: Numbers | None = None
) -> Valued:
    """Every running contract, by its segment's model or everyone's.

    parts  of their period that lost contracts had behind them, ascending; None: those of these contracts
    """
    rows = np.flatnonzero(contracts.now >= 0)
    begin = contracts.now[rows]
    lived = contracts.rhythm.passed(begin, np.full(len(rows), contracts.day))
    after = contracts.rhythm.renewal(begin, lived + 1)
    part = 1 - contracts.rhythm.part(begin, contracts.day, lived)
    undecided = still_open(contracts.parts if parts is None else parts, 1 - part)
    # Who got more back than she paid is expected to pay nothing, not to be paid.
    per_period = np.maximum(contracts.paid[rows], 0) / MONEY_UNITS / (lived + 1) * plan.margin
    found = {name: np.zeros(len(rows)) for name in ("chance", "expected", "value", "low", "high", "for_ever", "variance")}
    segment = contracts.segment[rows]
    for code in np.unique(segment):
        own = np.flatnonzero(segment == code)
        model = model_of.get(int(code), whole)
        for some in np.array_split(own, len(own) // AT_ONCE + 1):
            for name, values in _told(model, lived[some], undecided[some], plan).items():
                found[name][some] = values
    # Money of the next renewal comes after the rest of this period.
    worth = per_period * (1 + plan.discount) ** -part
    # A range of the middle may leave out the mean of a lopsided future: it is widened to hold it.
    found["low"], found["high"] = np.minimum(found["low"], found["value"]), np.maximum(found["high"], found["value"])
    value, chance = worth * found["value"], found["chance"]
    at_risk = np.divide(value * (1 - chance), chance, out=np.zeros(len(rows)), where=chance > 0)
    return Valued(
        rows, lived, after, part, undecided, per_period, chance, found["expected"], value, worth * found["low"],
        worth * found["high"], worth * found["for_ever"], at_risk, worth**2 * found["variance"],
    )  # fmt: skip


def _told(model: Renewing, lived: npt.NDArray[np.int64], undecided: Numbers, plan: Plan) -> dict[str, Any]:
    """Per money of 1 at each renewal, of contracts that have lived so many."""
    distinct, place = np.unique(lived, return_inverse=True)
    grown = still_here(model, lived, undecided)
    each = remaining(model, distinct, plan.ahead)
    worth = (1 + plan.discount) ** -np.arange(plan.ahead)
    summed = np.cumsum(worth) - worth
    value = grown * (each @ worth)[place]
    # E(D²) of a sum that ends with the first renewal not lived.
    square = grown * (each @ (worth * (worth + 2 * summed)))[place]
    upto = np.concatenate([[0.0], np.cumsum(worth)])
    stays = each[place] * grown[:, None]
    low, high = (upto[(stays > 1 - share).sum(axis=1)] for share in OWN)
    return {
        "chance": stays[:, 0], "expected": stays.sum(axis=1), "value": value, "low": low, "high": high,
        "for_ever": grown * _for_ever(model, distinct, plan.discount)[place],
        "variance": np.maximum(square - value**2, 0.0),
    }  # fmt: skip


def _for_ever(model: Renewing, lived: npt.NDArray[np.int64], discount: float) -> Numbers:
    if discount <= 0:
        return np.full(len(lived), np.nan)
    if isinstance(model, ShiftedBetaGeometric):
        return model.for_ever(lived, discount)
    if isinstance(model, Geometric):
        stay = 1 - model.fit.values[0]
        return np.full(len(lived), stay * (1 + discount) / (1 + discount - stay))
    return for_ever(model, lived, discount)


def sum_with_interval(found: Valued, model: Renewing, chosen: npt.NDArray[np.bool_], plan: Plan) -> tuple[float, float, float]:
    """The value of several customers of one model with its 95 % interval: their own chance, and what the parameters leave
    open (drawn from the fit's covariance)."""
    lived, undecided = found.lived[chosen], found.undecided[chosen]
    worth = found.per_period[chosen] * (1 + plan.discount) ** -found.part[chosen]
    total, chance = float(found.value[chosen].sum()), float(found.variance[chosen].sum())
    distinct, place = np.unique(lived, return_inverse=True)
    discount = (1 + plan.discount) ** -np.arange(plan.ahead)
    sums = []
    for one in drawn(model, DRAWS, SEED):
        each = remaining(one, distinct, plan.ahead)
        grown = 1 / (each[place, 0] + (1 - each[place, 0]) * undecided)
        sums.append(float((worth * grown) @ (each @ discount)[place]))
    half = Z95 * float(np.sqrt(chance + (np.var(sums) if len(sums) > 1 else 0.0)))
    return total, max(total - half, 0.0), total + half
