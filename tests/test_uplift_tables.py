"""Uplift of a table: what is read and what is left out, the words, the people behind a number, what is refused."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from holdfast.analyses.uplift import uplift_of_table
from holdfast.analyses.uplift.tables_in import trial_of_table
from holdfast.errors import InputError, UnknownName, UsageError


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
    with pytest.raises(UsageError, match="learner"):
        answer.people(arm="mail", outcome="bought", decile=1, learner="another")


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


def test_a_column_that_says_who_was_mailed_is_noticed_and_casts_doubt():
    """It has no spread in either arm; the words begin with the doubt, and nothing is "because of" any more."""
    rows = table()
    flag = [int(arm == "mail") for arm in rows["arm"].to_pylist()]
    choices = {"arm": "arm", "outcomes": "bought", "draws": 100, "folds": 2, "learners": ("T linear",)}
    answer = uplift_of_table(rows.append_column("sent", pa.array(flag)), **choices)
    assert answer.words.startswith("Take care: the arms differ more than chance allows in sent.")
    assert "Together with mail, against control" in answer.words
    assert "Because" not in answer.words
    assert any("in all other columns the arms were as alike" in note for note in answer.notes)


@pytest.mark.parametrize("gone", ["NaN", "null", " "])
def test_an_outcome_or_arm_that_says_it_is_not_known_is_left_out(gone):
    rows = table(60)
    bought = [gone if place == 3 else str(value) for place, value in enumerate(rows["bought"].to_pylist())]
    arms = [gone if place == 7 else f"{value} " for place, value in enumerate(rows["arm"].to_pylist())]
    told = rows.set_column(4, "bought", pa.array(bought)).set_column(1, "arm", pa.array(arms))
    trial = trial_of_table(told, arm="arm", outcomes=["bought"])
    assert trial.left_out == (("no arm", 1), ("no bought", 1))
    assert trial.arms == ("control", "mail")
    assert np.isfinite(trial.outcomes[0].values).all()


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
        ({"outcomes": "endless"}, UsageError, "is no number: 'inf'"),
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
        ({"repeats": 0}, UsageError, "repeats"),
    ],
)
def test_what_cannot_be_is_refused_with_the_mend(wrong, error, says):
    rows = table(60).append_column("same", pa.array([1] * 60)).append_column("one", pa.array(["control"] * 60))
    rows = rows.append_column("endless", pa.array(["inf"] + ["1"] * 59))
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
