"""MBG/NBD against the published figures, against simulated people, and against the BG/NBD."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from holdfast.analyses.models import bg_nbd, mbg_nbd
from holdfast.analyses.models.histories import Histories
from holdfast.analyses.models.mbg_nbd import MbgNbd
from holdfast.analyses.occasions import occasions
from holdfast.errors import UsageError
from tests.cdnow_sample import HOLDOUT_WEEKS, sample
from tests.shops import cdnow, shop
from tests.simulated_shops import covered, simulate

SHOP = {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.5}


@cache
def of_cdnow(unit_days: float = 7.0) -> MbgNbd:
    return mbg_nbd.fitted(sample().histories(unit_days))


def test_parameters_are_those_of_the_tests_of_lifetimes():
    fit = of_cdnow().fit
    assert [round(value, 3) for value in fit.values] == [0.525, 6.183, 0.891, 1.614]
    assert round(fit.loglik, 3) == -9582.136
    assert fit.identified
    assert np.isfinite(fit.errors).all()


def test_in_days_only_alpha_and_the_unit_of_the_likelihood_change():
    """A density by day is a seventh of one by week, for each repeat occasion."""
    weeks, days = of_cdnow().fit, of_cdnow(1.0).fit
    assert days["alpha"] == pytest.approx(7 * weeks["alpha"], rel=1e-6)
    assert days.loglik == pytest.approx(weeks.loglik - 2457 * np.log(7), abs=1e-6)
    with pytest.raises(UsageError, match="units of 7 days"):
        of_cdnow().alive(sample().histories(1.0))


def test_a_new_customer_may_have_left_at_once():
    model = MbgNbd.of(**SHOP)
    never_back = Histories.of([0], [0.0], [0.0])
    assert model.alive(never_back)[0] == pytest.approx(SHOP["b"] / (SHOP["a"] + SHOP["b"]))
    assert model.new(20.0)[0] == pytest.approx(model.expected(never_back, 20.0)[0])
    assert model.alive(Histories.of([0], [0.0], [40.0]))[0] < model.alive(never_back)[0]


def test_one_who_came_back_is_as_in_a_bg_nbd_with_one_coin_more():
    told = Histories.of([1, 4, 9], [3.0, 20.0, 38.0], [39.0, 39.0, 39.0])
    plain = bg_nbd.BgNbd.of(SHOP["r"], SHOP["alpha"], SHOP["a"], SHOP["b"] + 1)
    model = MbgNbd.of(**SHOP)
    assert model.alive(told) == pytest.approx(plain.alive(told))
    assert model.expected(told, 39.0) == pytest.approx(plain.expected(told, 39.0))


def test_chances_add_up_to_one_and_their_mean_is_what_is_expected():
    told = sample().histories()
    chances = of_cdnow().chances(told, HOLDOUT_WEEKS, 300)
    assert np.allclose(chances.sum(axis=1), 1)
    assert np.allclose(chances @ np.arange(301), of_cdnow().expected(told, HOLDOUT_WEEKS), atol=1e-8)


def test_counts_and_new_customers_are_what_simulated_people_do():
    people = simulate("mbg_nbd", SHOP, 200_000, 4, watched=(30.0, 30.0))
    model, n = MbgNbd.of(**SHOP), 200_000
    seen = np.bincount(np.minimum(people["x"], 8), minlength=9) / n
    assert np.abs(seen - model.counts([30.0], 8)[0]).max() < 4 / np.sqrt(4 * n)
    assert people["x"].mean() == pytest.approx(model.new(30.0)[0], abs=4 * people["x"].std() / np.sqrt(n))


def test_p_alive_and_chances_are_what_simulated_people_do():
    """Of 400,000 simulated customers those who never came back, and those with two repeat orders."""
    people = simulate("mbg_nbd", SHOP, 400_000, 3, watched=(40.0, 40.0), ahead=26.0)
    model = MbgNbd.of(**SHOP)
    for repeats in (0, 2):
        picked = people["x"] == repeats
        told = Histories.of(people["x"][picked], people["t_x"][picked], people["T"][picked])
        n, chances = int(picked.sum()), model.chances(told, 26.0, 4)[told.place].mean(axis=0)
        seen = np.bincount(np.minimum(people["later"][picked], 4), minlength=5) / n
        assert np.abs(seen - chances).max() < 4 / np.sqrt(4 * n)
        assert people["there"][picked].mean() == pytest.approx(model.alive(told)[told.place].mean(), abs=4 / np.sqrt(4 * n))


def test_intervals_hold_the_truth_of_simulated_shops():
    """Twenty shops here: of 80 intervals at least 68 must hold. All 200: python -m tests.simulated_shops mbg_nbd."""
    found = covered("mbg_nbd", 20, 2000, seed=1)
    assert found["unsure"] == 0
    assert sum(found["held"].values()) >= 68


def test_on_all_of_cdnow_it_fits_better_than_the_bg_nbd():
    told = occasions(cdnow(), cdnow().as_of("1997-09-30")).histories()
    assert told.people == 23570
    assert mbg_nbd.fitted(told).fit.loglik > bg_nbd.fitted(told).fit.loglik + 30


def test_online_retails_first_half_cannot_tell_leaving():
    timelines = shop()
    fit = mbg_nbd.fitted(occasions(timelines, timelines.as_of("2011-06-08")).histories()).fit
    assert not fit.identified
    assert "P(alive) would be 1 for everyone" in fit.why
