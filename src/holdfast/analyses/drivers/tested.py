"""The tests of drivers: every behaviour at every threshold, compared within strata; which thresholds are fit to be tested.

1. A test is a behaviour done at least n times against the same done fewer times, n = 1 to `most`; an attribute is had or not.
2. It is made where both groups have `small` customers or more who stand in strata with customers of both.
3. Of a behaviour's thresholds the one with the largest Cochran-Mantel-Haenszel chi-square separates best. Its p is multiplied
   by the number of thresholds tested (Bonferroni), since the best of several was taken.
4. Then Benjamini and Hochberg over all behaviours tested: those with p under ALPHA pass; of those that pass, on average at most
   that share passes by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.drivers.behaviours import Behaviours
from holdfast.analyses.drivers.walk import Strata, is_order
from holdfast.analyses.statistics import benjamini_hochberg
from holdfast.analyses.stratified import Stratified, mantel_haenszel

__all__ = ["ALPHA", "NEARLY_SAME", "Best", "Threshold", "best_of_each", "nearly_the_same", "thresholds"]

ALPHA = 0.05
NEARLY_SAME = 0.9
"""Behaviours whose phi coefficient passes this are done by nearly the same customers."""


@dataclass(frozen=True)
class Threshold:
    """A behaviour done at least n times, against fewer.

    behaviour, n             which
    did, did_stayed          customers who did, and who of them stayed
    others, others_stayed    those who did not
    within                   the comparison within strata; None where it is not made
    reason                   why it is not made, else empty
    """

    behaviour: str
    kind: str
    n: int
    did: int
    did_stayed: int
    others: int
    others_stayed: int
    within: Stratified | None
    reason: str = ""

    @property
    def youden(self) -> float | None:
        """Youden's J: the share of those who stayed that did it, less the share of those who left that did."""
        stayed, everyone = self.did_stayed + self.others_stayed, self.did + self.others
        if stayed in (0, everyone):
            return None
        return self.did_stayed / stayed - (self.did - self.did_stayed) / (everyone - stayed)


@dataclass(frozen=True)
class Best:
    """A behaviour at the threshold that separates best; p is its adjusted p, None where nothing could be tested."""

    at: Threshold
    tested: int
    p: float | None

    @property
    def passes(self) -> bool:
        """Whether the difference is more than chance among so many tests gives."""
        return self.p is not None and self.p < ALPHA

    @property
    def finding(self) -> str:
        """In words: stay more, stay less, no difference shown, not testable."""
        if self.p is None or self.at.within is None:
            return "not testable"
        if not self.passes:
            return "no difference shown"
        return "stay more" if (self.at.within.difference or 0.0) > 0 else "stay less"


def thresholds(sums: dict[str, Any], behaviours: Behaviours, strata: Strata, small: int) -> list[list[Threshold]]:
    """All thresholds of every behaviour, from the sums of a `CountStep`."""
    out = []
    for place, (name, kind) in enumerate(zip(behaviours.names, behaviours.kinds, strict=True)):
        done, everyone = sums["done"][place].astype(np.int64), sums["all"]
        if is_order(name):
            done, everyone = (_without_baskets(part, strata) for part in (done, everyone))
        at_least = done[::-1].cumsum(axis=0)[::-1]
        at_least = at_least[:1] if kind in behaviours.attributes else at_least
        out.append([_threshold(name, kind, n + 1, did, everyone, small) for n, did in enumerate(at_least)])
    return out


def _without_baskets(cells: npt.NDArray[Any], strata: Strata) -> npt.NDArray[Any]:
    """Cells [..., strata, 2] with the baskets of each period and level added up."""
    ahead = cells.shape[:-2]
    summed: npt.NDArray[Any] = cells.reshape(*ahead, *strata.shape, 2).sum(axis=len(ahead) + 1)
    return summed.reshape(*ahead, -1, 2)


def _threshold(
    name: str, kind: str, n: int, did: npt.NDArray[np.int64], everyone: npt.NDArray[np.int64], small: int
) -> Threshold:
    others = everyone - did
    size, stayed, rest, rest_stayed = (int(part) for side in (did, others) for part in (side.sum(), side[:, 1].sum()))
    within, reason = None, _unfit((size, stayed, rest, rest_stayed), small)
    if not reason:
        within = mantel_haenszel(did[:, 1], did.sum(axis=1), others[:, 1], others.sum(axis=1))
        if within.fewest < small:
            reason = f"fewer than {small} can be compared with others alike"
        elif within.p is None:
            reason = "nothing varies among customers alike"
    return Threshold(name, kind, n, size, stayed, rest, rest_stayed, None if reason else within, reason)


def _unfit(counts: tuple[int, int, int, int], small: int) -> str:
    did, did_stayed, others, others_stayed = counts
    if did == 0 or others == 0:
        return "nobody did it" if did == 0 else "everyone did it"
    if did_stayed + others_stayed in (0, did + others):
        return "nobody stayed" if did_stayed + others_stayed == 0 else "everyone stayed"
    if min(did, others) < small:
        return f"fewer than {small} {'did it' if did < small else 'did not do it'}"
    return ""


def best_of_each(all_thresholds: list[list[Threshold]]) -> list[Best]:
    """The threshold of each behaviour that separates best, ranked by adjusted p, then by the difference within strata."""
    chosen, p = [], []
    for own in all_thresholds:
        fit = [one for one in own if one.within is not None]
        best = max(fit, key=_chi_square) if fit else own[0]
        chosen.append((best, len(fit)))
        p.append(min(1.0, best.within.p * len(fit)) if best.within is not None and best.within.p is not None else None)
    found = [Best(*pair, value) for pair, value in zip(chosen, benjamini_hochberg(p), strict=True)]
    return sorted(found, key=_rank)


def _chi_square(one: Threshold) -> float:
    return one.within.chi_square or 0.0 if one.within is not None else -1.0


def _rank(one: Best) -> tuple[Any, ...]:
    if one.p is None or one.at.within is None:
        return (2.0, 0.0, 0.0, -one.at.did, one.at.behaviour)
    return (one.p, -abs(one.at.within.difference or 0.0), -_chi_square(one.at), -one.at.did, one.at.behaviour)


def nearly_the_same(pairs: npt.NDArray[np.int64], size: int, names: list[tuple[int, str]]) -> list[tuple[str, str, float]]:
    """Pairs of behaviours that nearly the same customers did at least once: names and phi, the closest first.

    pairs  int64 [behaviours, behaviours]: customers of a sample of `size` who did both
    names  place and name of those to look at
    """
    found = []
    for at, (one, first) in enumerate(names):
        for other, second in names[at + 1 :]:
            phi = _phi(int(pairs[one, other]), int(pairs[one, one]), int(pairs[other, other]), size)
            if phi is not None and phi > NEARLY_SAME:
                found.append((first, second, phi))
    return sorted(found, key=lambda pair: (-pair[2], pair[0], pair[1]))


def _phi(both: int, one: int, other: int, size: int) -> float | None:
    spread = one * (size - one) * other * (size - other)
    return None if spread <= 0 else float((size * both - one * other) / np.sqrt(float(spread)))
