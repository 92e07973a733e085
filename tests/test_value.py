"""What each customer is worth: the published figure, money by hand, intervals that hold, the people behind each number."""

from __future__ import annotations

import csv
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from cdnow_sample import sample
from hypothesis import given
from hypothesis import strategies as st
from people import told
from shops import SHOP_SETTINGS, cdnow, shop, shop_events
from simulated_futures import groups_beyond, lived, own_held

from holdfast.analyses.answer import Answer
from holdfast.analyses.clv import PlainClv
from holdfast.analyses.holdout import chosen
from holdfast.analyses.models import bg_nbd, gamma_gamma
from holdfast.analyses.models.gamma_gamma import GammaGamma
from holdfast.analyses.models.histories import Histories
from holdfast.analyses.occasions import occasions
from holdfast.analyses.scope import Condition, Scope
from holdfast.analyses.traits import Traits
from holdfast.analyses.value import SHOWS, CustomerValue
from holdfast.analyses.value.choice import choice
from holdfast.analyses.value.doubt import bounds
from holdfast.analyses.value.futures import moments, value_bounds
from holdfast.analyses.value.groups import tenths
from holdfast.analyses.value.horizon import Horizon, discounted
from holdfast.analyses.value.lately import lately
from holdfast.analyses.value.paying import GammaPaying, OwnPaying
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines
from holdfast.timelines.zone import date_of

VALUES = Path(__file__).parent / "data" / "cdnow_values.csv"


@cache
def asked(**choices: Any) -> Answer:
    """The shop's answer, asked once."""
    return CustomerValue(**choices).answer(shop())


def rows(answer: Answer, name: str) -> list[dict[str, Any]]:
    table = answer.table if answer.question.show == name else answer.extra[name]  # type: ignore[attr-defined]
    return table.to_pylist()


# -- the money by hand ---------------------------------------------------------------------------------------------------------


def test_an_order_of_the_mth_month_is_discounted_m_times() -> None:
    """One order a month for three months at 10 % a month: 1 / 1.1 + 1 / 1.21 + 1 / 1.331; without a discount three."""
    by_month = np.array([1.0, 2.0, 3.0])
    assert discounted(by_month, 0.1) == pytest.approx(1 / 1.1 + 1 / 1.21 + 1 / 1.331)
    assert discounted(by_month, 0.0) == 3.0
    assert discounted(np.array([[0.5], [2.0]]), 0.25) == pytest.approx([0.4, 1.6])


@given(st.lists(st.floats(0, 5), min_size=1, max_size=36), st.floats(0, 0.2))
def test_a_discount_takes_away_from_every_order_and_never_turns_the_order_of_futures(steps: list[float], rate: float) -> None:
    """The sum by parts is the sum of the definition; more orders, or a smaller discount, are never worth less."""
    expected = np.cumsum(steps)
    worth = float(discounted(expected, rate))
    assert worth == pytest.approx(sum(step / (1 + rate) ** m for m, step in enumerate(steps, start=1)), abs=1e-9)
    assert worth <= expected[-1] + 1e-9
    assert worth <= float(discounted(expected + 1, rate))


@given(st.lists(st.integers(0, 12), min_size=1, max_size=200))
def test_tenths_keep_equals_together_and_the_better_first(values: list[int]) -> None:
    found = np.array(values, np.float64)
    tenth = tenths(found).codes
    assert tenth.min() == 0
    assert tenth.max() <= 9
    for one in np.unique(found):
        assert len(set(tenth[found == one])) == 1
        assert (tenth[found > one] <= tenth[found == one].min()).all()
        assert (found > one).sum() >= len(found) * tenth[found == one][0] / 10 - 1e-9


def test_a_year_of_discount_is_twelve_months_of_it() -> None:
    assert (1 + Horizon(12, 0.1).monthly) ** 12 == pytest.approx(1.1)
    assert Horizon(12).times(7.0)[-1] == pytest.approx(365.25 / 7)


