"""The loops of early signs: a customer's active days, her own habit, and how likely so few days in the window are.

Model (all of a customer's figures are of distinct local dates, so that a binge of clicks is one day):

1. Her active days come at a constant rate λ a day. Over all customers λ is Gamma(r, α): the NBD model of buying (Ehrenberg
   1959; Gelman and others, Bayesian Data Analysis, 2.6).
2. Her waits have a variance of φ times their mean squared. φ = 1 is pure chance (Poisson). A regular customer has φ < 1: her
   days are every s-th arrival of a Poisson stream, s = ⌊1 / φ⌋ (the condensed NBD of Chatfield and Goodhardt 1973). One who
   comes in bursts has φ > 1: her days count as 1 / φ of a day each.
3. After x days in T days of habit the stream's rate is Gamma(R = r + s x, A = α / s + T), so that the arrivals of a window of
   w days are negative binomial: P(i) = Γ(R + i) / Γ(R) i! · q^R (1 − q)^i with q = A / (A + w). The place within the s arrivals
   at which the window begins is uniform, hence P(K ≤ k) = Σ P(i) · min(1, k + 1 − i / s) for s ≥ 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from holdfast.analyses.activity import own_days

__all__ = [
    "FALLING",
    "GONE",
    "LEAST_WINDOW",
    "LONGEST_DOUBLING",
    "MICRO",
    "NOTHING",
    "PSEUDO_GAPS",
    "RISING",
    "STEADY",
    "UNKNOWN",
    "days_at_most",
    "habit_moments",
    "habits_now",
]

NOTHING, UNKNOWN, STEADY, FALLING, RISING, GONE = range(6)
"""No activity at all, too little known, steady, falling, rising, already gone."""

LEAST_WINDOW = 7
"""Days; windows are whole weeks, so that habits of the week's days do not matter."""

LONGEST_DOUBLING = 6
"""A customer's own window is at most 7 · 2⁶ = 448 days."""

LEAST_HABIT = 2
"""Active days after the first one without which there is no habit of one's own, whatever all others do."""

LONG = 4
"""A second window, so many times as long, sees a slow fall where the first sees a sudden end."""

PSEUDO_GAPS = 20.0
"""How many waits the shop's irregularity weighs beside a customer's own."""

MOST_REGULAR = 8
MICRO = 1_000_000
"""Irregularity is added up in millionths, so that sums do not depend on their order."""


@njit(cache=True, nogil=True)
def _spread(own: Any, gaps: int) -> float:
    """Variance by squared mean of the first so many waits (two or more), set right for the mean being their own."""
    mean = (own[gaps] - own[0]) / gaps
    total = 0.0
    for j in range(gaps):
        apart = own[j + 1] - own[j] - mean
        total += apart * apart
    spread: float = total / (gaps - 1) / (mean * mean) * (gaps + 1) / gaps
    return spread


@njit(cache=True, nogil=True)
def habit_moments(
    low: int,
    high: int,
    offsets: Any,
    day: Any,
    code: Any,
    counted: Any,
    second: Any,
    until: int,
    end: int,
    gone: int,
    sums: Any,
) -> None:
    """Add up what the prior needs, over customers who are not gone: n, Σx, ΣT, Σx², ΣxT, ΣT², Σ spread, its weight.

    sums  int64 [8]
    """
    own = np.zeros(65_536, np.int32)
    for customer in range(low, high):
        size = own_days(offsets[customer], offsets[customer + 1], day, code, counted, second, until, own)
        if size == 0 or end - own[size - 1] > gone or end <= own[0]:
            continue
        x, span = np.int64(size - 1), np.int64(end - own[0])
        sums[0] += 1
        sums[1] += x
        sums[2] += span
        sums[3] += x * x
        sums[4] += x * span
        sums[5] += span * span
        if x >= 2:
            sums[6] += np.int64(round((x - 1) * _spread(own, size - 1) * MICRO))
            sums[7] += x - 1


