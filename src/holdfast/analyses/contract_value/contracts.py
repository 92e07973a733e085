"""Contracts as they stand at a day, and what the models learn from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.contract_value.calendar import Rhythm
from holdfast.analyses.models.renewal_choice import LEAST_CONTRACTS, LEAST_LOST, Chosen, Geometric, chosen, one_rate
from holdfast.analyses.models.renewals import Renewals, Renewing, remaining

__all__ = ["Contracts", "Judged", "judged", "models_of", "still_here", "still_open", "tested"]

MOST_MODELS = 50
"""Segments with a model of their own, the largest first; the others take everyone's."""

Days = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Contracts:
    """Customers with a contract, a row each, as known at the end of a local day.

    ids  Arrow text · segment int64 code · labels  the segments by code
    begin, end  int64 local days of the first contract; end -1 while it runs
    now   int64: when the running contract began, -1 without one · paid  int64, ten-thousandths, since then
    day   the last local day · rhythm  how often they come up for renewal
    """

    ids: Any
    segment: Days
    labels: tuple[str, ...]
    begin: Days
    end: Days
    now: Days
    paid: Days
    day: int
    rhythm: Rhythm

    def __len__(self) -> int:
        return len(self.begin)

    @property
    def ended(self) -> npt.NDArray[np.bool_]:
        """Whose first contract has ended."""
        return np.asarray(self.end >= 0)

    @property
    def lived(self) -> Days:
        """Renewals of the first contract. One that ends on a renewal day has not lived that renewal."""
        return self.rhythm.passed(self.begin, np.where(self.ended, self.end - 1, self.day))

    @property
    def lost(self) -> npt.NDArray[np.bool_]:
        """Whose first contract was lost at a renewal whose day has come.

        One that ended in a period still running counts when the renewal day comes, together with those of its kind that
        renew: counted before, the lost of a period would be known and the kept not yet.
        """
        return np.asarray(self.ended & (self.rhythm.renewal(self.begin, self.lived + 1) <= self.day))

    @property
    def parts(self) -> Numbers:
        """How much of its last period each lost contract had behind it, 0 to 1, in ascending order."""
        begin, end, lived = (one[self.lost] for one in (self.begin, self.end, self.lived))
        return np.sort(self.rhythm.part(begin, end, lived))

    def renewals(self, chosen: Any = slice(None)) -> Renewals:
        """What the models are fitted to, of some of the rows."""
        return Renewals.of(self.lived[chosen], self.lost[chosen])

    def shown(self) -> list[int]:
        """The codes of segments with somebody in them, the largest first."""
        sizes = np.bincount(self.segment, minlength=len(self.labels))
        return sorted(np.flatnonzero(sizes).tolist(), key=lambda code: (-int(sizes[code]), self.labels[code]))

    def known_by(self, day: int) -> tuple[Contracts, npt.NDArray[np.bool_]]:
        """The contracts as they were known at the end of an earlier day, and which rows those are."""
        there = self.begin <= day
        begin, end = self.begin[there], self.end[there]
        cut = np.where((end >= 0) & (end <= day), end, -1)
        ids = self.ids.filter(_mask(there))
        nothing = np.full(len(begin), -1, np.int64)
        return replace(
            self, ids=ids, segment=self.segment[there], begin=begin, end=cut, now=nothing, paid=nothing, day=day
        ), there


def _mask(chosen: npt.NDArray[np.bool_]) -> Any:
    import pyarrow as pa

    return pa.array(chosen)


@dataclass(frozen=True)
class Judged:
    """How models did on the last periods, learned from before them.

    periods   how many were held out · customers  whose contract ran when they began
    lived     int64 [customers]: renewals by then · running  how surely each has not decided to leave (see `still_here`)
    kept      int64 [customers]: renewals they lived after it, at most `periods` · lost  bool: whether they ended within them
    model     the model chosen on what was known then · plain  one rate for all, of the same
    scores    log-likelihood of what happened: (model, plain)
    """

    periods: int
    customers: int
    lived: Days
    running: Numbers
    kept: Days
    lost: npt.NDArray[np.bool_]
    model: Chosen
    plain: Geometric
    scores: tuple[float, float]

    @property
    def worse(self) -> bool:
        """Whether the model did worse than one rate for all."""
        return self.scores[0] < self.scores[1] - 1e-9


def judged(contracts: Contracts, periods: int) -> Judged | None:
    """The models of `periods` periods ago, held against what happened since; None where there was too little to learn from."""
    before, there = contracts.known_by(contracts.rhythm.earlier(contracts.day, periods))
    renewals = before.renewals()
    model = chosen(renewals)
    if model.model is None or not (~before.ended).any():
        return None
    here = ~before.ended
    lived = before.lived[here]
    undecided = still_open(before.parts, contracts.rhythm.part(before.begin[here], before.day, lived))
    kept = np.clip(contracts.lived[there][here] - lived, 0, periods)
    lost = contracts.lost[there][here] & (kept < periods)
    plain = one_rate(renewals)
    scores = tuple(tested(one, lived, undecided, kept, lost) for one in (model.model, plain))
    return Judged(periods, len(lived), lived, undecided, kept, lost, model, plain, (scores[0], scores[1]))


def still_open(parts: Numbers, behind: Numbers) -> Numbers:
    """Of those who leave at the end of a period, the share that has not ended yet when so much of the period is behind.

    parts   of the period that contracts which were lost had behind them, ascending · behind  0 to 1, any shape
    """
    if not len(parts):
        return np.ones_like(behind)
    return np.asarray(1 - np.searchsorted(parts, behind, side="right") / len(parts))


def still_here(model: Renewing, lived: Days, undecided: Numbers) -> Numbers:
    """By how much the chance of every later renewal grows because a contract has not ended so far in its period:

    1 / (r + (1 - r) u)     r the chance of the next renewal, u the share of leavers that would be there still
    """
    stays = remaining(model, lived, 1)[:, 0]
    return np.asarray(1 / (stays + (1 - stays) * undecided))


def tested(model: Renewing, lived: Days, undecided: Numbers, kept: Days, lost: npt.NDArray[np.bool_]) -> float:
    """The log-likelihood of what happened to contracts that had lived so many renewals and were running still."""
    log = model.log_survival(lived)
    grown = still_here(model, lived, undecided)
    kept_on = np.where(kept > 0, grown * np.exp(model.log_survival(lived + kept) - log), 1.0)
    one_more = grown * np.exp(model.log_survival(lived + kept + 1) - log)
    return float(np.sum(np.log(np.maximum(np.where(lost, kept_on - one_more, kept_on), 1e-300))))


def models_of(contracts: Contracts, worse: bool, small: int) -> tuple[Chosen, dict[int, Chosen]]:
    """Everyone's model, and those of segments that are large enough for one of their own.

    worse  everyone's model did worse than one rate on the held-out periods: one rate is used
    """
    whole = chosen(contracts.renewals())
    if worse and whole.model is not None and not isinstance(whole.model, Geometric):
        rate = one_rate(contracts.renewals())
        why = f"one rate for all: on the periods held out {whole.model.fit.model} did worse than it"
        whole = replace(whole, model=rate, why=why)
    own: dict[int, Chosen] = {}
    if len(contracts.labels) > 1:
        for code in contracts.shown()[:MOST_MODELS]:
            renewals = contracts.renewals(contracts.segment == code)
            if renewals.contracts >= max(small, LEAST_CONTRACTS) and renewals.lost.sum() >= LEAST_LOST:
                own[code] = chosen(renewals)
    return whole, own
