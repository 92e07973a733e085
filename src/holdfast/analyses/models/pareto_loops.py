"""The loops of Pareto/NBD: integrals over the unseen end of a customer's life, by Gauss and Legendre's rule.

With a = r + x, b = s + 1 and c the smaller of α and β, in u = ln((c + τ) / (c + t_x))

    ∫ (α + τ)^−a (β + τ)^−b dτ  =  (α + t_x)^−a (β + t_x)^−b (c + t_x) ∫ e^h(u) du

with h(u) = (1 − own) u − other · ln((c + t_x) e^u + far) + constant; own is the exponent of c's factor, far = |α − β|. h is
concave: where e^h has become too small to matter is found by Newton's steps, which come from the far side and never pass it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

__all__ = ["NODES", "WEIGHTS", "add_counts", "log_likelihoods", "log_odds_gone"]

NODES, WEIGHTS = (np.ascontiguousarray(part) for part in np.polynomial.legendre.leggauss(24))
PANELS = 2
"""Stretches into which the time of death is cut for the chances of counts."""

NEGLIGIBLE = -38.0
"""e^−38 of the value at the last purchase is beyond what a float of the whole can tell."""


@njit(cache=True, nogil=True)
def _reach(length: float, own: float, other: float, base: float, far: float) -> float:
    """Up to which u the integrand matters, at most `length`."""
    u = length
    for _ in range(6):
        ahead = base * math.exp(u)
        h = (1 - own) * u - other * math.log((ahead + far) / (base + far))
        if h > NEGLIGIBLE - 2:
            break
        u += (NEGLIGIBLE - h) / (1 - own - other * ahead / (ahead + far))
    return u


@njit(cache=True, nogil=True)
def _gone(x: int, t_x: float, T: float, r: float, alpha: float, s: float, beta: float, nodes: Any, weights: Any) -> Any:
    """Log of the integral, and the means of ln(α + τ), ln(β + τ), 1 / (α + τ), 1 / (β + τ) under it; T > t_x."""
    a, b = r + x, s + 1
    c, far = min(alpha, beta), abs(alpha - beta)
    own, other = (a, b) if alpha <= beta else (b, a)
    base = c + t_x
    reach = _reach(math.log((c + T) / base), own, other, base, far)
    total, near_log, far_log, near_inverse, far_inverse = 0.0, 0.0, 0.0, 0.0, 0.0
    start, beyond = math.log(base), math.log(base + far)
    for i in range(len(nodes)):
        u = reach * (1 + nodes[i]) / 2
        near = base * math.exp(u)
        log_far = math.log(near + far)
        mass = weights[i] * math.exp((1 - own) * u - other * (log_far - beyond))
        total += mass
        near_log += mass * (start + u)
        far_log += mass * log_far
        near_inverse += mass / near
        far_inverse += mass / (near + far)
    value = (1 - own) * start - other * beyond + math.log(total * reach / 2)
    near_log, far_log, near_inverse, far_inverse = near_log / total, far_log / total, near_inverse / total, far_inverse / total
    if alpha <= beta:
        return value, near_log, far_log, near_inverse, far_inverse
    return value, far_log, near_log, far_inverse, near_inverse


@njit(cache=True, nogil=True)
def log_likelihoods(
    low: int, high: int, x: Any, t_x: Any, T: Any, customers: Any,
    r: float, alpha: float, s: float, beta: float, nodes: Any, weights: Any,
) -> Any:  # fmt: skip
    """Sums over rows: ln of the bracket of equation (18), and its derivatives by r, α, s, β. float64 [5]"""
    out = np.zeros(5)
    for i in range(low, high):
        n, a = customers[i], r + x[i]
        log_a, log_b = math.log(alpha + T[i]), math.log(beta + T[i])
        lives = -a * log_a - s * log_b
        if T[i] > t_x[i]:
            gone, mean_a, mean_b, inverse_a, inverse_b = _gone(x[i], t_x[i], T[i], r, alpha, s, beta, nodes, weights)
            odds = math.log(s) + gone - lives
            dead = 1 / (1 + math.exp(-odds))
            both = lives + (math.log1p(math.exp(odds)) if odds < 30 else odds)
        else:
            dead, both, mean_a, mean_b, inverse_a, inverse_b = 0.0, lives, 0.0, 0.0, 0.0, 0.0
        alive = 1 - dead
        out[0] += n * both
        out[1] -= n * (alive * log_a + dead * mean_a)
        out[2] -= n * a * (alive / (alpha + T[i]) + dead * inverse_a)
        out[3] -= n * (alive * log_b + dead * (mean_b - 1 / s))
        out[4] -= n * (alive * s / (beta + T[i]) + dead * (s + 1) * inverse_b)
    return out


@njit(cache=True, nogil=True)
def log_odds_gone(
    low: int, high: int, x: Any, t_x: Any, T: Any,
    r: float, alpha: float, s: float, beta: float, nodes: Any, weights: Any, out: Any,
) -> None:  # fmt: skip
    """ln of P(gone) / P(alive) at T of each row; minus infinity where the last purchase is at T."""
    for i in range(low, high):
        out[i] = -np.inf
        if T[i] > t_x[i]:
            lives = -(r + x[i]) * math.log(alpha + T[i]) - s * math.log(beta + T[i])
            out[i] = math.log(s) + _gone(x[i], t_x[i], T[i], r, alpha, s, beta, nodes, weights)[0] - lives


@njit(cache=True, nogil=True)
def add_counts(low: int, high: int, r: Any, alpha: Any, s: Any, beta: Any, t: Any, nodes: Any, weights: Any, out: Any) -> None:
    """Write P(k purchases in the first t units), k = 0 to the last column but one, a row each, with its own parameters.

    P(k) = N(k, t) (β / (β + t))^s + ∫ N(k, τ) s β^s / (β + τ)^(s+1) dτ from 0 to t, N the NBD with r and α / (α + τ): who has
    died at τ has bought until τ. Two panels, as N(k, τ) has a peak of its own.
    """
    most = out.shape[1] - 1
    for i in range(low, high):
        end = math.log1p(t[i] / beta[i])
        _nbd(r[i], alpha[i], t[i], math.exp(-s[i] * end), most, out[i])
        reach = min(end, -NEGLIGIBLE / s[i])
        for panel in range(PANELS):
            for j in range(len(nodes)):
                u = reach * (panel + (1 + nodes[j]) / 2) / PANELS
                mass = weights[j] / 2 * reach / PANELS * s[i] * math.exp(-s[i] * u)
                _nbd(r[i], alpha[i], beta[i] * math.expm1(u), mass, most, out[i])


@njit(cache=True, nogil=True)
def _nbd(r: float, alpha: float, t: float, mass: float, most: int, out: Any) -> None:
    """Add mass · P(k purchases in t while alive), k = 0 to most - 1."""
    term, part = mass * math.exp(-r * math.log1p(t / alpha)), t / (alpha + t)
    for k in range(most):
        out[k] += term
        term *= (r + k) / (k + 1) * part
