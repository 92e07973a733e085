"""Early signs: falls against one's own habit by hand, the model against scipy, false alarms by simulation, plain SQL."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from functools import cache

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import told
from scipy.stats import beta, nbinom
from shops import shop, shop_events

from holdfast.analyses.early_signs import EarlySigns
from holdfast.analyses.early_signs.loops import days_at_most
from holdfast.analyses.early_signs.model import Habits, chosen_cut, fitted, ratio_bounds
from holdfast.analyses.scope import parse_where
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

LOGINS = Settings(active=("Login",), gone_after=120)


def every(who: str, days: int, first: int, last: int, event: str = "Login") -> str:
    """A customer who comes every so many days."""
    return "\n".join(f"{who} {event} @{day}" for day in range(first, last + 1, days))


CROWD = "\n".join(every(f"c{place}", 7, place % 7, 365) for place in range(20))
"""Twenty who come every week until the end, day 365 or a few days before."""


def test_three_silent_weeks_of_a_weekly_customer_are_a_sign_and_a_silent_month_of_a_rare_one_is_none():
    """Ann came every week for a year and stopped three weeks ago. Ben orders twice a year; Cleo came once."""
    story = "\n".join([CROWD, every("ann", 7, 1, 344), every("ben", 180, 150, 330), "cleo Login @340", "dan Login @365"])
    answer = told(story, LOGINS).ask(EarlySigns())
    [row] = answer.table.to_pylist()
    assert (row["customer"], row["days_silent"], row["last_seen"]) == ("ann", 21, date(2024, 12, 10))
    # The window is 28 days (338 to 365, Ann came on 344), before it 48 waits of 7 days from day 1 to day 337.
    assert (row["window_days"], row["usual_interval_days"]) == (28, 7.0)
    assert (row["before_per_30"], row["now_per_30"]) == (30 / 7, 30 / 28)
    assert row["ratio"] == (1 / 28) / (48 / 336)
    assert row["low"] < row["ratio"] < row["high"] < 1
    assert row["p"] < 0.001
    assert row["complained"] is False
    assert answer.people(status="falling", what="silent").ids == ("ann",)
    assert {"ben", "cleo", "dan"} <= set(answer.people(status="too little known").ids)
    assert answer.words.startswith("1 customer is slipping away in silence")


def test_a_binge_is_one_day_and_a_complaint_is_no_silence():
    """Ann clicks forty times on one day: it is one day. Ben fell after he had opened a ticket; Eve's ticket is a year old."""
    binge = "ann Login @350\n" * 40
    story = [CROWD, every("ann", 7, 1, 344), binge, every("ben", 7, 1, 330), "ben Ticket Opened @340"]
    story += [every("eve", 7, 1, 330), "eve Ticket Opened @5"]
    timelines = told("\n".join(story), LOGINS)
    answer = timelines.ask(EarlySigns(events="any", show="all"))
    assert {row["customer"]: row["complained"] for row in answer.table.to_pylist()} == {"ben": True, "eve": False}
    assert answer.people(what="complained").ids == ("ben",)
    assert answer.people(what="silent").ids == ("eve",)
    assert "1 more is falling after a complaint" in answer.words
    # The last 361 days are 5 to 365: with them the old ticket counts.
    assert timelines.ask(EarlySigns(events="any", quiet_days=360)).people(what="silent").ids == ("eve",)
    assert timelines.ask(EarlySigns(events="any", quiet_days=361)).people(what="silent").ids == ()


def test_who_is_silent_for_longer_than_gone_after_is_gone_and_no_early_sign():
    story = "\n".join([CROWD, every("ann", 7, 1, 240), every("ben", 7, 1, 252)])
    answer = told(story, LOGINS).ask(EarlySigns())
    assert answer.people(status="gone").ids == ("ann",)
    assert answer.people(status="falling").ids == ("ben",)


