"""Models of contracts: the papers' figures, laws, recovery of what was put in, and which model is chosen and why."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from threadpoolctl import threadpool_limits

from holdfast.analyses.models import bdw, discrete_weibull, sbg
from holdfast.analyses.models.renewal_choice import Geometric, chosen, drawn, one_rate
from holdfast.analyses.models.renewals import Renewals, for_ever, remaining, within
from holdfast.errors import UsageError

REGULAR = (1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173)
"""Fader and Hardie (2007): survivors of 1,000 regular customers in years 0 to 12."""

CALIBRATION = Renewals.of_survivors([REGULAR[:8]])

HIGH_END = Renewals.of_survivors([(1000, 869, 743, 653, 593, 551, 517, 491)])
"""The same paper's customers of high value: they leave more often at their second opportunity than at their first."""


def test_sbg_of_regular_customers_is_that_of_fader_and_hardie_2007():
    model = sbg.fitted(CALIBRATION)
    assert [round(value, 3) for value in model.fit.values] == [0.704, 1.182]
    assert round(model.fit.loglik, 2) == -1680.27
    assert model.fit.identified
    forecast = 100 * np.exp(model.log_survival(np.arange(8, 13)))
    assert [round(share, 1) for share in forecast] == [22.0, 20.4, 19.1, 18.0, 17.0]
    # r_1 = β / (α + β) by hand: 1.182 / 1.886.
    assert model.retention(1) == pytest.approx(1.182 / 1.886, abs=1e-3)
    assert model.retention([2, 9]) == pytest.approx(np.exp(model.log_survival([2, 9]) - model.log_survival([1, 8])))


def test_beta_discrete_weibull_with_c_1_is_the_shifted_beta_geometric():
    small = sbg.fitted(CALIBRATION)
    at = np.log([*small.fit.values, 1.0])
    value, slope = bdw._loglik(at, CALIBRATION)
    assert value == pytest.approx(small.fit.loglik, abs=1e-9)
    assert np.abs(slope[:2]).max() < 1e-3
    large = bdw.fitted(CALIBRATION)
    assert large.fit.loglik >= small.fit.loglik
    assert np.exp(large.log_survival(3)) == pytest.approx(np.prod(large.retention([1, 2, 3])))


@given(st.lists(st.floats(-1.0, 1.0), min_size=3, max_size=3), st.lists(st.integers(0, 40), min_size=3, max_size=6))
def test_gradients_are_those_of_differences(at, lost):
    renewals = Renewals(np.array(lost), np.array([*lost[::-1], 7]))
    for kind, size in ((sbg, 2), (discrete_weibull, 2), (bdw, 3)):
        point = np.array(at[:size])
        value, told = kind._loglik(point, renewals)
        # Far off, everybody is certain to have left: the search is told so and turns back.
        if value < -1e6 or not np.isfinite(value):
            continue
        near = approx_fprime(point, lambda where, kind=kind: kind._loglik(where, renewals)[0], 1e-7)
        assert told == pytest.approx(near, rel=1e-3, abs=0.05)


def test_residual_lifetimes_add_up_as_in_fader_and_hardie_2010():
    """The closed form, the sum, and by hand for one rate: r + r²/(1 + d) + … = r (1 + d) / (1 + d - r)."""
    model, lived = sbg.fitted(CALIBRATION), [0, 1, 5]
    assert model.for_ever(lived, 0.1) == pytest.approx(for_ever(model, lived, 0.1), rel=1e-9)
    plain = one_rate(Renewals.of_survivors([(100, 80)]))
    assert for_ever(plain, [0, 7], 0.1) == pytest.approx([0.8 * 1.1 / 0.3] * 2)
    assert within(plain, [3], 2, 0.25) == pytest.approx([0.8 + 0.64 / 1.25])
    # Who has renewed more often is expected to stay longer, though nobody changes.
    assert (np.diff(model.for_ever(np.arange(10), 0.1)) > 0).all()
    assert remaining(model, [2], 1)[0, 0] == pytest.approx(float(model.retention(3)))
    with pytest.raises(UsageError, match="above 0"):
        for_ever(model, lived, 0.0)


def test_contracts_add_up_whatever_their_cohort():
    """Two cohorts: 10 of last year (6 renewed once, 5 twice), 8 of this year (7 renewed once); the same a row each."""
    both = Renewals.of_survivors([(10, 6, 5), (8, 7)])
    assert both.lost.tolist() == [5, 1]
    assert both.kept.tolist() == [0, 7, 5]
    assert both.at_risk.tolist() == [18, 6]
    assert both.contracts == 18
    rows = Renewals.of([0] * 5 + [1] + [2] * 5 + [1] * 7, [1] * 6 + [0] * 12)
    summed = Renewals.of_survivors([(10, 6, 5)]) + Renewals.of_survivors([(8, 7)])
    for one in (rows, summed):
        assert one.at_risk.tolist()[:2] == [18, 6]
        assert sbg._loglik(np.zeros(2), one)[0] == pytest.approx(sbg._loglik(np.zeros(2), both)[0])
    with pytest.raises(UsageError, match="never grow"):
        Renewals.of_survivors([(10, 11)])
    with pytest.raises(UsageError, match="whole numbers"):
        Renewals.of([0.5], [1])


