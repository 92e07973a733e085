"""Contracts: renewals by hand, models against what was put in, value against what was paid later, people behind each number."""

from __future__ import annotations

import pickle
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from contract_shops import SETTINGS, contract_shop
from hypothesis import given
from hypothesis import strategies as st
from people import told
from shops import shop

from holdfast.analyses.bridge import Bridge
from holdfast.analyses.contract_value import ContractValue
from holdfast.analyses.contract_value.calendar import Rhythm
from holdfast.analyses.contract_value.contracts import still_open
from holdfast.analyses.contract_value.walk import ContractsStep
from holdfast.analyses.personas.card import PersonaCard
from holdfast.analyses.scope import Scope
from holdfast.analyses.survival import Survival
from holdfast.analyses.traits import Traits
from holdfast.charts.contracts import renewal_curves
from holdfast.errors import UnknownName, UsageError
from holdfast.report.asked import Asked
from holdfast.report.sections.contracts import section as contracts_section
from holdfast.report.sections.holdout import section as holdout_section
from holdfast.report.sections.next_order import section as next_order_section
from holdfast.settings import Contract, Settings
from holdfast.timelines.zone import day_of

STORY = """
    ann Started @0    ann o1 10 @0   ann o2 10 @31   ann o3 12 @60
    ben Started @0    ben Ended @31
    cleo Started @0   cleo Ended @32  cleo Started @70  cleo o4 20 @70
    dan Started @4    dan Ended @90
    eve Started @69
"""
"""1 January 2024 is day 0, so renewals come on days 31 (1 February), 60 (1 March), 91. As of day 90 (31 March): Ann lived two
renewals. Ben ended on his first renewal day: none lived. Cleo ended a day later: one lived, lost at the second. Dan began on
5 January, ended in the period that runs until 5 April: two lived, not lost yet. Eve began on 10 March."""

PAID = Settings(base="contract", contract=Contract(("Started",), ("Ended",)))


def days(*dates: str) -> np.ndarray:
    return np.array([day_of(date.fromisoformat(one)) for one in dates])


def test_renewals_come_on_the_same_day_of_the_month_or_the_last_of_a_shorter_one():
    month, year = Rhythm("month"), Rhythm("year")
    [end] = days("2024-01-31")
    assert month.renewal([end] * 3, [1, 2, 13]).tolist() == days("2024-02-29", "2024-03-31", "2025-02-28").tolist()
    assert month.passed([end] * 3, days("2024-02-28", "2024-02-29", "2025-02-28")).tolist() == [0, 1, 13]
    [leap] = days("2024-02-29")
    assert year.renewal([leap], [1]).tolist() == days("2025-02-28").tolist()
    assert year.passed([leap] * 2, days("2025-02-27", "2025-02-28")).tolist() == [0, 1]
    assert month.earlier(end, 2) == days("2023-11-30")[0]
    assert month.part([days("2024-01-01")[0]] * 2, days("2024-01-01", "2024-02-01"), [0, 0]).tolist() == [0.0, 1.0]


@given(st.integers(0, 40_000), st.integers(0, 5_000))
def test_renewals_passed_are_those_whose_day_has_come(begin, later):
    for rhythm in (Rhythm("month"), Rhythm("year")):
        n = rhythm.passed([begin], [begin + later])
        assert rhythm.renewal([begin], n)[0] <= begin + later < rhythm.renewal([begin], n + 1)[0]


