"""BG/NBD against the published figures, against simulated people, and against itself."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import hyp2f1

from holdfast.analyses.models import bg_nbd
from holdfast.analyses.models.bg_nbd import BgNbd
from holdfast.analyses.models.coins import Likelihood
from holdfast.analyses.models.histories import Histories
from holdfast.analyses.occasions import occasions
from holdfast.errors import UsageError
from tests.cdnow_sample import HOLDOUT_WEEKS, sample
from tests.shops import cdnow, shop
from tests.simulated_shops import covered, simulate

SHOP = {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.5}

some = st.floats(0.05, 20.0)
"""Parameters."""


@cache
def of_cdnow(unit_days: float = 7.0) -> BgNbd:
    return bg_nbd.fitted(sample().histories(unit_days))


def one(x: int, t_x: float, T: float) -> Histories:
    return Histories.of([x], [t_x], [T])


def test_parameters_and_likelihood_are_those_of_the_paper_of_fader_hardie_and_lee():
    fit = of_cdnow().fit
    assert [round(value, 3) for value in fit.values] == [0.243, 4.414, 0.793, 2.426]
    assert round(fit.loglik, 3) == -9582.429
    assert fit.identified
    assert fit.customers == 2357


def test_in_days_the_likelihood_is_that_of_lifetimes_and_only_alpha_changes():
    fit = of_cdnow(1.0).fit
    assert round(fit["alpha"], 3) == 30.895
    assert round(fit.loglik, 2) == -14363.53
    assert [round(fit[name], 3) for name in ("r", "a", "b")] == [0.243, 0.793, 2.426]


def test_a_model_of_weeks_refuses_histories_in_days():
    in_days = sample().histories(1.0)
    for ask in (of_cdnow().alive, lambda h: of_cdnow().expected(h, 39), lambda h: of_cdnow().chances(h, 39, 5)):
        with pytest.raises(UsageError, match="units of 7 days"):
            ask(in_days)


def test_the_sample_is_what_the_walk_finds_in_the_shipped_cdnow():
    timelines = cdnow()
    rows = occasions(timelines, timelines.as_of("1997-09-30"), until=timelines.as_of("1998-06-30"))
    place = {name: i for i, name in enumerate(rows.ids.to_pylist())}
    at = np.array([place[name] for name in sample().ids])
    assert len(rows) == 23570
    assert (rows.x[at] == sample().x).all()
    assert (rows.last[at].astype(int) - rows.first[at] == sample().last_day).all()
    assert (rows.day - rows.first[at].astype(int) == sample().watched_days).all()
    assert (rows.later_x[at] == sample().later).all()
    assert (sample().x.sum(), sample().later.sum()) == (2457, 1882)


def test_new_customers_are_as_in_the_tests_of_lifetimes():
    assert of_cdnow().new([0.1429, 1, 3, 31.857, 32]).round(4).tolist() == [0.0078, 0.0532, 0.1506, 1.0405, 1.0437]
    assert of_cdnow().new(52).round(4).tolist() == [1.4440]


def test_the_published_new_customer_of_78_weeks_is_the_first_150_terms_of_the_series():
    """1.8576 is printed; the whole series gives 1.8580, of which 150 terms give what is printed."""
    r, alpha, a, b = of_cdnow().fit.values
    n = np.arange(149)
    ratios = (r + n) * (b + n) / (a + b - 1 + n) / (n + 1) * 78 / (alpha + 78)
    first_150 = 1 + np.cumprod(ratios).sum()
    published = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + 78)) ** r * first_150)
    assert round(published, 4) == 1.8576
    assert of_cdnow().new(78).round(4).tolist() == [1.8580]


def test_single_customers_are_as_in_the_tests_of_lifetimes_and_clvtools():
    assert round(of_cdnow().expected(one(2, 30.43, 38.86), 39)[0], 3) == 1.226
    heavy = one(26, 216 / 7, 31)
    assert round(of_cdnow().expected(heavy, 52)[0], 3) == 25.757
    assert round(of_cdnow().alive(heavy)[0], 5) == 0.96885


def test_holdout_totals_and_errors_are_those_of_the_papers():
    rows, histories = sample(), sample().histories()
    expected = of_cdnow().expected(histories, HOLDOUT_WEEKS)[histories.place]
    assert round(expected.sum(), 1) == 1653.4
    assert round(float(np.abs(expected - rows.later).mean()), 4) == 0.7855
    assert round(float(np.corrcoef(expected, rows.later)[0, 1]), 3) == 0.626


def test_error_at_week_78_is_that_of_the_paper():
    watched = sample().watched_days / 7
    total = of_cdnow().new(watched + HOLDOUT_WEEKS).sum()
    assert round(100 * (total / 4339 - 1), 2) == -4.11


def test_conditional_means_by_x_are_those_of_the_paper():
    rows, histories = sample(), sample().histories()
    expected = of_cdnow().expected(histories, HOLDOUT_WEEKS)[histories.place]
    bins = np.minimum(rows.x, 7)
    means = [round(float(expected[bins == x].mean()), 3) for x in range(8)]
    assert means == [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157]
    actual = [round(float(rows.later[bins == x].mean()), 3) for x in range(8)]
    assert actual == [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359]


def test_expected_counts_are_those_of_the_paper():
    counts = of_cdnow().counts(sample().watched_days / 7, 7).sum(axis=0)
    assert counts[:7].round(1).tolist() == [1407.7, 460.3, 192.5, 101.2, 59.8, 38.1, 25.5]
    assert counts.sum() == pytest.approx(2357)


@settings(max_examples=60, deadline=None)
@given(r=some, alpha=some, a=some, b=some, first=st.sampled_from([0, 1]))
def test_gradient_equals_finite_differences(r, alpha, a, b, first):
    told = Histories.of([0, 1, 1, 4, 40], [0, 2.5, 9, 11, 29], [20, 30, 9, 11.5, 30])
    likelihood, at = Likelihood(told, first), np.log([r, alpha, a, b])
    slope = likelihood(at)[1]
    for place in range(4):
        step = np.zeros(4)
        step[place] = 1e-5
        apart = (likelihood(at + step)[0] - likelihood(at - step)[0]) / 2e-5
        assert slope[place] == pytest.approx(apart, rel=1e-5, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(r=some, alpha=some, a=some.filter(lambda a: abs(a - 1) > 0.05), b=some, t=st.floats(0.1, 60.0), x=st.integers(0, 12))
def test_expected_is_the_papers_2f1_where_that_can_be_had(r, alpha, a, b, t, x):
    """Equation (10). scipy's own 2F1 is asked only where it keeps its digits: t up to a few times α + T, few repeats."""
    T = 15.0
    gauss = hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + T + t)) * ((alpha + T) / (alpha + T + t)) ** (r + x)
    model, told = BgNbd.of(r, alpha, a, b), one(x, 10.0 if x else 0.0, T)
    there = model.alive(told)[0]
    wanted = (a + b + x - 1) / (a - 1) * (1 - gauss) * there
    assert model.expected(told, t)[0] == pytest.approx(wanted, rel=1e-7, abs=1e-9 * abs((a + b + x - 1) / (a - 1)))


