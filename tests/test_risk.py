"""Risk of leaving: features by hand, nothing of the future, people behind every number, the plain rule, words."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import START, told
from shops import shop

from holdfast.analyses.bridge_walks import counting_of
from holdfast.analyses.risk import BANDS, Risk
from holdfast.analyses.risk.measures import calibration_line, logit
from holdfast.analyses.risk.reasons import NOTHING, Wording, main_kinds, reasons_of
from holdfast.analyses.risk.recency import recency_rule
from holdfast.analyses.risk.traces import FEATURES, KINDS, PLACE, Traces, score_values, traces_of
from holdfast.analyses.risk.training import plan_of
from holdfast.analyses.risk.walk import Base, SnapshotStep
from holdfast.analyses.scope import parse_where
from holdfast.analyses.traits import Traits
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines
from holdfast.timelines.zone import day_of

DAY0 = day_of(START.date())
GONE = Settings(gone_after=120)


def rows_at(timelines: Timelines, day: int, window: int = 30, traces: Traces | None = None) -> dict[str, dict[str, Any]]:
    """The features of everyone in the base at the end of a day (counted from the story's day 0), by customer."""
    as_of = timelines.as_of()
    base = Base(counting_of(timelines.settings, timelines.meta, as_of.until), timelines.settings.gone_after or 120)
    until = timelines.zone.midnight(DAY0 + day + 1)
    later = timelines.zone.midnight(DAY0 + day + window + 1)
    found = traces or traces_of(timelines.meta, timelines.settings, base.counting.names)
    step = SnapshotStep(base, found, DAY0 + day, until, window, DAY0 + day + window, later)
    rows = timelines.walk(pickle.loads(pickle.dumps(step))).rows
    return {
        who: {**{name: float(numbers[place]) for name, place in PLACE.items()}, "left": bool(left), "value": int(value)}
        for who, numbers, left, value in zip(rows["ids"].to_pylist(), rows["numbers"], rows["left"], rows["value"], strict=True)
    }


def test_features_of_ann_by_hand():
    """Ann ordered on days 0, 30, 60, 80 and sent half of the third back on day 70, more on day 95; Ben once; Cleo is gone."""
    story = """
        ann a1 100 @0   ann a2 100 @30   ann a3 200 @60   -ann a3 100 @70   ann a4 40 @80   -ann a3 50 @95
        ben b1 20 @85   cleo c1 10 @-0   cleo c2 10 @1
        ann Ticket Opened @88
    """.replace("@-0", "@0")
    found = rows_at(told(story, Settings(gone_after=60)), 90)
    assert set(found) == {"ann", "ben"}
    ann, ben = found["ann"], found["ben"]
    assert (ann["days silent"], ann["times"], ann["times lately"], ann["days known"]) == (10, 4, 1, 90)
    assert ann["usual interval"] == 80 / 3
    assert ann["silence by interval"] == 10 / (80 / 3)
    # The last of three gaps is 20 days, the two before it 30 each.
    assert ann["gap trend"] == 20 / 30
    assert ann["irregularity"] == pytest.approx(math.sqrt(((30 - 80 / 3) ** 2 * 2 + (20 - 80 / 3) ** 2) / 2) / (80 / 3))
    # Known by day 90: 100, 100, 100 and 40; the refund of day 95 is not known yet.
    assert ann["order value"] == 85
    assert ann["value trend"] == 40 / 100
    assert (ann["orders sent back"], ann["of the last orders"]) == (1 / 4, 4)
    assert ann["money back"] == 100 / 440
    assert (ann["complaints"], ann["days since complaint"]) == (1, 2)
    assert ann["value"] == 340 * 10_000
    assert (ben["times"], ben["days silent"]) == (1, 5)
    assert math.isnan(ben["usual interval"])
    assert math.isnan(ben["value trend"])


def test_leaving_is_no_order_within_the_window_and_one_taken_back_is_none():
    """Ann orders on day 120, the window's last day; Ben on day 121; Cleo's only order of the window is taken back in it."""
    story = """
        ann a1 10 @80  ann a2 10 @120   ben b1 10 @80  ben b2 10 @121
        cleo c1 10 @80 cleo c2 10 @100 -cleo c2 10 @110   dan d1 10 @200
    """
    found = rows_at(told(story, GONE), 90)
    assert {who: row["left"] for who, row in found.items()} == {"ann": False, "ben": True, "cleo": True}


def test_visits_answers_breadth_and_discounts_are_told_where_there_are_any():
    when = [0, 7, 14, 21, 28, 60, 85, 85, 89]
    events = ["Page Viewed"] * 5 + ["Order Completed", "Survey Answered", "Email Opened", "Page Viewed"]
    table = pa.table(
        {
            "customer_id": ["ann"] * 9, "event": events, "time": [START + timedelta(days=day) for day in when],
            "order_id": [None] * 5 + ["o1"] + [None] * 3, "revenue": [None] * 5 + [50.0] + [None] * 3,
            "category": ["toys", "toys", "books", None, None, "garden", None, None, None],
            "coupon": [None] * 5 + ["SAVE"] + [None] * 3, "score": [None] * 6 + ["6", None, None],
            "channel": ["mail", None, None, None, None, None, "shop", None, None],
        }
    )  # fmt: skip
    settings = Settings(gone_after=60, properties=("category", "coupon", "score", "channel"))
    timelines = Timelines.from_arrow(table, settings)
    assert traces_of(timelines.meta, settings, ()).lacking() == ("refunds", "complaints or tickets")
    ann = rows_at(timelines, 90)["ann"]
    assert (ann["breadth"], ann["discounted"], ann["last score"], ann["mails opened"]) == (3, 1, 0.6, 1)
    # Visits on days 0, 7, 14, 21, 28, 60 (the order) and 89: one of the last 28 days, six in the 62 before.
    assert (ann["days without visit"], ann["visit interval"], ann["visits lately"]) == (1, 89 / 6, 1)
    assert ann["visit trend"] == 1.5 / (6 / 62 * 28 + 0.5)


def test_channel_is_told_as_it_was_first_and_as_it_is_last():
    """Ann came by mail and shops in the store now; what comes after day 20 is not known then."""
    table = pa.table(
        {
            "customer_id": ["ann"] * 3 + ["ben"], "order_id": ["1", "2", "3", "4"], "revenue": [5.0] * 4,
            "time": [START + timedelta(days=day) for day in (0, 10, 30, 5)], "channel": ["mail", "shop", "web", "mail"],
        }
    )  # fmt: skip
    timelines = Timelines.from_arrow(table, Settings(gone_after=60, properties=("channel",)))
    traces = traces_of(timelines.meta, timelines.settings, ())
    assert traces.codes == ("channel", "first channel")
    base = Base(counting_of(GONE, timelines.meta, 0), 60)
    rows = timelines.walk(SnapshotStep(base, traces, DAY0 + 20, timelines.zone.midnight(DAY0 + 21), 30)).rows
    names = timelines.meta.properties["channel"]
    found = dict(zip(rows["ids"].to_pylist(), [[names[code] for code in row] for row in rows["codes"]], strict=True))
    assert found == {"ann": ["shop", "mail"], "ben": ["mail", "mail"]}


def test_answers_are_shares_of_their_scale():
    timelines = Timelines.from_arrow(
        pa.table(
            {
                "customer_id": ["a", "b", "c"], "event": ["Survey Answered"] * 3,
                "time": [datetime(2024, 1, 1, 12)] * 3, "rating": ["1", "5", "five"],
            }
        ),
        Settings(properties=("rating",)),
    )  # fmt: skip
    values = dict(zip(timelines.meta.properties["rating"], score_values(timelines.meta, "rating"), strict=True))
    assert (values["1"], values["5"]) == (0.2, 1.0)
    assert math.isnan(values["five"])


PAST = """
    ann a1 100 @0   ann a2 80 @20   -ann a2 30 @25   ann Login @28   ann a3 60 @40   ann Ticket Opened @44
    ben b1 20 @10   ben b2 25 @35   ben Login @36    ben Login @50
    cleo c1 10 @48  cleo Survey Answered @49
"""
LATER = st.lists(
    st.tuples(
        st.sampled_from(["ann", "ben", "cleo", "eve"]),
        st.sampled_from(["order", "back a3", "back c1", "Login", "Ticket Opened", "Survey Answered"]),
        st.integers(51, 140),
        st.integers(1, 500),
    ),
    max_size=12,
)


def _told_later(things: list[tuple[str, str, int, int]]) -> str:
    lines = []
    for place, (who, what, day, amount) in enumerate(things):
        if what == "order":
            lines.append(f"{who} n{place} {amount} @{day}")
        elif what.startswith("back"):
            order = what.split()[1]
            lines.append(f"-{'ann' if order == 'a3' else 'cleo'} {order} {amount} @{day}")
        else:
            lines.append(f"{who} {what} @{day}")
    return "\n".join(lines)


@settings(max_examples=40, deadline=None)
@given(LATER)
def test_nothing_that_comes_after_a_snapshot_changes_a_feature_of_it(things):
    """Orders, refunds of earlier orders, visits, tickets, answers planted after day 50: every row of day 50 stays as it is."""
    plain = told(PAST + "\nann Login @50", GONE)
    traces = traces_of(plain.meta, GONE, ())
    before, after = (
        rows_at(each, 50, traces=traces) for each in (plain, told(PAST + "\nann Login @50\n" + _told_later(things), GONE))
    )
    assert set(after) == set(before)
    for who, row in before.items():
        for name in (*FEATURES, "value"):
            assert row[name] == after[who][name] or (math.isnan(row[name]) and math.isnan(after[who][name])), (who, name)


def test_a_planted_future_does_not_leak_into_the_risk():
    """Whoever orders after the as-of clicks on a secret page the day after it: a risk as of before knows nothing of it."""
    timelines = _many(secret=True)
    honest, day = _many(secret=False), date(2024, 9, 1)
    one, other = (each.ask(Risk(as_of=day, window_days=30, limit=1_000)) for each in (timelines, honest))
    assert one.table.equals(other.table)
    assert one.extra["models"].equals(other.extra["models"])


@cache
def _many(secret: bool = False, seed: int = 5, customers: int = 400, days: int = 366) -> Timelines:
    """A shop whose customers order at their own interval until they leave; two thirds of the leavers open a ticket before."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []

    def add(who: str, event: str, day: float, revenue: float | None = None) -> None:
        order = None if revenue is None else f"o{len(rows)}"
        time = START + timedelta(days=int(day))
        rows.append({"customer_id": who, "event": event, "time": time, "order_id": order, "revenue": revenue,
                     "channel": "mail" if int(who[1:]) % 3 else "shop"})  # fmt: skip

    for place in range(customers):
        who, day, every = f"c{place}", float(rng.integers(0, 200)), float(rng.uniform(8, 25))
        leaves = day + rng.exponential(150)
        while day < min(leaves, days):
            add(who, "Order Completed", day, float(rng.integers(10, 200)))
            day += max(1.0, every * rng.uniform(0.7, 1.4))
        if leaves < days and rng.random() < 2 / 3:
            add(who, "Ticket Opened", leaves)
        if secret and day >= 246:
            add(who, "Secret Page", 246)
    return Timelines.from_arrow(pa.Table.from_pylist(rows), Settings(gone_after=60, properties=("channel",)))


def test_what_is_foretold_of_simulated_shops_comes_true():
    """Asked on day 330, looked at on day 390. Twelve shops of 900 (seeds 0 to 11, by hand): 33.5 % foretold, 33.5 % came, slope
    1.03 (0.92 to 1.13), 11 of the 12 intervals of all leavers held.
    """
    foretold, came, held = [], [], 0
    for seed in (0, 1):
        timelines = _many(seed=seed, customers=900, days=420)
        as_of = timelines.as_of((START + timedelta(days=330)).date())
        asked = Risk(as_of=as_of, window_days=60, limit=10_000)  # type: ignore[arg-type]  # an AsOf is an as-of already
        answer, step = asked.answer(timelines), asked.prepared(timelines, as_of).step
        end = step.today + 60
        later = timelines.walk(replace(step, end=end, later=timelines.zone.midnight(end + 1))).rows
        left = dict(zip(later["ids"].to_pylist(), later["left"].tolist(), strict=True))
        rows = answer.table.to_pylist()
        foretold += [row["risk"] for row in rows]
        came += [left[row["customer"]] for row in rows]
        low, high = (int(number) for number in answer.words.split("(")[1].split(";")[0].split(" to "))
        held += low <= sum(left.values()) <= high
    assert held == 2
    assert np.mean(foretold) == pytest.approx(np.mean(came), abs=0.03)
    line = calibration_line(np.array(came), logit(np.array(foretold)))
    assert line.slope_estimate.low <= 1 <= line.slope_estimate.high


def test_every_number_opens_to_exactly_its_people():
    answer = _many().ask(Risk(by="channel", limit=10_000))
    assert len(answer.table) == answer.definition.n == len(answer.people())
    for row in answer.extra["bands"].to_pylist():
        assert len(answer.people(band=row["band"], segment=row["segment"])) == row["customers"]
        unhappy = answer.people(band=row["band"], segment=row["segment"], dissatisfied="yes")
        assert len(unhappy) == row["dissatisfied"]
    for row in answer.extra["calibration"].to_pylist():
        assert len(answer.people(decile=row["decile"])) == row["n"]
        assert len(answer.people(decile=row["decile"], what="left")) == row["left"]
    for row in answer.extra["drift"].to_pylist():
        assert len(answer.people(snapshot=row["snapshot"].isoformat())) == row["n"]
        assert len(answer.people(snapshot=row["snapshot"].isoformat(), what="left")) == row["left"]
    told_rows = answer.table.to_pylist()
    at_risk = {row["customer"] for row in told_rows if row["band"] in BANDS[2:] or row["dissatisfied"]}
    assert set(answer.people(at_risk="yes").ids) == at_risk
    assert len(answer.people(at_risk="no")) == len(told_rows) - len(at_risk)
    first = told_rows[0]["customer"]
    assert answer.people(customer=first).ids == (first,)


def test_risks_are_sound_and_the_list_is_in_order():
    answer = _many().ask(Risk(limit=10_000))
    rows = answer.table.to_pylist()
    for row in rows:
        assert 0 <= row["low"] <= row["risk"] <= row["high"] <= 1
        assert row["at_stake"] == pytest.approx(row["risk"] * max(row["value"], 0))
    assert [row["at_stake"] for row in rows] == sorted((row["at_stake"] for row in rows), reverse=True)
    by_risk = _many().ask(Risk(limit=10_000, order="risk")).table
    assert by_risk["risk"].to_pylist() == sorted(by_risk["risk"].to_pylist(), reverse=True)
    assert _many().ask(Risk(limit=7)).table.equals(answer.table.slice(0, 7))
    expected = sum(row["expected"] for row in answer.extra["bands"].to_pylist())
    assert expected == pytest.approx(sum(row["risk"] for row in rows), abs=1e-3)
    models = {row["model"]: row for row in answer.extra["models"].to_pylist()}
    used = next(row for row in models.values() if row["used"])
    assert used["brier"] < models["recency"]["brier"] < 0.25
    assert used["auc"] > 0.85


def test_shards_and_the_order_of_arrival_change_nothing():
    timelines = _many()
    asked = Risk(limit=10_000, by="channel")
    whole = timelines.ask(asked)
    alone = Timelines(timelines.source.columns, timelines.settings, threads=1)
    assert alone.ask(asked).to_json() == whole.to_json()
    cut = Timelines(timelines.source.columns, timelines.settings)
    cut.walk = lambda step: _in_pieces(cut, step)  # type: ignore[method-assign]
    assert cut.ask(asked).to_json() == whole.to_json()


def _in_pieces(timelines: Timelines, step: Any) -> Any:
    from holdfast.timelines.walk import Shard, added

    edges = np.linspace(0, timelines.customers, 8).astype(int)
    return added([step(Shard(timelines.source, int(low), int(high))) for low, high in pairwise(edges)])


def test_conditions_choose_who_is_shown_and_not_what_is_learned():
    answer = _many().ask(Risk(limit=10_000))
    part = _many().ask(Risk(limit=10_000, where=parse_where(["channel=shop"])))
    risks = {row["customer"]: row["risk"] for row in answer.table.to_pylist()}
    assert 0 < len(part.table) < len(answer.table)
    assert all(risks[row["customer"]] == row["risk"] for row in part.table.to_pylist())


def test_too_little_to_learn_from_steps_aside_to_the_plain_rule():
    """Ann orders every 10 days, Ben too until 25 days ago; nobody else: the rule of silence stands in and says so."""
    story = "\n".join(
        [f"ann a{day} 10 @{day}" for day in range(0, 201, 10)] + [f"ben b{day} 10 @{day}" for day in range(0, 180, 10)]
    )
    answer = told(story, GONE).ask(Risk(window_days=20))
    assert any(note.startswith("no model was learned: only") for note in answer.notes)
    assert "The plain rule of silence says so" in answer.words
    assert answer.definition.rules["model"] == "plain rule"
    rows = {row["customer"]: row for row in answer.table.to_pylist()}
    assert "orders every 10 days, now 30 without" in rows["ben"]["reasons"]
    assert len(answer.extra["models"]) == len(answer.extra["calibration"]) == 0
    assert answer.extra["drift"].num_rows > 0


def test_nothing_at_all_is_said_in_words():
    nobody = told("ann a1 10 @0   ben Login @300", Settings(gone_after=30)).ask(Risk())
    assert nobody.words.startswith("Nobody is a customer at the as-of")
    assert nobody.notes == ()
    once = told("ann a1 10 @0   ben b1 10 @10", GONE).ask(Risk())
    assert "No risk can be told of 2 customers" in once.words
    assert [row["risk"] for row in once.table.to_pylist()] == [None, None]
    assert len(once.people(band="not known")) == 2


def test_plain_rule_is_the_share_of_longer_waits():
    """Ten customers with waits of 10, 10, 20 and 40 days: of all these half last more than 15 days."""
    days = (0, 10, 20, 40, 80)
    timelines = told("\n".join(f"a{place} o{place}{at} 1 @{day}" for place in range(10) for at, day in enumerate(days)), GONE)
    rule = recency_rule(timelines, timelines.as_of(), Base(counting_of(GONE, timelines.meta, 0), 120), 15)
    risk, low, high = rule.chances(np.array([0.0, 10.0, 15.0, 30.0, np.nan]))
    # After 0 days 20 of 40 last longer than 15. After 10 and 15: of 20 left 10 last longer than 25 or 30. After 30 all end.
    assert risk == pytest.approx([0.5, 0.5, 0.5, 0.0, 0.5], abs=1e-6)
    assert ((low <= risk) & (risk <= high)).all()


def test_snapshots_leave_room_for_their_windows():
    plan = plan_of(0, 372, None, 161)
    assert (plan.window, plan.test) == (90, 282)
    assert plan.early == (192, 162, 132, 102)
    assert plan.late == (282, 252, 222, 192, 162, 132)
    assert plan_of(0, 999, None, 60).window == 60
    assert plan_of(0, 50, None, 161).window == 14
    assert plan_of(0, 99, 60, 161).early == ()
    for day in plan.early:
        assert day + plan.window <= (plan.test or 0)


def test_reasons_say_what_is_seen():
    numbers = np.full(len(PLACE), np.nan)
    told_values = {
        "days silent": 74, "usual interval": 31, "times": 6, "times lately": 0, "value trend": 0.6, "orders sent back": 0.75,
        "of the last orders": 4, "days without visit": 20, "visit interval": 7, "complaints": 1, "days since complaint": 12,
        "order value": 12.5,
    }  # fmt: skip
    for name, value in told_values.items():
        numbers[PLACE[name]] = value
    wording = Wording("orders", "order", 90, ("country", "channel"), "GBP", {"order value": 20.0, "days known": 154.4})
    said = {kind: wording.told(kind, numbers) for kind in KINDS}
    assert said["origin"] is said["season"] is None
    assert said["rhythm"] == "orders every 31 days, now 74 without"
    assert said["value"] == "spends 40 % less an order than before"
    assert said["returns"] == "sent something back of 3 of the last 4 orders"
    assert said["visits"] == "no visit for 20 days, used to come weekly"
    assert said["complaints"] == "complained 12 days ago"
    once = numbers.copy()
    once[[PLACE["times"], PLACE["usual interval"]]] = 1, np.nan
    once[[PLACE["value trend"], PLACE["days known"]]] = np.nan, 353
    assert wording.told("frequency", once) == "ordered once, 74 days ago"
    assert wording.told("value", once) == "12.50 GBP an order (half: 20.00 or more)"
    assert wording.told("tenure", once) == "a customer for 353 days (half: 154 or less)"
    once[PLACE["days known"]] = 154
    assert wording.told("tenure", once) == "a customer for 154 days"
    assert said["frequency"] == "6 orders in all, 0 of them in the last 90 days"
    parts = np.zeros(len(KINDS))
    parts[KINDS.index("visits")], parts[KINDS.index("rhythm")], parts[KINDS.index("value")] = 1.0, 0.5, 0.05
    assert reasons_of(wording, numbers, parts) == f"{said['visits']}; {said['rhythm']}"
    assert reasons_of(wording, numbers, np.zeros(len(KINDS))) == NOTHING
    assert KINDS[main_kinds(parts[None])[0]] == "visits"


def test_where_a_customer_comes_from_is_no_reason():
    """The country adds most, but what she does is told; where nothing else adds, that is said, without the country's name."""
    numbers, parts = np.full(len(PLACE), np.nan), np.zeros(len(KINDS))
    numbers[[PLACE["days silent"], PLACE["usual interval"]]] = 74, 31
    wording = Wording("orders", "order", 90, ("country", "channel"))
    parts[KINDS.index("origin")], parts[KINDS.index("rhythm")] = 2.0, 0.2
    assert reasons_of(wording, numbers, parts) == "orders every 31 days, now 74 without"
    assert KINDS[main_kinds(parts[None])[0]] == "rhythm"
    parts[KINDS.index("rhythm")] = 0.0
    assert reasons_of(wording, numbers, parts) == "no habit stands out, only country or channel"
    assert KINDS[main_kinds(parts[None])[0]] == "origin"


def test_traits_are_the_same_as_the_question_says():
    timelines = _many()
    rows = {row["customer"]: row for row in timelines.ask(Risk(limit=10_000)).table.to_pylist()}
    traits = timelines.ask(Traits(names=("risk", "reason"))).table.to_pylist()
    assert sum(row["risk"] is not None for row in traits) == len(rows)
    for row in traits:
        if row["risk"] is not None:
            mine = rows[row["customer_id"]]
            assert (row["risk"], row["risk_band"], row["reason"]) == (mine["risk"], mine["band"], mine["reasons"])
    high = timelines.ask(Risk(where=parse_where(["risk=high"]), limit=10_000))
    assert {row["band"] for row in high.table.to_pylist()} <= {"high"}


def test_what_cannot_be_is_refused():
    timelines = _many()
    with pytest.raises(UsageError):
        Risk(window_days=0)
    with pytest.raises(UsageError):
        Risk(cuts=(0.5, 0.4, 0.9))
    with pytest.raises(UnknownName):
        timelines.ask(Risk()).people(band="huge")
    with pytest.raises(UnknownName):
        timelines.ask(Risk()).people(snapshot="2020-01-01")
    with pytest.raises(UnknownName):
        timelines.ask(Risk()).people(colour="red")
    with pytest.raises(UsageError):
        timelines.ask(Risk()).people(dissatisfied="perhaps")


def test_online_retail_beats_the_rule_of_silence_and_tells_its_drift():
    answer = shop().ask(Risk(limit=3))
    models = {row["model"]: row for row in answer.extra["models"].to_pylist()}
    used = next(row for row in models.values() if row["used"])
    assert used["n"] > 2_500
    assert used["auc"] > 0.72
    assert used["brier"] < models["recency"]["brier"] < models["base rate"]["brier"]
    assert any(note.startswith("the base rate drifts") for note in answer.notes)
    assert any("if 10 December 2011 to 8 March 2012 is a quieter time more will leave" in note for note in answer.notes)
    assert any("all risks are lowered to that base rate" in note for note in answer.notes)
    again = replace(Risk(limit=3), show="drift").answer(shop())
    assert again.table.equals(answer.extra["drift"])
    assert answer.figure().data


def test_report_tells_who_is_about_to_leave_where_that_can_be_learned():
    from holdfast.report.asked import Asked
    from holdfast.report.sections.risk import section

    found = section(Asked(_many()))
    assert found is not None
    assert "Most at stake, low risks apart" in str(found.body)
    assert set(found.figures) == {"risk-figure"}
    assert section(Asked(told("ann a1 10 @0  ben b1 10 @10", GONE))) is None


def test_command_line_reads_a_plain_table(tmp_path, capsys):
    from holdfast.cli import run

    rows = "\n".join(f"c{number},{number % 2},{'Yes' if number % 10 in (1, 3, 5) else 'No'}" for number in range(600))
    (tmp_path / "people.csv").write_text(f"who,member,gone\n{rows}\n")
    told_file = ["risk", "--file", str(tmp_path / "people.csv"), "--outcome", "gone", "--id", "who"]
    assert run([*told_file, "--csv", str(tmp_path / "risk.csv")]) == 0
    assert "AUC 0.8" in capsys.readouterr().out
    lines = (tmp_path / "risk.csv").read_text().splitlines()
    assert (lines[0], len(lines)) == ("customer,risk,left,reasons", 601)
    assert run(["risk", "--file", str(tmp_path / "people.csv")]) == 2
    assert run(["risk", "--outcome", "gone"]) == 2