def test_contracts_by_hand():
    answer = told(STORY, PAID).ask(ContractValue(show="retention"))
    rows = answer.table.select(["renewal", "at_risk", "lost"]).to_pylist()
    assert rows == [{"renewal": 1, "at_risk": 4, "lost": 1}, {"renewal": 2, "at_risk": 3, "lost": 1}]
    assert answer.table["survival"].to_pylist() == pytest.approx([3 / 4, 1 / 2])
    assert answer.people(what="lost", renewal=1).ids == ("ben",)
    assert answer.people(what="lost", renewal=2).ids == ("cleo",)
    assert answer.people(what="at risk", renewal=2).ids == ("ann", "cleo", "dan")
    assert answer.people().ids == ("ann", "cleo", "eve")
    assert answer.people(what="customers").ids == ("ann", "ben", "cleo", "dan", "eve")
    assert answer.words.startswith("3 of 5 customers are under contract; fewer than 30 contracts")
    assert not any(note.startswith("model") for note in answer.notes)
    assert any("came back" in note for note in answer.notes)
    assert any("1 contract ended in a period still running" in note for note in answer.notes)
    assert answer.figure() is not None


ODD = """
    ann Started @0   ann Started @15   ann Ended @40   ann Ended @80
    ben Ended @0     ben Started @10
    cleo Started @0  cleo Ended @40    cleo Started @40
    dan Started @5   dan Ended @5      dan Started @5
    eve Ended @20
    fay Started @5   fay Ended @5
    gus Started @90
    zoe Ended @90
"""
"""Overlapping starts and a second end, an end before the start, an end and a start on one day, one that ends on the day of its
start and goes on, only an end, one day alone, the last day."""


def test_contracts_that_are_told_oddly():
    timelines = told(ODD, PAID)
    question = ContractValue()
    assert question.people(timelines, what="customers").ids == ("ann", "ben", "cleo", "dan", "gus")
    assert question.people(timelines).ids == ("ben", "cleo", "dan", "gus")
    assert question.people(timelines, what="lost", renewal=2).ids == ("ann",)
    assert question.people(timelines).ids == Bridge().people(timelines, what="end").ids
    left = timelines.ask(Survival(at=(2,))).people(what="left").ids
    assert left == ("ann",)


def test_a_customer_s_own_range_holds_at_least_what_it_says():
    timelines, day = contract_shop(2000, seed=3, periods=40), date(2025, 6, 30)
    rows = timelines.ask(ContractValue(as_of=day, discount=0.0, limit=0)).table.to_pylist()
    until, columns = Rhythm("month").renewal([day_of(day)], [12])[0], timelines.source.columns
    who = np.repeat(np.arange(columns.customers), np.diff(columns.orders.offsets))
    later = (columns.orders.day > day_of(day)) & (columns.orders.day <= until)
    money = np.bincount(who[later], weights=columns.orders.amount[later] / 10_000, minlength=columns.customers)
    paid = dict(zip(columns.ids().to_pylist(), money, strict=True))
    held = [row["value_low"] - 0.01 <= paid[row["customer"]] <= row["value_high"] + 0.01 for row in rows]
    assert np.mean(held) >= 0.9


def test_who_is_under_contract_is_the_bridge_s_base():
    timelines = contract_shop(300)
    base = Bridge().people(timelines, what="end").ids
    assert ContractValue().people(timelines).ids == base
    for by in ("plan", "cohort"):
        for row in timelines.ask(ContractValue(by=by, show="equity", holdout=0)).table.to_pylist():
            own = {} if row["segment"] == "everyone" else {"segment": row["segment"]}
            assert len(ContractValue(by=by).people(timelines, **own)) == row["customers"]


def test_every_count_of_the_retention_table_opens():
    timelines = contract_shop(400)
    answer = timelines.ask(ContractValue(by="plan", show="retention", holdout=0))
    for row in answer.table.to_pylist()[:8]:
        cell = {"segment": row["segment"], "renewal": row["renewal"]}
        assert len(answer.people(what="at risk", **cell)) == row["at_risk"]
        assert len(answer.people(what="lost", **cell)) == row["lost"]