def test_the_simpler_model_is_kept_where_the_larger_is_no_likelier():
    found = chosen(CALIBRATION)
    assert found.model.fit.model == "shifted-beta-geometric"
    assert round(found.p["beta-discrete-Weibull"], 2) == 0.25
    assert "the simpler is kept" in found.why
    names = ["one rate for all", "shifted-beta-geometric", "discrete Weibull", "beta-discrete-Weibull"]
    assert [fit.model for fit in found.fits] == names
    assert found.aic(found.fits[1]) < found.aic(found.fits[3])
    found = chosen(HIGH_END)
    assert found.model.fit.model == "beta-discrete-Weibull"
    assert found.p["beta-discrete-Weibull"] < 0.001


def test_customers_all_alike_leave_the_beta_models_without_a_maximum():
    """Exactly a fifth leaves at every opportunity: α and β run to infinity together, and one rate is what remains."""
    found = chosen(Renewals.of_survivors([(3125, 2500, 2000, 1600, 1280, 1024)]))
    assert isinstance(found.model, Geometric)
    assert found.model.fit["theta"] == pytest.approx(0.2)
    assert "steps aside" in found.why
    assert not found.fits[1].identified


def test_customers_alike_who_grow_loyal_are_a_discrete_weibull():
    """All live t renewals with probability 0.8^(t^0.5): the beta-discrete-Weibull runs off, its limit takes its place."""
    left = [round(20_000 * 0.8 ** (t**0.5)) for t in range(13)]
    found = chosen(Renewals.of_survivors([left]))
    assert found.model.fit.model == "discrete Weibull"
    tau, c = found.model.fit.values
    assert c == pytest.approx(0.5, rel=0.01)
    assert tau**-c == pytest.approx(-math.log(0.8), rel=0.01)


def test_too_little_to_go_by_is_said():
    assert chosen(Renewals.of_survivors([(20, 10)])).model is None
    assert "fewer than 30" in chosen(Renewals.of_survivors([(20, 10)])).why
    assert chosen(Renewals.of_survivors([(40, 40, 40)])).model is None
    assert "nobody left" in chosen(Renewals.of_survivors([(40, 40, 40)])).why
    few = chosen(Renewals.of_survivors([(40, 38, 37)]))
    assert isinstance(few.model, Geometric)
    assert "only 3 contracts ended" in few.why
    assert chosen(Renewals.of([], [])).model is None


def test_parameters_are_drawn_around_the_fit():
    model = sbg.fitted(CALIBRATION)
    values = np.log([one.fit.values for one in drawn(model, 4000, 1)])
    assert values.mean(axis=0) == pytest.approx(np.log(model.fit.values), abs=0.02)
    assert np.cov(values.T) == pytest.approx(model.fit.covariance, rel=0.15)


def shop_of(rng: np.random.Generator, customers: int, gamma: float, delta: float, c: float) -> Renewals:
    """Contracts begun one to 24 opportunities ago."""
    theta, watched = rng.beta(gamma, delta, customers), rng.integers(1, 25, customers)
    ends = np.ceil((np.log(rng.random(customers)) / np.log1p(-theta)) ** (1 / c))
    over = ends <= watched
    return Renewals.of(np.where(over, ends - 1, watched), over)


def coverage(shops: int, customers: int, seed: int) -> dict[str, float]:
    """The share of 95 % intervals that hold the truth, of shops made by each model; by hand on 200 and more:

    python -c "import sys; sys.path.insert(0, 'tests'); from test_renewals import coverage; print(coverage(200, 5000, 1))"
    """
    rng, held = np.random.default_rng(seed), {}
    for name, kind, true in (("sbg", sbg, (0.8, 2.4)), ("bdw", bdw, (0.8, 2.4, 1.3)), ("bdw falling", bdw, (1.2, 6.0, 0.8))):
        hits = []
        for _ in range(shops):
            made = shop_of(rng, customers, *true, *([1.0] if len(true) == 2 else []))
            with threadpool_limits(1, "blas"):
                fit = kind.fitted(made).fit
            bounds = [fit.interval(letter) for letter in fit.names]
            hits += [low <= value <= high for (low, high), value in zip(bounds, true, strict=True)]
        held[name] = float(np.mean(hits))
    return held


def test_intervals_hold_what_was_put_in():
    """A small run of `coverage`: between two and three standard deviations of 80 and more hits around 95 %."""
    assert all(0.88 <= share <= 1.0 for share in coverage(40, 3000, 3).values())


def test_survival_never_rises():
    for model in (sbg.fitted(HIGH_END), bdw.fitted(HIGH_END), discrete_weibull.fitted(HIGH_END), one_rate(HIGH_END)):
        log = model.log_survival(np.arange(50))
        assert log[0] == pytest.approx(0, abs=1e-12)
        assert (np.diff(log) < 0).all()
        assert not math.isnan(log[-1])
