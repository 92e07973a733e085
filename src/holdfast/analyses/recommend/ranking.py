"""The best products of each customer, from dense scores: one pass a row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["NOTHING", "best_of"]

NOTHING = -1
"""Stands in a list where there is nothing to say."""


@njit(cache=True, nogil=True)
def best_of(scores: Any, may: Any, top: int) -> Any:
    """The products that may stand in a list, best first, ties by code: int64 codes (-1: nothing), float32 scores, [rows, top].

    scores  float32 [rows, items] · may  bool [rows, items]
    """
    rows, items = scores.shape
    codes = np.full((rows, top), NOTHING, np.int64)
    found = np.full((rows, top), -np.inf, np.float32)
    for row in range(rows):
        held = 0
        for item in range(items):
            if not may[row, item]:
                continue
            score = scores[row, item]
            if held == top and score <= found[row, top - 1]:
                continue
            place = held if held < top else top - 1
            while place > 0 and found[row, place - 1] < score:
                found[row, place], codes[row, place] = found[row, place - 1], codes[row, place - 1]
                place -= 1
            found[row, place], codes[row, place] = score, item
            held = min(held + 1, top)
    return codes, found
