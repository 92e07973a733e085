"""The loops of Cox's model: partial likelihood with Efron's ties, Schoenfeld's residuals, and concordance.

Rows stand by falling time; of one time, whoever it happened to and whoever was cut off then were both at risk at it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["concordant", "efron", "schoenfeld"]


@njit(cache=True, nogil=True)
def efron(time: Any, hit: Any, weight: Any, x: Any, beta: Any, slope: Any, curve: Any) -> float:
    """The log partial likelihood at beta; adds its gradient to slope [k] and its second derivatives to curve [k, k].

    time, hit, weight  float64, uint8, int64 [rows] by falling time · x  float64 [rows, k]

    At a time with d happenings (Efron 1977):  sum over them of xβ − sum over l = 0 … d−1 of ln(R − l/d · H), where R adds
    exp(xβ) over all at risk and H over those to whom it happens.
    """
    rows, k = x.shape
    r0, total = 0.0, 0.0
    r1, r2 = np.zeros(k), np.zeros((k, k))
    h1, h2 = np.zeros(k), np.zeros((k, k))
    i = 0
    while i < rows:
        stop = i
        h0, d = 0.0, np.int64(0)
        h1[:], h2[:, :] = 0.0, 0.0
        while stop < rows and time[stop] == time[i]:
            score = _score(x, stop, beta)
            risk = weight[stop] * np.exp(score)
            r0 += risk
            _weigh(x, stop, risk, r1, r2)
            if hit[stop]:
                d += weight[stop]
                h0 += risk
                total += weight[stop] * score
                for a in range(k):
                    slope[a] += weight[stop] * x[stop, a]
                _weigh(x, stop, risk, h1, h2)
            stop += 1
        if d > 0:
            total += _taken(int(d), r0, h0, r1, h1, r2, h2, slope, curve)
        i = stop
    for a in range(k):
        for b in range(a):
            curve[b, a] = curve[a, b]
    return total


@njit(cache=True, nogil=True)
def _score(x: Any, row: int, beta: Any) -> float:
    total = 0.0
    for a in range(len(beta)):
        total += x[row, a] * beta[a]
    return total


@njit(cache=True, nogil=True)
def _weigh(x: Any, row: int, risk: float, first: Any, second: Any) -> None:
    """Add a row's properties, and their products (the lower half), with its risk."""
    for a in range(len(first)):
        first[a] += risk * x[row, a]
        for b in range(a + 1):
            second[a, b] += risk * x[row, a] * x[row, b]


@njit(cache=True, nogil=True)
def _taken(d: int, r0: float, h0: float, r1: Any, h1: Any, r2: Any, h2: Any, slope: Any, curve: Any) -> float:
    """One time's d happenings: minus the sum of ln(R − l/d · H), with its first and second derivatives."""
    total = one = share = ones = shares = squares = 0.0
    for part in range(d):
        f = part / d
        left = 1.0 / (r0 - f * h0)
        total += np.log(left)
        one += left
        share += f * left
        ones += left * left
        shares += f * left * left
        squares += f * f * left * left
    for a in range(len(slope)):
        slope[a] -= one * r1[a] - share * h1[a]
        for b in range(a + 1):
            curve[a, b] -= one * r2[a, b] - share * h2[a, b]
            curve[a, b] += ones * r1[a] * r1[b] - shares * (r1[a] * h1[b] + h1[a] * r1[b]) + squares * h1[a] * h1[b]
    return total


@njit(cache=True, nogil=True)
def schoenfeld(time: Any, hit: Any, weight: Any, x: Any, beta: Any, mean: Any, happened: Any) -> int:
    """Schoenfeld's residuals by time: what those to whom it happened have, less what was to be expected among those at risk.

    mean      float64 [times, k]: the residuals added up over one time's happenings, latest time first
    happened  int64 [times]: how many
    The number of times is given back. The expectation is Efron's: the mean over his d risk sets.
    """
    rows, k = x.shape
    r0, at = 0.0, 0
    r1, h1 = np.zeros(k), np.zeros(k)
    i = 0
    while i < rows:
        stop = i
        h0, d = 0.0, np.int64(0)
        h1[:] = 0.0
        while stop < rows and time[stop] == time[i]:
            risk = weight[stop] * np.exp(_score(x, stop, beta))
            r0 += risk
            for a in range(k):
                r1[a] += risk * x[stop, a]
            if hit[stop]:
                d += weight[stop]
                h0 += risk
                for a in range(k):
                    h1[a] += risk * x[stop, a]
                    mean[at, a] += weight[stop] * x[stop, a]
            stop += 1
        if d > 0:
            for part in range(d):
                f = part / d
                for a in range(k):
                    mean[at, a] -= (r1[a] - f * h1[a]) / (r0 - f * h0)
            happened[at] = d
            at += 1
        i = stop
    return at


@njit(cache=True, nogil=True)
def concordant(time: Any, hit: Any, weight: Any, rank: Any, ranks: int) -> Any:
    """Pairs of which one is known to have had it later: (the later one's risk is lower, equal, all), as float64 [3].

    rank  int64 [rows]: place of the row's risk among all distinct ones, 0 to ranks - 1. Rows by falling time.
    Two to whom it happened at one time are no pair; one cut off at a time outlasts whoever it happened to then (Harrell 1982).
    """
    tree = np.zeros(ranks + 1, np.int64)
    out = np.zeros(3)
    seen = np.int64(0)
    i = 0
    while i < len(time):
        stop = i
        while stop < len(time) and time[stop] == time[i]:
            if not hit[stop]:
                seen += _add(tree, rank[stop], weight[stop])
            stop += 1
        for row in range(i, stop):
            if hit[row]:
                below, upto = _below(tree, rank[row]), _below(tree, rank[row] + 1)
                out[0] += weight[row] * below
                out[1] += weight[row] * (upto - below)
                out[2] += weight[row] * seen
        for row in range(i, stop):
            if hit[row]:
                seen += _add(tree, rank[row], weight[row])
        i = stop
    return out


@njit(cache=True, nogil=True)
def _add(tree: Any, place: int, weight: int) -> int:
    at = place + 1
    while at < len(tree):
        tree[at] += weight
        at += at & -at
    return weight


@njit(cache=True, nogil=True)
def _below(tree: Any, place: int) -> Any:
    total = np.int64(0)
    while place > 0:
        total += tree[place]
        place -= place & -place
    return total
