"""NBD with silence, the plain rate and own means: by hand, and found again in simulated shops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nbinom

from holdfast.analyses.models import empirical, own_mean, plain_rate
from holdfast.analyses.models.histories import Histories
from holdfast.analyses.models.silence import Lesson, Silence, learned, unlearned
from holdfast.errors import UsageError


def test_p_alive_before_anything_is_learned_by_hand():
    """r 1, α 2. x 1, t_x 2, T 6: such a silence has the chance (4/8)² = 1/4, so p₀ = ½ / (½ + 1) = 1/3; just seen 2/3."""
    histories = Histories.of([1, 1, 0], [2, 6, 0], [6, 6, 2])
    assert unlearned(1.0, 2.0).alive(histories)[histories.place] == pytest.approx([1 / 3, 2 / 3, 1 / 3])


def shop(seed: int, n: int = 8_000, gone: float = 0.4, split: float = 40.0, window: float = 30.0):
    """An NBD shop with rates Gamma(1, 5), of whom a share left at once after a random day: histories and what came later."""
    draw = np.random.default_rng(seed)
    x, t_x, T, later, alive = [], [], [], [], []
    for _ in range(n):
        rate, born = draw.gamma(1.0, 1 / 5), draw.uniform(0, 30)
        leaves = draw.uniform(0, split - born) if draw.random() < gone else np.inf
        times = np.cumsum(draw.exponential(1 / rate, 200))
        times = np.unique(np.ceil(7 * times[times < min(leaves, split + window - born)]) / 7)
        before = times[times <= split - born]
        x.append(len(before))
        t_x.append(before[-1] if len(before) else 0.0)
        T.append(split - born)
        later.append(len(times) - len(before))
        alive.append(np.isinf(leaves))
    return Histories.of(x, t_x, np.maximum(T, t_x)), np.array(later, np.int32), np.array(alive)


@pytest.fixture(scope="module")
def simulated() -> tuple[Histories, np.ndarray, np.ndarray]:
    return shop(5)


def test_the_share_alive_is_found_again_by_frequency_and_silence(simulated):
    """Of customers alike in x and silence the share of those still there, within 12 points."""
    histories, later, alive = simulated
    fit = empirical.fitted(histories)
    table = learned(Lesson(histories, later, 30.0), (fit.r, fit.alpha), (fit.r, fit.alpha))
    p = table.alive(histories)[histories.place]
    x, silent = histories.x[histories.place], (histories.T - histories.t_x)[histories.place]
    for often, low, high in ((2, 0, 4), (2, 15, 40), (8, 0, 3), (8, 10, 40)):
        among = (x >= often) & (silent >= low) & (silent < high)
        assert among.sum() > 100
        assert p[among].mean() == pytest.approx(alive[among].mean(), abs=0.12)
    assert 0 < p.min() < p.max() < 1
    assert table.seen.sum() == len(later)


def test_the_forecast_is_better_than_without_silence(simulated):
    """Learned on one shop, judged on another of the same kind: the total within 10 %, where the plain rate misses by 55 %."""
    histories, later, _ = shop(6, 4_000)
    model = empirical.fitted(histories, Lesson(simulated[0], simulated[1], 30.0))
    ours = model.expected(histories, 30.0)[histories.place]
    plain = plain_rate.fitted(histories, model).expected(histories, 30.0)[histories.place]
    assert ours.sum() == pytest.approx(later.sum(), rel=0.1)
    assert plain.sum() > 1.3 * later.sum()
    assert np.abs(ours - later).mean() < np.abs(plain - later).mean()


@pytest.mark.parametrize("t", [0.0, 10.0, 30.0, 90.0])
def test_chances_are_chances_and_have_the_expected_mean(simulated, t):
    histories, later, _ = simulated
    model = empirical.fitted(histories, Lesson(histories, later, 30.0))
    few = Histories.of([0, 1, 5, 12], [0, 3, 20, 39], [30, 9, 25, 40])
    chances = model.chances(few, t, 400)
    assert chances.sum(axis=1) == pytest.approx(1)
    assert (chances >= 0).all()
    assert chances @ np.arange(401) == pytest.approx(model.expected(few, t), rel=1e-6)
    assert model.expected_at(few, [t / 2, t])[:, 1] == pytest.approx(model.expected(few, t))


def test_without_leaving_the_counts_are_the_negative_binomial_of_the_books():
    histories = Histories.of([0, 2], [0, 4], [6, 6])
    sure = Silence(0.8, 5.0, np.full((5, 8), 1.0), np.ones((5, 8), np.int64), window=100.0)
    model = empirical.Empirical(empirical.fitted(histories).fit, 0.8, 5.0, sure, 1e-9, 0.16)
    found = model.chances(histories, 7.0, 6)
    k = np.arange(6)
    for row, x in enumerate((0, 2)):
        assert found[row, :6] == pytest.approx(nbinom.pmf(k, 0.8 + x, 11 / 18))
    assert model.counts(np.array([7.0]), 6)[0, :6] == pytest.approx(nbinom.pmf(k, 0.8, 5 / 12))
    assert model.new([7.0]) == pytest.approx([0.16 * 7])


def test_a_new_customer_does_what_new_customers_did(simulated):
    histories, later, _ = simulated
    model = empirical.fitted(histories, Lesson(histories, later, 30.0))
    total = histories.customers @ histories.x
    assert histories.customers @ model.new(histories.T) == pytest.approx(total)
    counts = model.counts(histories.T, 60)
    assert histories.customers @ (counts @ np.arange(61)) == pytest.approx(total, rel=1e-3)


def test_nobody_came_back_and_it_still_answers():
    histories = Histories.of([0, 0], [0, 0], [10, 20])
    model = empirical.fitted(histories)
    assert 0 < model.alive(histories).max() < 1
    assert 0 < model.expected(histories, 5.0).sum() < 0.5
    assert (plain_rate.fitted(histories, model).expected(histories, 5.0) == 0).all()


def test_the_plain_rate_by_hand():
    histories = Histories.of([0, 3, 1], [0, 5, 2], [4, 6, 0.5 + 1.5])
    model = plain_rate.fitted(histories, empirical.fitted(histories))
    place = histories.place
    assert model.expected(histories, 8.0)[place] == pytest.approx([0, 3 / 6 * 8, 1 / 2 * 8])
    assert model.new([6.0]) == pytest.approx([4 / 12 * 6])


def test_another_unit_is_refused():
    model = empirical.fitted(Histories.of([0, 1], [0, 2], [4, 4]))
    for other in (model, plain_rate.fitted(Histories.of([0, 1], [0, 2], [4, 4]), model)):
        with pytest.raises(UsageError, match="7 days"):
            other.expected(Histories.of([1], [3], [9], unit_days=1), 2.0)


def test_own_means_by_hand():
    """One band: means 10 and 30 of x 1 and of x 3 each; κ 1 draws a mean of one order halfway, of three a quarter."""
    model = own_mean.OwnMean(np.array([20.0, 20.0, 20.0, 20.0]), 1.0, 15.0, 4)
    assert model.mean([1, 1, 3, 0], [10, 30, 28, 0]) == pytest.approx([15, 25, 26, 15])


def test_credibility_is_found_again():
    """Means of customers normal around 50 with variance 100, orders around them with variance 400: κ is 4."""
    draw = np.random.default_rng(2)
    x = draw.integers(1, 12, 20_000)
    mean = draw.normal(50, 10, len(x)) + draw.normal(0, 20 / np.sqrt(x))
    model = own_mean.fitted(x, mean)
    assert model.kappa == pytest.approx(4, rel=0.15)
    assert model.population_mean == pytest.approx(50, abs=0.5)
    with pytest.raises(UsageError, match="second occasion"):
        own_mean.fitted([0, 0], [0, 0])