def test_one_rate_by_hand():
    """All alike: a fifth leaves at every renewal, on the day. Who pays 10 a month is worth 10 · (0.8 + 0.8² + 0.8³) over three
    months without a discount, for ever with a tenth a year 8 (1 + d) / (1 + d - 0.8) less the part of the month until then."""
    rows = []
    for who in range(3125):
        left = next((t for t in range(1, 6) if who >= round(3125 * 0.8**t)), 6)
        rows.append((f"c{who:04}", "Started", date(2026, 1, 1), None))
        rows += [(f"c{who:04}", "Order Completed", date(2026, month, 1), 10.0) for month in range(1, min(left, 6) + 1)]
        rows += [(f"c{who:04}", "Ended", date(2026, left + 1, 1), None)] if left < 6 else []
    who, event, day, money = zip(*rows, strict=True)
    table = pa.table(
        {
            "customer_id": pa.array(who), "event": pa.array(event),
            "time": pa.array(day, pa.date32()).cast(pa.timestamp("us", "UTC")),
            "revenue": pa.array(money, pa.float64()).cast(pa.decimal128(18, 4)),
        }
    )  # fmt: skip
    from holdfast.timelines.timelines import Timelines

    timelines = Timelines.from_arrow(table, SETTINGS)
    answer = timelines.ask(ContractValue(horizon_months=3, discount=0.0, as_of="2026-06-01", holdout=0))
    row = answer.table.to_pylist()[0]
    assert row["value_per_period"] == 10.0
    assert row["next_renewal"] == date(2026, 7, 1)
    assert row["renews_share"] == pytest.approx(0.8)
    assert row["value"] == pytest.approx(10 * (0.8 + 0.64 + 0.512))
    assert (row["value_low"], row["value_high"], row["value_for_ever"]) == (0.0, 30.0, None)
    assert answer.extra["equity"].to_pylist()[0]["customers"] == 1024
    paid = timelines.ask(ContractValue(horizon_months=3, as_of="2026-06-01", holdout=0)).table.to_pylist()[0]
    d = 1.1 ** (1 / 12) - 1
    assert paid["value_for_ever"] == pytest.approx(10 * 0.8 * (1 + d) / (1 + d - 0.8) / (1 + d))
    profit = Timelines(timelines.source.columns, Settings(**{**vars(SETTINGS), "margin": 0.5}))
    half = profit.ask(ContractValue(horizon_months=3, discount=0.0, as_of="2026-06-01", holdout=0))
    assert half.table.to_pylist()[0]["value"] == pytest.approx(5 * (0.8 + 0.64 + 0.512))
    assert "of profit" in half.words


def later_paid(timelines, as_of: date, months: int, ids: tuple[str, ...]) -> float:
    """What these customers paid in so many months after the as-of, by plain counting of the made orders."""
    until = Rhythm("month").renewal([day_of(as_of)], [months])[0]
    columns = timelines.source.columns
    among = np.isin(np.array(columns.ids().to_pylist()), ids)
    who = np.repeat(np.arange(columns.customers), np.diff(columns.orders.offsets))
    counted = among[who] & (columns.orders.day > day_of(as_of)) & (columns.orders.day <= until)
    return float(columns.orders.amount[counted].sum()) / 10_000


@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_paid_later_lies_within_the_interval(seed):
    """Made contracts, valued at the end of June 2025 and held against the payments of the year after."""
    timelines = contract_shop(2000, seed=seed, periods=40)
    question = ContractValue(as_of=date(2025, 6, 30), discount=0.0)
    answer = timelines.ask(question)
    row = answer.extra["equity"].to_pylist()[0]
    paid = later_paid(timelines, date(2025, 6, 30), 12, answer.people().ids)
    assert row["value_low"] < paid < row["value_high"]
    chosen = {one["model"] for one in answer.extra["models"].to_pylist() if one["chosen"]}
    assert chosen <= {"shifted-beta-geometric", "beta-discrete-Weibull"}
    assert "better than one rate for all" in answer.notes[-1]
    last = answer.extra["holdout"].to_pylist()[-1]
    assert abs(last["model_kept"] - last["kept"]) < abs(last["plain_kept"] - last["kept"])


