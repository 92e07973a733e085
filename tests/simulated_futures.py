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

__all__ = ["BUYING", "SPENDING", "groups_beyond", "lived", "own_held"]

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


def groups_beyond(
    told: Told, later: npt.NDArray[np.float64], groups: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Of so many equal groups: whether what the group brought lies below the interval of its sum, and whether above."""
    member = np.arange(len(later)) % groups
    low, high = bounds(np.bincount(member, told.worth.value, groups), told.doubt.of(member, groups))
    came = np.bincount(member, later, groups)
    return np.asarray(came < low), np.asarray(came > high)


def main() -> None:
    """Print the coverage of customers and of groups, and of whole shops."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulated_futures", description=__doc__)
    parser.add_argument("--shops", type=int, default=40)
    parser.add_argument("--customers", type=int, default=2000)
    asked = parser.parse_args()
    shops = [lived(asked.customers, seed) for seed in range(asked.shops)]
    own = np.concatenate([own_held(*shop) for shop in shops])
    print(f"{'own, 90 %':20} {own.mean():6.1%} of {len(own):,}")
    for size in (20, 50, asked.customers):
        sides = [groups_beyond(*shop, asked.customers // size) for shop in shops]
        below, above = (np.concatenate(side) for side in zip(*sides, strict=True))
        held = 1 - below.mean() - above.mean()
        print(
            f"{f'sums of {size:,}, 95 %':20} {held:6.1%} of {len(below):,}, {below.mean():.1%} below, {above.mean():.1%} above"
        )


if __name__ == "__main__":
    main()
