"""Uplift by hand: effects, the sample ratio, the Qini curve, the policy's sums; trials from tables and from timelines."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from holdfast.analyses.scope import parse_where
from holdfast.analyses.uplift import Uplift, uplift_of_table
from holdfast.analyses.uplift.effects import effect_of, sample_ratio
from holdfast.analyses.uplift.learners import LEARNERS, fold_of, scored
from holdfast.analyses.uplift.policy import earned, effect_parts, rule_of, within_fold
from holdfast.analyses.uplift.qini import Ranking, qini, qini_curve, qini_draws
from holdfast.analyses.uplift.tables_in import trial_of_table
from holdfast.analyses.uplift.trial import Feature, Known, feature_of_texts
from holdfast.errors import InputError, UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

# -- effects -------------------------------------------------------------------------------------------------------------------


def test_shares_are_compared_as_in_newcombe_1998_table_2():
    """56 of 70 against 48 of 80: 0.2000 (0.0524 to 0.3339), method 10."""
    found = effect_of("share", np.r_[np.ones(56), np.zeros(14)], np.r_[np.ones(48), np.zeros(32)])
    assert (found.effect, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert (found.n, found.n_control, found.mean, found.mean_control) == (70, 80, 0.8, 0.6)


def test_means_are_compared_as_welch_does_in_scipy():
    """4, 6, 8 against 1, 2, 3: 4 apart, variance 4 / 3 + 1 / 3, 2.94 degrees of freedom."""
    mailed, control = np.array([4.0, 6.0, 8.0]), np.array([1.0, 2.0, 3.0])
    found, oracle = effect_of("mean", mailed, control), stats.ttest_ind(mailed, control, equal_var=False)
    interval = oracle.confidence_interval()
    assert (found.effect, found.low, found.high) == pytest.approx((4.0, interval.low, interval.high))
    assert found.p == pytest.approx(oracle.pvalue)


def test_too_few_on_a_side_has_an_effect_without_an_interval():
    found = effect_of("mean", np.array([5.0]), np.array([1.0, 2.0]))
    assert (found.effect, found.low, found.high, found.p) == (3.5, None, None, None)
    assert effect_of("share", np.zeros(0), np.ones(3)).effect is None


def test_the_sample_ratio_by_hand():
    """1,000 and 1,100 where alike was meant: 2 · 50² / 1,050 = 4.762; where 10 to 11 was meant: 0."""
    found = sample_ratio((1_000, 1_100), (1, 1))
    assert (found.chi_square, found.p, found.broken) == (
        pytest.approx(4.7619, abs=1e-4),
        pytest.approx(0.0291, abs=1e-4),
        False,
    )
    assert sample_ratio((1_000, 1_100), (10, 11)).p == 1
    assert sample_ratio((1_000, 1_200), (1, 1)).broken


# -- the Qini curve ------------------------------------------------------------------------------------------------------------


def ranking(mailed: Any, values: Any, score: Any = None) -> Ranking:
    score = -np.arange(len(mailed), dtype=float) if score is None else np.asarray(score, float)
    return Ranking.of(score, np.asarray(mailed, bool), np.asarray(values, float))


def test_qini_by_hand():
    """Mailed 1, control 0, mailed 0, control 1: u is 1, 1, 1, 0; the area ¾, the random line flat; by 4 heads 0.1875."""
    one = ranking([1, 0, 1, 0], [1, 0, 0, 1])
    shares, gains = qini_curve(one)
    assert shares.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert (gains * 4).tolist() == [0, 1, 1, 1, 0]
    assert qini(one) == 0.1875


def test_a_ranking_the_wrong_way_round_by_hand():
    """Control 1, mailed 0, control 0, mailed 1: u is 0, −1, −½, 0; the area −⅜; by 4 heads −0.09375."""
    one = ranking([0, 1, 0, 1], [1, 0, 0, 1])
    assert (qini_curve(one)[1] * 4).tolist() == [0, 0, -1, -0.5, 0]
    assert qini(one) == -0.09375


def brute_qini(mailed: list[int], values: list[int], score: list[int]) -> float:
    """Written from the definition: for each level of the score, all customers at or above it."""
    n, points = len(mailed), [(0.0, 0.0)]
    for level in sorted(set(score), reverse=True):
        top = [i for i in range(n) if score[i] >= level]
        n_t, y_t = sum(mailed[i] for i in top), sum(values[i] for i in top if mailed[i])
        n_c, y_c = len(top) - n_t, sum(values[i] for i in top if not mailed[i])
        points.append((len(top) / n, y_t - (y_c * n_t / n_c if n_c else 0)))
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points))
    return (area - points[-1][1] / 2) / n


people = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=25)


@given(people, st.randoms())
def test_qini_is_the_brute_force_area_whatever_the_order_of_equal_scores(rows, random):
    mailed, values, score = (list(part) for part in zip(*rows, strict=True))
    assert qini(ranking(mailed, values, score)) == pytest.approx(brute_qini(mailed, values, score), abs=1e-12)
    again = [list(part) for part in zip(*random.sample(rows, len(rows)), strict=True)]
    assert qini(ranking(*again)) == pytest.approx(brute_qini(mailed, values, score), abs=1e-12)


@given(people, st.integers(0, 5))
@settings(max_examples=30)
def test_a_draw_is_the_qini_of_the_customers_drawn(rows, seed):
    mailed, values, score = (np.array(part) for part in zip(*rows, strict=True))
    places = np.random.default_rng(seed).integers(0, len(rows), len(rows))
    [[drawn]] = qini_draws([ranking(mailed, values, score)], 1, seed)
    assert drawn == pytest.approx(brute_qini(list(mailed[places]), list(values[places]), list(score[places])), abs=1e-12)


def test_one_score_for_all_is_the_random_line():
    assert qini(ranking([1, 0, 1, 0, 1], [1, 0, 0, 1, 1], np.zeros(5))) == pytest.approx(0)


# -- the policy ----------------------------------------------------------------------------------------------------------------


def test_each_customers_part_by_hand():
    """Mailed 2, 0, control 0, 0: the effect is 1, c̄ is ½, the parts 3, −1, 1, 1."""
    parts = effect_parts(np.array([True, True, False, False]), np.array([2.0, 0.0, 0.0, 0.0]))
    assert parts.tolist() == [3, -1, 1, 1]
    found = earned(0.5 * parts - 0.2)
    assert found.net == pytest.approx(0.5 * 1 - 0.2)
    assert found.high - found.net == pytest.approx(1.959964 * np.std(0.5 * parts, ddof=1) / 2)


def test_mailing_everyone_earns_the_effect_with_its_welch_interval():
    random = np.random.default_rng(3)
    mailed = random.random(3_000) < 0.3
    y = random.gamma(2, 1 + mailed)
    effect, found = effect_of("mean", y[mailed], y[~mailed]), earned(effect_parts(mailed, y))
    assert (found.net, found.low, found.high) == pytest.approx((effect.effect, effect.low, effect.high), rel=2e-3)


def test_a_cut_is_chosen_on_the_other_folds():
    """Fold 0 gains from its first half alone, fold 1 from everyone: each is mailed as the other one says."""
    rank, fold = np.array([0.25, 0.75, 0.25, 0.75]), np.array([0, 0, 1, 1])
    gains = np.array([1.0, -1.0, 1.0, 1.0])
    assert rule_of(rank, fold, gains).tolist() == [True, True, True, False]
    assert not rule_of(rank, fold, -np.ones(4)).any()


def test_ranks_within_a_fold_share_equal_scores():
    assert within_fold(np.array([5.0, 1.0, 1.0, 9.0]), np.array([0, 0, 0, 1])).tolist() == pytest.approx(
        [1 / 6, 2 / 3, 2 / 3, 0.5]
    )


# -- the learners --------------------------------------------------------------------------------------------------------------


def made(seed: int = 1, n: int = 400) -> tuple[Known, Any, Any, Any]:
    random = np.random.default_rng(seed)
    features = (Feature("x", random.normal(size=n)), feature_of_texts("c", random.integers(0, 3, n), ("a", "b", "c")))
    mailed = random.random(n) < 0.5
    y = features[0].values + mailed * (features[1].values == 1) + random.normal(size=n) * 0.1
    return Known.of(features), mailed, y, fold_of(n, 5, seed)


def test_no_ones_own_outcome_moves_her_score():
    known, mailed, y, fold = made()
    other = y.copy()
    other[fold == 2] += 100
    before, after = (scored(known, mailed, one, fold, share=False, seed=0) for one in (y, other))
    for name in LEARNERS:
        assert (before[name][fold == 2] == after[name][fold == 2]).all()
        assert (before[name][fold != 2] != after[name][fold != 2]).any()


def test_every_learner_finds_whom_the_mail_sways_and_the_response_model_does_not():
    known, mailed, y, fold = made(n=1_000)
    swayed = known.trees[:, 1] == 1
    scores = scored(known, mailed, y, fold, share=False, seed=0)
    for name in LEARNERS[:-1]:
        assert scores[name][swayed].min() > scores[name][~swayed].max() or np.corrcoef(scores[name], swayed)[0, 1] > 0.8
    assert np.corrcoef(scores["response"], swayed)[0, 1] < 0.6


def test_linear_x_and_s_learners_are_the_linear_t_learner():
    from sklearn.linear_model import LinearRegression

    known, w, y, _ = made()
    x = known.straight
    t = [LinearRegression().fit(x[w == arm], y[w == arm]) for arm in (False, True)]
    tau = t[1].predict(x) - t[0].predict(x)
    guesses = [t[1].predict(x[~w]) - y[~w], y[w] - t[0].predict(x[w])]
    crossed = [LinearRegression().fit(x[w == arm], guesses[arm]).predict(x) for arm in (0, 1)]
    both = LinearRegression().fit(np.column_stack([x, w, x * w[:, None]]), y)
    ones, none = (np.full((len(x), 1), arm) for arm in (1.0, 0.0))
    s = both.predict(np.column_stack([x, ones, x])) - both.predict(np.column_stack([x, none, 0 * x]))
    for other in (*crossed, s):
        assert other == pytest.approx(tau, abs=1e-9)


# -- tables --------------------------------------------------------------------------------------------------------------------


def table(n: int = 600, **columns: Any) -> pa.Table:
    random = np.random.default_rng(5)
    arm = random.integers(0, 2, n)
    base = {
        "id": [f"c{place:04}" for place in range(n)], "arm": np.where(arm, "mail", "control"),
        "age": random.integers(18, 80, n), "town": np.array(["Ulm", "Bonn", "Kiel"])[random.integers(0, 3, n)],
        "bought": (random.random(n) < 0.3 + 0.3 * arm).astype(int),
    }  # fmt: skip
    return pa.table({**base, **columns})


@cache
def asked() -> Any:
    return uplift_of_table(table(), arm="arm", outcomes="bought", draws=200)


def test_a_table_is_read_and_every_count_opens_to_its_people():
    answer = asked()
    [row] = answer.table.to_pylist()
    ids = table()
    for group, n in (("mailed", row["n"]), ("control", row["n_control"]), ("both", 600)):
        assert len(answer.people(arm="mail", group=group)) == n
    mailed = {i for i, arm in zip(ids["id"].to_pylist(), ids["arm"].to_pylist(), strict=True) if arm == "mail"}
    assert set(answer.people(arm="mail").ids) == mailed
    everyone = []
    for group in answer.extra["deciles"].to_pylist():
        cell = {"arm": "mail", "outcome": "bought", "decile": group["decile"]}
        assert len(answer.people(**cell, group="mailed")) == group["n"]
        assert len(answer.people(**cell, group="control")) == group["n_control"]
        everyone += answer.people(**cell).ids
    assert sorted(everyone) == ids["id"].to_pylist()


def test_the_words_say_because_of_and_mail_everyone():
    answer = asked()
    assert answer.words.startswith("Mail everyone (mail): it adds ")
    assert "Because of mail, against control" in answer.words
    assert any("arms are as large as they were meant" in note for note in answer.notes)


def test_the_picture_has_a_panel_of_effects_and_one_of_each_arm():
    figure = asked().figure()
    assert {trace.name for trace in figure.data if trace.name} == {
        "best learner",
        "the response model",
        "at random",
        "everyone",
    }
    assert [len(trace.x) for trace in figure.data] == [1, 21, 21, 21, 1]
    bare = uplift_of_table(table(150), arm="arm", outcomes="bought").figure()
    assert len(bare.data) == 1
    empty = timelines_of([("ann", 0, "Page Viewed", {})]).ask(Uplift()).figure()
    assert len(empty.data[0].x) == 0


def test_scores_are_a_table_of_their_own():
    answer = uplift_of_table(table(), arm="arm", outcomes="bought", draws=100, folds=2, show="scores")
    assert answer.table.num_rows == 600
    assert answer.table.column_names[:2] == ["customer", "assigned"]
    assert "scores" not in answer.extra
    assert sorted(set(answer.table["decile"].to_pylist())) == list(range(1, 11))


def test_a_csv_file_gives_the_same_trial(tmp_path):
    from pyarrow import csv

    csv.write_csv(table(), tmp_path / "trial.csv")
    one, other = (trial_of_table(source, arm="arm", outcomes=["bought"]) for source in (table(), tmp_path / "trial.csv"))
    assert one.arms == other.arms == ("control", "mail")
    assert (one.arm == other.arm).all()
    assert [feature.name for feature in one.features] == [feature.name for feature in other.features] == ["age", "town"]
    assert all((a.values == b.values).all() for a, b in zip(one.features, other.features, strict=True))


def test_rows_that_cannot_be_used_are_counted_with_their_reason():
    rows = table(8).to_pylist()
    rows[0]["arm"], rows[1]["bought"], rows[2]["id"], rows[3]["age"] = None, None, rows[4]["id"], None
    rows[2]["arm"], rows[4]["arm"] = "mail", "control"
    rows[5]["id"], rows[5]["arm"], rows[6]["arm"] = rows[6]["id"], "mail", "mail"
    trial = trial_of_table(pa.Table.from_pylist(rows), arm="arm", outcomes=["bought"], features=["age"])
    assert trial.left_out == (("no arm", 1), ("no bought", 1), ("id stands in two arms", 2), ("id stands there already", 1))
    assert trial.ids.to_pylist() == [rows[at]["id"] for at in (3, 5, 7)]
    assert list(trial.features[0].columns()) == ["age", "age not known"]


def test_a_column_that_came_after_the_mail_is_left_out_of_the_ranking():
    rows = table()
    clicked = [int(arm == "mail" and place % 3 == 0) for place, arm in enumerate(rows["arm"].to_pylist())]
    answer = uplift_of_table(rows.append_column("clicked", pa.array(clicked)), arm="arm", outcomes="bought", draws=100, folds=2)
    assert any("left out of the ranking" in note and "clicked" in note for note in answer.notes)


def test_arms_of_sizes_that_chance_does_not_make_are_not_trusted():
    rows = table(1_000)
    keep = [arm == "mail" or place % 4 > 0 for place, arm in enumerate(rows["arm"].to_pylist())]
    choices = {"arm": "arm", "outcomes": "bought", "draws": 100, "folds": 2}
    found = uplift_of_table(rows.filter(pa.array(keep)), **choices)
    assert found.words.startswith("Do not trust this trial")
    meant = uplift_of_table(rows.filter(pa.array(keep)), split=(("control", 3.0), ("mail", 4.0)), **choices)
    assert not meant.words.startswith("Do not trust this trial")


def test_small_arms_are_compared_and_nobody_is_ranked():
    answer = uplift_of_table(table(150), arm="arm", outcomes="bought")
    assert answer.extra["ranking"].num_rows == 0
    assert answer.table.num_rows == 1
    assert any("that needs 100 customers" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ({"arm": "wrong"}, UnknownName, "column"),
        ({"control": "none at all"}, UnknownName, "mail"),
        ({"outcomes": "town"}, UsageError, "is no number"),
        ({"outcomes": ()}, UsageError, "no outcome"),
        ({"outcomes": "same"}, UsageError, "for everyone"),
        ({"arm": "one"}, UsageError, "all customers are"),
        ({"arm": "age"}, UsageError, "values"),
        ({"arm": "town"}, UsageError, "is control"),
        ({"cost": 0.1}, UsageError, "costs money"),
        ({"cost": -1.0}, UsageError, "less than nothing"),
        ({"margin": 4.0}, UsageError, "margin"),
        ({"show": "everything"}, UsageError, "show"),
        ({"split": (("mail", 1.0),)}, UsageError, "every arm"),
        ({"value": "age"}, UnknownName, "outcome"),
        ({"learners": ("Z linear",)}, UnknownName, "learner"),
        ({"nothing": 1}, UnknownName, "choice"),
    ],
)
def test_what_cannot_be_is_refused_with_the_mend(wrong, error, says):
    rows = table(60).append_column("same", pa.array([1] * 60)).append_column("one", pa.array(["control"] * 60))
    with pytest.raises(error, match=says):
        uplift_of_table(rows, **{"arm": "arm", "outcomes": "bought", **wrong})


def test_the_command_line_reads_a_table(tmp_path):
    """In a process of its own, where scipy stays outside until it is needed; 150 rows, so that nobody is ranked."""
    from pyarrow import csv

    rows = table(150)
    csv.write_csv(rows.append_column("spent", pa.array(np.arange(150) % 7)), tmp_path / "trial.csv")
    asked = ["--arm", "arm", "--outcome", "spent", "--cost", "0.5", "--csv", "-", "--show"]
    run = [sys.executable, "-m", "holdfast", "uplift", "--file", "trial.csv", *asked, "policy"]
    said = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[1].startswith("mail,everyone,150,1.0,")


def test_a_table_without_usable_rows_is_refused():
    with pytest.raises(InputError, match="no row"):
        uplift_of_table(table(10).set_column(1, "arm", pa.nulls(10, pa.string())), arm="arm", outcomes="bought")


# -- timelines -----------------------------------------------------------------------------------------------------------------

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
    rows = shop()
    whole = timelines_of(rows).ask(Uplift(draws=100, folds=2))
    shuffled = [rows[place] for place in np.random.default_rng(1).permutation(len(rows))]
    assert timelines_of(shuffled).ask(Uplift(draws=100, folds=2)).to_dict() == whole.to_dict()
    monkeypatch.setattr("holdfast.timelines.walk.EVENTS_A_SHARD", 200)
    parts = Timelines(timelines_of(rows).source.columns, Settings(), threads=3)
    assert parts.ask(Uplift(draws=100, folds=2)).to_dict() == whole.to_dict()


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