def test_the_value_at_stake_is_the_money_of_the_last_365_days_and_sorts_the_list():
    """Day 365 is the last: orders from day 1 on are at stake. Ben's 900 on day 0 are not; Ann took 30 of her 100 back."""
    story = [
        CROWD,
        every("ann", 7, 0, 340),
        every("ben", 7, 0, 340),
        "ann o1 100 @1",
        "-ann o1 30 @9",
        "ben o2 900 @0",
        "ben o3 50 @20",
    ]
    plain = told("\n".join(story), LOGINS).ask(EarlySigns(show="all", quiet_days=1))
    assert [(row["customer"], row["value"]) for row in plain.table.to_pylist()] == [("ann", 70.0), ("ben", 50.0)]
    profit = Settings(active=("Login",), gone_after=120, margin=0.5)
    halves = told("\n".join(story), profit).ask(EarlySigns(show="all", limit=1))
    assert [row["value"] for row in halves.table.to_pylist()] == [35.0]
    assert "60 EUR of profit" in halves.words
    assert any("1 more" in note for note in halves.notes)


def test_twice_as_often_as_before_is_rising():
    answer = told("\n".join([CROWD, every("ann", 7, 0, 300), every("ann", 2, 310, 365)]), LOGINS).ask(EarlySigns())
    assert answer.people(status="rising").ids == ("ann",)
    assert len(answer.people(status="steady")) == 20


def test_without_habits_it_says_so():
    answer = told("ann Login @0\nben Login @3", LOGINS).ask(EarlySigns())
    assert "nobody has a habit" in answer.words
    assert answer.table.num_rows == 0
    assert told("ann Login @0", Settings()).ask(EarlySigns()).table.num_rows == 0


def test_wrong_questions_name_what_is_right():
    timelines = told("ann Login @0\nann Login @30", LOGINS)
    with pytest.raises(UnknownName, match="Login"):
        timelines.ask(EarlySigns(events="Logout"))
    with pytest.raises(UnknownName, match="rising"):
        EarlySigns().people(timelines, status="sinking")
    with pytest.raises(UnknownName, match="silent"):
        EarlySigns().people(timelines, what="loud")
    for wrong in ({"alpha": 0.0}, {"alpha": 0.7}, {"control": "none"}, {"window_days": 0}, {"limit": -1}, {"show": "some"}):
        with pytest.raises(UsageError):
            EarlySigns(**wrong)


# -- the model -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "x", "span", "window"), [(0, 0, 30, 7), (0, 47, 336, 28), (3, 47, 336, 28), (900, 300, 400, 1000)]
)
def test_chance_alone_is_the_negative_binomial_of_the_books(k, x, span, window):
    r, alpha = 0.8, 12.0
    assert days_at_most(k, x, span, window, 1.0, r, alpha) == pytest.approx(
        nbinom.cdf(k, r + x, (alpha + span) / (alpha + span + window)), rel=1e-9
    )


def test_regular_waits_are_the_mean_over_the_places_of_the_erlang_stream():
    """s = 4: the window begins after 0, 1, 2 or 3 of the four arrivals that make a day, each as likely."""
    r, alpha, x, span, window, k = 1.5, 10.0, 30, 300, 40, 2
    stay = (alpha / 4 + span) / (alpha / 4 + span + window)
    mean = np.mean([nbinom.cdf(4 * (k + 1) - 1 - place, r + 4 * x, stay) for place in range(4)])
    assert days_at_most(k, x, span, window, 0.25, r, alpha) == pytest.approx(mean, rel=1e-9)


@given(st.integers(0, 40), st.integers(0, 200), st.integers(1, 700), st.integers(1, 400), st.floats(0.05, 4.0))
def test_probabilities_rise_from_nothing_to_all(k, x, span, window, phi):
    one, next_ = (days_at_most(at, x, span, window, phi, 0.7, 9.0) for at in (k, k + 1))
    assert 0 <= one <= next_ <= 1
    assert days_at_most(-1, x, span, window, phi, 0.7, 9.0) == 0


def test_the_interval_of_the_ratio_is_a_beta_prime():
    habits = Habits(0.8, 12.0, 1.0, end=0, gone=0, fixed=0, intervals=4.0, level=0.05)
    low, high = ratio_bounds(habits, 47, 336, 28, 1, 1.0)
    u = beta.ppf([0.025, 0.975], 1.5, 0.8 + 47 - 0.5)
    assert (low, high) == pytest.approx(tuple((12 + 336) / 28 * u / (1 - u)), rel=1e-6)


