"""What a group of customers may bring: chance in each one's future, and what the parameters of the models leave open.

The variance of a customer's value, by the models: with N orders, S their total, by the law of values with p, Q, ρ (paying.py)

    E(S²) = E(1/ν²) (p E(N) + p² E(N²)),   E(1/ν²) = ρ² / ((Q − 1)(Q − 2)),   E(S) = p E(N) ρ / (Q − 1)

Customers are independent of each other given the parameters; so the variance of a sum is the sum of variances plus g' C g, with
C the covariance of the logarithms of the parameters and g the slopes of the sum by them (delta method). The interval is that of
the gamma distribution with the same mean and variance: sums of few customers are skewed about so much; of many it is the normal
one. (A lognormal is skewed half as much again: of sums of 50 it left out 4 % below and 2 % above.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.value.futures import moments
from holdfast.analyses.value.paying import GammaPaying
from holdfast.analyses.value.valuer import Valuer, Worth, expected_at

if TYPE_CHECKING:
    from holdfast.analyses.occasions import Occasions

__all__ = ["Doubt", "bounds", "doubt", "slopes_of"]

Numbers = npt.NDArray[np.float64]

STEP = 1e-3
"""Step of the differences by which slopes are found, in logarithms of parameters."""

LEAST_OVER = 0.05
"""Q − 2 is taken to be at least this: below it a value has no variance, and an interval would be endless."""


@dataclass(frozen=True)
class Doubt:
    """What is open about each customer's value.

    variance   float64 [customers]: of her own value, by chance
    slopes     float64 [customers, parameters]: of her expected value by the logarithms of the parameters
    covariance float64 [parameters, parameters] of those logarithms
    endless    customers whose value has no variance, as values spread too widely; theirs is taken too small
    """

    variance: Numbers
    slopes: Numbers
    covariance: Numbers
    endless: int = 0

    def of(self, member: npt.NDArray[Any], groups: int) -> Numbers:
        """The variance of the sum of values of each group; member -1: in none. [groups]"""
        some = member >= 0
        chance = np.bincount(member[some], self.variance[some], groups)
        slopes = np.zeros((groups, self.slopes.shape[1]))
        for place, column in enumerate(self.slopes.T):
            slopes[:, place] = np.bincount(member[some], column[some], groups)
        return np.asarray(chance + np.einsum("gi,ij,gj->g", slopes, self.covariance, slopes))


def bounds(mean: Numbers, variance: Numbers, level: float = 0.95) -> tuple[Numbers, Numbers]:
    """The interval of a positive number of which mean and variance are known: the gamma distribution's. Elementwise."""
    from scipy.special import gammaincinv

    mean, variance = np.asarray(mean, np.float64), np.asarray(variance, np.float64)
    told = (mean > 0) & (variance > 0)
    scale = np.divide(variance, mean, out=np.ones_like(mean), where=told)
    shape = np.divide(mean, scale, out=np.ones_like(mean), where=told)
    low, high = (gammaincinv(shape, tail) * scale for tail in ((1 - level) / 2, (1 + level) / 2))
    return np.where(told, low, mean), np.where(told, high, mean)


def doubt(valuer: Valuer, found: Occasions, worth: Worth) -> Doubt:
    """What is open about the value of each customer."""
    variance, endless = _variance(valuer, found, worth)
    moves = _moves(valuer)
    slopes = np.zeros((len(found), len(moves)))
    for place, (up, down) in enumerate(moves):
        slopes[:, place] = (_value(up, valuer, found, worth) - _value(down, valuer, found, worth)) / (2 * STEP)
    return Doubt(variance, slopes, _covariance(valuer), endless)


def slopes_of(valuer: Valuer, value: Callable[[Valuer], float]) -> tuple[Numbers, Numbers]:
    """The slopes of any number that a valuer gives, by the logarithms of the parameters, and their covariance."""
    return np.array([(value(up) - value(down)) / (2 * STEP) for up, down in _moves(valuer)]), _covariance(valuer)


def _value(moved: Valuer, valuer: Valuer, found: Occasions, worth: Worth) -> Numbers:
    """Values by a valuer of which one model was moved: the discount of an order is taken to be as it was."""
    if moved.buying is valuer.buying:
        return worth.discounted * moved.order_values(found.x, found.mean_value) * (moved.margin or 1.0)
    end = valuer.horizon.times(worth.histories.unit_days)[-1:]
    orders = expected_at(moved.buying, worth.histories, end)[worth.histories.place, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(worth.orders > 0, worth.value / worth.orders, 0.0) * orders)


def _variance(valuer: Valuer, found: Occasions, worth: Worth) -> tuple[Numbers, int]:
    spending = valuer.spending
    if spending is None:
        return np.zeros(len(found)), 0
    histories, place = worth.histories, worth.histories.place
    first, second = moments(valuer.buying, histories, float(valuer.horizon.times(histories.unit_days)[-1]))
    shape, rate = spending.law(found.x, found.mean_value)
    over = np.maximum(shape - 2, LEAST_OVER)
    total = spending.p * first[place] + spending.p**2 * second[place]
    square = rate**2 / ((over + 1) * over) * total
    # Its own mean, not the value: the plain rate is a number beside the law whose chances it borrows.
    mean = rate / (over + 1) * spending.p * first[place]
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.where(worth.orders > 0, worth.discounted / worth.orders, 1.0) * valuer.share
    return np.maximum(square - mean**2, 0.0) * kept**2, int(np.count_nonzero(shape <= 2 + LEAST_OVER))


def _moves(valuer: Valuer) -> list[tuple[Valuer, Valuer]]:
    """For each parameter the valuer with it a little larger, and with it a little smaller."""
    out = []
    buying: Any = valuer.buying
    for name in buying.fit.names if len(buying.fit.covariance) else ():
        out.append((replace(valuer, buying=_moved(buying, name, 1)), replace(valuer, buying=_moved(buying, name, -1))))
    if isinstance(valuer.spending, GammaPaying) and len(valuer.spending.model.fit.covariance):
        model = valuer.spending.model
        for name in model.fit.names:
            up, down = (GammaPaying(_moved(model, name, side)) for side in (1, -1))
            out.append((replace(valuer, spending=up), replace(valuer, spending=down)))
    return out


def _moved(model: Any, name: str, side: int) -> Any:
    """The model with one parameter moved by a step in its logarithm, upwards (1) or downwards (−1)."""
    return replace(model, **{name: getattr(model, name) * float(np.exp(side * STEP))})


def _covariance(valuer: Valuer) -> Numbers:
    """The covariance of the logarithms of all parameters; those of buying and of spending are fitted apart."""
    blocks = [valuer.buying.fit.covariance]
    if isinstance(valuer.spending, GammaPaying):
        blocks.append(valuer.spending.model.fit.covariance)
    blocks = [block for block in blocks if len(block)]
    size = sum(len(block) for block in blocks)
    whole, at = np.zeros((size, size)), 0
    for block in blocks:
        whole[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    return whole
