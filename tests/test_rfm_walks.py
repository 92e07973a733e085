"""Shards, threads and travel: the steps of RFM, migration, concentration and stickiness give the same however they are cut."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pytest
from bought import day
from shops import shop

from holdfast.analyses.concentration import Concentration
from holdfast.analyses.rfm import Rfm, ScoreStep
from holdfast.analyses.rfm.cuts import find_cuts
from holdfast.analyses.rfm.migration import RfmMigration
from holdfast.analyses.scope import Condition
from holdfast.analyses.stickiness import Stickiness
from holdfast.analyses.stickiness_walk import Watch
from holdfast.timelines.walk import Shard, Source
from holdfast.timelines.zone import day_of

CHAMPIONS = (Condition("rfm", ("Champions",)),)


def steps():
    timelines = shop()
    measure = Rfm(by="country").measure(timelines)
    groups = len(measure.scope.labels(timelines))
    cuts = find_cuts("quantile", timelines.walk(measure).rows)
    yield "measure", measure
    yield "score", ScoreStep(measure, cuts, groups, np.arange(groups * 125).astype(np.uint8) % 2, detail=True)
    yield "filtered", Concentration(where=CHAMPIONS).measure(timelines)
    yield "migration", RfmMigration("2011-06-30", where=CHAMPIONS).step(timelines)
    yield "stickiness", Stickiness(by="rfm").step(timelines)
    watched = Watch(day_of(day(0)) - 5000, day_of(day(0)))
    yield "people", type(Stickiness().step(timelines))(*[*Stickiness("orders").step(timelines).__dict__.values()][:9], watched)


def equal(one, other):
    assert set(one.sums) == set(other.sums)
    assert set(one.rows) == set(other.rows)
    for name, value in one.sums.items():
        np.testing.assert_array_equal(value, other.sums[name])
    for name, value in one.rows.items():
        both = [part.to_pylist() if hasattr(part, "to_pylist") else part.tolist() for part in (value, other.rows[name])]
        assert both[0] == both[1]


@pytest.mark.parametrize("name", ["measure", "score", "filtered", "migration", "stickiness", "people"])
def test_a_step_cut_into_shards_or_sent_away_gives_the_same(name):
    timelines = shop()
    step = dict(steps())[name]
    whole = step(Shard(timelines.source, 0, timelines.customers))
    far = pickle.loads(pickle.dumps(step))
    away = Source(timelines.source.columns)
    edges = [0, 1, 7, 1000, 1001, timelines.customers]
    parts = [far(Shard(away, low, high)) for low, high in pairwise(edges)]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    equal(whole, total)