@pytest.mark.parametrize("a", [0.001, 0.3, 0.999999, 1.0, 1.000001, 2.0, 60.0])
@pytest.mark.parametrize(
    ("x", "T", "t"), [(0, 0.01, 5.0), (0, 1.0, 3000.0), (3, 20.0, 1e5), (2000, 300.0, 52.0), (40, 30.0, 1e-6)]
)
def test_expected_is_the_integral_over_the_chance_of_leaving_for_large_and_small_times(a, x, T, t):
    """E[(1 - (1 + p t / A)^-R) / p] over p ~ Beta(a, b + x), on a fine even grid of log(p / (1 - p))."""
    r, alpha, b = 0.4, 1.5, 2.0
    model, told = BgNbd.of(r, alpha, a, b), one(x, T if x else 0.0, T)
    R, A, B = r + x, alpha + T, b + x
    u = np.linspace(-60 / min(a, 1), 60, 1_200_001)
    log_p = -np.logaddexp(0, -u)
    log_weight = a * log_p + B * (log_p - u)
    weight, p = np.exp(log_weight - log_weight.max()), np.exp(np.maximum(log_p, -500))
    value = -np.expm1(-R * np.log1p(p * t / A)) / p
    wanted = float((weight * value).sum() / weight.sum())
    there = model.alive(told)[0]
    assert model.expected(told, t)[0] == pytest.approx(there * wanted, rel=1e-6)


def test_several_times_at_once_are_each_as_alone():
    told, times = sample().histories(), np.arange(1, 13) * 365.25 / 84
    together = of_cdnow().expected_at(told, times)
    alone = np.column_stack([of_cdnow().expected(told, t) for t in times])
    assert np.allclose(together, alone, rtol=1e-9)
    assert (np.diff(together, axis=1) > 0).all()


