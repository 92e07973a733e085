"""Shops whose customers' futures are known: they buy as BG/NBD says, spend as Gamma-Gamma says, and live on for a year more.

    .venv/bin/python -m tests.simulated_futures --shops 40

prints how many customers' own 90 % intervals and how many groups' 95 % intervals hold what came.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.clv import MONTH_DAYS
from holdfast.analyses.models import bg_nbd, gamma_gamma
from holdfast.analyses.occasions import Occasions
from holdfast.analyses.value.doubt import bounds
from holdfast.analyses.value.futures import futures
from holdfast.analyses.value.horizon import Horizon
from holdfast.analyses.value.paying import GammaPaying
from holdfast.analyses.value.tables import Told, own_bounds
from holdfast.analyses.value.valuer import Valuer
from tests.simulated_shops import simulate

__all__ = ["BUYING", "SPENDING", "groups_held", "lived", "own_held"]

BUYING = {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.5}
SPENDING = {"p": 3.0, "q": 5.0, "v": 60.0}
WEEKS = 12 * MONTH_DAYS / 7
DAY = 20_000


def lived(customers: int, seed: int) -> tuple[Told, npt.NDArray[np.float64]]:
    """What is told of a shop at the as-of by models fitted to it, and the money that each customer then brought in a year."""
    told = simulate("bg_nbd", BUYING, customers, seed, ahead=WEEKS)
    random = np.random.default_rng(10_000 + seed)
    rate = random.gamma(SPENDING["q"], 1 / SPENDING["v"], customers)
    spent, later = (
        np.where(told[n] > 0, random.gamma(SPENDING["p"] * np.maximum(told[n], 1)) / rate, 0.0) for n in ("x", "later")
    )
    found = _occasions(told, spent)
    spending = gamma_gamma.fitted(found.x, found.mean_value)
    valuer = Valuer(bg_nbd.fitted(found.histories()), GammaPaying(spending), Horizon(12, 0.0))
    return Told(found, valuer, valuer.worth(found), ("everyone",)), later


def _occasions(told: dict[str, Any], spent: npt.NDArray[np.float64]) -> Occasions:
    """Whole days; who came again did so a day after the first one at least."""
    x, size = told["x"].astype(np.int32), len(told["x"])
    watched = np.round(told["T"] * 7).astype(np.int64)
    since = np.where(x > 0, np.clip(np.round(told["t_x"] * 7).astype(np.int64), 1, watched), 0)
    first, money, nothing = DAY - watched, np.round(spent * 10_000).astype(np.int64), np.zeros(size, np.int64)
    return Occasions(
        ids=pa.array([f"c{place:05d}" for place in range(size)]), segment=np.zeros(size, np.int32),
        first=first.astype(np.uint16), last=(first + since).astype(np.uint16), x=x, orders=x + 1, money=money,
        repeat_money=money, gap_squares=np.zeros(size), later_x=nothing.astype(np.int32), later_money=nothing,
        day=DAY, until=DAY,
    )  # fmt: skip


def own_held(told: Told, later: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Whether each customer's own interval holds what she brought, of those who may well order (P(0) under 90 %)."""
    low, high = own_bounds(told, np.arange(len(later)))
    none = np.zeros(len(told.worth.histories))
    for rows, chances in futures(told.valuer.buying, told.worth.histories, WEEKS):
        none[rows] = chances[:, 0]
    some = none[told.worth.histories.place] < 0.9
    return ((later >= low) & (later <= high))[some]


def groups_held(told: Told, later: npt.NDArray[np.float64], groups: int) -> npt.NDArray[np.bool_]:
    """Whether the interval of the sum of each of so many equal groups holds what the group brought."""
    member = np.arange(len(later)) % groups
    low, high = bounds(np.bincount(member, told.worth.value, groups), told.doubt.of(member, groups))
    came = np.bincount(member, later, groups)
    return np.asarray((came >= low) & (came <= high))


def main() -> None:
    """Print the coverage of customers and of groups, and of whole shops."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulated_futures", description=__doc__)
    parser.add_argument("--shops", type=int, default=40)
    parser.add_argument("--customers", type=int, default=2000)
    asked = parser.parse_args()
    shops = [lived(asked.customers, seed) for seed in range(asked.shops)]
    for name, held in (
        ("own, 90 %", np.concatenate([own_held(*shop) for shop in shops])),
        ("groups of 50, 95 %", np.concatenate([groups_held(*shop, asked.customers // 50) for shop in shops])),
        ("shops, 95 %", np.concatenate([groups_held(*shop, 1) for shop in shops])),
    ):
        print(f"{name:20} {held.mean():6.1%} of {len(held):,}")


if __name__ == "__main__":
    main()
