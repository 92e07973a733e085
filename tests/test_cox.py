"""Cox's model against what others print for Rossi's and Freireich's data, by hand, and its laws."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from holdfast.analyses.models.cox import _asked, _rows, fitted
from holdfast.errors import UsageError

DATA = Path(__file__).parent.parent.parent / "shared" / "data" / "survival-lifelines"
ROSSI = ("fin", "age", "race", "wexp", "mar", "paro", "prio")


def table(name: str) -> dict[str, np.ndarray]:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return {key: np.asarray(values) for key, values in pyarrow.csv.read_csv(path).to_pydict().items()}


def columns(rows: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
    return np.column_stack([rows[name] for name in names])


def test_rossi_is_that_of_lifelines():
    """lifelines 0.30.3, CoxPHFitter (Efron): coefficients, standard errors, log-likelihood, concordance."""
    rows = table("rossi.csv")
    model = fitted(rows["week"], rows["arrest"], columns(rows, ROSSI), ROSSI)
    assert [round(value, 3) for value in model.values] == [-0.379, -0.057, 0.314, -0.150, -0.434, -0.085, 0.091]
    errors = [0.1913794807, 0.0219994704, 0.3079927766, 0.2122242964, 0.3818680571, 0.1957566719, 0.0286485499]
    assert model.errors == pytest.approx(errors, abs=1e-8)
    assert model.loglik == pytest.approx(-658.7476594460858, abs=1e-8)
    assert model.concordance == pytest.approx(0.6403292470997135, abs=1e-12)
    chi, degrees, p = model.likelihood_ratio()
    assert (round(chi, 2), degrees) == (33.27, 7)
    assert p < 0.005
    assert (model.n, model.events, model.identified) == (432, 114, True)
    fin = model.ratios()[0]
    assert (round(fin.ratio, 2), round(fin.low, 2), round(fin.high, 2), round(fin.p, 2)) == (0.68, 0.47, 1.00, 0.05)


def test_proportional_hazards_of_rossi_are_those_of_lifelines():
    """lifelines 0.30.3, proportional_hazard_test with rank, on weeks moved apart by the row's number / 1,000: no ties, so that
    ranks are the same for all."""
    rows = table("rossi.csv")
    model = fitted(rows["week"] + np.arange(432) / 1000, rows["arrest"], columns(rows, ROSSI), ROSSI)
    assert model.loglik == pytest.approx(-651.083398414918, abs=1e-8)
    found = {one.name: one.chi_square for one in model.proportional}
    told = {
        *(("age", 11.452417), ("fin", 0.018197), ("mar", 0.711786), ("paro", 0.297633)),
        *(("prio", 0.000995), ("race", 1.347601), ("wexp", 7.531112)),
    }
    for name, chi in told:
        assert found[name] == pytest.approx(chi, abs=1e-6), name
    age = next(one for one in model.proportional if one.name == "age")
    assert age.slope < 0
    assert age.p == pytest.approx(0.000714, abs=1e-6)


def test_leukaemia_is_that_of_lifelines():
    rows = table("leukemia_freireich.csv")
    names = ("sex", "logWBC", "Rx")
    model = fitted(rows["t"], rows["status"], columns(rows, names), names)
    assert model.values == pytest.approx([0.3146780496, 1.6819423997, 1.5035912010], abs=1e-6)
    assert model.errors == pytest.approx([0.4545115443, 0.3365835510, 0.4615126720], abs=1e-6)
    assert model.loglik == pytest.approx(-69.59048267084034, abs=1e-9)
    assert model.concordance == pytest.approx(0.8513323983169705, abs=1e-12)


def test_two_ties_by_hand():
    """Ann (x 1) and Ben (x 0) leave on day 1, Cleo (x 1) stays until day 2. With r = exp(β) Efron's likelihood is
    r / ((2r + 1) (2r + 1 - (r + 1) / 2)) = r / ((2r + 1)(1.5r + 0.5)), at its greatest where 3r² = 0.5: r = 0.408."""
    model = fitted([1, 1, 2], [1, 1, 0], [[1.0], [0.0], [1.0]], ["x"])
    r = math.sqrt(0.5 / 3)
    assert math.exp(model.values[0]) == pytest.approx(r, rel=1e-6)
    assert model.loglik == pytest.approx(math.log(r / ((2 * r + 1) * (1.5 * r + 0.5))))
    assert model.loglik_none == pytest.approx(-math.log(3 * 2))
    # Pairs: Ann and Cleo have the same risk (½), Ben a higher one than Cleo and left first (1); Ann with Ben is none.
    assert model.concordance == pytest.approx(1.5 / 2)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_a_row_of_weight_3_is_three_rows_and_order_says_nothing(seed):
    rng = np.random.default_rng(seed)
    time, hit, x = rng.integers(1, 8, 40), rng.random(40) < 0.7, rng.normal(size=(40, 2))
    weight = rng.integers(1, 4, 40)
    one = fitted(time, hit, x, ["a", "b"], weight)
    order = rng.permutation(int(weight.sum()))
    many = fitted(*(np.repeat(part, weight, axis=0)[order] for part in (time, hit, x)), ["a", "b"])
    assert many.values == pytest.approx(one.values, rel=1e-5, abs=1e-6)
    assert many.loglik == pytest.approx(one.loglik)
    assert many.concordance == pytest.approx(one.concordance, abs=1e-9)
    assert [p.chi_square for p in many.proportional] == pytest.approx(
        [p.chi_square for p in one.proportional], rel=1e-3, abs=1e-6
    )


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.floats(-1, 1), min_size=2, max_size=2))
def test_first_and_second_derivatives_are_those_of_differences(seed, at):
    rng = np.random.default_rng(seed)
    rows = _rows(rng.integers(1, 9, 50), rng.random(50) < 0.6, rng.normal(size=(50, 2)), ["a", "b"], None)
    value, slope, curve = _asked(rows, np.array(at))
    assert np.isfinite(value)
    assert slope == pytest.approx(approx_fprime(np.array(at), lambda b: _asked(rows, b)[0], 1e-7), rel=1e-3, abs=1e-3)
    near = np.array([approx_fprime(np.array(at), lambda b, i=i: _asked(rows, b)[1][i], 1e-6) for i in range(2)])
    assert curve == pytest.approx(near, rel=1e-3, abs=1e-2)


def test_intervals_hold_what_was_put_in():
    """100 shops of 400 customers, half of them cut off; the truth is 0.5 and -0.3."""
    rng, hits = np.random.default_rng(7), 0
    for _ in range(100):
        x = rng.normal(size=(400, 2))
        time = np.ceil(10 * rng.exponential(np.exp(-x @ [0.5, -0.3])))
        until = rng.integers(1, 20, 400)
        model = fitted(np.minimum(time, until), time <= until, x, ["a", "b"])
        hits += sum(abs(v - t) < 1.96 * e for v, t, e in zip(model.values, (0.5, -0.3), model.errors, strict=True))
    assert 180 <= hits <= 199


def test_what_the_data_cannot_tell_is_said():
    rng = np.random.default_rng(1)
    x, time = rng.normal(size=(60, 1)), rng.integers(1, 20, 60)
    hit = rng.random(60) < 0.5
    assert "cannot be told apart" in fitted(time, hit, np.hstack([x, 2 * x]), ["a", "b"]).why
    assert "runs to 0 or to infinity" in fitted(time, hit, np.hstack([x, hit[:, None]]), ["a", "tells"]).why
    assert fitted(time, np.zeros(60), x, ["a"]).why == "nobody left"
    assert not fitted(time, np.zeros(60), x, ["a"]).identified
    assert "no property" in fitted(time, hit, np.zeros((60, 0)), []).why
    with pytest.raises(UsageError, match="no number"):
        fitted(time, hit, np.full((60, 1), np.nan), ["a"])
    with pytest.raises(UsageError, match="fit together"):
        fitted(time, hit, x, ["a", "b"])
