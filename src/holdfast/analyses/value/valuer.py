"""A row a customer: P(alive), the orders and the money to be expected of her, her value and how much of it is at risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.histories import Histories
from holdfast.analyses.models.plain_rate import NAME as PLAIN_RATE
from holdfast.analyses.occasions import WEEK
from holdfast.analyses.value.horizon import Horizon, discounted

if TYPE_CHECKING:
    from holdfast.analyses.models.buying import Buying
    from holdfast.analyses.occasions import Occasions
    from holdfast.analyses.value.paying import Paying

__all__ = ["GONE", "Valuer", "Worth", "expected_at"]

Numbers = npt.NDArray[np.float64]
GONE = 1e-9
"""P(alive) below which a customer is taken to be gone: what she would be worth if she were here cannot be told from it."""


@dataclass(frozen=True)
class Worth:
    """What is to be expected of each customer, in the order of the occasions it was told from. All float64 [customers].

    alive        P(alive) at the as-of
    orders       occasions to be expected over the horizon · discounted  the same, later ones worth less
    order_value  money of an occasion, net of refunds; nan where there is no money in the data
    value        discounted · order_value, times the margin where one is given
    if_here      the value if she were here for sure
    histories    the histories behind, grouped; `histories.place` is a customer's row
    """

    alive: Numbers
    orders: Numbers
    discounted: Numbers
    order_value: Numbers
    value: Numbers
    if_here: Numbers
    histories: Histories

    @property
    def at_risk(self) -> Numbers:
        """(1 − P(alive)) · value if here: what is missing because she may be gone."""
        return (1 - self.alive) * self.if_here


@dataclass(frozen=True)
class Valuer:
    """Values customers by fitted models; picklable, so that it travels with a step.

    buying    how often and how long · spending  how much an occasion; None: the data hold no money
    horizon   how far ahead
    net       share of the occasions' money that refunds without an order leave
    margin    share of the money that is profit; None: revenue
    """

    buying: Buying
    spending: Paying | None
    horizon: Horizon
    net: float = 1.0
    margin: float | None = None

    @property
    def share(self) -> float:
        """What of an occasion's money counts."""
        return self.net * (1.0 if self.margin is None else self.margin)

    def worth(self, found: Occasions) -> Worth:
        """The worth of each customer of these occasions."""
        histories = found.histories(WEEK)
        alive, orders, later = self.counted(histories)
        order_value = self.order_values(found.x, found.mean_value)
        place = histories.place
        value = later[place] * order_value * (1.0 if self.margin is None else self.margin)
        # The plain rate takes everyone for present; the other models expect what P(alive) leaves.
        present = np.where((alive > GONE) & (self.buying.fit.model != PLAIN_RATE), alive, 1.0)[place]
        return Worth(
            alive=alive[place], orders=orders[place], discounted=later[place], order_value=order_value, value=value,
            if_here=value / present, histories=histories,
        )  # fmt: skip

    def counted(self, histories: Histories) -> tuple[Numbers, Numbers, Numbers]:
        """P(alive), orders to be expected, and the discounted number, [rows]."""
        alive = np.clip(self.buying.alive(histories), 0.0, 1.0)
        expected = expected_at(self.buying, histories, self.horizon.times(histories.unit_days))
        return alive, expected[:, -1], discounted(expected, self.horizon.monthly)

    def order_values(self, x: npt.NDArray[Any], mean_value: Numbers) -> Numbers:
        """Money of an occasion of each customer, net of refunds."""
        if self.spending is None:
            return np.full(len(x), np.nan)
        return self.net * self.spending.mean(x, mean_value)


def expected_at(buying: Buying, histories: Histories, times: Numbers) -> Numbers:
    """Occasions to be expected up to each of several times, ascending: [rows, times].

    A model that tells many times at once for the price of one has a method of this name; others are asked time by time.
    """
    at_once = getattr(buying, "expected_at", None)
    if at_once is not None:
        return np.asarray(at_once(histories, times))
    return np.stack([buying.expected(histories, float(t)) for t in times], axis=1)
