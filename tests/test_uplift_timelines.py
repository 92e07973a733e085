"""Uplift from timelines: who was assigned, what was known before, what followed, and the people behind a number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from holdfast.analyses.scope import parse_where
from holdfast.analyses.uplift import Uplift
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

START = datetime(2024, 1, 1, 12, tzinfo=UTC)
Row = tuple[str, float, str, dict[str, Any]]


def timelines_of(rows: list[Row], config: Settings | None = None) -> Timelines:
    told = [
        {"customer_id": who, "time": START + timedelta(days=day), "event": event, "order_id": None, "revenue": None,
         "variant": None, "experiment": None, "country": None} | more
        for who, day, event, more in rows
    ]  # fmt: skip
    return Timelines.from_arrow(pa.Table.from_pylist(told), config or Settings())


def story() -> list[Row]:
    """Ann (mailed) bought twice before, had one order back, and orders after; Ben (control) nothing before, orders too late;
    Cleo stands in two arms; Dan's fortnight is not over."""
    return [
        ("ann", 0, "Order Completed", {"order_id": "o1", "revenue": 50.0, "country": "France"}),
        ("ann", 5, "Order Completed", {"order_id": "o2", "revenue": 30.0}),
        ("ann", 7, "Order Refunded", {"order_id": "o2", "revenue": 30.0}),
        ("ann", 10, "Assigned", {"variant": "mail"}),
        ("ann", 12, "Order Completed", {"order_id": "o3", "revenue": 20.0, "country": "Spain"}),
        ("ann", 20, "Order Refunded", {"order_id": "o1", "revenue": 50.0}),
        ("ben", 9, "Page Viewed", {}),
        ("ben", 10, "Assigned", {"variant": "control"}),
        ("ben", 24, "Order Completed", {"order_id": "o4", "revenue": 70.0}),
        ("cleo", 10, "Assigned", {"variant": "mail"}),
        ("cleo", 11, "Assigned", {"variant": "control"}),
        ("dan", 30, "Assigned", {"variant": "mail"}),
        ("eve", 40, "Page Viewed", {}),
    ]


def trial_in(timelines: Timelines, **choices: Any) -> Any:
    question = Uplift(event="Assigned", **choices)
    found = question._trial(timelines, timelines.as_of())
    assert not isinstance(found, str), found
    return found[1]


def test_a_story_is_laid_out_as_of_the_assignment():
    """Ann's o2 was back by then, o1 not yet: one order of 50, 10 days ago; the country is France, not Spain."""
    trial = trial_in(timelines_of(story()))
    assert trial.ids.to_pylist() == ["ann", "ben"]
    assert (trial.arms, trial.arm.tolist()) == (("control", "mail"), [1, 0])
    assert trial.left_out == (("assigned to two arms", 1), ("not watched for 14 days", 1))
    known = {one.name: one for one in trial.features}
    assert known["recency_days"].values[0] == 10
    assert np.isnan(known["recency_days"].values[1])
    expected = {"orders": [1, 0], "money": [50, 0], "tenure_days": [10, 1], "last_event_days": [3, 1], "events": [3, 1],
                "active_days": [3, 1]}  # fmt: skip
    for name, values in expected.items():
        assert known[name].values.tolist() == values
    country = known["country"]
    assert [country.labels[int(code)] for code in country.values] == ["France", "(not known)"]
    assert trial.outcome("ordered").values.tolist() == [1, 0]
    assert trial.outcome("money").values.tolist() == [20, 0]


def test_those_who_were_left_out_open_to_their_names():
    """Cleo stands in two arms, Dan's fortnight is not over; the words say how many."""
    answer = timelines_of(story()).ask(Uplift(event="Assigned"))
    assert {row["reason"]: row["rows"] for row in answer.extra["left_out"].to_pylist()} == {
        "assigned to two arms": 1, "not watched for 14 days": 1,
    }  # fmt: skip
    assert answer.people(reason="assigned to two arms").ids == ("cleo",)
    assert answer.people(reason="not watched for 14 days").ids == ("dan",)
    with pytest.raises(UsageError, match="reason"):
        answer.people(reason="bored")
    early = timelines_of(story()).ask(Uplift(event="Assigned", as_of="2024-01-13"))
    assert early.words.endswith("watched for 14 days after (left out: 1 assigned to two arms, 2 not watched for 14 days).")
    assert early.people(reason="not watched for 14 days").ids == ("ann", "ben")


def test_the_window_is_days_of_24_hours_from_the_assignment():
    """Ben's order is exactly 14 days later: outside 14 days, inside 15."""
    fourteen = trial_in(timelines_of(story()), outcomes=("Order Completed", "orders", "money"))
    assert [one.values.tolist() for one in fourteen.outcomes] == [[1, 0], [1, 0], [20, 0]]
    fifteen = trial_in(timelines_of(story()), days=15, outcomes=("Order Completed", "orders", "money"))
    assert [(one.name, one.values.tolist()) for one in fifteen.outcomes] == [("money", [20, 70])]
    assert fifteen.notes == ("Order Completed was the same for everyone", "orders was the same for everyone")


def test_nothing_after_the_assignment_is_known_of_a_customer():
    later = [
        ("ann", 11, "Page Viewed", {"country": "Italy"}),
        ("ben", 13, "Order Completed", {"order_id": "o9", "revenue": 1.0}),
    ]
    before, after = (trial_in(timelines_of(rows)) for rows in (story(), [*story(), *later]))
    for one, other in zip(before.features, after.features, strict=True):
        assert one.name == other.name
        assert np.array_equal(one.values, other.values, equal_nan=True)


