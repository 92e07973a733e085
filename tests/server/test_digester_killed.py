"""`kill -9` of the digester, at named points and at random instants under load: every acknowledged event is in the lake exactly
once, every refused one is kept exactly once.

Here a few kills; `python -m benchmarks.kill_intake` kills as often as one likes.
"""

from __future__ import annotations

import random

from digester_killed import POINTS
from killing import RIGHT, load, shop_with_digesters
from serving import database


def test_killed_anywhere_nothing_is_lost_and_nothing_doubled(tmp_path):
    rng = random.Random(20)
    with database(tmp_path / "shop") as url, shop_with_digesters(tmp_path, url) as (shop, digesters):
        for point in POINTS:
            for _ in range(3):
                shop.arrive(rng, 20)
            assert digesters.killed_at(point), f"it never came to the point {point!r}"
        with load(shop, rng, events=50, pause_seconds=0.02):
            for _ in range(5):
                digesters.killed_after(rng.uniform(0.05, 0.6))
        digesters.finish()
        assert shop.told() == RIGHT
        assert len(shop.good) > 1000
        assert shop.bad
        assert not shop.workspace.lake.leftovers()
