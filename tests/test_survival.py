"""Survival: lives by hand on both bases, the bridge's losses, published curves, people behind every number."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import told
from shops import cdnow, shop

from holdfast.analyses.bridge import Bridge
from holdfast.analyses.cohorts.year import OneYear
from holdfast.analyses.scope import parse_where
from holdfast.analyses.survival import Survival, TableSurvival
from holdfast.analyses.survival.compare import compared
from holdfast.analyses.survival.lives import Levels, Lives, Number
from holdfast.analyses.survival.of_table import read_table
from holdfast.cli import run
from holdfast.errors import InputError, UnknownName, UsageError
from holdfast.report.asked import Asked
from holdfast.report.sections.survival import section as survival_section
from holdfast.settings import Settings

DATA = Path(__file__).parent.parent.parent / "shared" / "data"

FOUR = """
    ann a1 10 @0    ann a2 10 @30   ann a3 10 @60   ann a4 10 @90
    ben b1 20 @0    ben b2 20 @20
    cleo c1 30 @10  cleo c2 30 @80
    dan d1 40 @75
"""
"""As of day 100, gone after 40 silent days. Ann is here: cut off at 100 days. Ben is missed from day 61 on: lost at 61 days of
life. Cleo was missed from day 51, at 41 days of life, and came back on day 80. Dan joined 25 days ago: cut off at 25."""


def four(**choices) -> object:
    return told(FOUR + "zoe z1 1 @100", Settings(gone_after=40)).ask(Survival(at=(1, 2), together=(), **choices))


def test_lives_of_an_activity_base_by_hand():
    """With Zoe, who joined today: at 41 days 3 of Ann, Ben, Cleo, 1 lost: 2/3; at 61 days 1 of Ann and Ben: 1/3."""
    answer = four()
    assert answer.extra["curve"].select(["days", "at_risk", "left"]).to_pylist() == [
        {"days": 41.0, "at_risk": 3, "left": 1},
        {"days": 61.0, "at_risk": 2, "left": 1},
    ]
    assert answer.extra["curve"]["survival"].to_pylist() == pytest.approx([2 / 3, 1 / 3])
    month, two = answer.table.to_pylist()
    assert (month["days"], month["customers"], month["at_risk"], month["left"], month["survival"]) == (30, 5, 3, 0, 1.0)
    assert (two["days"], two["at_risk"], two["left"], two["survival"]) == (61, 2, 2, pytest.approx(1 / 3))
    assert answer.people(months=2, what="left").ids == ("ben", "cleo")
    assert answer.people(months=2, what="at risk").ids == ("ann", "ben")
    assert answer.people(months=2, what="here").ids == ("ann",)
    assert answer.people(months=1, what="here").ids == ("ann", "ben", "cleo")
    assert answer.people(what="here").ids == ("ann", "dan", "zoe")
    assert len(answer.people()) == 5
    assert answer.extra["groups"].to_pylist()[0]["median_days"] == 61.0
    assert "day 41 of her life" in answer.notes[0]
    assert "“one-year”" in answer.notes[1]
    assert "3 in 10" in answer.notes[2]


def test_who_came_back_is_lost_at_her_first_silence_or_not_yet():
    """By the last loss Cleo is here, cut off 90 days after day 10: only Ben left, at 61 days, one of three."""
    answer = four(ends="last")
    assert answer.extra["curve"].select(["days", "at_risk", "left"]).to_pylist() == [{"days": 61.0, "at_risk": 3, "left": 1}]
    assert answer.people(what="left").ids == ("ben",)


def test_silence_alone_is_no_loss_and_a_cut_off_at_the_last_order_would_be_wrong():
    """Dan ordered once, 25 days ago: he is watched for 25 days, not for none."""
    timelines = told(FOUR + "zoe z1 1 @100", Settings(gone_after=40))
    assert "dan" in Survival(at=(0.8,)).people(timelines, months=0.8, what="at risk").ids


CONTRACTS = """
    ann Subscription Started @0    ann Subscription Paused @20   ann Subscription Resumed @50
    ben Subscription Started @5    ben Subscription Ended @36    ben Subscription Started @60
    cleo Subscription Started @10  cleo Subscription Ended @80
    dan Subscription Started @70   dan Login @90
    eve Login @3
