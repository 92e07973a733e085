"""What a fit says of itself, and how histories are grouped."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.analyses.models import fitting, histories
from holdfast.analyses.models.fitting import maximised
from holdfast.analyses.models.histories import Histories
from holdfast.errors import UsageError


def bowl(centre, steep=(1.0, 1.0)):
    """A log-likelihood that is a bowl upside down, in logarithms."""
    middle, bend = np.log(centre), np.array(steep)
    return lambda at: (float(-(bend * (at - middle) ** 2).sum() / 2), -bend * (at - middle))


def test_a_bowl_is_found_with_its_errors_and_intervals():
    fit = maximised("bowl", ("a", "b"), (1.0, 1.0), bowl((3.0, 0.2), (4.0, 25.0)), customers=1)
    assert fit.identified
    assert fit.values == pytest.approx((3.0, 0.2), rel=1e-6)
    assert fit.errors == pytest.approx((3.0 / 2, 0.2 / 5), rel=1e-6)
    assert fit.interval("a") == pytest.approx((3 * np.exp(-1.959964 / 2), 3 * np.exp(1.959964 / 2)), rel=1e-5)
    assert fit.interval("b", 0.5) == pytest.approx((0.2 * np.exp(-0.6744898 / 5), 0.2 * np.exp(0.6744898 / 5)), rel=1e-5)
    assert fit["b"] == fit.values[1]


def test_a_slope_without_end_runs_to_infinity():
    fit = maximised(
        "slope", ("a", "b"), (1.0, 1.0), lambda at: (float(at[0] - at[1] ** 2), np.array([1.0, -2 * at[1]])), customers=1
    )
    assert fit.why == "a runs to infinity"
    assert not fit.identified


def test_a_slope_that_flattens_runs_off_as_well():
    """The gain from further a is e^-a: the search may rest long before the edge, but not as if a were told."""

    def flat(at):
        return float(-np.exp(-at[0]) - at[1] ** 2), np.array([np.exp(-at[0]), -2 * at[1]])

    fit = maximised("flat", ("a", "b"), (1.0, 1.0), flat, customers=1)
    assert not fit.identified
    assert fit.why


def test_a_ridge_is_flat():
    ridge = lambda at: (float(-((at[0] - at[1]) ** 2)), 2 * (at[0] - at[1]) * np.array([-1.0, 1.0]))  # noqa: E731
    fit = maximised("ridge", ("a", "b"), (2.0, 1.0), ridge, customers=1)
    assert fit.why == "the likelihood is flat: other parameters fit as well"
    assert np.isnan(fit.errors).all()
    assert np.isnan(fit.interval("a")).all()


def test_a_parameter_told_within_a_thousandfold_only_is_not_told():
    fit = maximised("wide", ("a", "b"), (1.0, 1.0), bowl((3.0, 0.2), (0.1, 25.0)), customers=1)
    assert np.isfinite(fit.errors).all()
    assert fit.why == "the data say next to nothing of a: any size fits as well"


def test_a_search_that_first_runs_off_is_begun_elsewhere():
    """A peak at (10, 0.1) beyond a valley, from where the slope leads to a = 0."""

    def valley(at):
        peak = np.exp(-((at[0] - np.log(10)) ** 2 + (at[1] - np.log(0.1)) ** 2))
        value = 50 * peak - 0.5 * at[0]
        return float(value), 50 * peak * -2 * (at - np.log([10.0, 0.1])) - np.array([0.5, 0.0])

    found = maximised("valley", ("a", "b"), (1.0, 1.0), valley, customers=1)
    assert found.identified
    assert found["a"] == pytest.approx(10, rel=0.05)


def test_a_part_leads_to_the_whole_and_a_part_that_misleads_does_not():
    near = maximised("led", ("a", "b"), (1.0, 1.0), bowl((3.0, 0.2), (400.0, 900.0)), customers=100,
                     part=(bowl((3.1, 0.21), (4.0, 9.0)), 1))  # fmt: skip
    far = maximised("led", ("a", "b"), (1.0, 1.0), bowl((3.0, 0.2), (400.0, 900.0)), customers=100,
                    part=(bowl((3000.0, 0.001), (4.0, 9.0)), 1))  # fmt: skip
    assert near.values == pytest.approx((3.0, 0.2), rel=1e-4)
    assert near.searched < far.searched
    assert far.values == pytest.approx((3.0, 0.2), rel=1e-4)


def test_a_part_that_bends_otherwise_leads_too_as_steps_are_learned_from():
    """The part is three times as steep along a: unlearned, a third of the way is gone at each step: 22 asks instead of 11."""
    part = (bowl((3.3, 0.21), (12.0, 9.0)), 1)
    led = maximised("led", ("a", "b"), (1.0, 1.0), bowl((3.0, 0.2), (400.0, 900.0)), customers=100, part=part)
    assert led.values == pytest.approx((3.0, 0.2), rel=1e-6)
    assert led.searched <= 12


def test_stated_parameters_have_no_likelihood_and_no_errors():
    fit = fitting.given("BG/NBD", ("r", "alpha"), (0.2, 4))
    assert fit["alpha"] == 4.0
    assert np.isnan(fit.loglik)
    assert np.isnan(fit.interval("r")).all()


def rows():
    """x, t_x, T in whole weeks or not."""
    time = st.one_of(st.integers(1, 5).map(float), st.floats(0.01, 5.0))
    return st.lists(st.tuples(st.integers(0, 3), time, time), min_size=1, max_size=30).map(
        lambda told: [(x, min(a, b) if x else 0.0, max(a, b)) for x, a, b in told]
    )


@settings(max_examples=100, deadline=None)
@given(told=rows(), torn=st.booleans())
def test_grouped_histories_are_the_same_customers_whatever_their_order(told, torn):
    """`torn`: all histories mix to one number, so that they are sorted in full."""
    x, t_x, T = np.array(told).T
    with pytest.MonkeyPatch.context() as patched:
        if torn:
            patched.setattr(histories, "_mixed", lambda *parts: np.zeros(len(parts[0]), np.uint64))
        found, turned = Histories.of(x, t_x, T), Histories.of(x[::-1], t_x[::-1], T[::-1])
    spread = np.column_stack([part[found.place] for part in (found.x, found.t_x, found.T)])
    assert (spread == np.array(told)).all()
    assert len(found) == len(set(told))
    assert found.people == len(told)
    assert (np.bincount(found.place) == found.customers).all()
    assert (np.diff(found.x) >= 0).all()
    for part in ("x", "t_x", "T", "customers"):
        assert (getattr(found, part) == getattr(turned, part)).all()


@pytest.mark.parametrize("row", [(-1, 0, 5), (1.5, 2, 5), (1, 6, 5), (0, 2, 5), (1, 0, 5), (1, np.nan, 5), (1, 2, np.inf)])
def test_what_is_no_history_is_refused(row):
    with pytest.raises(UsageError, match="a history"):
        Histories.of(*[[value] for value in row])


def test_an_even_part_keeps_the_weights():
    told = Histories.of([0, 0, 0, 1, 2, 3], [0, 0, 0, 1, 2, 3], [5, 5, 6, 5, 5, 5])
    part = told.every(2)
    assert len(told) == 5
    assert len(part) == 3
    assert part.people == part.customers.sum()


def test_units_are_never_changed_in_silence():
    told = Histories.of([1], [7.0], [14.0], unit_days=1.0)
    assert told.in_units(1.0) is told
    with pytest.raises(UsageError, match="units of 7 days, the histories are in units of 1"):
        told.in_units(7.0)