def test_the_prior_is_found_again():
    """20,000 customers with rates Gamma(0.8, 10) watched for 50 to 400 days."""
    draw = np.random.default_rng(1)
    span = draw.integers(50, 400, 20_000)
    x = draw.poisson(draw.gamma(0.8, 1 / 10, 20_000) * span)
    sums = np.array([20_000, x.sum(), span.sum(), (x * x).sum(), (x * span).sum(), (span * span).sum(), 10**6 * 5_000, 5_000])
    habits = fitted(sums, end=0, gone=0, fixed=0, intervals=4.0, level=0.05)
    assert habits.r == pytest.approx(0.8, rel=0.06)
    assert habits.r / habits.alpha == pytest.approx(0.08, rel=0.03)
    assert habits.phi == pytest.approx(1, abs=0.01)


def test_benjamini_hochberg_by_hand():
    """Four of ten tested: 0.001 ≤ 0.005, 0.008 ≤ 0.010, 0.016 > 0.015 but 0.019 ≤ 0.020, so all four."""
    p = np.array([0.019, 0.001, 0.016, 0.008])
    assert chosen_cut(p, 10, 0.05, "fdr") == 0.019
    assert chosen_cut(p, 20, 0.05, "fdr") == 0.001
    assert chosen_cut(p, 200, 0.05, "fdr") == -1
    assert chosen_cut(p, 200, 0.05, "each") == 0.05


# -- simulation ----------------------------------------------------------------------------------------------------------------

END = 540


@cache
def simulated(seed: int, shape: int, slowed: int = 0, factor: float = 1.0) -> Timelines:
    """1,200 customers whose waits are Erlang of a shape, at constant rates Gamma(1.5, 12); the first `slowed` of them are
    weekly ones whose rate changed by a factor 84 days before the end."""
    draw = np.random.default_rng(seed)
    who, when = [], []
    for place in range(1200):
        rate = 1 / 7 if place < slowed else max(draw.gamma(1.5, 1 / 12), 1e-3)
        x = float(draw.integers(0, END - 300))
        while x <= END:
            who.append(f"c{place}")
            when.append(int(x))
            step = draw.gamma(shape, 1 / (shape * rate))
            change = END - 84
            if place < slowed and x + step > change:
                step = max(change - x, 0) + (x + step - max(change, x)) / factor
            x += step
    start = datetime(2023, 1, 1, 12, tzinfo=UTC)
    table = {"customer_id": who, "event": ["Login"] * len(who)}
    table["time"] = pa.array([start + timedelta(days=at) for at in [*when]], pa.timestamp("us", tz="UTC"))
    return Timelines.from_arrow(pa.table(table), Settings(active=("Login",), gone_after=10_000))


@pytest.mark.parametrize("shape", [1, 2, 6])
def test_of_customers_at_constant_rates_at_most_alpha_are_flagged(shape):
    """Over seeds; measured: 0.024, 0.019 and 0.015 of those tested, for pure chance, Erlang of 2 and of 6."""
    flagged = tested = 0
    for seed in range(3):
        row = simulated(seed, shape).ask(EarlySigns(control="each")).extra["alarms"].to_pylist()[0]
        flagged, tested = flagged + row["flagged"], tested + row["tested"]
        assert simulated(seed, shape).ask(EarlySigns()).extra["alarms"].to_pylist()[0]["flagged"] <= 2
    assert tested > 1500
    assert 0.005 < flagged / tested <= 0.05


@pytest.mark.parametrize(("shape", "factor", "power"), [(1, 0.5, 0.15), (6, 0.5, 0.5), (1, 0.25, 0.45), (6, 0.25, 0.9)])
def test_a_fall_is_seen(shape, factor, power):
    """Weekly customers whose rate was halved, or quartered, twelve weeks ago; each at 5 %."""
    timelines = simulated(7, shape, 200, factor)
    found = {who for who in EarlySigns(control="each").people(timelines, status="falling").ids if int(who[1:]) < 200}
    assert len(found) / 200 >= power
    if shape == 6 and factor == 0.25:
        kept = EarlySigns().people(timelines, status="falling").ids
        real = sum(int(who[1:]) < 200 for who in kept)
        assert real >= 150
        assert len(kept) - real <= 0.1 * len(kept)