"""


def test_lives_of_a_contract_base_by_hand():
    """As of day 90: Ann 90 days, cut off; Ben lost at 31; Cleo at 70; Dan 20 days, cut off; Eve has no contract."""
    answer = told(CONTRACTS, Settings(base="contract")).ask(Survival(at=(1, 2)))
    assert answer.extra["curve"].select(["days", "at_risk", "left"]).to_pylist() == [
        {"days": 31.0, "at_risk": 3, "left": 1},
        {"days": 70.0, "at_risk": 2, "left": 1},
    ]
    assert answer.people().ids == ("ann", "ben", "cleo", "dan")
    assert answer.people(what="left").ids == ("ben", "cleo")
    assert answer.table["survival"].to_pylist() == pytest.approx([1.0, 2 / 3])
    with pytest.raises(UnknownName, match="Login"):
        told("eve Login @3", Settings(base="contract")).ask(Survival())
    with pytest.raises(UsageError, match="no silence ends a contract"):
        told(CONTRACTS, Settings(base="contract")).ask(Survival(gone_after=30))


def test_the_last_loss_is_the_curve_of_one_year():
    for timelines in (shop(), cdnow()):
        [row] = timelines.ask(Survival(at=(12,), ends="last", together=())).table.to_pylist()
        [year] = timelines.ask(OneYear()).table.to_pylist()
        assert (row["survival"], row["low"], row["high"]) == (year["still"], year["still_low"], year["still_high"])


def test_who_is_here_is_who_the_bridge_counts():
    """The bridge looks in the morning: that of the as-of's day is the last at which somebody can be missed here, and who came
    on that day is here too."""
    here = set(Survival(ends="last", gone_after=161).people(shop(), what="here").ids)
    morning = set(Bridge(period="day", gone_after=161, as_of="2011-12-08").people(shop(), what="end").ids)
    day = Bridge(period="day", gone_after=161)
    came = {one for what in ("new", "returned") for one in day.people(shop(), period="2011-12-09", what=what).ids}
    assert here == morning | came
    assert len(came - morning) == 2


def test_every_number_opens_to_its_people():
    answer = shop().ask(Survival(by="country", at=(6, 9), together=("country", "joined", "first_order_value")))
    for row in answer.table.to_pylist()[:6]:
        cell = {"segment": row["segment"], "months": row["months"]}
        for what in ("customers", "at risk", "left"):
            assert len(answer.people(what=what, **cell)) == row[what.replace(" ", "_")]
    for row in answer.extra["cox"].to_pylist()[:-1]:
        cell = {"property": row["property"], "value": row["value"]}
        assert len(answer.people(**cell)) == row["customers"]
        assert len(answer.people(what="left", **cell)) == row["left"]


def test_hazard_ratios_of_the_shop_are_said_as_together_with():
    answer = shop().ask(Survival())
    rows = {(row["property"], row["value"]): row for row in answer.extra["cox"].to_pylist()}
    doubling = rows[("first_order_value", "each doubling")]
    assert doubling["high"] < 1
    assert "Together with each doubling of first order value" in answer.words
    # The quarter in which nobody can have been lost yet stands outside of the model.
    late = rows[("joined", "(other)")]
    assert (late["against"], late["left"], late["hazard_ratio"]) == ("(left out)", 0, None)
    assert "because" not in answer.words + " ".join(answer.notes)


def test_a_segment_of_the_as_of_is_no_property_at_entry():
    """Who left is Lost because she left: a ratio of it would say nothing."""
    answer = shop().ask(Survival(by="rfm"))
    assert "rfm" not in answer.extra["cox"]["property"].to_pylist()
    assert any("because she stayed" in note for note in answer.notes)


def test_a_property_of_small_values_alone_leaves_nobody_out():
    answer = shop().ask(Survival(where=parse_where(["country=France"])))
    rows = answer.extra["cox"].to_pylist()
    assert rows[-1]["property"] == "first_order_value"
    assert rows[-1]["hazard_ratio"] is not None


def test_of_a_plan_and_its_fee_the_plan_is_kept():
    """The fee says nothing that the plan does not: of the two the number is left out, whatever stands first."""
    rng = np.random.default_rng(1)
    plan = rng.integers(0, 3, 600)
    fee = np.array([3.0, 4.0, 5.5])[plan]
    time = rng.exponential(10.0 + 5 * plan)
    beside = (Levels("plan", plan, ("basic", "plus", "pro")), Number("fee", fee, "each doubling"))
    lives = Lives(time, np.ones(600, np.bool_), np.zeros(600, np.int64), ("everyone",), beside)
    found = compared(lives, 30)
    assert found.why.startswith("fee is left out")
    assert [row.property for row in found.rows if row.column is not None] == ["plan", "plan"]


def test_too_little_is_said():
    answer = told("ann a1 5 @0", Settings(gone_after=40)).ask(Survival())
    assert answer.words.startswith("Of 1 customer nobody left; nobody was watched until 12 months after the first order.")
    assert answer.table["survival"].to_pylist() == [None] * 4
    assert any("no hazard ratios" in note for note in answer.notes)
    assert answer.figure() is not None
    nobody = told("ann Login @0", Settings(gone_after=40)).ask(Survival())
    assert nobody.words == "There is nobody whose life could be told."
    assert nobody.figure() is not None


def test_wrong_questions_name_what_is_right():
    timelines = told(FOUR, Settings(gone_after=40))
    for wrong in ({"at": ()}, {"at": (0,)}, {"ends": "never"}, {"gone_after": 0}):
        with pytest.raises(UsageError):
            Survival(**wrong)
    with pytest.raises(UnknownName, match="first_order_value"):
        timelines.ask(Survival(together=("first_order",)))
    answer = timelines.ask(Survival())
    for cell in ({"what": "gone"}, {"what": "at risk"}, {"months": "many"}, {"property": "joined", "value": "1999-Q1"}):
        with pytest.raises(UsageError):
            answer.people(**cell)


# -- any table ----------------------------------------------------------------------------------------------------------------


def test_6_mp_is_the_curve_of_freireich_1963():
    time = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    table = pa.table({"t": time, "status": [1] * 9 + [0] * 12})
    answer = TableSurvival(table, "t", "status", at=(6, 7, 10, 13, 16, 22, 23)).ask()
    survival = answer.table["survival"].to_pylist()
    assert [f"{share:.3f}" for share in survival] == ["0.857", "0.807", "0.753", "0.690", "0.627", "0.538", "0.448"]
    assert answer.extra["groups"].to_pylist()[0]["median_time"] == 23.0
    assert answer.people(time=10, what="left").ids == ("1", "2", "3", "4", "5")


def test_telco_is_the_curve_of_lifelines():
    path = DATA / "telco-churn" / "Telco-Customer-Churn.csv.gz"
    if not path.exists():
        pytest.skip("the data is not here")
    table = read_table(path)
    answer = TableSurvival(table, "tenure", "Churn=Yes", at=(1, 6, 12, 24, 36, 48, 60, 72), id="customerID").ask()
    assert [f"{share:.3f}" for share in answer.table["survival"].to_pylist()] == [
        *("0.946", "0.885", "0.843", "0.789", "0.749", "0.709", "0.664", "0.593")
    ]
    assert answer.definition.n == 7032
    assert "11 rows left out" in answer.notes[0]
    by = TableSurvival(
        table, "tenure", "Churn=Yes", by="Contract", together=("Contract", "MonthlyCharges"), read_on=date(2026, 1, 1)
    ).ask()
    assert by.extra["log_rank"].to_pylist()[0]["degrees"] == 2
    rows = {row["value"]: row for row in by.extra["cox"].to_pylist()}
    assert rows["Two year"]["hazard_ratio"] < rows["One year"]["hazard_ratio"] < 1
    assert rows["Two year"]["against"] == "Month-to-month"
    assert len(by.people(segment="Two year", what="left")) == rows["Two year"]["left"] == 48
    assert len(by.people(property="Contract", value="One year")) == 1472
    assert "read on 2026-01-01" in by.definition.line()
    assert by.figure() is not None


def test_a_table_says_what_is_wrong_with_it(tmp_path):
    table = pa.table({"days": [5.0, None, 0.0, 0.0], "gone": ["yes", "yes", "no", "yes"]})
    answer = TableSurvival(table, "days", "gone").ask()
    assert answer.definition.n == 2
    assert "2 rows left out" in answer.notes[0]
    with pytest.raises(UnknownName, match="gone"):
        TableSurvival(table, "days", "left").ask()
    with pytest.raises(UnknownName, match="yes"):
        TableSurvival(table, "days", "gone=maybe").ask()
    with pytest.raises(UsageError, match="no number"):
        TableSurvival(table, "gone", "gone").ask()
    with pytest.raises(InputError, match="not there"):
        read_table(tmp_path / "nothing.csv")
    (tmp_path / "t.csv").write_text("days,gone\n3,1\n4,0\n")
    assert read_table(tmp_path / "t.csv").num_rows == 2


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 120)), min_size=1, max_size=30), st.randoms())
def test_order_and_shards_change_nothing_and_people_are_the_numbers(orders, random):
    def story(rows) -> str:
        return "\n".join(f"c{who} o{who}x{day} 5 @{day}" for who, day in rows)

    rows = sorted(set(orders))
    mixed = list(rows)
    random.shuffle(mixed)
    settings_ = Settings(gone_after=20)
    one, other = (told(story(part), settings_) for part in (rows, mixed))
    other.threads = 1
    first, second = (timelines.ask(Survival(at=(1, 2))) for timelines in (one, other))
    for name in ("curve", "groups", "cox"):
        assert first.extra[name].equals(second.extra[name])
    for row in first.table.to_pylist():
        assert len(first.people(months=row["months"], what="left")) == row["left"]
        assert len(first.people(months=row["months"], what="at risk")) == row["at_risk"]
    assert np.all(np.diff(first.extra["curve"]["survival"].to_numpy()) <= 0)


def test_the_report_tells_it_where_enough_is_known():
    section = survival_section(Asked(shop()))
    assert section is not None
    assert "still customers 12" in str(section.body)
    assert "survival-figure" in section.figures
    assert survival_section(Asked(told(FOUR, Settings(gone_after=40)))) is None


# -- the command line ------------------------------------------------------------------------------------------------------


def test_the_command_line_answers_of_a_file(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    path = tmp_path / "export.csv"
    path.write_text(
        "who,weeks,gone,plan\n" + "".join(f"c{i},{i % 9 + 1},{'yes' if i % 3 else 'no'},p{i % 2}\n" for i in range(60))
    )
    asked = ["survival", "--file", str(path), "--duration", "weeks", "--event", "gone=yes", "--id", "who"]
    assert run([*asked, "--by", "plan", "--together", "plan"]) == 0
    told_ = capsys.readouterr().out
    assert "p0" in told_
    assert all(len(line) <= 100 for line in told_.splitlines())
    assert run([*asked, "--people", "time=1", "what=left"]) == 0
    assert capsys.readouterr().out.split() == sorted(f"c{i}" for i in range(60) if i % 9 == 0 and i % 3)
    assert run([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["question"]["name"] == "TableSurvival"
    assert run([*asked, "--where", "a=b"]) == 2
    assert run(asked[:3]) == 2
