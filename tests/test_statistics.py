"""Intervals and tests against published figures: Newcombe's tables, Freireich's leukaemia trial, R's p.adjust."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.analyses.statistics import (
    benjamini_hochberg,
    chi_square_p,
    kaplan_meier,
    log_rank,
    newcombe,
    two_proportion_z,
    wilson,
    wilson_arrays,
)
from holdfast.errors import UsageError

SIX_MP = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
SIX_MP_RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def test_wilson_equals_newcombe_1998_table_1():
    for k, n, low, high in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)]:
        assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_nobody_is_unknown_and_of_a_nonsense_share_refused():
    assert wilson(0, 0) == (None, None)
    assert np.isnan(wilson_arrays([0], [0])).all()
    with pytest.raises(UsageError, match="no share"):
        wilson(3, 2)


@given(st.integers(0, 500), st.integers(1, 500))
def test_wilson_holds_the_share_and_both_forms_agree(k, n):
    k = min(k, n)
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
    lows, highs = wilson_arrays([k], [n])
    assert (lows[0], highs[0]) == pytest.approx((low, high), abs=1e-15)


def test_newcombe_equals_newcombe_1998_table_2_method_10():
    rows = [(56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090), (10, 10, 0, 20, 0.6791, 1.0)]
    for k1, n1, k2, n2, low, high in rows:
        difference, below, above = newcombe(k1, n1, k2, n2)
        assert difference == pytest.approx(k1 / n1 - k2 / n2)
        assert (below, above) == pytest.approx((low, high), abs=5e-5)
    assert newcombe(0, 0, 1, 2) is None


def test_two_proportion_z_by_hand():
    """30 of 100 against 20 of 100: pooled .25, se √(.1875 × .02) = .0612372, z = 1.632993, p = .1025."""
    z, p = two_proportion_z(30, 100, 20, 100)
    assert z == pytest.approx(1.6329932)
    assert p == pytest.approx(0.1024704, abs=1e-6)
    assert two_proportion_z(0, 10, 0, 10) is None


def test_benjamini_hochberg_equals_r_p_adjust():
    """R: p.adjust(c(.01, .04, .03, .005), "BH") = .02 .04 .04 .02; an unknown p is left out of the count."""
    assert benjamini_hochberg([0.01, 0.04, None, 0.03, 0.005]) == pytest.approx([0.02, 0.04, None, 0.04, 0.02])


def test_chi_square_p_equals_the_printed_tables():
    rows = [(3.841459, 1, 0.05), (5.991465, 2, 0.05), (7.814728, 3, 0.05), (18.307038, 10, 0.05), (6.634897, 1, 0.01)]
    for value, degrees, p in rows:
        assert chi_square_p(value, degrees) == pytest.approx(p, abs=1e-7)
    assert chi_square_p(0, 3) == 1


def test_kaplan_meier_equals_freireich_leukaemia():
    """Kleinbaum and Klein, Survival Analysis, table 2.2: 6-MP group; R survfit(conf.type="log-log") for the limits at 6."""
    curve = kaplan_meier(SIX_MP, SIX_MP_RELAPSED)
    assert curve.time.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve.survival.round(4).tolist() == [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert (curve.low[0], curve.high[0]) == pytest.approx((0.6197, 0.9516), abs=5e-5)
    assert curve.quantile() == (23, 13, None)
    assert curve.at(5) == (1, None, None)
    assert curve.at(12)[0] == pytest.approx(0.7529, abs=5e-5)


def test_weights_stand_for_repeated_rows():
    times, hits = [*SIX_MP, *SIX_MP], [*SIX_MP_RELAPSED, *SIX_MP_RELAPSED]
    twice, weighed = kaplan_meier(times, hits), kaplan_meier(SIX_MP, SIX_MP_RELAPSED, [2] * 21)
    assert twice.n == weighed.n == 42
    assert np.array_equal(twice.low, weighed.low)


def test_log_rank_equals_freireich_leukaemia():
    """Kleinbaum and Klein: chi-square 16.79, expected 19.25 and 10.75."""
    test = log_rank([*SIX_MP, *PLACEBO], [*SIX_MP_RELAPSED, *[1] * 21], ["mp"] * 21 + ["placebo"] * 21)
    assert test.chi_square == pytest.approx(16.79, abs=0.005)
    assert test.degrees == 1
    assert test.expected == pytest.approx((19.25, 10.75), abs=0.005)
    assert test.p == pytest.approx(4.17e-5, rel=0.01)
    assert log_rank([1, 2], [1, 1], ["a", "a"]) is None
    assert not math.isnan(test.p)