def test_a_contract_that_has_not_ended_yet_is_the_surer_the_less_of_its_period_is_left():
    """Of those lost, half had 0.5 of the period behind them, half all of it."""
    parts = np.array([0.5, 0.5, 1.0, 1.0])
    assert still_open(parts, np.array([0.2, 0.5, 0.9])).tolist() == [1.0, 0.5, 0.5]
    rows = contract_shop(2000).ask(ContractValue(limit=0)).table.to_pylist()
    same = [row for row in rows if row["renewals"] == 0]
    late, early = (pick(same, key=lambda row: row["next_renewal"]) for pick in (min, max))
    assert late["renews_share"] > early["renews_share"]


def test_yearly_contracts_and_segments():
    timelines = contract_shop(400, every="year", periods=6, alpha=0.9, beta=2.0)
    answer = timelines.ask(ContractValue(every="year", horizon_months=36, by="plan"))
    assert {row["segment"] for row in answer.extra["models"].to_pylist()} == {"everyone", "basic", "plus"}
    values = [row["value"] for row in answer.extra["equity"].to_pylist()]
    assert values[-1] == pytest.approx(sum(values[:-1]))
    assert answer.table["expected_renewals"].to_numpy().max() <= 3
    with pytest.raises(UsageError, match="steps of 12"):
        ContractValue(every="year", horizon_months=18)


def test_without_contracts_it_says_so():
    answer = shop().ask(ContractValue())
    assert "base" in answer.words
    assert len(answer.table) == 0
    assert answer.figure() is not None
    nobody = told("ann Started @0 ann Ended @0", PAID).ask(ContractValue())
    assert nobody.words == "There is no contract yet."
    with pytest.raises(UnknownName, match="Login"):
        told("ann Login @0", PAID).ask(ContractValue())


def test_wrong_questions_name_what_is_right():
    timelines = told(STORY, PAID)
    for wrong in ({"every": "week"}, {"horizon_months": 0}, {"discount": 2}, {"limit": -1}, {"holdout": -1}, {"show": "all"}):
        with pytest.raises(UsageError):
            ContractValue(**wrong)
    question = ContractValue()
    for cell in ({"what": "gone"}, {"segment": "plus"}, {"what": "lost", "renewal": "x"}, {"customer": "ben"}, {"who": "ann"}):
        with pytest.raises(UsageError):
            question.people(timelines, **cell)
    with pytest.raises(UsageError, match="base"):
        question.people(shop())


def test_the_report_tells_it_of_contracts_alone():
    section = contracts_section(Asked(contract_shop(300)))
    assert section is not None
    assert "under contract are worth" in str(section.body)
    assert contracts_section(Asked(shop())) is None


def test_shards_change_nothing():
    timelines = contract_shop(300)
    whole = timelines.ask(ContractValue())
    step = ContractsStep(Scope("plan"), timelines.as_of(), "order", SETTINGS.contract, 0, 30_000)
    assert pickle.loads(pickle.dumps(step)) == step
    timelines.threads = 1
    again = timelines.ask(ContractValue())
    assert whole.table.equals(again.table)
    assert whole.words == again.words


def traits_of(timelines, name: str) -> dict[str, tuple[float | None, str]]:
    table = timelines.ask(Traits(names=(name,))).table
    return {row["customer_id"]: (row[name], row[f"{name}_band"]) for row in table.to_pylist()}


def test_the_traits_are_what_the_contracts_are_worth():
    """Not what a model of buying makes of the payments: who is under contract, and her renewals."""
    timelines = contract_shop(400)
    rows = {row["customer"]: row for row in timelines.ask(ContractValue(limit=0)).table.to_pylist()}
    for name in ("value", "value_at_risk"):
        told_of = traits_of(timelines, name)
        assert len(told_of) == 400
        for who, (number, band) in told_of.items():
            assert number == pytest.approx(rows[who][name] if who in rows else 0.0, abs=0.006)
            assert who in rows or band == "lower half"
    alive = traits_of(timelines, "p_alive")
    assert {who for who, (number, _) in alive.items() if number == 1} == set(rows)
    assert {band for who, (_, band) in alive.items() if who not in rows} == {"below 0.2"}
    best = sorted(rows, key=lambda who: -rows[who]["value"])[0]
    assert best in Traits(names=("value",)).people(timelines, trait="value", value="best 1 %").ids