def test_chances_add_up_to_one_and_their_mean_is_what_is_expected():
    told = sample().histories()
    chances = of_cdnow().chances(told, HOLDOUT_WEEKS, 300)
    assert np.allclose(chances.sum(axis=1), 1)
    assert np.allclose(chances @ np.arange(301), of_cdnow().expected(told, HOLDOUT_WEEKS), atol=1e-8)
    assert (of_cdnow().chances(told, HOLDOUT_WEEKS, 0) == 1).all()


def test_chances_and_p_alive_are_what_simulated_people_do():
    """Of 400,000 simulated customers those with two repeat orders, the last of them long ago or of late."""
    people = simulate("bg_nbd", SHOP, 400_000, 3, watched=(40.0, 40.0), ahead=26.0)
    model = BgNbd.of(**SHOP)
    for low, high in ((4.0, 8.0), (33.0, 37.0)):
        picked = (people["x"] == 2) & (people["t_x"] > low) & (people["t_x"] < high)
        told = Histories.of(people["x"][picked], people["t_x"][picked], people["T"][picked])
        n, chances = int(picked.sum()), model.chances(told, 26.0, 4)[told.place].mean(axis=0)
        seen = np.bincount(np.minimum(people["later"][picked], 4), minlength=5) / n
        assert np.abs(seen - chances).max() < 4 / np.sqrt(4 * n)
        assert people["there"][picked].mean() == pytest.approx(model.alive(told)[told.place].mean(), abs=4 / np.sqrt(4 * n))
        later, expected = people["later"][picked], model.expected(told, 26.0)[told.place].mean()
        assert later.mean() == pytest.approx(expected, abs=4 * later.std() / np.sqrt(n))


def test_intervals_hold_the_truth_of_simulated_shops():
    """Twenty shops here: of 80 intervals at least 68 must hold. All 200: python -m tests.simulated_shops bg_nbd."""
    found = covered("bg_nbd", 20, 2000, seed=1)
    assert found["unsure"] == 0
    assert sum(found["held"].values()) >= 68


def test_order_of_arrival_changes_nothing():
    rows = sample()
    turned = np.random.default_rng(0).permutation(len(rows.x))
    again = Histories.of(rows.x[turned], rows.last_day[turned] / 7, rows.watched_days[turned] / 7)
    assert bg_nbd.fitted(again).fit == of_cdnow().fit


def test_a_search_led_by_a_part_ends_where_the_plain_search_does(monkeypatch):
    people = simulate("bg_nbd", SHOP, 60_000, 5)
    told = Histories.of(people["x"], people["t_x"], people["T"])
    led = bg_nbd.fitted(told).fit
    monkeypatch.setattr("holdfast.analyses.models.coins.PART", 1_000_000)
    plain = bg_nbd.fitted(told).fit
    assert led.loglik == pytest.approx(plain.loglik, abs=1e-4)
    assert led.values == pytest.approx(plain.values, rel=1e-4)
    assert led.errors == pytest.approx(plain.errors, rel=1e-4)


def test_online_retails_first_half_cannot_tell_leaving():
    timelines = shop()
    fit = bg_nbd.fitted(occasions(timelines, timelines.as_of("2011-06-08")).histories()).fit
    assert not fit.identified
    assert "a runs to 0" in fit.why
    assert "P(alive) would be 1 for everyone" in fit.why
    assert np.isnan(fit.interval("a")).all()


def test_a_shop_that_nobody_leaves_is_told_so():
    people = simulate("bg_nbd", {**SHOP, "a": 1e-9, "b": 1.0}, 3000, 11)
    assert "no leaving can be told" in bg_nbd.fitted(Histories.of(people["x"], people["t_x"], people["T"])).fit.why


def test_where_all_leave_with_one_chance_that_chance_is_told_but_hardly_how_they_differ():
    people = simulate("bg_nbd", {**SHOP, "a": 30000.0, "b": 70000.0}, 3000, 12)
    fit = bg_nbd.fitted(Histories.of(people["x"], people["t_x"], people["T"])).fit
    low, high = fit.interval("a")
    assert fit["a"] / (fit["a"] + fit["b"]) == pytest.approx(0.3, abs=0.02)
    assert not fit.identified or high > 5 * low


@pytest.mark.parametrize("rows", [[], [(0, 0.0, 5.0)], [(0, 0.0, 5.0)] * 40, [(1, 5.0, 5.0)] * 40, [(0, 0.0, 0.0)] * 40])
def test_shops_that_say_nothing_are_not_identified(rows):
    x, t_x, T = np.array(rows, float).reshape(-1, 3).T
    model = bg_nbd.fitted(Histories.of(x, t_x, T))
    assert not model.fit.identified
    assert model.fit.why