def test_twelve_month_clv_is_that_of_the_lifetimes_guide() -> None:
    """Customers 1 to 6 of the CDNOW tenth at 1 % a month, to the digits printed: models fitted to what the package's own file
    holds, times in weeks and mean values with two decimals. Its months are of 30 *weeks*: it takes the model's weeks for days.
    """
    told = sample()
    histories = Histories.of(told.x, np.round(told.last_day / 7, 2), np.round(told.watched_days / 7, 2))
    with VALUES.open() as lines:
        repeaters = [(int(row["x"]), _cents(row["mean_value"])) for row in csv.DictReader(lines)]
    spending, buying = gamma_gamma.fitted(*zip(*repeaters, strict=True)), bg_nbd.fitted(histories)
    expected = buying.expected_at(histories, np.arange(1, 13) * 30.0)[histories.place[:6]]
    clv = discounted(expected, 0.01) * spending.mean(told.x[:6], [22.35, 11.77, 0, 0, 0, 73.74])
    assert clv.round(3).tolist() == [140.096, 18.943, 38.181, 38.181, 38.181, 1003.868]


def _cents(text: str) -> float:
    return float(Decimal(text).quantize(Decimal("0.01"), ROUND_HALF_UP))


def test_a_customers_value_is_her_orders_by_their_value() -> None:
    """Without a discount, value = expected orders × value of an order, and by the models themselves."""
    answer = asked(discount=0.0, limit=0)
    found = occasions(shop(), shop().as_of())
    model, place = chosen(shop(), shop().as_of()).model, found.histories().place
    orders = dict(zip(found.ids.to_pylist(), model.expected(found.histories(), 365.25 / 7)[place], strict=True))
    for row in answer.table.to_pylist()[:200]:
        assert row["value"] == pytest.approx(row["expected_orders"] * row["order_value"], rel=1e-3, abs=0.01)
        assert row["expected_orders"] == pytest.approx(orders[row["customer"]], abs=1e-4)


def test_value_at_risk_is_what_is_missing_because_she_may_be_gone() -> None:
    for row in asked(limit=0).table.to_pylist():
        assert row["value_at_risk"] == pytest.approx((1 - row["p_alive"]) * row["value_if_here"], rel=1e-3, abs=0.01)
        assert row["value"] == pytest.approx(row["p_alive"] * row["value_if_here"], rel=1e-3, abs=0.01)


def test_at_risk_lists_those_in_doubt_and_says_who_is_not_listed() -> None:
    """Not who is almost surely gone, nor who surely is here and has something at risk because she is worth much."""
    every = asked(limit=0).table.to_pylist()
    answer = asked(show="at-risk", limit=0)
    doubtful = [row for row in every if 0.1 <= row["p_alive"] < 0.8]
    listed = answer.table.to_pylist()
    assert {row["customer"] for row in listed} == {row["customer"] for row in doubtful}
    assert [row["value_at_risk"] for row in listed] == sorted((row["value_at_risk"] for row in doubtful), reverse=True)
    gone = [row for row in every if row["p_alive"] < 0.1]
    assert len(gone) > 5
    held = sum(row["value_at_risk"] for row in gone)
    note = next(note for note in answer.notes if "in doubt" in note)
    assert f"the {len(doubtful)} customers in doubt" in note
    assert f"{len(gone)} customers almost surely gone, with a chance below that and {held:,.0f} of the value at risk" in note


def test_a_longer_horizon_is_worth_more_and_a_discount_less() -> None:
    year, free, three = (rows(asked(**c), "segments")[0]["value"] for c in ({}, {"discount": 0.0}, {"horizon_months": 36}))
    assert 0.93 * free < year < free < three


def test_with_a_margin_it_is_profit() -> None:
    with_margin = Timelines.from_arrow(shop_events(), Settings(zone="Europe/London", currency="GBP", margin=0.25))
    profit, revenue = CustomerValue().answer(with_margin), asked()
    for name in ("segments", "cohorts", "deciles"):
        for mine, theirs in zip(rows(profit, name), rows(revenue, name), strict=True):
            for column in ("value", "low", "high", "total_value", "value_at_risk", "value_so_far"):
                assert mine[column] == pytest.approx(0.25 * theirs[column], rel=1e-6, abs=1e-3)
    assert rows(profit, "customers")[0]["high"] == pytest.approx(0.25 * rows(revenue, "customers")[0]["high"], rel=1e-6)
    assert rows(profit, "new")[0]["value"] == pytest.approx(0.25 * rows(revenue, "new")[0]["value"], rel=1e-6)
    assert "of profit" in profit.words
    assert profit.definition.rules["money"] == "profit at a margin of 0.25"
    assert "of revenue" in revenue.words
    assert any("no margin is set" in note for note in revenue.notes)


