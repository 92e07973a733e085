"""The eleven RFM segments: a map from the scores to one name each (SEMANTICS 19).

Frequency and money are joined into FM = (F + M + 1) // 2, rounded up, then (R, FM) says the segment:

    FM         1                2                     3                     4            5
    R 5        New              Potential Loyalist    Potential Loyalist    Champions    Champions
    R 4        Promising        Potential Loyalist    Potential Loyalist    Loyal        Loyal
    R 3        About to Sleep   About to Sleep        Needs Attention       Loyal        Loyal
    R 2        Hibernating      Hibernating           At Risk               At Risk      Cannot Lose Them
    R 1        Lost             Lost                  At Risk               At Risk      Cannot Lose Them
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["ACTIONS", "CODES", "SEGMENTS", "code_place", "code_segments", "segment_of"]

SEGMENTS = (
    "Champions",
    "Loyal",
    "Potential Loyalist",
    "New",
    "Promising",
    "Needs Attention",
    "About to Sleep",
    "Cannot Lose Them",
    "At Risk",
    "Hibernating",
    "Lost",
)

ACTIONS = {
    "Champions": "thank them, ask for a referral, show new things first",
    "Loyal": "offer the next tier, ask for a review",
    "Potential Loyalist": "invite to the loyalty programme, suggest what goes with it",
    "New": "welcome, help with the first use, lead to the second order",
    "Promising": "stay present, a small reason to order again",
    "Needs Attention": "a limited offer on what they buy",
    "About to Sleep": "remind, show what is popular and new",
    "Cannot Lose Them": "call in person, ask what went wrong, win back",
    "At Risk": "personal offer before they are gone",
    "Hibernating": "a cheap reminder of what they liked",
    "Lost": "one last letter, then let them go",
}
"""What to do with each segment, in a few words."""

_MAP = (
    ("Lost", "Lost", "At Risk", "At Risk", "Cannot Lose Them"),
    ("Hibernating", "Hibernating", "At Risk", "At Risk", "Cannot Lose Them"),
    ("About to Sleep", "About to Sleep", "Needs Attention", "Loyal", "Loyal"),
    ("Promising", "Potential Loyalist", "Potential Loyalist", "Loyal", "Loyal"),
    ("New", "Potential Loyalist", "Potential Loyalist", "Champions", "Champions"),
)

CODES = tuple(f"{r}{f}{m}" for r in range(1, 6) for f in range(1, 6) for m in range(1, 6))
"""All 125 codes, "111" to "555", in the order of `code_place`."""


def segment_of(r: int, f: int, m: int) -> str:
    """The segment of three scores, each 1 to 5."""
    return _MAP[r - 1][(f + m + 1) // 2 - 1]


def code_place(r: int, f: int, m: int) -> int:
    """The place of a code among `CODES`, 0 to 124."""
    return (r - 1) * 25 + (f - 1) * 5 + (m - 1)


def code_segments() -> npt.NDArray[np.uint8]:
    """For every code the place of its segment among `SEGMENTS`: uint8 [125]."""
    return np.array([SEGMENTS.index(segment_of(*map(int, code))) for code in CODES], np.uint8)