def test_only_assignments_of_one_experiment_count():
    rows: list[Row] = [
        ("ann", 1, "Assigned", {"variant": "control", "experiment": "old"}),
        ("ann", 5, "Assigned", {"variant": "mail", "experiment": "new"}),
        ("ben", 5, "Assigned", {"variant": "control", "experiment": "new"}),
        ("ann", 6, "Order Completed", {"order_id": "a", "revenue": 5.0}),
        ("eve", 60, "Page Viewed", {}),
    ]
    trial = trial_in(timelines_of(rows), which=parse_where(["experiment=new"]))
    assert trial.arm.tolist() == [1, 0]
    assert trial.left_out == ()
    mixed = Uplift(event="Assigned")
    assert "one arm" in mixed.answer(timelines_of(rows)).words


def shop(seed: int = 2, n: int = 500) -> list[Row]:
    """Customers with a random past, half of them mailed on day 60; those mailed order with 0.5, the others with 0.2."""
    random = np.random.default_rng(seed)
    rows: list[Row] = []
    for place in range(n):
        who = f"c{place:03}"
        for order in range(int(random.integers(0, 4))):
            more = {"order_id": f"{who}-{order}", "revenue": float(random.integers(5, 90)), "country": "France"}
            rows.append((who, float(random.integers(0, 60)), "Order Completed", more))
        mailed = bool(random.random() < 0.5)
        rows.append((who, 60.0, "Experiment Viewed", {"variant": "mail" if mailed else "control"}))
        if random.random() < (0.5 if mailed else 0.2):
            rows.append((who, 63.0, "Order Completed", {"order_id": f"{who}-z", "revenue": 40.0}))
    return [*rows, ("zoe", 90.0, "Page Viewed", {})]


def test_a_workspace_is_asked_without_a_word_and_its_people_are_named():
    timelines = timelines_of(shop(), Settings(margin=0.5, currency="GBP"))
    answer = timelines.ask(Uplift(cost=1.0, draws=100, folds=2))
    assert answer.words.startswith("Mail everyone (mail): it earns")
    assert "GBP a customer at a margin of 50 % and 1 a mail" in answer.words
    row = answer.table.to_pylist()[0]
    assert (row["arm"], row["outcome"]) == ("mail", "ordered")
    assert row["low"] < 0.3 < row["high"]
    assert len(answer.people(arm="mail")) == row["n"]
    assert len(answer.people(arm="mail", group="control")) == row["n_control"] == 500 - row["n"]
    first = answer.extra["deciles"].to_pylist()[0]
    assert len(answer.people(arm="mail", outcome="ordered", decile=1)) == first["n"] + first["n_control"]
    with pytest.raises(UnknownName):
        answer.people(arm="post")
    with pytest.raises(UsageError):
        answer.people(arm="mail", decile=11)


def test_shards_and_order_of_arrival_change_nothing(monkeypatch):
    rows, question = shop(), Uplift(draws=100, folds=2, learners=("T linear", "S trees"))
    whole = timelines_of(rows).ask(question)
    shuffled = [rows[place] for place in np.random.default_rng(1).permutation(len(rows))]
    assert timelines_of(shuffled).ask(question).to_dict() == whole.to_dict()
    monkeypatch.setattr("holdfast.timelines.walk.EVENTS_A_SHARD", 200)
    parts = Timelines(timelines_of(rows).source.columns, Settings(), threads=3)
    assert parts.ask(question).to_dict() == whole.to_dict()


def test_arms_that_were_not_alike_before_are_no_random_draw():
    """Only who had ordered before is mailed: the mail seems to work, and the words begin with the doubt."""
    rows: list[Row] = [("zoe", 90.0, "Page Viewed", {})]
    for place in range(240):
        who, loyal = f"c{place:03}", place % 2 == 0
        rows += [(who, float(day), "Order Completed", {"order_id": f"{who}-{day}", "revenue": 9.0}) for day in range(2 * loyal)]
        rows.append((who, 60.0, "Experiment Viewed", {"variant": "mail" if loyal else "control"}))
        if place % (3 if loyal else 9) == 0:
            rows.append((who, 63.0, "Order Completed", {"order_id": f"{who}-z", "revenue": 40.0}))
    words = timelines_of(rows).ask(Uplift(outcomes=("ordered",))).words
    assert words.startswith("Do not trust this trial: the arms were not alike before the mail (recency_days, orders, money)")
    assert "Together with mail" in words


def test_conditions_hold_at_the_assignment_and_cannot_be_of_later_days():
    timelines = timelines_of(shop())
    some = timelines.ask(Uplift(draws=100, folds=2, where=parse_where(["country=France"])))
    assert 0 < some.definition.n < 500
    with pytest.raises(UsageError, match="came after"):
        timelines.ask(Uplift(where=parse_where(["rfm=Champions"])))


def test_without_a_trial_the_answer_says_so():
    timelines = timelines_of([("ann", 0, "Page Viewed", {"country": "France"})])
    answer = timelines.ask(Uplift())
    assert answer.words == "No event of the data says who was drawn into which arm of a trial."
    assert answer.table.num_rows == 0
    assert len(answer.figure().data[0].x) == 0
    with pytest.raises(UnknownName):
        timelines.ask(Uplift(event="Mail Sent"))
    with pytest.raises(UsageError):
        answer.people(arm="mail")
    crowd = [(f"c{place}", 0.0, "Assigned", {"variant": f"v{place}"}) for place in range(30)]
    with pytest.raises(UsageError, match="at most 20"):
        timelines_of([*crowd, ("zoe", 90.0, "Page Viewed", {})]).ask(Uplift())
    for wrong in ({"days": 0}, {"outcomes": ()}, {"folds": 1}, {"draws": 5}):
        with pytest.raises(UsageError):
            Uplift(**wrong)