def test_refunds_without_an_order_are_taken_off_every_order() -> None:
    """In a shop that took half the money back, customers are worth half."""
    half = [{**row, "event": "Order Refunded", "revenue": row["revenue"] / 2} for row in _weekly()]
    whole, net = CustomerValue().answer(_shop(_weekly())), CustomerValue().answer(_shop(_weekly() + half))
    assert rows(net, "segments")[0]["value"] == pytest.approx(rows(whole, "segments")[0]["value"] / 2, rel=1e-4)
    assert any("refunds without an order took back 50.0 %" in note for note in net.notes)


def test_a_refunded_order_leaves_the_count() -> None:
    """Of every second customer the last order is taken back in full: she is taken for one with an order less."""
    events = [{**row, "order_id": f"o{place}"} for place, row in enumerate(_weekly())]
    lasts = {row["customer_id"]: row for row in events if int(row["customer_id"][1:]) % 2}
    back = [{**row, "event": "Order Refunded"} for row in lasts.values()]
    without = [row for row in events if row not in list(lasts.values())]
    end = max(row["time"] for row in events)
    late = [{"customer_id": "c000", "event": "Page Viewed", "order_id": None, "revenue": None, "time": end}]
    mine, theirs = (CustomerValue(limit=0).answer(_shop(each)) for each in (events + back + late, without + late))
    assert mine.table.equals(theirs.table)


def test_as_of_sees_nothing_of_what_came_later() -> None:
    events = shop_events()
    before = events.filter(pa.compute.less_equal(events["time"], pa.scalar(np.datetime64("2011-08-31T23:59:59", "us"))))
    then = CustomerValue(as_of="2011-08-31").answer(shop())
    assert then.table.equals(CustomerValue(as_of="2011-08-31").answer(Timelines.from_arrow(before, SHOP_SETTINGS)).table)
    assert rows(then, "segments")[0]["n"] < rows(asked(), "segments")[0]["n"]


# -- intervals -----------------------------------------------------------------------------------------------------------------


@cache
def _futures() -> list[Any]:
    return [lived(2000, seed) for seed in range(10)]


def test_a_customers_interval_holds_what_she_brings_nine_times_in_ten() -> None:
    """Shops that buy as the models say, fitted from outside; 200 shops by hand: tests/simulated_futures.py."""
    held = np.concatenate([own_held(*shop) for shop in _futures()])
    assert len(held) > 10_000
    assert 0.885 < held.mean() < 0.915


def test_a_groups_interval_holds_what_it_brings() -> None:
    """The sums of 20 customers, 1,000 of them: on either side as many as there should be."""
    below, above = (np.concatenate(side) for side in zip(*(groups_beyond(*shop, 100) for shop in _futures()), strict=True))
    assert len(below) == 1_000
    assert 0.013 < below.mean() < 0.040
    assert 0.013 < above.mean() < 0.040


def test_chances_and_values_give_the_same_mean_as_the_model() -> None:
    told, _ = _futures()[0]
    histories = told.worth.histories
    first, second = moments(told.valuer.buying, histories, 52.0)
    assert first == pytest.approx(told.valuer.buying.expected(histories, 52.0), rel=2e-3, abs=1e-4)
    assert (second >= first**2).all()


def test_bounds_of_a_customers_value_are_quantiles_of_simulated_futures() -> None:
    """A customer with eight orders: 200,000 futures drawn from the model, and one who has never come again."""
    told, _ = _futures()[0]
    histories, random = Histories.of([8, 0], [30.0, 0.0], [32.0, 32.0]), np.random.default_rng(5)
    chances = told.valuer.buying.chances(histories, 52.0, 400)
    shape = 4.0 + 6.0 * histories.x
    low, high = value_bounds(told.valuer.buying, 6.0, shape, histories, 52.0)
    for place in range(2):
        k = random.choice(401, 200_000, p=chances[place] / chances[place].sum())
        rate = random.gamma(shape[place], 1.0, len(k))
        drawn = np.where(k > 0, random.gamma(6.0 * np.maximum(k, 1)) / rate, 0.0)
        tails = (0.0, 0.9) if chances[place, 0] >= 0.05 else (0.05, 0.95)
        assert [low[place], high[place]] == pytest.approx([np.quantile(drawn, tail) for tail in tails], rel=0.03, abs=1e-9)


