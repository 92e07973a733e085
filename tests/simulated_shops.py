"""Shops that buy just as a model says: customers simulated person by person, and how often intervals cover the truth.

    .venv/bin/python -m tests.simulated_shops bg_nbd --shops 200 --customers 2000

Each customer has a rate and a leaving of her own and buys in continuous time; the shop gains customers all year, so that they
are watched for 10 to 62 weeks. The rest (fitting, intervals) is the model's own.
"""

from __future__ import annotations

import argparse
import importlib
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.histories import Histories

__all__ = ["TRUTH", "covered", "lives", "simulate"]

Numbers = npt.NDArray[np.float64]

TRUTH = {
    "bg_nbd": {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.5},
    "mbg_nbd": {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.5},
    "pareto_nbd": {"r": 0.8, "alpha": 6.0, "s": 0.7, "beta": 12.0},
}
"""A shop that one could believe in: an order in some seven weeks on average, and a good part of the customers leave."""


def lives(model: str, truth: dict[str, float], customers: int, random: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Each customer's rate, and her chance of leaving after an occasion (pareto_nbd: her rate of leaving)."""
    rate = random.gamma(truth["r"], 1 / truth["alpha"], customers)
    if model == "pareto_nbd":
        return rate, random.gamma(truth["s"], 1 / truth["beta"], customers)
    return rate, random.beta(truth["a"], truth["b"], customers)


def simulate(
    model: str, truth: dict[str, float], customers: int, seed: int, *, watched: tuple[float, float] = (10.0, 62.0),
    ahead: float = 0.0,
) -> dict[str, Any]:  # fmt: skip
    """x, t_x, T of so many customers, `later` (occasions in the time ahead) and whether she still is `there` at T.

    watched  weeks: T is uniform between these
    """
    random = np.random.default_rng(seed)
    rate, leaving = lives(model, truth, customers, random)
    T = random.uniform(*watched, customers)
    gone = random.exponential(1 / leaving) if model == "pareto_nbd" else np.full(customers, np.inf)
    if model == "mbg_nbd":
        gone = np.where(random.random(customers) < leaving, 0.0, np.inf)
    x, later, t_x, now = np.zeros(customers, np.int64), np.zeros(customers, np.int64), np.zeros(customers), np.zeros(customers)
    on = np.arange(customers)
    while len(on):
        now[on] += random.exponential(1 / rate[on])
        on = on[(now[on] <= T[on] + ahead) & (now[on] <= gone[on])]
        seen = on[now[on] <= T[on]]
        x[seen] += 1
        t_x[seen] = now[seen]
        later[on[now[on] > T[on]]] += 1
        if model != "pareto_nbd":
            leaves = on[random.random(len(on)) < leaving[on]]
            gone[leaves] = now[leaves]
    return {"x": x, "t_x": t_x, "T": T, "later": later, "there": gone > T}


def covered(model: str, shops: int, customers: int, *, seed: int = 0, level: float = 0.95) -> dict[str, Any]:
    """How many of the shops' intervals hold the truth, by parameter; how many could not be identified."""
    truth = TRUTH[model]
    module = importlib.import_module(f"holdfast.analyses.models.{model}")
    held, unsure = dict.fromkeys(truth, 0), 0
    for shop in range(shops):
        told = simulate(model, truth, customers, seed + shop)
        fit = module.fitted(Histories.of(told["x"], told["t_x"], told["T"])).fit
        unsure += not fit.identified
        for name, value in truth.items():
            low, high = fit.interval(name, level)
            held[name] += bool(low <= value <= high)
    return {"shops": shops, "unsure": unsure, "held": held}


def main() -> None:
    """Print the coverage of each parameter and of all."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulated_shops", description=__doc__)
    parser.add_argument("model", choices=sorted(TRUTH))
    parser.add_argument("--shops", type=int, default=200)
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    found = covered(asked.model, asked.shops, asked.customers, seed=asked.seed)
    rates = {name: count / asked.shops for name, count in found["held"].items()}
    for name, rate in rates.items():
        print(f"{name:6} {rate:6.1%}  (standard error {math.sqrt(rate * (1 - rate) / asked.shops):.1%})")
    print(f"pooled {sum(rates.values()) / len(rates):6.1%}; {found['unsure']} of {asked.shops} shops not identified")


if __name__ == "__main__":
    main()