# -- laws and the real shop ----------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(st.integers(0, 200), min_size=1, max_size=30), min_size=1, max_size=8), st.randoms())
def test_arrival_order_and_threads_change_nothing_and_everyone_has_one_status(people, random):
    moves = [(f"c{place}", day) for place, days in enumerate(people) for day in days]
    shuffled = random.sample(moves, len(moves))
    one, other = (told("\n".join(f"{who} Login @{day}" for who, day in rows), LOGINS) for rows in (moves, shuffled))
    question = EarlySigns(control="each", alpha=0.2)
    first, second = one.ask(question), other.ask(question)
    assert first.table.equals(second.table)
    assert first.extra["summary"].equals(second.extra["summary"])
    rows = first.extra["summary"].to_pylist()
    assert sum(row["customers"] for row in rows) == rows[0]["n"] == len(people)
    for row in rows:
        assert len(first.people(status=row["status"], **({"what": row["what"]} if row["what"] else {}))) == row["customers"]


def test_shards_change_nothing(monkeypatch):
    whole = shop().ask(EarlySigns(control="each", limit=10_000))
    monkeypatch.setattr("holdfast.timelines.walk.EVENTS_A_SHARD", 2_000)
    parts = Timelines(shop().source.columns, shop().settings, threads=3).ask(EarlySigns(control="each", limit=10_000))
    assert parts.table.sort_by("customer").equals(whole.table.sort_by("customer"))
    assert parts.extra["alarms"].equals(whole.extra["alarms"])


SQL = """
WITH active AS (
    SELECT DISTINCT customer_id, CAST(time AS DATE) AS day FROM events
    WHERE customer_id IS NOT NULL AND event = 'Order Completed'
), span AS (
    SELECT customer_id, min(day) AS first, max(day) AS last FROM active GROUP BY ALL
), shown AS (SELECT unnest($ids) AS customer_id, unnest($windows) AS w)
SELECT customer_id, last, CAST(DATE '2011-12-09' - last AS INT), w,
       count(*) FILTER (day > first AND day <= DATE '2011-12-09' - w), CAST(DATE '2011-12-09' - w - first AS INT),
       count(*) FILTER (day > DATE '2011-12-09' - w),
       (SELECT coalesce(sum(CASE WHEN event = 'Order Completed' THEN revenue ELSE -revenue END), 0) FROM events e
        WHERE e.customer_id = shown.customer_id AND CAST(e.time AS DATE) > DATE '2011-12-09' - 365),
       (SELECT count(*) > 0 FROM events e
        WHERE e.customer_id = shown.customer_id AND event = 'Order Refunded' AND CAST(e.time AS DATE) > DATE '2011-12-09' - 90)
FROM shown JOIN span USING (customer_id) JOIN active USING (customer_id)
GROUP BY customer_id, first, last, w ORDER BY customer_id
"""


def test_the_real_shop_equals_sql():
    """Days, counts, money and complaints of everyone on the list, from the events by themselves."""
    answer = shop().ask(EarlySigns(alpha=0.2, control="each", show="all", limit=10_000))
    rows = sorted(answer.table.to_pylist(), key=lambda row: row["customer"])
    assert len(rows) > 30
    sql = duckdb.connect()
    sql.register("events", shop_events())
    bound = {"ids": [row["customer"] for row in rows], "windows": [row["window_days"] for row in rows]}
    expected = sql.execute(SQL, bound).fetchall()
    for row, (who, last, silent, window, before, span, now, value, said) in zip(rows, expected, strict=True):
        assert (row["customer"], row["last_seen"], row["days_silent"], row["complained"]) == (who, last, silent, said)
        assert row["before_per_30"] == pytest.approx(30 * before / span, rel=1e-12)
        assert row["now_per_30"] == pytest.approx(30 * now / window, rel=1e-12)
        assert row["value"] == float(value)
        assert math.isclose(row["ratio"], (now / window) / (before / span))
        assert row["low"] <= row["ratio"] <= row["high"]
    values = [row["value"] for row in answer.table.to_pylist()]
    assert values == sorted(values, reverse=True)