def test_the_law_of_values_is_that_of_gamma_gamma() -> None:
    model = GammaGamma(gamma_gamma.fitted([1, 2, 3], [10.0, 20.0, 15.0]).fit, 6.25, 3.74, 15.44)
    shape, rate = GammaPaying(model).law([0, 2], [0.0, 22.35])
    assert model.p * rate / (shape - 1) == pytest.approx(model.mean([0, 2], [0.0, 22.35]))


def test_the_interval_of_a_sum_is_skewed_where_it_is_wide() -> None:
    low, high = bounds(np.array([100.0, 100.0, 0.0]), np.array([1.0, 10_000.0, 0.0]))
    assert [low[0], high[0]] == pytest.approx([98.05, 101.97], abs=0.02)
    # A gamma distribution with the standard deviation of its mean is the exponential: -100 ln(0.975), -100 ln(0.025).
    assert [low[1], high[1]] == pytest.approx([2.532, 368.888], abs=1e-3)
    assert (low[2], high[2]) == (0.0, 0.0)


def test_intervals_stand_around_their_number() -> None:
    for name in ("segments", "cohorts", "deciles", "bands", "new"):
        for row in rows(asked(by="country"), name):
            assert row["low"] <= row["value"] <= row["high"]


def test_the_plain_rate_borrows_its_intervals_and_says_so() -> None:
    """In February 2011 no model foretold better. The best customer is worth more than the law that lends its chances allows."""
    answer = CustomerValue(as_of="2011-02-15").answer(shop())
    assert answer.definition.rules["model"] == "plain rate"
    assert any("the plain rate says how many orders" in note for note in answer.notes)
    told = _told_of(shop(), "2011-02-15")
    assert (told.doubt.variance[told.worth.value > 0] > 0).all()


# -- people --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cell"), [("segments", "segment"), ("cohorts", "cohort"), ("deciles", "decile"), ("bands", "band")]
)
def test_every_number_opens_to_exactly_its_people(name: str, cell: str) -> None:
    answer = asked(by="country")
    found = [answer.people(**{cell: row[cell]}) for row in rows(answer, name)]
    assert [len(people) for people in found] == [row["n"] for row in rows(answer, name)]
    together = {
        one for people, row in zip(found, rows(answer, name), strict=True) if row[cell] != "everyone" for one in people.ids
    }
    assert len(together) == rows(answer, "segments")[-1]["n"]


def test_cells_can_be_asked_together_and_one_customer_by_name() -> None:
    answer = asked()
    best = set(answer.people(decile=1).ids) & set(answer.people(cohort="2011-03").ids)
    assert set(answer.people(decile=1, cohort="2011-03").ids) == best
    first = answer.table.to_pylist()[0]["customer"]
    assert answer.people(customer=first).ids == (first,)
    assert first in answer.people(decile=1).ids
    with pytest.raises(UnknownName, match="2011-13"):
        answer.people(cohort="2011-13")
    with pytest.raises(UnknownName, match="colour"):
        answer.people(colour="red")
    with pytest.raises(UsageError, match="source"):
        answer.people(source="web")


def test_the_whole_is_the_sum_of_its_segments() -> None:
    parts = rows(asked(by="country"), "segments")
    for name in ("n", "total_value", "value_at_risk"):
        assert sum(row[name] for row in parts[:-1]) == pytest.approx(parts[-1][name], rel=1e-9, abs=0.01)
    assert parts[-1]["total_value"] == pytest.approx(rows(asked(), "segments")[0]["total_value"])
    assert sum(row["share"] for row in parts[:-1]) == pytest.approx(1, abs=1e-4)


def test_a_condition_chooses_customers_and_not_what_the_models_learn() -> None:
    france = CustomerValue(where=(Condition("country", ("France",)),), limit=0).answer(shop())
    everyone = {row["customer"]: row["value"] for row in asked(limit=0).table.to_pylist()}
    assert len(france.table) == 87
    assert all(row["value"] == everyone[row["customer"]] for row in france.table.to_pylist())


