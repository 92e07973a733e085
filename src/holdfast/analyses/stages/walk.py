"""The walk of the stages: a stage laid to every event, the stays they make, and what lies before and after orders.

Stage of an event: that of the map, but an order is a purchase if it is the first and loyalty from the second on, and events
after purchase or of loyalty have a stage only once there is an order. A *stay* lasts from the event that enters a stage to the
next event of another one; the last one is still open at the as-of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.scope import Scope
from holdfast.analyses.stages.loops import NO_STAGE, count_stays, count_touches, lay
from holdfast.analyses.stages.map import StageMap
from holdfast.analyses.step_scope import step_groups
from holdfast.analyses.steps import Nodes
from holdfast.settings import STAGES
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.settings import RefundMode
    from holdfast.timelines.timelines import AsOf

__all__ = ["NOWHERE", "SIDES", "Laid", "Person", "StageStep", "Touched"]

NOWHERE = len(STAGES)
"""The place of those without any stage; as a goal of a stay it is the as-of: the stay is still open."""

SIDES = (("first", "before"), ("first", "after"), ("each", "before"), ("each", "after"))
"""Which order a touchpoint lies near, and on which side of it."""

DAY = 86_400


@dataclass(frozen=True)
class Laid:
    """How events are laid to stages; it travels with a step.

    until  UTC second, exclusive · mode  how refunds count
    """

    stages: StageMap
    until: int
    mode: RefundMode

    def __call__(self, shard: Shard) -> npt.NDArray[np.uint8]:
        """Per event of the shard: stage in the low three bits (7: none), then the bits of orders and of what happened."""
        bought = shard.source.purchases(self.until, self.mode)
        columns = shard.columns
        out = np.full(int(columns.offsets[shard.high] - columns.offsets[shard.low]), NO_STAGE, np.uint8)
        lay(
            *(shard.low, shard.high, columns.offsets, columns.code, columns.second, self.until, self.stages.stage),
            *(self.stages.kind, bought.offsets, bought.place, out),
        )
        return out


@dataclass(frozen=True)
class Person:
    """Whose people are wanted, by where they are or were.

    what   "reached", "current", "fell out", "moved" or "seen" (everyone)
    stage  place in STAGES (NOWHERE: no stage) · to  the stage moved to, of "moved" (stage -1: from nowhere)
    """

    what: str
    stage: int
    to: int = -1


@dataclass(frozen=True)
class Touched:
    """Whose people are wanted, by an event near an order: place in SIDES, and the event's code."""

    side: int
    code: int


@dataclass(frozen=True)
class StageStep:
    """A step over stages and touchpoints.

    nodes       every event, by which the first one is found · groups  how many segments
    precision, bins        bits of a length of stay in seconds that are kept, and how many bins that makes; see `bin_values`
    last_day, gone_after   local day of the as-of; days without a staged event after which one has fallen out
    days, first_second     reach of touchpoints before and after an order; second of the first event of the data
    events      how many event codes
    wanted      whose people are named, of segment `only` (-1: all); None names nobody

    Sums, per segment: "n"; "reached", "current", "fell" [STAGES + 1]; "moves" and "movers" [STAGES + 1, STAGES + 1]: from a
    stage (the last row: from nowhere) to one, how often and by how many; "stays" [STAGES, STAGES + 1, bins]: by stage left, by
    stage entered (the last: still open) and by length; "touches" and "touchers" [SIDES, events]; "near" [SIDES, 2]: orders
    that are observed for the whole reach, and customers with one.
    """

    scope: Scope
    as_of: AsOf
    nodes: Nodes
    laid: Laid
    groups: int
    precision: int
    bins: int
    last_day: int
    gone_after: int
    days: int
    first_second: int
    events: int
    wanted: Person | Touched | None = None
    only: int = -1

    def __call__(self, shard: Shard) -> Tally:
        """The counts of a shard."""
        columns = shard.columns
        group = step_groups(self.scope, shard, self.as_of, self.nodes)
        sums = self._room()
        where = np.zeros((shard.high - shard.low if isinstance(self.wanted, Person) else 0, 4), np.uint64)
        mark = np.zeros(shard.high - shard.low if isinstance(self.wanted, Touched) else 0, np.uint8)
        side, code = (self.wanted.side, self.wanted.code) if isinstance(self.wanted, Touched) else (-1, -1)
        laid = self.laid(shard)
        stays: tuple[Any, ...] = (
            *(shard.low, shard.high, columns.offsets, columns.second, columns.day, laid, group, self.as_of.until),
            *(self.last_day, self.gone_after, self.precision),
            *(sums[name] for name in ("n", "reached", "current", "fell", "moves", "movers", "stays")),
        )
        count_stays(*(*stays, where))
        touches: tuple[Any, ...] = (
            *(shard.low, shard.high, columns.offsets, columns.code, columns.second, laid, group, self.as_of.until),
            *(self.first_second, self.days * DAY, sums["touches"], sums["touchers"], sums["near"], side, code),
        )
        count_touches(*(*touches, mark))
        return Tally(sums, self._people(shard, group, where, mark))

    def _room(self) -> dict[str, npt.NDArray[Any]]:
        """Empty sums."""
        groups, size = self.groups, len(STAGES)
        shapes: dict[str, tuple[int, ...]] = {"n": (groups,)}
        shapes |= dict.fromkeys(("reached", "current", "fell"), (groups, size + 1))
        shapes |= dict.fromkeys(("moves", "movers"), (groups, size + 1, size + 1))
        shapes |= dict.fromkeys(("touches", "touchers"), (groups, len(SIDES), self.events))
        sums: dict[str, npt.NDArray[Any]] = {name: np.zeros(shape, np.int64) for name, shape in shapes.items()}
        sums["near"] = np.zeros((groups, len(SIDES), 2), np.int64)
        sums["stays"] = np.zeros((groups, size, size + 1, self.bins), np.uint32)
        return sums

    def _people(self, shard: Shard, group: Any, where: Any, mark: Any) -> dict[str, Any]:
        if self.wanted is None:
            return {}
        found = mark > 0 if isinstance(self.wanted, Touched) else _found(self.wanted, where)
        if self.only >= 0 and len(group):
            found &= group == self.only
        return {"ids": shard.ids(found)}


def _found(wanted: Person, where: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """The wanted customers. where: a row each, reached as bits, current stage + 1 (0: out of scope), fallen, moves as bits."""
    reached, current, fallen, moved = where.T
    if wanted.what == "moved":
        from_ = NOWHERE if wanted.stage < 0 else wanted.stage
        found = (moved >> np.uint64(from_ * (NOWHERE + 1) + wanted.to)) & np.uint64(1)
        return np.asarray(found > 0, np.bool_)
    if wanted.what == "seen":
        return np.asarray(current > 0, np.bool_)
    if wanted.what == "reached" and wanted.stage < NOWHERE:
        return np.asarray((reached >> np.uint64(wanted.stage)) & np.uint64(1) > 0, np.bool_)
    here = current == np.uint64(wanted.stage + 1)
    return np.asarray(here & (fallen > 0) if wanted.what == "fell out" else here, np.bool_)
