"""The walk that scores everyone in the base as of now: risk, band, reason, and the rows that a list shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from holdfast.analyses.risk.reasons import NOTHING, Wording, main_kinds, reasons_of, unhappy
from holdfast.analyses.risk.traces import KINDS
from holdfast.analyses.risk.walk import Rows
from holdfast.analyses.scope import Scope
from holdfast.events.schema import ORDER
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.analyses.risk.training import Learned
    from holdfast.analyses.risk.walk import SnapshotStep
    from holdfast.timelines.timelines import AsOf

__all__ = ["BANDS", "Order", "ScoreStep", "Wanted", "band_of"]

BANDS = ("low", "medium", "high", "very high")
UNKNOWN = -1
Order = Literal["value", "risk"]


@dataclass(frozen=True)
class Wanted:
    """The people to name.

    bands    places in BANDS, -1 where no risk can be said; None: any · only  code of a segment; -1: all
    unhappy  who shows dissatisfaction, or does not; None: either · either  true: of these bands, or unhappy
    """

    bands: tuple[int, ...] | None = None
    only: int = -1
    unhappy: bool | None = None
    either: bool = False


@dataclass(frozen=True)
class ScoreStep:
    """A step: everyone in the base scored.

    learned  what was learned · step  the rows as of now (nothing later is read, no window looked at)
    segments how many · cuts  lowest risk of medium, high, very high · most  rows of the list
    order    of the list: by value at stake, or by risk · wanted  the people to name; None: the answer's sums and rows
    currency of money in words
    """

    learned: Learned
    step: SnapshotStep
    as_of: AsOf
    scope: Scope
    segments: int
    cuts: tuple[float, ...]
    most: int
    order: Order = "value"
    wanted: Wanted | None = None
    currency: str = ""

    def __call__(self, shard: Shard) -> Tally:
        """Sums per segment and band (`_told`); rows of those at the top of the list."""
        inside = self.step.inside(shard)
        segment = self.step.segments(shard, self.scope, self.as_of)
        inside &= segment >= 0
        rows, segment = self.step.rows(shard, inside), segment[inside]
        risk, low, high = self.learned.chances(rows)
        band, said = band_of(risk, self.cuts), unhappy(rows.numbers)
        if self.wanted is not None:
            return Tally({}, {"ids": shard.ids(_places(inside, self._asked(band, segment, said)))})
        sums = self._sums(segment, band, _told(rows, said, risk, low, high))
        top = self._top(risk, rows)
        kept = rows.take(top)
        listed: dict[str, Any] = {
            "ids": shard.ids(_places(inside, top)), "segment": segment[top], "risk": risk[top], "low": low[top],
            "high": high[top], "unhappy": said[top],
            **{name: getattr(kept, name) for name in Rows.__dataclass_fields__},
        }  # fmt: skip
        return Tally(sums, listed)

    def _asked(self, band: Any, segment: Any, said: Any) -> npt.NDArray[np.bool_]:
        wanted = self.wanted or Wanted()
        everyone = np.ones(len(band), np.bool_)
        banded = everyone if wanted.bands is None else np.isin(band, wanted.bands)
        of_mood = everyone if wanted.unhappy is None else said == wanted.unhappy
        chosen = banded | of_mood if wanted.either else banded & of_mood
        return chosen & (segment == wanted.only) if wanted.only >= 0 else chosen

    def _sums(self, segment: Any, band: Any, told: dict[str, Any]) -> dict[str, Any]:
        size = len(BANDS) + 1
        place = segment * size + np.where(band < 0, len(BANDS), band)
        out = {}
        for name, each in told.items():
            sums = np.zeros(size * self.segments, np.int64)
            np.add.at(sums, place, each)
            out[name] = sums.reshape(self.segments, size)
        return out

    def _top(self, risk: Any, rows: Rows) -> npt.NDArray[np.int64]:
        """Where those stand that are first by value at stake or risk, then by hash; who has no risk comes last."""
        if len(rows) == 0 or self.most == 0:
            return np.zeros(0, np.int64)
        key = np.where(np.isfinite(risk), risk, -1.0)
        if self.order == "value":
            key = key * np.maximum(rows.value, 0)
        first = np.lexsort((rows.hash, -np.where(np.isfinite(risk), risk, -1.0), -key))[: self.most]
        return np.sort(first)

    def told(self, rows: Rows) -> list[str]:
        """The reasons of rows in words."""
        parts, wording = self.learned.parts(rows), self.wording()
        if self.learned.model is None:
            silence = self.step.base.contract is None
            return [(wording.told("rhythm", numbers) if silence else None) or NOTHING for numbers in rows.numbers]
        return [reasons_of(wording, numbers, own) for numbers, own in zip(rows.numbers, parts, strict=True)]

    def wording(self) -> Wording:
        """The words of this business."""
        orders = self.step.base.counting.names in ((), (ORDER,))
        verb, noun = ("orders", "order") if orders else ("comes", "active day")
        known = self.learned
        return Wording(verb, noun, self.step.recent, self.step.traces.origins, self.currency, known.middles())

    def kinds(self, rows: Rows) -> npt.NDArray[np.int64]:
        """The main kind of reason of rows, -1 for none; the plain rule knows the rhythm alone, that of contracts nothing."""
        if self.learned.model is None:
            return np.full(len(rows), KINDS.index("rhythm") if self.step.base.contract is None else UNKNOWN)
        return main_kinds(self.learned.parts(rows))

    def everyone(self) -> ScoreStep:
        """The same of everyone, in one segment."""
        return replace(self, scope=Scope(), segments=1, wanted=None)


def band_of(risk: npt.NDArray[np.float64], cuts: tuple[float, ...]) -> npt.NDArray[np.int64]:
    """The band of risks: its place in BANDS, -1 where there is none."""
    place = np.searchsorted(np.array(cuts), np.where(np.isfinite(risk), risk, 0.0), side="right")
    return np.where(np.isfinite(risk), place, UNKNOWN)


def _told(rows: Rows, said: Any, risk: Any, low: Any, high: Any) -> dict[str, Any]:
    """What is added up, as whole numbers, so that sums do not depend on their order: chances in millionths."""
    known = np.isfinite(risk)
    chance, least, most = (np.where(known, value, 0.0) for value in (risk, low, high))
    return {
        "customers": np.ones(len(rows), np.int64), "value": rows.value, "unhappy": said.astype(np.int64),
        "stake": np.round(chance * np.maximum(rows.value, 0)).astype(np.int64),
        **{name: np.round(value * 1e6).astype(np.int64) for name, value in (
            ("risk", chance), ("low", least), ("high", most), ("spread", chance * (1 - chance))
        )},
    }  # fmt: skip


def _places(inside: npt.NDArray[np.bool_], chosen: Any) -> npt.NDArray[np.bool_]:
    """Chosen rows as a mask of the shard's customers. `Shard.ids` lays them in customer order, so lists are sorted after."""
    out = np.zeros(len(inside), np.bool_)
    out[np.flatnonzero(inside)[chosen]] = True
    return out
