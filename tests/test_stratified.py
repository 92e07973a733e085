"""Comparing within strata and trends of shares, against published figures."""

from __future__ import annotations

import math

import pytest

from holdfast.analyses.stratified import mantel_haenszel, trend_of_shares

NINETY = 1.6448536269514722


def test_difference_equals_rothman_greenland_lash_2008_table_15_1():
    """Tolbutamide against placebo, deaths by age: 8 of 106 and 5 of 120 under 55, 22 of 98 and 16 of 85 from 55 on.

    Modern Epidemiology, 3rd edition, chapter 15: 0.035 with 90 % limits of -0.018 and 0.087; by R's metafor 0.0349, -0.0176,
    0.0874, and the Mantel-Haenszel test without correction 1.1914, p 0.2750.
    """
    found = mantel_haenszel([8, 22], [106, 98], [5, 16], [120, 85], z=NINETY)
    assert (found.difference, found.low, found.high) == pytest.approx((0.0349, -0.0176, 0.0874), abs=5e-5)
    assert (found.chi_square, found.p) == pytest.approx((1.1914, 0.2750), abs=5e-5)
    assert (found.compared, found.fewest) == (409, 204)


def test_test_equals_agresti_lung_cancer_in_eight_chinese_cities():
    """Agresti, Categorical Data Analysis, table 6.3: smoking and lung cancer, CMH = 280.1."""
    cases = [126, 908, 913, 235, 402, 182, 60, 104]
    controls = [100, 688, 747, 172, 308, 156, 99, 89]
    cases_not, controls_not = [35, 497, 336, 58, 121, 72, 11, 21], [61, 807, 598, 121, 215, 98, 43, 36]
    smokers = [one + other for one, other in zip(cases, controls, strict=True)]
    others = [one + other for one, other in zip(cases_not, controls_not, strict=True)]
    assert mantel_haenszel(cases, smokers, cases_not, others).chi_square == pytest.approx(280.1, abs=0.05)


def test_corrected_test_equals_r_on_berkeley_admissions():
    """R's mantelhaen.test(UCBAdmissions): 1.4269 (continuity corrected), p 0.2323: no difference within departments.

    At first sight 44.5 % of the men and 30.4 % of the women were admitted.
    """
    men = [(512, 313), (353, 207), (120, 205), (138, 279), (53, 138), (22, 351)]
    women = [(89, 19), (17, 8), (202, 391), (131, 244), (94, 299), (24, 317)]
    sides = [[yes for yes, _ in men], [yes + no for yes, no in men], [yes for yes, _ in women], [yes + no for yes, no in women]]
    found = mantel_haenszel(*sides, continuity=0.5)
    assert (found.chi_square, found.p) == pytest.approx((1.4269, 0.2323), abs=5e-5)


def test_one_stratum_by_hand_and_strata_of_one_group_say_nothing():
    """8 of 10 against 3 of 10: the difference is 0.5, chi-square 19 / 20 x 20 (8 x 7 - 2 x 3)² / (10 x 10 x 11 x 9)."""
    found = mantel_haenszel([8, 4], [10, 4], [3, 0], [10, 0])
    assert found.difference == pytest.approx(0.5)
    assert found.chi_square == pytest.approx(19 / 20 * 20 * 50**2 / 9900)
    assert (found.compared, found.fewest) == (20, 10)
    nothing = mantel_haenszel([4], [4], [0], [0])
    assert (nothing.difference, nothing.p, nothing.compared) == (None, None, 0)
    all_alike = mantel_haenszel([4], [4], [5], [5])
    assert (all_alike.difference, all_alike.p) == (0.0, None)


def test_trend_equals_agresti_alcohol_and_malformation():
    """Agresti, Introduction to Categorical Data Analysis, table 2.7: z² = 6.57, p 0.010, with scores of drinks a day."""
    present, absent = [48, 38, 5, 1, 1], [17_066, 14_464, 788, 126, 37]
    n = [one + other for one, other in zip(present, absent, strict=True)]
    trend = trend_of_shares(present, n, [0, 0.5, 1.5, 4, 7])
    assert trend is not None
    assert trend.z**2 == pytest.approx(6.57, abs=0.005)
    assert trend.p == pytest.approx(0.0104, abs=5e-5)


def test_two_groups_trend_is_the_two_proportion_test():
    from holdfast.analyses.statistics import two_proportion_z

    trend, plain = trend_of_shares([30, 45], [100, 90], [0, 1]), two_proportion_z(45, 90, 30, 100)
    assert trend is not None
    assert plain is not None
    assert math.isclose(trend.z, plain[0])
    assert trend.slope == pytest.approx(45 / 90 - 30 / 100)
    assert trend_of_shares([3], [9], [1]) is None
    assert trend_of_shares([0, 0], [9, 9], [1, 2]) is None
