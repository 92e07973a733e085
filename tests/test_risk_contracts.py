"""Risk of ending a contract: who cancels is seen by her silence, and what an end is."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import numpy as np
import pyarrow as pa
from people import START, told

from holdfast.analyses.bridge_walks import counting_of
from holdfast.analyses.risk import Risk
from holdfast.analyses.risk.traces import Traces
from holdfast.analyses.risk.walk import Base, SnapshotStep
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines
from holdfast.timelines.zone import day_of

DAY0 = day_of(START.date())


def test_contracts_end_and_the_silent_ones_are_seen():
    """Whoever will cancel stops logging in about three weeks before; the others go on."""
    timelines = _contracts()
    answer = timelines.ask(Risk(window_days=30, limit=10_000))
    assert answer.definition.rules["base"] == "contract"
    assert "end their contract" in answer.words
    used = next(row for row in answer.extra["models"].to_pylist() if row["used"])
    assert used["model"] in ("logistic", "trees")
    assert used["auc"] > 0.75
    for row in answer.extra["drift"].to_pylist():
        assert len(answer.people(snapshot=row["snapshot"].isoformat(), what="left")) == row["left"]


@cache
def _contracts(customers: int = 500, days: int = 380) -> Timelines:
    rng = np.random.default_rng(7)
    rows = []
    for place in range(customers):
        start = int(rng.integers(0, days - 60))
        end = start + 20 + int(rng.exponential(200))
        rows.append((f"c{place}", "Subscription Started", start))
        day = start + 1
        while day < min(end - 21, days):
            rows.append((f"c{place}", "Login", day))
            day += int(rng.integers(3, 9))
        if end < days:
            rows.append((f"c{place}", "Subscription Ended", end))
    table = pa.table(
        {"customer_id": [row[0] for row in rows], "event": [row[1] for row in rows],
         "time": [START + timedelta(days=row[2]) for row in rows]}
    )  # fmt: skip
    return Timelines.from_arrow(table, Settings(base="contract"))


def test_contract_that_ends_within_the_window_is_left_and_one_begun_again_is_not():
    story = """
        ann Subscription Started @0   ann Subscription Ended @110   ben Subscription Started @0  ben Subscription Ended @121
        cleo Subscription Started @0  cleo Subscription Ended @100  cleo Subscription Started @105
        dan Subscription Started @0   dan Subscription Ended @50    eve Login @200
    """
    timelines = told(story, Settings(base="contract"))
    base = Base(counting_of(Settings(), timelines.meta, 0), 0, timelines.settings.contract)
    until, later = (timelines.zone.midnight(DAY0 + day + 1) for day in (90, 120))
    step = SnapshotStep(base, Traces(), DAY0 + 90, until, 30, DAY0 + 120, later)
    rows = timelines.walk(step).rows
    assert dict(zip(rows["ids"].to_pylist(), rows["left"].tolist(), strict=True)) == {"ann": 1, "ben": 0, "cleo": 0}


def test_plain_rule_of_contracts_is_one_rate_for_all():
    """Two contracts of 100 days ended, one has run for 200: 2 ends in 400 days are 1 - exp(-0.15) within 30 days."""
    story = """
        ann Subscription Started @0    ann Subscription Ended @100
        ben Subscription Started @50   ben Subscription Ended @150
        cleo Subscription Started @0   cleo Login @199
    """
    answer = told(story, Settings(base="contract")).ask(Risk(window_days=30))
    [row] = answer.table.to_pylist()
    assert row["customer"] == "cleo"
    assert abs(row["risk"] - (1 - np.exp(-2 / 400 * 30))) < 0.002
    assert answer.definition.rules["model"] == "plain rule"