@njit(cache=True, nogil=True)
def days_at_most(k: int, x: int, span: int, window: int, phi: float, r: float, alpha: float) -> float:
    """P(K ≤ k): so few active days in a window of so many days, after x days in `span` days of habit; 0 for k < 0."""
    if k < 0:
        return 0.0
    s = min(math.floor(1 / phi), MOST_REGULAR) if phi <= 1 else 1 / phi
    size, before = r + s * x, alpha / s + span
    stay = before / (before + window)
    leave = 1 - stay
    last = s * (k + 1) if s >= 1 else s * k + 1
    narrow = s if s >= 1 else 1.0
    total, i, log_term = 0.0, 0, size * math.log(stay)
    # The first terms may be too small for a float: they are stepped over by their logarithms.
    while log_term < -600 and i < last:
        i += 1
        log_term += math.log((size + i - 1) / i * leave)
    term = math.exp(log_term)
    while i < last:
        total += term * min(1.0, (last - i) / narrow)
        i += 1
        term *= (size + i - 1) / i * leave
    return min(total, 1.0)


@njit(cache=True, nogil=True)
def _before(own: Any, size: int, last: int) -> int:
    """How many active days after the first one lie no later than a day."""
    x = size - 1
    while x > 0 and own[x] > last:
        x -= 1
    return x


@njit(cache=True, nogil=True)
def _window(own: Any, size: int, end: int, intervals: float, r: float, alpha: float) -> int:
    """The shortest of 1, 2, 4 … weeks in which so many active days are expected, judged by what came before that window alone;
    else the longest that the habit is at least as long as; 0 without a week of habit."""
    found, window = 0, LEAST_WINDOW
    for _ in range(LONGEST_DOUBLING + 1):
        span = end - window - own[0]
        if span < window:
            break
        found = window
        if (r + _before(own, size, end - window)) / (alpha + span) * window >= intervals:
            break
        window *= 2
    return found


@njit(cache=True, nogil=True)
def _unevenness(own: Any, gaps: int, phi: float) -> float:
    """A customer's φ: that of her first so many waits, mixed with the shop's."""
    if gaps < 2:
        return phi
    mixed = (PSEUDO_GAPS * phi + (gaps - 1) * _spread(own, gaps)) / (PSEUDO_GAPS + gaps - 1)
    # In a shop of bursts nobody is taken to be more regular than the shop: simulation asks for it.
    return max(mixed, phi) if phi > 1 else mixed


@njit(cache=True, nogil=True)
def habits_now(
    low: int, high: int, offsets: Any, day: Any, code: Any, counted: Any, second: Any, until: int, end: int, gone: int,
    fixed: int, intervals: float, r: float, alpha: float, phi: float, level: float, state: Any, silent: Any, window: Any,
    span: Any, before: Any, now: Any, spread: Any, down: Any, up: Any,
) -> None:  # fmt: skip
    """Each customer's habit and window, with P(K ≤ k) and P(K ≥ k); those with p stand as STEADY until the alarms are chosen.

    level  UNKNOWN when not even silence in the window would be as unlikely as this, or there is hardly a habit
    Results are written by place in the range: state, silent (days), window, span (days of habit), before, now (active days),
    spread (φ used), down, up (1 on the side that is more likely than not). Of the two windows the one that says more is
    written; its p is doubled, as two were looked at.
    """
    own = np.zeros(65_536, np.int32)
    for customer in range(low, high):
        at = customer - low
        size = own_days(offsets[customer], offsets[customer + 1], day, code, counted, second, until, own)
        state[at], down[at], up[at] = NOTHING, 1.0, 1.0
        if size == 0:
            continue
        silent[at] = end - own[size - 1]
        state[at] = GONE if silent[at] > gone else UNKNOWN
        short = fixed if fixed > 0 else _window(own, size, end, intervals, r, alpha)
        long = short * LONG
        looks = 2 if fixed == 0 and end - long - own[0] >= long else 1
        for look in range(looks):
            days = short if look == 0 else long
            length = end - days - own[0]
            if days == 0 or length < 1:
                break
            x = _before(own, size, end - days)
            k, uneven = size - 1 - x, _unevenness(own, x, phi)
            one_down, one_up = 1.0, 1.0
            if state[at] != GONE and x >= LEAST_HABIT:
                if looks * days_at_most(0, x, length, days, uneven, r, alpha) <= level:
                    state[at] = STEADY
                if k < (r + x) / (alpha + length) * days:
                    one_down = looks * days_at_most(k, x, length, days, uneven, r, alpha)
                else:
                    one_up = looks * (1 - days_at_most(k - 1, x, length, days, uneven, r, alpha))
            if look == 0 or min(one_down, one_up) < min(down[at], up[at]):
                window[at], span[at], before[at], now[at], spread[at] = days, length, x, k, uneven
            down[at], up[at] = min(down[at], one_down), min(up[at], one_up)
        if state[at] != STEADY:
            down[at], up[at] = 1.0, 1.0
