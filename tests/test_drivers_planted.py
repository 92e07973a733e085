"""Drivers on a made stream with one planted cause of staying and forty irrelevant behaviours, half done by the active."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from holdfast import datasets
from holdfast.analyses.drivers import Drivers
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

CUSTOMERS, IRRELEVANT, OF_THE_ACTIVE = 3_000, 40, 20
START = 1_704_067_200
DAY = 86_400


def stream(seed: int) -> Timelines:
    """3,000 customers who enter within 90 days; "Project Created" three times or more in the first week makes them stay.

    How active a customer is (gamma) drives the planted behaviour, twenty of the irrelevant ones, and staying itself; the other
    twenty are as frequent for everyone. Who stays has a "Returned" on days 7 to 66; every customer has an event long after.
    """
    random = np.random.default_rng(seed)
    active = random.gamma(2.0, 0.5, CUSTOMERS)
    rate = np.concatenate([[0.9], random.uniform(0.15, 0.9, IRRELEVANT)])
    by_activity = np.arange(IRRELEVANT + 1) <= OF_THE_ACTIVE
    counts = random.poisson(rate * np.where(by_activity, active[:, None], 1.0))
    lean = -1.2 + 0.9 * (active - 1) + 1.0 * (counts[:, 0] >= 3)
    stayed = random.random(CUSTOMERS) < 1 / (1 + np.exp(-lean))
    entry = START + random.integers(0, 90 * DAY, CUSTOMERS)
    who, what = np.nonzero(counts)
    often = counts[who, what]
    who, what = np.repeat(who, often), np.repeat(what, often)
    # Within the first six days and a bit, so that every first week holds them whatever the hour of the entry.
    when = entry[who] + random.integers(1, 6 * DAY, len(who))
    back = np.flatnonzero(stayed)
    everyone = np.arange(CUSTOMERS)
    names = ["Project Created", *(f"Feature {n:02}" for n in range(1, IRRELEVANT + 1)), "Signed Up", "Returned", "Billed"]
    codes = [what, np.full(CUSTOMERS, IRRELEVANT + 1), np.full(len(back), IRRELEVANT + 2), np.full(CUSTOMERS, IRRELEVANT + 3)]
    times = [when, entry, entry[back] + random.integers(8 * DAY, 60 * DAY, len(back)), np.full(CUSTOMERS, START + 200 * DAY)]
    customers = np.concatenate([who, everyone, back, everyone])
    table = pa.table(
        {
            "customer_id": pa.DictionaryArray.from_arrays(customers, [f"c{n}" for n in everyone]).cast(pa.string()),
            "event": pa.DictionaryArray.from_arrays(np.concatenate(codes), names).cast(pa.string()),
            "time": pa.array(np.concatenate(times) * 1_000_000, pa.timestamp("us", tz="UTC")),
        }
    )
    return Timelines.from_arrow(table, Settings(active=("Returned",)))


@cache
def rows_of(seed: int, *adjust: str) -> list[dict[str, Any]]:
    """The table of a seed's answer, held alike in all three respects where none is named."""
    return stream(seed).ask(Drivers(adjust=adjust) if adjust else Drivers()).table.to_pylist()


def found(seed: int, *adjust: str) -> tuple[str, list[str]]:
    """The first behaviour of a seed's answer, and all that pass."""
    rows = rows_of(seed, *adjust)
    return rows[0]["behaviour"], [row["behaviour"] for row in rows if row["finding"].startswith("stay")]


def test_the_planted_cause_comes_first_and_at_most_two_others_pass_over_fifty_seeds():
    others = []
    for seed in range(50):
        first, passing = found(seed)
        assert first == "Project Created", seed
        others.append(len(passing) - 1)
        assert others[-1] <= 2, (seed, passing)
    assert np.mean(others) < 0.5


def test_without_holding_activity_equal_most_of_what_the_active_do_would_pass():
    """The case is hard: what is done by the active goes together with staying at first sight, cause or not."""
    for seed in range(5):
        _, passing = found(seed, "tenure", "basket")
        assert len(passing) > 10


def test_the_threshold_is_near_the_planted_one():
    """Three or more was planted: the best n is three, give or take one by chance."""
    best = [rows_of(seed)[0]["n"] for seed in range(10)]
    assert set(best) <= {2, 3, 4}
    assert best.count(3) >= 6


def test_the_cause_planted_in_the_made_shop_is_found_and_nothing_else():
    """A shop drawn by other hands: three wishes in the first week make customers stay, nothing else has a say."""
    for seed in (1, 2, 3):
        made = Timelines.from_arrow(datasets.made_stream(2_000, seed), Settings(properties=("platform", "channel", "category")))
        rows = made.ask(Drivers()).table.to_pylist()
        assert (rows[0]["behaviour"], rows[0]["n"], rows[0]["finding"]) == ("Wishlist Product Added", 3, "stay more")
        assert sum(row["finding"].startswith("stay") for row in rows) <= 2
        # Planted: 65 % against 30 % of those who are no bouncers; at least as much between all.
        assert rows[0]["did_share"] > 0.55
        assert 0.25 < rows[0]["adjusted_share"] < 0.45
