"""Clusters: the truth of made groups is found, structureless data are refused, and every cluster opens to its people."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from people import START, told
from shops import shop
from sklearn.metrics import adjusted_rand_score

from holdfast import datasets
from holdfast.analyses.clusters import Clusters
from holdfast.analyses.clusters.features import FEATURES, feature_step, features_of
from holdfast.analyses.clusters.fit import fit_clusters
from holdfast.analyses.personas.rules import persona_rule
from holdfast.analyses.personas.who import who_of
from holdfast.analyses.repeat import Repeat
from holdfast.analyses.scope import Scope
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines
from holdfast.timelines.walk import Shard, added


def random(seed=1):
    return np.random.default_rng(seed)


def test_made_groups_are_found():
    """Four groups of 500 rows whose centres lie eight deviations apart, in six columns."""
    centres = np.array([[0, 0, 0, 0, 0, 0], [8, 0, 8, 0, 0, 0], [0, 8, 0, 8, 0, 0], [8, 8, 0, 0, 8, 8]])
    truth = np.repeat(np.arange(4), 500)
    rows = centres[truth] + random().normal(size=(2000, 6))
    fitted = fit_clusters(rows)
    assert len(fitted.centres) == 4
    assert adjusted_rand_score(truth, fitted.assign(rows)) > 0.95
    won = next(one for one in fitted.tried if one.k == 4)
    assert won.stability > 0.95
    assert won.low <= won.stability <= won.high


@pytest.mark.parametrize("kind", ["normal", "stretched", "uniform", "counts"])
def test_structureless_rows_are_refused(kind):
    rows = {
        "normal": random().normal(size=(1500, 5)),
        "stretched": random().normal(size=(1500, 5)) @ np.triu(np.full((5, 5), 1.7)),
        "uniform": random().uniform(size=(1500, 5)),
        "counts": np.log1p(random().poisson(2, (1500, 5))),
    }[kind]
    fitted = fit_clusters(rows)
    assert fitted.centres is None
    assert "cloud" in fitted.reason or "drawn anew" in fitted.reason


def test_too_few_rows_or_columns_are_refused_with_the_reason():
    assert "99 customers" in fit_clusters(random().normal(size=(99, 3))).reason
    assert "only 1 feature that varies" in fit_clusters(np.column_stack([random().normal(size=200), np.ones(200)])).reason


def test_features_of_one_customer_by_hand():
    """Ann visits on days 0, 1 and 4, two steps each, and orders for 10 and 30 on days 0 and 4; the data end on day 9."""
    timelines = told(
        "ann Look @0 ann o1 10 @0 ann Look @1 ann Seek @1 ann Look @4 ann o2 30 @4 ben o3 1 @9", Settings(zone="Asia/Tokyo")
    )
    as_of = timelines.as_of()
    step = feature_step(timelines.meta, persona_rule(timelines, as_of), who_of(timelines, as_of, Scope(), None), buyers=True)
    whole = Shard(timelines.source, 0, timelines.customers)
    ids = timelines.source.columns.ids().to_pylist()
    row = dict(zip(FEATURES, step.features(whole)[ids.index("ann")].tolist(), strict=True))
    waits = np.array([1, 3])
    assert {name: row[name] for name in FEATURES[:6]} == {
        "orders": 2, "order value": 20, "days since last seen": 5, "days known": 4, "visits": 3, "steps a visit": 2,
    }  # fmt: skip
    assert row["irregularity"] == pytest.approx(waits.std() / waits.mean())
    assert row["breadth"] == 3
    assert row["evening share"] == 1  # noon UTC is nine in the evening in Tokyo
    assert np.isnan(row["discount share"])
    assert features_of(whole, step.rule, None, None, 0).shape == (2, 10)


@cache
def two_kinds() -> Timelines:
    """150 who order every week for small money in the morning, 100 who order twice for much in the evening."""
    draw, rows = random(7), []
    for who in range(250):
        often = who < 150
        day = int(draw.integers(0, 30))
        for place in range(int(draw.integers(9, 15)) if often else 2):
            at = START + timedelta(days=day, hours=float(draw.normal(-3 if often else 8, 0.4)))
            value = float(draw.normal(10, 1) if often else draw.normal(200, 15))
            rows.append({"customer_id": f"c{who:03}", "time": at, "event": "Order Completed", "order_id": f"{who}-{place}",
                         "revenue": Decimal(f"{value:.2f}")})  # fmt: skip
            day += int(draw.integers(6, 9)) if often else int(draw.integers(60, 100))
    return Timelines.from_arrow(pa.Table.from_pylist(rows), Settings())


def test_two_kinds_of_buyer_are_found_named_and_opened():
    answer = two_kinds().ask(Clusters())
    assert answer.table["customers"].to_pylist() == [150, 100]
    assert set(answer.people(cluster="cluster 1").ids) == {f"c{who:03}" for who in range(150)}
    assert set(answer.people().ids) == {f"c{who:03}" for who in range(250)}
    first, second = answer.table.to_pylist()
    assert first["name"] != second["name"]
    assert first["orders"] > 8
    assert second["order_value"] > 180
    assert "hold when drawn anew" in answer.words
    by = two_kinds().ask(Repeat(by="cluster"))
    assert {row["segment"]: row["n"] for row in by.table.to_pylist() if row["days"] == 30}.keys() >= {"cluster 1", "cluster 2"}


def test_shards_and_order_of_arrival_change_nothing():
    step = two_kinds().ask(Clusters()).question.model(two_kinds()).step
    source = two_kinds().source
    parts = added([step(Shard(source, at, at + 50)) for at in range(0, 250, 50)])
    whole = two_kinds().walk(step)
    assert np.array_equal(parts.rows["features"], whole.rows["features"], equal_nan=True)
    assert Clusters().answer(two_kinds()).table.equals(Clusters().answer(two_kinds()).table)


def test_a_shop_whose_customers_are_alike_shows_no_clusters():
    draw = random(3)
    days = draw.integers(0, 200, (300, 3))
    story = " ".join(
        f"c{who} o{who}x{place} {30 + int(draw.integers(0, 40))} @{days[who, place]}"
        for who in range(300)
        for place in range(3)
    )
    timelines = told(story)
    answer = timelines.ask(Clusters())
    assert answer.table.num_rows == 0
    assert answer.words.startswith("No clusters are shown")
    with pytest.raises(UsageError, match="no clusters"):
        timelines.ask(Repeat(by="cluster"))
    with pytest.raises(UsageError, match="nothing to draw"):
        answer.figure()
    with pytest.raises(UnknownName):
        answer.people(cluster="cluster 1")


def test_orders_alone_tell_nothing_of_steps_a_visit_and_of_breadth():
    """Two orders within half an hour are no long visit. Whether Online Retail's buyers then part is a close call, and said."""
    answer = shop().ask(Clusters())
    features = answer.definition.rules["features"]
    assert "irregularity" in features
    assert not {"steps a visit", "breadth"} & set(features.split(", "))
    assert answer.words.startswith("No clusters are shown") == (answer.table.num_rows == 0)


def test_the_made_stream_gives_clusters_that_open_to_their_people():
    answer = Timelines.from_arrow(datasets.made_stream()).ask(Clusters())
    rows = answer.table.to_pylist()
    assert len(rows) >= 2
    assert sum(row["customers"] for row in rows) == len(answer.people())
    for row in rows:
        assert len(answer.people(cluster=row["cluster"])) == row["customers"]
    assert answer.figure() is not None


def test_wrong_choices_are_refused():
    with pytest.raises(UsageError, match="buyers"):
        Clusters("all")
    with pytest.raises(UsageError, match="0 to 1"):
        Clusters(least=2)
