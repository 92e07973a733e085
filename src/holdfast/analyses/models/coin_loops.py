"""The loops of BG/NBD and MBG/NBD, in which a customer tosses a coin after each occasion (coins.py tells the mathematics)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

__all__ = ["LONGEST", "chances_of", "expected_of", "likelihood_sums"]

LONGEST = 16_000.0
"""Terms of a series beyond which the same number is found by quadrature."""

SMALLEST = -600.0
"""Logarithm of a chance that is stepped over by logarithms, as a float could not hold it."""

ENOUGH = 1e-11
"""What is left out of a series, relative to its sum."""

TINY = 1e-15
"""Below it 1 - (1 + y)^-R is R y to the last digit."""

STEP = 1 / 24
"""Step of the quadrature, in the stretched variable."""


@njit(cache=True, nogil=True)
def likelihood_sums(
    low: int, high: int, place: Any, occasions: Any, t_x: Any, T: Any, customers: Any, r: float, alpha: float,
    log_gone: Any, coin: Any, sums: Any,
) -> None:  # fmt: skip
    """Add up what differs from row to row in the likelihood and in its slopes, over some rows.

    place     int32 [rows]: which of the distinct x · occasions float64 [distinct]: x
    log_gone  float64 [distinct]: log of a / (b + coins - 1); -inf where no coin was tossed
    coin      float64 [distinct]: 1 / (b + coins - 1)
    sums      float64 [5]: log-likelihood, slopes by r, alpha, Σ P(gone), Σ P(gone) · coin
    """
    total = by_r = by_alpha = gone = gone_coin = 0.0
    for i in range(low, high):
        k = place[i]
        n, power = np.float64(customers[i]), r + occasions[k]
        whole = alpha + T[i]
        log_whole = math.log(whole)
        value, slope_r, slope_alpha = -power * log_whole, -log_whole, -power / whole
        if log_gone[k] > -np.inf:
            until = alpha + t_x[i]
            apart = math.log(whole / until)
            s = log_gone[k] + power * apart
            small = math.exp(-abs(s))
            value += max(s, 0.0) + math.log(1.0 + small)
            q = (1.0 if s > 0 else small) / (1.0 + small)
            slope_r += q * apart
            slope_alpha += q * power * (1 / whole - 1 / until)
            gone += n * q
            gone_coin += n * q * coin[k]
        total += n * value
        by_r += n * slope_r
        by_alpha += n * slope_alpha
    sums[0], sums[1], sums[2], sums[3], sums[4] = total, by_r, by_alpha, gone, gone_coin


@njit(cache=True, nogil=True)
def _series(R: float, A: float, a: float, B: float, t: float) -> float:
    """Σ P(X ≥ k), k = 1, 2, …: all terms are positive."""
    z = t / (A + t)
    log_chance = -R * math.log1p(t / A)
    still, total, k = 1.0, 0.0, 0
    while log_chance < SMALLEST:
        total += still
        log_chance += math.log((R + k) / (k + 1) * z)
        still *= (B + k) / (a + B + k)
        k += 1
    chance = math.exp(log_chance)
    more = -math.expm1(log_chance) if k == 0 else 1.0 - chance
    while True:
        total += still * more
        shrink = max((R + k) / (k + 1) * z, z)
        if more <= 1e-16 or (shrink < 1 and still * more * shrink <= ENOUGH * total * (1 - shrink)):
            return total
        chance *= (R + k) / (k + 1) * z
        still *= (B + k) / (a + B + k)
        k += 1
        more = max(more - chance, 0.0)


@njit(cache=True, nogil=True)
def _log_integrand(u: float, R: float, A: float, a: float, B: float, t: float) -> float:
    """log of p^a (1 - p)^B (1 - (1 + p t / A)^-R) / p at p = 1 / (1 + e^-u)."""
    log_p = -math.log1p(math.exp(-u)) if u > -700 else u
    log_q = log_p - u
    y = math.exp(log_p) * t / A
    if y * (1 + R) < TINY:
        return a * log_p + B * log_q + math.log(R * t / A)
    return a * log_p + B * log_q + math.log(-math.expm1(-R * math.log1p(y))) - log_p


@njit(cache=True, nogil=True)
def _slope(u: float, R: float, A: float, a: float, B: float, t: float) -> float:
    """The slope of the logarithm of the integrand."""
    p = 1 / (1 + math.exp(-u)) if u > -700 else 0.0
    y = p * t / A
    if y * (1 + R) < TINY:
        return (1 - p) * a - B * p
    bought = -math.expm1(-R * math.log1p(y))
    return (1 - p) * (a + R * y / (1 + y) * (1 - bought) / bought - 1) - B * p


@njit(cache=True, nogil=True)
def _quadrature(R: float, A: float, a: float, B: float, t: float) -> float:
    """E[(1 - (1 + p t / A)^-R) / p] over p ~ Beta(a, B): the integrand has one peak in log(p / (1 - p))."""
    left, right = -1e6, 1e6
    for _ in range(34):
        middle = (left + right) / 2
        if _slope(middle, R, A, a, B, t) > 0:
            left = middle
        else:
            right = middle
    peak = (left + right) / 2
    bend = (_slope(peak + 1e-4, R, A, a, B, t) - _slope(peak - 1e-4, R, A, a, B, t)) / 2e-4
    width = 1 / math.sqrt(max(-bend, 1.0))  # wider steps would jump the bends of the integrand, which are 1 wide
    top = _log_integrand(peak, R, A, a, B, t)
    total = width
    for side in (-1.0, 1.0):
        v = side * STEP
        while abs(v) < 20:
            u = peak + width * math.sinh(v)
            part = math.exp(_log_integrand(u, R, A, a, B, t) - top) * width * math.cosh(v)
            total += part
            if part < 1e-17 * total:
                break
            v += side * STEP
    log_beta = math.lgamma(a) + math.lgamma(B) - math.lgamma(a + B)
    return total * STEP * math.exp(top - log_beta)


@njit(cache=True, nogil=True)
def _expected(R: float, A: float, a: float, B: float, t: float) -> float:
    """Expected occasions in the next t units of a customer who is there."""
    if t <= 0:
        return 0.0
    if (R + 30) * (1 + t / A) > LONGEST:
        return _quadrature(R, A, a, B, t)
    return _series(R, A, a, B, t)


@njit(cache=True, nogil=True)
def expected_of(low: int, high: int, x: Any, T: Any, coins: Any, r: float, alpha: float, a: float, b: float,
                times: Any, factor: Any, out: Any) -> None:  # fmt: skip
    """Expected occasions up to each of the times (ascending), times a factor (P(alive)), for some rows.

    coins  float64 [rows] · times float64 [times] · factor float64 [rows] · out float64 [rows, times]
    """
    size = len(times)
    z, chance, more, total = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    for i in range(low, high):
        R, A, B = r + x[i], alpha + T[i], b + coins[i]
        last = times[size - 1]
        if (R + 30) * (1 + last / A) > LONGEST or -R * math.log1p(last / A) < SMALLEST or times[0] <= 0:
            for j in range(size):
                out[i, j] = factor[i] * _expected(R, A, a, B, times[j])
            continue
        for j in range(size):
            log_chance = -R * math.log1p(times[j] / A)
            z[j] = times[j] / (A + times[j])
            if log_chance > -1:
                more[j] = -math.expm1(log_chance)
                chance[j] = 1 - more[j]
            else:
                chance[j] = math.exp(log_chance)
                more[j] = 1 - chance[j]
            total[j] = more[j]
        still, k, end = 1.0, 0, size - 1
        while True:
            shrink = max((R + k) / (k + 1) * z[end], z[end])
            left = still * more[end] * shrink
            if more[end] <= 1e-16 or (shrink < 1 and left <= ENOUGH * total[end] * (1 - shrink)):
                break
            grow = (R + k) / (k + 1)
            still *= (B + k) / (a + B + k)
            k += 1
            for j in range(size):
                chance[j] *= grow * z[j]
                more[j] -= chance[j]
                total[j] += still * more[j]
        for j in range(size):
            out[i, j] = factor[i] * total[j]


@njit(cache=True, nogil=True)
def chances_of(low: int, high: int, x: Any, T: Any, coins: Any, r: float, alpha: float, a: float, b: float,
               ahead: Any, there: Any, out: Any) -> None:  # fmt: skip
    """P(k occasions in the time ahead), for some rows: k = 0, 1, …; the last column: so many or more.

    ahead  float64 [rows]: the time ahead · there float64 [rows]: P(alive) now · out float64 [rows, columns]
    """
    most = out.shape[1] - 1
    for i in range(low, high):
        R, A, B, t = r + x[i], alpha + T[i], b + coins[i], ahead[i]
        z, log_chance = t / (A + t), -R * math.log1p(t / A)
        still, before, more, chance = 1.0, 0.0, 1.0, math.exp(log_chance)
        for k in range(most):
            # Either so many came and she still is there, or she left at the last of them and more might have come.
            out[i, k] = there[i] * (still * chance + before * more)
            more = -math.expm1(log_chance) if k == 0 else max(more - chance, 0.0)
            if log_chance < SMALLEST:
                log_chance += math.log((R + k) / (k + 1) * z)
                chance = math.exp(log_chance)
            else:
                chance *= (R + k) / (k + 1) * z
            before = still * a / (a + B + k)
            still *= (B + k) / (a + B + k)
        out[i, most] = there[i] * (still + before) * more if most > 0 else 1.0
        out[i, 0] += 1 - there[i] if most > 0 else 0.0