def test_equal_values_stand_in_the_same_tenth() -> None:
    answer = CustomerValue(limit=0).answer(cdnow())
    tenth = {
        one: row["decile"] for row in answer.extra["deciles"].to_pylist() for one in answer.people(decile=row["decile"]).ids
    }
    by_value: dict[float, set[int]] = {}
    for row in answer.table.to_pylist():
        by_value.setdefault(row["value"], set()).add(tenth[row["customer"]])
    assert len(tenth) == len(answer.table) == 23_570
    assert sum(len(places) > 1 for places in by_value.values()) <= 9  # values that differ beyond the digits shown


def test_order_of_arrival_and_shards_change_nothing() -> None:
    shuffled = shop_events().take(pa.array(np.random.default_rng(3).permutation(len(shop_events()))))
    again = Timelines.from_arrow(shuffled, SHOP_SETTINGS)
    again.threads = 1
    assert CustomerValue(limit=0).answer(again).table.equals(asked(limit=0).table)


# -- sources, and what stands beside -------------------------------------------------------------------------------------------


def test_customers_are_told_by_the_source_of_their_first_order() -> None:
    events = [{**row, "utm_source": "friend" if int(row["customer_id"][1:]) % 3 else "advert"} for row in _weekly()]
    answer = CustomerValue(show="sources").answer(_shop(events))
    told = {row["source"]: row["n"] for row in answer.table.to_pylist()}
    assert told == {"advert": 20, "friend": 40}
    assert len(answer.people(source="advert")) == 20
    assert any("fewer than 30 customers" in note and "advert" in note for note in answer.notes)
    assert any("do not say where customers came from" in note for note in asked().notes)


def test_a_source_can_be_named() -> None:
    named = CustomerValue(source="country").answer(shop())
    assert {row["source"]: row["n"] for row in named.extra["sources"].to_pylist()}["France"] == 87


def test_the_plain_formula_stands_beside() -> None:
    plain, model = PlainClv().answer(shop()).table.to_pylist()[0], rows(asked(), "segments")[0]
    beside = {row["method"]: row for row in rows(asked(), "plain")}
    assert beside["plain formula"]["value"] == pytest.approx(plain["clv"], abs=1e-4)
    assert (beside["the model"]["value"], beside["the model"]["n"]) == (model["value"], model["n"])
    assert beside["the model"]["low"] == pytest.approx(model["low"])
    months = plain["aov"] * plain["orders_per_month"] * (1 - (1 - plain["churn"]) ** 12) / plain["churn"]
    assert beside["plain formula, same months"]["value"] == pytest.approx(months, abs=1e-3)
    assert all(row["misleads"] for row in beside.values())
    assert any("the plain formula says" in note for note in asked().notes)


def test_a_new_customer_brings_the_first_order_and_those_to_come() -> None:
    model = chosen(shop(), shop().as_of())
    year = next(row for row in rows(asked(discount=0.0), "new") if row["months"] == 12)
    assert year["repeat_orders"] == pytest.approx(float(model.model.new([365.25 / 7])[0]), abs=1e-3)
    assert year["later_value"] == pytest.approx(year["repeat_orders"] * year["order_value"], rel=1e-3)
    assert year["value"] == pytest.approx(year["first_value"] + year["later_value"], abs=1e-3)
    assert [row["months"] for row in rows(asked(horizon_months=6), "new")] == [6, 12, 24, 36]


def test_a_new_customers_interval_knows_how_sure_the_value_of_an_order_is() -> None:
    """Own means have no likelihood: the spread of repeaters' means stands in, beside that of the first orders."""
    events = [{**row, "revenue": row["revenue"] * (1 + 4 * (int(row["customer_id"][1:]) % 2))} for row in _weekly()]
    shop_of = _shop(events)
    told, row = _told_of(shop_of), CustomerValue(show="new").answer(shop_of).table.to_pylist()[0]
    assert isinstance(told.valuer.spending, OwnPaying)
    means = told.found.mean_value[told.found.x > 0]
    assert told.valuer.spending.error == pytest.approx(means.std(ddof=1) / len(means) ** 0.5 / means.mean())
    assert row["high"] - row["low"] > 2 * 1.9 * row["later_value"] * told.valuer.spending.error


