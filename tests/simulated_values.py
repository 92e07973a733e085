"""Shops whose orders' values, and charities whose yearly gifts, are just as the model says: do intervals hold the truth?

.venv/bin/python -m tests.simulated_values gamma_gamma --shops 200
.venv/bin/python -m tests.simulated_values bg_bb --shops 200
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models import bg_bb, gamma_gamma
from holdfast.analyses.models.fitting import Fit

__all__ = ["DONATIONS", "VALUES", "gifts", "held_donations", "held_values", "values"]

Numbers = npt.NDArray[np.float64]
VALUES = {"p": 6.0, "q": 4.0, "v": 15.0}
DONATIONS = {"alpha": 1.2, "beta": 0.75, "gamma": 0.65, "delta": 2.8}


def values(truth: dict[str, float], customers: int, seed: int) -> tuple[Numbers, Numbers]:
    """x and mean value of repeaters; x does not go together with value."""
    random = np.random.default_rng(seed)
    x = 1 + random.negative_binomial(0.8, 0.25, customers)
    rate = random.gamma(truth["q"], 1 / truth["v"], customers)
    return x.astype(np.float64), random.gamma(truth["p"] * x, 1 / (rate * x))


def gifts(truth: dict[str, float], customers: int, seed: int) -> tuple[npt.NDArray[np.int64], ...]:
    """x, t_x, n of supporters who came in different years: 4 to 8 opportunities each."""
    random = np.random.default_rng(seed)
    n = random.integers(4, 9, customers)
    chance = random.beta(truth["alpha"], truth["beta"], customers)
    lived = random.geometric(random.beta(truth["gamma"], truth["delta"], customers)) - 1
    years = np.arange(1, 9)
    gave = (random.random((customers, 8)) < chance[:, None]) & (years <= np.minimum(lived, n)[:, None])
    return gave.sum(axis=1), np.where(gave, years, 0).max(axis=1), n


def _held(fits: list[Fit], truth: dict[str, float]) -> tuple[dict[str, int], int]:
    held = dict.fromkeys(truth, 0)
    for fit in fits:
        for name, value in truth.items():
            low, high = fit.interval(name)
            held[name] += bool(low <= value <= high)
    return held, sum(not fit.identified for fit in fits)


def held_values(shops: int, customers: int, *, seed: int = 0) -> tuple[dict[str, int], int]:
    """How many shops' 95 % intervals of p, q, v hold the truth, and how many shops are not identified."""
    return _held([gamma_gamma.fitted(*values(VALUES, customers, seed + shop)).fit for shop in range(shops)], VALUES)


def held_donations(shops: int, customers: int, *, seed: int = 0) -> tuple[dict[str, int], int]:
    """Likewise of α, β, γ, δ among charities."""
    return _held([bg_bb.fitted(*gifts(DONATIONS, customers, seed + shop)).fit for shop in range(shops)], DONATIONS)


def main() -> None:
    """Print the coverage of each parameter and of all."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulated_values", description=__doc__)
    parser.add_argument("model", choices=["bg_bb", "gamma_gamma"])
    parser.add_argument("--shops", type=int, default=200)
    parser.add_argument("--customers", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    one = held_donations if asked.model == "bg_bb" else held_values
    held, unsure = one(asked.shops, asked.customers, seed=asked.seed)
    for name, count in held.items():
        print(f"{name:6} {count / asked.shops:6.1%}")
    print(f"pooled {sum(held.values()) / asked.shops / len(held):6.1%}; {unsure} of {asked.shops} not identified")


if __name__ == "__main__":
    main()