def test_segments_conditions_and_the_look_back_open_to_their_people():
    answer = shop().ask(EarlySigns(control="each", by="country", months=3))
    for row in answer.extra["summary"].to_pylist():
        if row["segment"] in ("France", "Germany", "Spain"):
            cell = {"status": row["status"], "segment": row["segment"]} | ({"what": row["what"]} if row["what"] else {})
            assert len(answer.people(**cell)) == row["customers"]
    for row in answer.extra["trend"].to_pylist():
        earlier = shop().ask(EarlySigns(control="each", as_of=row["month_end"]))
        assert len(earlier.people(what="silent")) == row["silent"]
    assert [row["month_end"] for row in answer.extra["trend"].to_pylist()] == ["2011-09-30", "2011-10-31", "2011-11-30"]
    everyone = shop().ask(EarlySigns(control="each"))
    French = shop().ask(EarlySigns(control="each", where=parse_where(["country=France"])))
    assert set(French.people(status="falling").ids) < set(everyone.people(status="falling").ids)
    assert French.extra["alarms"].equals(everyone.extra["alarms"])


def test_the_trait_selects_the_same_people():
    from holdfast.analyses.stickiness import Stickiness

    timelines = simulated(7, 6, 200, 0.25)
    falling = EarlySigns().people(timelines, status="falling")
    assert len(falling) > 100
    chosen = timelines.ask(Stickiness(where=parse_where(["signs=falling"])))
    assert chosen.definition.n == len(falling)
    by = timelines.ask(Stickiness(by="signs"))
    assert set(by.people(date="2024-06-10", measure="mau", segment="falling").ids) <= set(falling.ids)


def test_without_alarms_it_says_what_chance_would_give():
    answer = shop().ask(EarlySigns())
    [alarms] = answer.extra["alarms"].to_pylist()
    assert alarms["flagged"] == 0
    assert alarms["false_expected"] == 0
    assert any(f"of {alarms['tested']:,} tested" in note and "by chance alone" in note for note in answer.notes)


def test_the_made_stream_shows_who_slowed_down_and_who_said_so():
    """Planted: 60 customers whose visits fall to a third 60 days before the end; some of them open a ticket."""
    from holdfast import datasets

    truth = {row["customer_id"]: row for row in datasets.made_truth().to_pylist()}
    timelines = Timelines.from_arrow(datasets.made_stream(), Settings())
    answer = timelines.ask(EarlySigns(events="any", control="each", show="all"))
    falling = answer.people(status="falling").ids
    planted = [truth[who]["slows"] for who in falling]
    assert sum(planted) >= 30
    assert sum(planted) >= 0.75 * len(planted)
    assert all(truth[who]["ticket"] for who in answer.people(what="complained").ids)
    assert not any(truth[who]["ticket"] for who in answer.people(what="silent").ids)


def test_without_settings_every_own_doing_is_activity_and_the_answer_says_so():
    """Ann orders once a year and visits every week until three weeks ago; the mails that reach her are not her doing."""
    story = "\n".join([CROWD, every("ann", 7, 1, 344, "Visit"), "ann o1 10 @50", every("ann", 7, 345, 365, "Email Sent")])
    answer = told(story, Settings(gone_after=120)).ask(EarlySigns())
    assert answer.people(status="falling").ids == ("ann",)
    assert any("“events” orders" in note for note in answer.notes)
    assert told(story, Settings(gone_after=120)).ask(EarlySigns(events="orders")).people(status="falling").ids == ()
    named = told(story, Settings(gone_after=120, active=("Visit",))).ask(EarlySigns())
    assert not any("“events” orders" in note for note in named.notes)


def test_where_next_to_nobody_can_be_tested_the_words_say_that_first():
    story = "\n".join([every("ann", 7, 1, 344), *(f"c{place} Login @{300 + place}" for place in range(40)), "dan Login @365"])
    answer = told(story, LOGINS).ask(EarlySigns(control="each"))
    assert answer.words.startswith("Too little is known: of 42 customers still here 1 has a habit known well enough")
    assert "that one is slipping away in silence" in answer.words
    assert "100.0 %" not in answer.words
