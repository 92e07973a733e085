"""Gamma-Gamma: what an occasion is worth to each customer (Fader and Hardie 2013, "The Gamma-Gamma model of monetary value").

Assumptions:

1. The values z of one customer's occasions vary at random around her mean: z | ν is Gamma(p, ν), with mean p / ν.
2. Means differ between customers, and do not change in time: ν is Gamma(q, v).
3. They do not go together with how often she orders: test it by `independence` before.

For a customer with x occasions of mean value z̄ the likelihood is the note's equation (1a)

    f(z̄ | p, q, v; x) = Γ(px + q) / (Γ(px) Γ(q)) · v^q x^(px) z̄^(px−1) / (v + x z̄)^(px+q)

her expected mean weighs everyone's and her own, equation (5): E(Z | x, z̄) = p (v + x z̄) / (px + q − 1), and everyone's is
equation (2): E(Z) = p v / (q − 1). Having seen her occasions, ν is Gamma(q + px, v + x z̄): the total S of k further ones,
Gamma(pk, ν) given ν, is a beta-prime: S / (S + v + x z̄) is Beta(pk, q + px).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.fitting import Fit, maximised
from holdfast.analyses.statistics import Z95
from holdfast.errors import UsageError

__all__ = ["GammaGamma", "Independence", "fitted", "independence"]

Numbers = npt.NDArray[np.float64]
NAMES = ("p", "q", "v")
WEAK, STRONG = 0.1, 0.3
"""A correlation beyond doubt above these is weak, or strong (Cohen 1988, Statistical Power Analysis, 3.2)."""


@dataclass(frozen=True)
class GammaGamma:
    """A fitted Gamma-Gamma model; money is in the unit of the values it was fitted to.

    fit      what came out of the fitting · p, q, v  the paper's parameters
    left_out repeaters whose money is 0 or less: the model knows only positive values
    """

    fit: Fit
    p: float
    q: float
    v: float
    left_out: int = 0

    @property
    def population_mean(self) -> float:
        """The expected value of an occasion of somebody unknown; nan where it has none (q of 1 or less)."""
        return self.p * self.v / (self.q - 1) if self.q > 1 else float("nan")

    def mean(self, x: npt.ArrayLike, mean_value: npt.ArrayLike) -> Numbers:
        """The expected value of an occasion of each customer.

        x  occasions seen · mean_value  their mean value; a customer without one, or without money, is taken as unknown
        """
        shape, rate = self._learned(x, mean_value)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(shape > 1, self.p * rate / (shape - 1), np.nan)

    def total_mean(self, k: npt.ArrayLike, x: npt.ArrayLike, mean_value: npt.ArrayLike) -> Numbers:
        """The expected total of k further occasions."""
        return np.asarray(k, np.float64) * self.mean(x, mean_value)

    def total_variance(self, k: npt.ArrayLike, x: npt.ArrayLike, mean_value: npt.ArrayLike) -> Numbers:
        """The variance of the total of k further occasions; nan where it has none (q + px of 2 or less)."""
        shape, rate = self._learned(x, mean_value)
        own = self.p * np.asarray(k, np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = rate**2 * own * (own + shape - 1) / ((shape - 2) * (shape - 1) ** 2)
        return np.where(shape > 2, spread, np.nan)

    def total_cdf(self, money: npt.ArrayLike, k: npt.ArrayLike, x: npt.ArrayLike, mean_value: npt.ArrayLike) -> Numbers:
        """P(the total of k further occasions is at most `money`); without an occasion the total is 0."""
        from scipy.special import betainc

        shape, rate = self._learned(x, mean_value)
        most, own = np.asarray(money, np.float64), self.p * np.asarray(k, np.float64)
        share = np.maximum(most, 0) / (np.maximum(most, 0) + rate)
        some = own > 0
        return np.where(some, betainc(np.where(some, own, 1.0), shape, share), most >= 0).astype(np.float64)

    def total_quantile(self, share: npt.ArrayLike, k: npt.ArrayLike, x: npt.ArrayLike, mean_value: npt.ArrayLike) -> Numbers:
        """The money that the total of k further occasions stays below with this probability; 0 without an occasion."""
        from scipy.special import betaincinv

        shape, rate = self._learned(x, mean_value)
        own = self.p * np.asarray(k, np.float64)
        some = own > 0
        part = betaincinv(np.where(some, own, 1.0), shape, np.asarray(share, np.float64))
        with np.errstate(divide="ignore"):
            return np.where(some, rate * part / (1 - part), 0.0)

    def _learned(self, x: npt.ArrayLike, mean_value: npt.ArrayLike) -> tuple[Numbers, Numbers]:
        """Shape and rate of ν, having seen the customer's occasions."""
        mean = np.asarray(mean_value, np.float64)
        seen = np.where(mean > 0, np.asarray(x, np.float64), 0.0)
        return self.q + self.p * seen, self.v + seen * mean