def test_a_new_customer_is_held_against_those_acquired_lately() -> None:
    """The shop's data begin amid its life: who came in the first weeks was no new customer."""
    seen = lately(shop(), shop().as_of(), Scope(), _told_of(shop()))
    assert seen is not None
    assert (str(seen.first), str(seen.last), seen.months) == ("2011-03-04", "2011-06-10", 6)
    found = occasions(shop(), shop().as_of())
    day = np.array([date_of(int(one)) for one in found.first])
    ids = {one for one, first in zip(found.ids.to_pylist(), day, strict=True) if seen.first <= first <= seen.last}
    assert len(ids) == seen.n
    assert seen.low < seen.value < seen.high < seen.model
    assert "those acquired lately brought less than it says" in asked().words
    assert any(f"the {seen.n:,} customers acquired from 2011-03-04 to 2011-06-10 brought" in note for note in asked().notes)


def test_what_those_acquired_lately_brought_is_counted_by_the_day() -> None:
    """Of 60 customers one order of 10 on the first day, one of 20 after 29 days, one of 40 after 30: a month is 30 days."""
    events = [
        {"customer_id": f"c{place:02d}", "event": "Order Completed", "order_id": None, "revenue": money,
         "time": (np.datetime64("2024-01-01T12:00:00", "us") + np.timedelta64(place + later, "D")).item()}
        for place in range(60) for later, money in ((0, 10.0), (29, 20.0 + place % 3), (30, 40.0))
    ]  # fmt: skip
    shop_of = _shop(events)
    seen = lately(shop_of, shop_of.as_of(), Scope(), _told_of(shop_of, horizon_months=1))
    assert seen is not None
    # 90 days, 2024-01-01 to 2024-03-30; the first quarter ends on day 22, and who comes first on 1 March is seen for 30.
    assert (seen.n, str(seen.first), str(seen.last)) == (38, "2024-01-23", "2024-03-01")
    assert seen.value == pytest.approx(30 + np.mean([place % 3 for place in range(22, 60)]))


def test_a_cohort_seen_from_its_beginning_needs_no_word() -> None:
    assert lately(cdnow(), cdnow().as_of(), Scope(), _told_of(cdnow())) is None


def _told_of(timelines: Timelines, at: str | None = None, **choices: Any) -> Any:
    as_of = timelines.as_of(at)
    return CustomerValue(**choices)._told(timelines, as_of, choice(timelines, as_of))


# -- what cannot be told -------------------------------------------------------------------------------------------------------


def test_too_few_who_came_back_are_said_to_be_too_few() -> None:
    """Ann comes three times, Ben once: nothing can be learned of them, and nothing fails."""
    answer = CustomerValue(by=None).answer(told("ann a1 10 @0 ann a2 20 @9 ann a3 30 @20 ben b1 40 @5"))
    assert answer.words.startswith("What customers will be worth cannot be told: 1 of 2 customers came back")
    assert "So far one brought 50.00" in answer.words
    assert answer.definition.n == 2
    assert len(answer.table) == 0
    assert set(answer.extra) == set(SHOWS) - {"customers"}
    with pytest.raises(UsageError, match="no values"):
        answer.people(segment="everyone")


def test_one_customer_and_nobody_are_said_in_plain_words() -> None:
    iceland = CustomerValue(horizon_months=1, where=(Condition("country", ("Iceland",)),)).answer(shop())
    assert iceland.words.startswith("In the next month the customer is worth ")
    assert " each" not in iceland.words
    assert CustomerValue(as_of="2009-01-01").answer(shop()).words.endswith("cannot be told: nobody has ordered yet.")
    nowhere = CustomerValue(where=(Condition("country", ("Nowhere",)),))
    assert nowhere.answer(shop()).words.endswith("cannot be told: nobody is in scope.")
    assert nowhere.people(shop(), segment="everyone").ids == ()


@pytest.mark.parametrize("story", ["ann Login @3", "ann a1 10 @0"])
def test_nobody_or_a_single_day_does_not_fail(story: str) -> None:
    assert "cannot be told" in CustomerValue().answer(told(story)).words


