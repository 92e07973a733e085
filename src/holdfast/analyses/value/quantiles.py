"""Quantiles of the money of the orders to come: S / ρ is a mixture of beta-primes, weighed by how many orders there are.

With y = s / (s + ρ) and u = log(y / (1 − y)) the distribution and its slope are

    F(u) = Σ w_k I(y; p k, Q)        f(u) = (1 − y)^Q Σ w_k y^(p k) / B(p k, Q)

The slope is a polynomial in y^p and costs little, the distribution much: it is asked once where the search begins, from there
the slope is added up step by step, and where that ends it is asked again. Newton's steps, between bounds, do what is left.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["mixture_quantile"]

Numbers = npt.NDArray[np.float64]

NEWTON = 60
"""Steps of a search; it ends when nothing moves any more."""

STILL = 1e-6
"""A step below this is the last: Newton's next one would be of about its square."""

SLIGHT = 1e-9
"""A number of orders less likely than this is not asked for its distribution."""

LED = 64
"""Most orders for which the slope is added up: of more it is so steep that eight places do not tell it."""

LONGEST = 1.0
"""The longest step of the slope added up."""

_PLACES, _SHARES = np.polynomial.legendre.leggauss(8)


def mixture_quantile(weights: Numbers, p: float, shape: Numbers, wanted: Numbers) -> Numbers:
    """y with Σ weights · I(y; p k, shape) = wanted, [rows].

    weights  [rows, most]: the chances of 1, 2, … most orders · p  shape of one order · shape  Q, [rows]
    wanted   [rows], above 0 and below the sum of the weights
    """
    from scipy.special import betaln

    own = p * np.arange(1, weights.shape[1] + 1)
    log_beta = betaln(own, shape[:, None])
    low, high = np.full(len(weights), -60.0), np.full(len(weights), 35.0)
    at = np.clip(_start(weights, p, shape), low, high)
    rows = np.arange(len(weights))
    for turn in range(NEWTON):
        u = at[rows]
        over = _under(weights[rows], own, shape[rows], u) - wanted[rows]
        high[rows], low[rows] = np.where(over > 0, u, high[rows]), np.where(over > 0, low[rows], u)
        led = turn == 0 and weights.shape[1] <= LED
        step = (_led if led else _newton)(weights[rows], own, shape[rows], log_beta[rows], u, over)
        inside = np.isfinite(step) & (u + step >= low[rows]) & (u + step <= high[rows])
        at[rows] = np.where(inside, u + step, (low[rows] + high[rows]) / 2)
        rows = rows[np.abs(at[rows] - u) > STILL]
        if not len(rows):
            break
    return np.asarray(1 / (1 + np.exp(-at)))


def _start(weights: Numbers, p: float, shape: Numbers) -> Numbers:
    """About the middle: as many orders as to be expected of who orders at all."""
    k = np.arange(1, weights.shape[1] + 1)
    middle = np.maximum((weights @ k) / np.maximum(weights.sum(axis=1), 1e-300), 1)
    return np.asarray(np.log(p * middle / shape))


def _under(weights: Numbers, own: Numbers, shape: Numbers, u: Numbers) -> Numbers:
    """F(u), [rows]."""
    from scipy.special import betainc

    y, some = 1 / (1 + np.exp(-u)), weights > SLIGHT
    part = betainc(own, shape[:, None], y[:, None], out=np.zeros_like(weights), where=some)
    return np.asarray((weights * part).sum(axis=1))


def _newton(weights: Numbers, own: Numbers, shape: Numbers, log_beta: Numbers, u: Numbers, over: Numbers) -> Numbers:
    log_y, log_rest = -np.logaddexp(0, -u), -np.logaddexp(0, u)
    slope = (weights * np.exp(own * log_y[:, None] + (shape * log_rest)[:, None] - log_beta)).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(-over / slope)


def _led(weights: Numbers, own: Numbers, shape: Numbers, log_beta: Numbers, u: Numbers, over: Numbers) -> Numbers:
    step = np.empty(len(u))
    _add_up(weights, float(own[0]), shape, log_beta, u, over, _PLACES, _SHARES, step)
    return step


@njit(cache=True, nogil=True)
def _add_up(
    weights: Any, p: float, shape: Any, log_beta: Any, start: Any, over: Any, places: Any, shares: Any, out: Any
) -> None:
    most = weights.shape[1]
    factors = np.empty(most)
    for row in range(len(start)):
        for k in range(most):
            factors[k] = math.log(weights[row, k]) - log_beta[row, k] if weights[row, k] > 0 else -np.inf
        top = factors.max()
        for k in range(most):
            factors[k] = math.exp(factors[k] - top)
        u, left = start[row], over[row]
        for _ in range(20):
            slope = _slope(factors, p, shape[row], top, u)
            if not slope > 0:
                break
            step = min(max(-left / slope, -LONGEST), LONGEST)
            for i in range(len(places)):
                left += shares[i] * step / 2 * _slope(factors, p, shape[row], top, u + step / 2 * (1 + places[i]))
            u += step
            if abs(step) < STILL:
                break
        out[row] = u - start[row]


@njit(cache=True, nogil=True)
def _slope(factors: Any, p: float, shape: float, top: float, u: float) -> float:
    """f(u), by Horner's scheme."""
    log_y = -math.log1p(math.exp(-u))
    z, found = math.exp(p * log_y), 0.0
    for k in range(len(factors) - 1, -1, -1):
        found = (found + factors[k]) * z
    return found * math.exp(top + shape * (log_y - u))