def fitted(x: npt.ArrayLike, mean_value: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> GammaGamma:
    """The model of the customers' values, by maximum likelihood.

    x           occasions of each customer (the papers: those after the first); customers without one are passed over
    mean_value  their mean value in money; repeaters with 0 or less are left out, and counted in `left_out`
    weights     how many customers each row stands for; None: 1 each
    UsageError where no customer is left.
    """
    times, mean, count, left_out = _repeaters(x, mean_value, weights)
    if not len(times):
        raise UsageError("no customer has a second occasion with money", "the model of values needs customers who came back")
    scale = float(np.average(mean, weights=count))
    people = int(count.sum())
    fit = maximised("Gamma-Gamma", NAMES, (2.0, 3.0, 1.0), _loglik(times, mean / scale, count), customers=people)
    p, q, v = fit.values[0], fit.values[1], fit.values[2] * scale
    errors = (fit.errors[0], fit.errors[1], fit.errors[2] * scale)
    why = fit.why or ("q is 1 or less: values spread so widely that they have no mean" if q <= 1 else "")
    fit = replace(fit, values=(p, q, v), errors=errors, loglik=fit.loglik - people * float(np.log(scale)), why=why)
    return GammaGamma(fit, p, q, v, left_out)


def _repeaters(
    x: npt.ArrayLike, mean_value: npt.ArrayLike, weights: npt.ArrayLike | None
) -> tuple[Numbers, Numbers, Numbers, int]:
    """x, z̄ and customers of each distinct row of repeaters with money, and how many repeaters have none."""
    times, mean = np.asarray(x, np.float64), np.asarray(mean_value, np.float64)
    count = np.ones(len(times)) if weights is None else np.asarray(weights, np.float64)
    if not (len(times) == len(mean) == len(count)):
        raise UsageError("x, mean_value and weights differ in length", "give a value of each for every customer")
    good = (times > 0) & (mean > 0)
    times, mean, left_out = times[good], mean[good], int(count[(times > 0) & ~good].sum())
    order = np.lexsort((mean, times))
    times, mean = times[order], mean[order]
    first = np.ones(len(times), np.bool_)
    first[1:] = (times[1:] != times[:-1]) | (mean[1:] != mean[:-1])
    return times[first], mean[first], _each(first, count[good][order]), left_out


def _each(first: npt.NDArray[np.bool_], count: Numbers) -> Numbers:
    """How many customers share each row, from the sorted rows and where a new one begins."""
    return np.bincount(np.cumsum(first) - 1, count, int(first.sum())).astype(np.float64)


def _loglik(x: Numbers, mean: Numbers, count: Numbers) -> Callable[[Numbers], tuple[float, Numbers]]:
    """The log-likelihood (1a) and its gradient; gamma functions are asked once a number of occasions."""
    from scipy.special import digamma, gammaln

    often, place = np.unique(x, return_inverse=True)
    weight, n = np.bincount(place, count, len(often)), float(count.sum())
    total = x * mean
    log_mean, log_total = float(count @ np.log(mean)), float((count * x) @ np.log(total))

    def loglik(at: Numbers) -> tuple[float, Numbers]:
        p, q, v = np.exp(at)
        rest = np.log(v + total)
        rest_n, rest_x = float(count @ rest), float((count * x) @ rest)
        px, all_shape = p * often, p * often + q
        value = weight @ (gammaln(all_shape) - gammaln(px)) + n * (q * at[2] - gammaln(q))
        value += p * log_total - log_mean - p * rest_x - q * rest_n
        deep, own = digamma(all_shape), digamma(px)
        by_p = (weight * often) @ (deep - own) + log_total - rest_x
        by_q = weight @ deep + n * (at[2] - digamma(q)) - rest_n
        by_v = n * q / v - (count * (p * x + q)) @ (1 / (v + total))
        return float(value), np.array([by_p * p, by_q * q, by_v * v])

    return loglik


@dataclass(frozen=True)
class Independence:
    """Whether value and frequency go together among repeaters; the model of values takes it that they do not.

    n         repeaters with money
    pearson   correlation of x and the mean value, with low, high (95 %, Fisher's z)
    spearman  rank correlation, with low, high (95 %, variance 1.06 / (n − 3): Fieller, Hartley and Pearson 1957)
    verdict   "apart", "hardly together", "weakly together", "together" or "not known" (fewer than 10 repeaters)

    The verdict takes both correlations and believes the smaller bound: a single large buyer moves Pearson's alone, and the
    skewness of values moves Spearman's alone, as the mean of one order lies below its expectation more often than that of many.
    """

    n: int
    pearson: tuple[float, float, float]
    spearman: tuple[float, float, float]
    verdict: str

    @property
    def holds(self) -> bool:
        """Whether the model of values may be used without a warning."""
        return self.verdict in ("apart", "hardly together")

    @property
    def words(self) -> str:
        """The verdict in a sentence."""
        if self.verdict == "not known":
            return f"With {self.n:,} repeat customers it cannot be told whether value and frequency go together."
        how = _HOW[self.verdict]
        (r, low, high), (s, s_low, s_high) = self.pearson, self.spearman
        told = f"correlation {r:.2f} ({low:.2f} to {high:.2f}), of ranks {s:.2f} ({s_low:.2f} to {s_high:.2f})"
        more = "more" if r > 0 else "less"
        care = "" if self.holds else f"; who orders often spends {more} an order, which the model of values does not know"
        return f"Value and frequency {how} among {self.n:,} repeat customers: {told}{care}."


_HOW = {
    "apart": "do not go together",
    "hardly together": "hardly go together",
    "weakly together": "go together weakly",
    "together": "go together",
}


def independence(x: npt.ArrayLike, mean_value: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Independence:
    """Test whether value and frequency go together among repeaters with money; arguments as in `fitted`."""
    times, mean, count, _ = _repeaters(x, mean_value, weights)
    n = int(count.sum())
    nothing = (float("nan"),) * 3
    if n < 10 or len(np.unique(times)) < 2 or len(np.unique(mean)) < 2:
        return Independence(n, nothing, nothing, "not known")
    pearson = _bounded(_correlation(times, mean, count), n, 1.0)
    spearman = _bounded(_correlation(_ranks(times, count), _ranks(mean, count), count), n, 1.06)
    sure = min(_beyond(pearson), _beyond(spearman)) if pearson[0] * spearman[0] > 0 else 0.0
    reached = [
        name for least, name in ((STRONG, "together"), (WEAK, "weakly together"), (0.0, "hardly together")) if sure > least
    ]
    return Independence(n, pearson, spearman, reached[0] if reached else "apart")


def _beyond(told: tuple[float, float, float]) -> float:
    """How far from 0 a correlation surely is."""
    return max(told[1], -told[2], 0.0)


def _correlation(a: Numbers, b: Numbers, count: Numbers) -> float:
    a, b = a - np.average(a, weights=count), b - np.average(b, weights=count)
    return float((count * a) @ b / np.sqrt(((count * a) @ a) * ((count * b) @ b)))


def _bounded(r: float, n: int, variance: float) -> tuple[float, float, float]:
    middle = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    half = Z95 * np.sqrt(variance / (n - 3))
    return r, float(np.tanh(middle - half)), float(np.tanh(middle + half))


def _ranks(values: Numbers, count: Numbers) -> Numbers:
    """Ranks from 1; equal values share the middle of theirs."""
    _, place = np.unique(values, return_inverse=True)
    size = np.bincount(place, count)
    return np.asarray((np.cumsum(size) - (size - 1) / 2)[place])
