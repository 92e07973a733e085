"""Own mean: what an occasion is worth to each customer where the Gamma-Gamma may not be used.

Assumptions (Bühlmann and Straub 1970, "Glaubwürdigkeit für Schadensätze"; credibility)

1. Customers who order as often (x = 1, 2 to 3, 4 to 7, 8 and more) have means of their own around a mean M of the band: that
   value and frequency go together is in M, and no law of spread is needed.
2. With W the mean variance of the occasions of one customer and B the variance of customers' means in a band, the best linear
   guess of a customer with x occasions of mean z̄ is (x z̄ + κ M) / (x + κ), κ = W / B.
3. As E(z̄ − M)² = B + W / x, B and W are the straight line through the squares, each weighing by its x; κ lies within 0.1 and
   100.

A customer without a second occasion is taken to be worth the mean of all repeaters' means, as an unknown one is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from holdfast.errors import UsageError

__all__ = ["NAME", "OwnMean", "fitted"]

Numbers = npt.NDArray[np.float64]

NAME = "own mean"
BANDS = (2, 4, 8)
KAPPA = (0.1, 100.0)


@dataclass(frozen=True)
class OwnMean:
    """The fitted credibility model; money is in the unit of the values it was fitted to.

    bands  mean value by band of x · kappa  how many occasions the band's mean weighs
    population_mean  of somebody unknown · customers  repeaters it stands on
    """

    bands: Numbers = field(repr=False)
    kappa: float
    population_mean: float
    customers: int

    def mean(self, x: npt.ArrayLike, mean_value: npt.ArrayLike) -> Numbers:
        """The expected value of an occasion of each customer; see `GammaGamma.mean`."""
        often, value = np.asarray(x, np.float64), np.asarray(mean_value, np.float64)
        band = self.bands[np.searchsorted(BANDS, often, side="right")]
        own = (often * value + self.kappa * band) / (often + self.kappa)
        return np.where(often > 0, own, self.population_mean)


def fitted(x: npt.ArrayLike, mean_value: npt.ArrayLike) -> OwnMean:
    """The model of repeaters' values; customers without a second occasion are passed over.

    x  occasions after the first · mean_value  their mean money. UsageError where nobody came back.
    """
    often, value = np.asarray(x, np.float64), np.asarray(mean_value, np.float64)
    some = often > 0
    if not some.any():
        raise UsageError("no customer has a second occasion", "a model of values needs customers who came back")
    often, value = often[some], value[some]
    band = np.searchsorted(BANDS, often, side="right")
    weight, sums = (np.bincount(band, part, len(BANDS) + 1) for part in (often, often * value))
    whole = float(sums.sum() / weight.sum())
    bands = np.where(weight > 0, sums / np.maximum(weight, 1), whole)
    return OwnMean(bands, _kappa(often, (value - bands[band]) ** 2), float(value.mean()), len(often))


def _kappa(often: Numbers, squares: Numbers) -> float:
    """W / B of the straight line through the squares by 1 / x."""
    inverse = 1 / often
    middle, height = np.average(inverse, weights=often), np.average(squares, weights=often)
    spread = np.average((inverse - middle) ** 2, weights=often)
    within = np.average((inverse - middle) * (squares - height), weights=often) / spread if spread > 0 else height
    between = height - within * middle
    if within <= 0 or between <= 0:
        return KAPPA[0] if within <= 0 else KAPPA[1]
    return float(np.clip(within / between, *KAPPA))