def test_who_never_had_a_contract_has_no_value_and_too_few_say_so():
    timelines = told(STORY + "\n    zoe o9 10 @3", PAID)
    assert traits_of(timelines, "p_alive")["zoe"] == (None, "(not known)")
    assert traits_of(timelines, "p_alive")["ben"] == (0.0, "below 0.2")
    with pytest.raises(UsageError, match="fewer than 30 contracts"):
        traits_of(timelines, "value")


def test_at_risk_is_what_a_sure_renewal_would_add():
    timelines = contract_shop(400)
    rows = timelines.ask(ContractValue(show="at-risk", limit=0)).table.to_pylist()
    risks = [row["value_at_risk"] for row in rows]
    assert risks == sorted(risks, reverse=True)
    for row in rows[:20]:
        assert (row["value"] + row["value_at_risk"]) * row["renews_share"] == pytest.approx(row["value"])
    equity = timelines.ask(ContractValue(show="equity")).table.to_pylist()[0]
    assert equity["value_at_risk"] == pytest.approx(sum(risks))


def test_contracts_that_look_yearly_are_said_to():
    yearly = contract_shop(400, every="year", periods=6, alpha=0.9, beta=2.0)
    assert any("“every” year" in note for note in yearly.ask(ContractValue(holdout=0)).notes)
    assert not any("“every” year" in note for note in yearly.ask(ContractValue(every="year", holdout=0)).notes)
    assert not any("“every” year" in note for note in contract_shop(400).ask(ContractValue(holdout=0)).notes)


def test_the_sentence_stands_on_a_year_s_renewals_and_segments_say_whose_model():
    answer = contract_shop(2000).ask(ContractValue(by="plan"))
    assert "of those left at their 12th" in answer.words
    assert any("each segment by its own model" in note for note in answer.notes)
    assert answer.notes[0].startswith(
        "model: shifted-beta-geometric (customers differ, and those readiest to leave go first): "
    )


def test_a_report_of_contracts_leaves_out_what_is_about_orders():
    asked = Asked(contract_shop(300))
    assert holdout_section(asked) is None
    assert next_order_section(asked) is None


def test_the_picture_leaves_out_segments_of_a_few_and_puts_points_beside_each_other():
    rows = contract_shop(400).ask(ContractValue(by="plan", show="retention")).table.to_pylist()
    few = [{**row, "segment": "few", "at_risk": 5} for row in rows if row["segment"] == "plus"]
    figure = renewal_curves([*rows, *few], title="t", subtitle="s", every="month")
    assert [trace.name for trace in figure.data if trace.mode == "lines" and trace.showlegend is None] == ["basic", "plus"]
    first = [trace.x[0] for trace in figure.data if trace.mode == "markers"]
    assert first == pytest.approx([0.92, 1.08])


def test_the_end_of_a_contract_is_no_sign_before_leaving():
    """On a card of a persona: of whoever left the contract ended, which tells nothing."""
    card = contract_shop(400).ask(PersonaCard())
    before = set(card.extra["leaving"]["event"].to_pylist())
    assert before
    assert "Ended" not in before


def test_who_got_more_back_than_she_paid_is_worth_nothing_not_less():
    timelines = contract_shop(200, fee=-5.0)
    rows = timelines.ask(ContractValue(limit=0)).table.to_pylist()
    assert rows
    assert {row["value"] for row in rows} == {row["value_high"] for row in rows} == {0.0}
    assert any("no payments" in note for note in timelines.ask(ContractValue()).notes)
