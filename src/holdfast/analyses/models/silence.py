"""Who came back after which silence: P(alive) from what this shop has seen, for when no model of leaving can be told.

At an earlier split each customer has a silence u = (T − t_x)(r + x) / (α + T), in her own expected intervals, and it is known
whether she came back in the window that followed. Assumptions:

1. Who is alive buys at her rate of the NBD (r, α), times a level of the window (season, growth) that all share: of the
   repeaters who had just been seen (u < 0.5), who are taken to be alive, the occasions in the window by those expected.
2. Customers alike in x (0, 1, 2 to 3, 4 to 7, 8 and more) and in u share one chance p of being alive. One who is alive comes
   back within the window w with probability c = 1 − ((α + T) / (α + T + level·w))^(r + x), so that of each cell

       L(p) = ∏ (p c)^(came back) (1 − p c)^(stayed away)

3. Before the cell is seen, p is p₀ = S (x + 1) / (S (x + 1) + 1) with S = ((α + t_x) / (α + T))^(r + x), the chance of such a
   silence when alive: after x + 1 occasions and nothing known of leaving, the odds that she did not leave after the last one
   are x + 1 to 1 (Laplace's rule of succession; Bayes). How many customers that weighs is chosen by the likelihood of all cells
   (empirical Bayes; Gelman and others, Bayesian Data Analysis, 5.1).

So P(alive) is never 1 and is what this shop's own customers did. It falls with silence where theirs did: cells are not tied to
their neighbours, and among those just seen a hundredth up or down is chance. p lies on a grid of 50 chances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.histories import Histories

__all__ = ["OCCASION_BANDS", "SILENCE_BANDS", "Lesson", "Silence", "learned", "unlearned"]

Numbers = npt.NDArray[np.float64]

OCCASION_BANDS = (1, 2, 4, 8)
"""Where a band of x begins after the first."""

SILENCE_BANDS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Where a band of silence begins after the first, in a customer's own expected intervals."""

WEIGHTS = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)
FRESH = 0.5
LEVEL = (0.2, 5.0)
CHANCES = (np.arange(50) + 0.5) / 50
_CELLS = (len(OCCASION_BANDS) + 1, len(SILENCE_BANDS) + 1)


@dataclass(frozen=True)
class Lesson:
    """What an earlier split tells: histories then, occasions since, and in how long.

    histories  at the split · later  int [customers], in the order of `histories.place` · window  units from the split on
    """

    histories: Histories
    later: npt.NDArray[np.int32]
    window: float


@dataclass(frozen=True)
class Silence:
    """P(alive) by occasions and silence.

    r, alpha   of the NBD that measures silence
    p          float64 [5, 8]: by band of x and of silence; nan where nobody was seen: there p₀ stands
    seen       int64 [5, 8]: customers of each cell
    weight     how many customers p₀ weighs · level  of the window, 1 for that of all the time before
    window     units from the earlier split on; 0 where nothing could be learned
    """

    r: float
    alpha: float
    p: Numbers
    seen: npt.NDArray[np.int64]
    weight: float = 0.0
    level: float = 1.0
    window: float = 0.0

    def alive(self, histories: Histories) -> Numbers:
        """P(alive) at the end of watching, [rows]."""
        table = self.p.ravel()[_cells(histories, self.r, self.alpha)]
        return np.where(np.isnan(table), _before(histories, self.r, self.alpha), table)


def unlearned(r: float, alpha: float) -> Silence:
    """P(alive) where there is no earlier split to learn from: p₀ for everyone."""
    return Silence(r, alpha, np.full(_CELLS, np.nan), np.zeros(_CELLS, np.int64))


def learned(lesson: Lesson, then: tuple[float, float], now: tuple[float, float]) -> Silence:
    """The table of an earlier split.

    then  r and α of the NBD at the split · now  those by which silence is to be measured from now on
    """
    histories, (r, alpha) = lesson.histories, then
    cell, size = _cells(histories, r, alpha), _CELLS[0] * _CELLS[1]
    seen = np.bincount(cell, histories.customers, size).astype(np.int64)
    before = np.bincount(cell, histories.customers * _before(histories, r, alpha), size) / np.maximum(seen, 1)
    some = seen > 0
    level = _level(lesson, then)
    logs = _logs(lesson, then, level, cell)[some]
    weight = max(WEIGHTS, key=lambda weight: _evidence(logs, before[some], weight))
    p = np.full(size, np.nan)
    p[some] = _posterior(logs, before[some], weight) @ CHANCES
    return Silence(*now, p.reshape(_CELLS), seen.reshape(_CELLS), weight, level, lesson.window)


def _logs(lesson: Lesson, then: tuple[float, float], level: float, cell: npt.NDArray[np.int64]) -> Numbers:
    """The log-likelihood of assumption 2 up to what p does not touch, [cells, chances]."""
    histories, (r, alpha) = lesson.histories, then
    back = np.bincount(histories.place, lesson.later > 0, len(histories))
    away = histories.customers - back
    returns = 1 - ((alpha + histories.T) / (alpha + histories.T + level * lesson.window)) ** (r + histories.x)
    size = _CELLS[0] * _CELLS[1]
    stayed = [np.bincount(cell, away * np.log1p(-chance * returns), size) for chance in CHANCES]
    return np.asarray(np.outer(np.bincount(cell, back, size), np.log(CHANCES)) + np.column_stack(stayed))


def _level(lesson: Lesson, then: tuple[float, float]) -> float:
    """The level of the window; 1 where no repeater had just been seen."""
    histories, (r, alpha) = lesson.histories, then
    rate = (r + histories.x) / (alpha + histories.T)
    fresh = ((histories.T - histories.t_x) * rate < FRESH) & (histories.x > 0)
    expected = float(histories.customers[fresh] @ rate[fresh]) * lesson.window
    return float(np.clip(lesson.later[fresh[histories.place]].sum() / expected, *LEVEL)) if expected > 0 else 1.0


def _cells(histories: Histories, r: float, alpha: float) -> npt.NDArray[np.int64]:
    """The cell of each row."""
    own = (histories.T - histories.t_x) * (r + histories.x) / (alpha + histories.T)
    often = np.searchsorted(OCCASION_BANDS, histories.x, side="right")
    return np.asarray(often * _CELLS[1] + np.searchsorted(SILENCE_BANDS, own, side="right"), np.int64)


def _before(histories: Histories, r: float, alpha: float) -> Numbers:
    """p₀ of each row."""
    chance = ((alpha + histories.t_x) / (alpha + histories.T)) ** (r + histories.x)
    odds = chance * (histories.x + 1)
    return np.asarray(odds / (odds + 1))


def _prior(before: Numbers, weight: float) -> Numbers:
    """The logarithm of a Beta prior on the grid, [cells, chances]."""
    logs = (before * weight - 1)[:, None] * np.log(CHANCES) + ((1 - before) * weight - 1)[:, None] * np.log1p(-CHANCES)
    top = logs.max(axis=1, keepdims=True)
    return np.asarray(logs - top - np.log(np.exp(logs - top).sum(axis=1, keepdims=True)))


def _evidence(logs: Numbers, before: Numbers, weight: float) -> float:
    """The log-likelihood of all cells for a weight of what is taken before."""
    both = logs + _prior(before, weight)
    top = both.max(axis=1)
    return float((top + np.log(np.exp(both - top[:, None]).sum(axis=1))).sum())


def _posterior(logs: Numbers, before: Numbers, weight: float) -> Numbers:
    both = logs + _prior(before, weight)
    shares = np.exp(both - both.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))