def test_without_money_orders_are_told() -> None:
    answer = CustomerValue().answer(_shop([{**row, "revenue": None} for row in _weekly()]))
    assert "the orders have no money" in answer.words
    row = answer.table.to_pylist()[0]
    assert row["expected_orders"] > 0
    assert (row["value"], row["low"], row["value_at_risk"]) == (None, None, None)
    assert answer.extra["segments"].to_pylist()[0]["value"] is None
    assert len(answer.extra["new"]) == 0


@pytest.mark.parametrize(
    "choices",
    [{"horizon_months": 0}, {"horizon_months": 500}, {"discount": 2}, {"show": "nothing"}, {"limit": -1}, {"cohort": "day"}],
)
def test_what_cannot_be_asked_is_refused(choices: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        CustomerValue(**choices)


@pytest.mark.parametrize("show", SHOWS)
def test_every_table_can_stand_first_and_be_drawn(show: Any) -> None:
    answer = CustomerValue(show=show).answer(shop())
    assert set(answer.extra) == set(SHOWS) - {show}
    assert answer.figure().data


# -- traits --------------------------------------------------------------------------------------------------------------------


def test_traits_hold_the_numbers_of_the_answer_and_their_bands() -> None:
    worth = {row["customer"]: row for row in asked(limit=0).table.to_pylist()}
    table = Traits(("value", "value_at_risk", "p_alive")).answer(shop()).table.to_pylist()
    known = [row for row in table if row["value"] is not None]
    assert len(known) == len(worth) == 4_339
    for row in known:
        own = worth[row["customer_id"]]
        assert row["value"] == pytest.approx(own["value"], abs=0.006)
        assert row["value_at_risk"] == pytest.approx(own["value_at_risk"], abs=0.006)
        assert row["p_alive"] == pytest.approx(own["p_alive"], abs=6e-5)
        assert (row["p_alive_band"] == "0.8 and more") == (own["p_alive"] >= 0.8)
    bands = [row["value_band"] for row in known]
    assert [bands.count(name) for name in ("best 1 %", "best 1 to 5 %", "best 5 to 20 %")] == [44, 173, 651]
    assert {row["value_band"] for row in table if row["value"] is None} == {"(not known)"}


def test_a_trait_splits_and_filters_other_questions() -> None:
    split = CustomerValue(show="segments", by="value").answer(shop())
    told = {row["segment"]: row["n"] for row in split.table.to_pylist()}
    assert (told["best 1 %"], told["everyone"]) == (44, 4_339)
    doubtful = CustomerValue(show="at-risk", where=(Condition("p_alive", ("0.2 to 0.5",)),), limit=0).answer(shop())
    assert len(doubtful.table)
    assert all(0.2 <= row["p_alive"] < 0.5 for row in doubtful.table.to_pylist())


def test_a_trait_of_too_few_says_why() -> None:
    with pytest.raises(UsageError, match="cannot be told"):
        Traits(("value",)).answer(told("ann a1 10 @0 ann a2 20 @9 ben b1 40 @5"))


# -- a made shop ---------------------------------------------------------------------------------------------------------------


def _weekly() -> list[dict[str, Any]]:
    """Sixty customers over a year: c000 orders every 7 days, c001 every 8, … each for as long as she stays."""
    start = np.datetime64("2024-01-01T12:00:00", "us")
    found = []
    for place in range(60):
        every, until = 7 + place % 30, 365 if place % 4 else 120 + place
        for day in range(place % 40, until, every):
            found.append(
                {"customer_id": f"c{place:03d}", "event": "Order Completed", "order_id": None,
                 "revenue": 10.0 + place % 7 + (day * 7919 + place) % 13, "time": (start + np.timedelta64(day, "D")).item()}
            )  # fmt: skip
    return found


def _shop(events: list[dict[str, Any]]) -> Timelines:
    schema = [("customer_id", pa.string()), ("event", pa.string()), ("order_id", pa.string()), ("revenue", pa.float64())]
    schema += [("time", pa.timestamp("us"))] + [("utm_source", pa.string())] * ("utm_source" in events[0])
    return Timelines.from_arrow(pa.Table.from_pylist(events, pa.schema(schema)), Settings())
