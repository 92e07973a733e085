"""What people say of us, as numbers: NPS, CSAT and CES of plain answers, always with n and margin of error (SEMANTICS 18).

    NPS   promoters (9 and up) minus detractors (under 7), in points from -100 to 100; 7 up to 9 are passive
    CSAT  the share of answers among the top two of the scale
    CES   the mean answer, turned so that higher is easier

Sources: F. Reichheld, The One Number You Need to Grow, Harvard Business Review, December 2003 (NPS); M. Dixon, K. Freeman and
N. Toman, Stop Trying to Delight Your Customers, HBR, July 2010 (CES).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from holdfast.analyses.answer import checked_choice
from holdfast.analyses.statistics import Z95, wilson
from holdfast.errors import UsageError

__all__ = ["Score", "ces", "csat", "latest", "nps"]


@dataclass(frozen=True)
class Score:
    """A score with its 95 % interval.

    value, low, high  None where there are no answers (low and high also where one answer cannot tell)
    n       answers
    counts  answers by class: promoters, passives, detractors; satisfied, others
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    counts: dict[str, int]

    @property
    def margin(self) -> float | None:
        """Half the width of the interval."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


def nps(answers: Iterable[float]) -> Score:
    """The Net Promoter Score in points, of answers from 0 to 10; any number lands in exactly one class.

    The interval is the normal one of a mean of +100, 0 and -100, kept within -100 and 100.
    UsageError for an answer outside 0 to 10.
    """
    given = _checked(answers, 0, 10)
    promoters, detractors = sum(one >= 9 for one in given), sum(one < 7 for one in given)
    n = len(given)
    counts = {"promoters": promoters, "passives": n - promoters - detractors, "detractors": detractors}
    if n == 0:
        return Score(None, None, None, 0, counts)
    p, d = promoters / n, detractors / n
    half = 100 * Z95 * math.sqrt((p + d - (p - d) ** 2) / n)
    value = 100 * (p - d)
    return Score(value, max(value - half, -100.0), min(value + half, 100.0), n, counts)


def csat(answers: Iterable[float], *, scale: int = 5) -> Score:
    """Customer satisfaction: the share (0 to 1) of answers among the top two of a scale from 1 to `scale`, Wilson interval."""
    given = _checked(answers, 1, scale)
    happy, n = sum(one >= scale - 1 for one in given), len(given)
    low, high = wilson(happy, n)
    return Score(happy / n if n else None, low, high, n, {"satisfied": happy, "others": n - happy})


def ces(answers: Iterable[float], *, scale: int = 7, easy: Literal["high", "low"] = "high") -> Score:
    """Customer effort: the mean answer on a scale from 1 to `scale`, turned so that higher is easier, normal interval.

    easy  which end of the scale means little effort; it belongs to the survey and is stored with it
    """
    checked_choice("easy", easy, ("high", "low"))
    given = _checked(answers, 1, scale)
    turned = [one if easy == "high" else scale + 1 - one for one in given]
    n = len(turned)
    if n == 0:
        return Score(None, None, None, 0, {})
    mean = math.fsum(turned) / n
    if n == 1:
        return Score(mean, None, None, 1, {})
    half = Z95 * math.sqrt(math.fsum((one - mean) ** 2 for one in turned) / (n - 1) / n)
    return Score(mean, max(mean - half, 1.0), min(mean + half, float(scale)), n, {})


def latest(answers: Iterable[tuple[str, Any, float]]) -> dict[str, float]:
    """One answer a person, her latest: from (person, when, answer) in any order; of two at one instant the later given."""
    found: dict[str, tuple[Any, float]] = {}
    for person, when, answer in answers:
        if person not in found or when >= found[person][0]:
            found[person] = (when, answer)
    return {person: answer for person, (_, answer) in found.items()}


def _checked(answers: Iterable[float], low: float, high: float) -> Sequence[float]:
    given = list(answers)
    for one in given:
        if not low <= one <= high:
            raise UsageError(
                f"an answer of {one} is not on a scale from {low:g} to {high:g}", "leave it out, or name the scale"
            )
    return given
