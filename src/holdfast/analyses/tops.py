"""Bands of the best: where the first hundredth, twentieth, fifth and half of the customers end by what each is worth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["BANDS", "bands_of", "cuts_of"]

Numbers = npt.NDArray[np.float64]

TOPS = (0.01, 0.05, 0.2, 0.5)
BANDS = ("best 1 %", "best 1 to 5 %", "best 5 to 20 %", "best 20 to 50 %", "lower half")
"""Bands of value, and of value at risk, among all customers; equal values stand in the same one."""


def cuts_of(values: Numbers) -> tuple[float, ...]:
    """The value of the last customer of each share of the best, descending: the least value of each band but the last."""
    laid = np.sort(values)[::-1]
    return tuple(float(laid[max(int(np.ceil(top * len(laid))) - 1, 0)]) for top in TOPS)


def bands_of(values: Numbers, cuts: tuple[float, ...]) -> npt.NDArray[np.uint8]:
    """The place of each value's band, 0 for the best; 0 for all without cuts."""
    out = np.zeros(len(values), np.uint8)
    for cut in cuts:
        out += values < cut
    return out
