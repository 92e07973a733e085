"""The walk of risk: each customer's row as of the end of a day, and whether she left within the window after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.bridge_walks import Counting, activity_spells, contract_spells
from holdfast.analyses.discounts import discount_values
from holdfast.analyses.risk.loops import BOUGHT, COMPLAINT, MAIL, OWN, VISIT, returned, rhythm, spent, traced
from holdfast.analyses.risk.traces import EXTRAS, FEATURES, PLACE, Traces, score_values
from holdfast.analyses.scope import Scope
from holdfast.events.schema import MONEY_UNITS, ORDER
from holdfast.settings import Contract
from holdfast.timelines.attributes import events_before, value_at
from holdfast.timelines.walk import Shard, Tally

__all__ = ["WHOLE", "Base", "Rows", "SeenStep", "SnapshotStep"]

WHOLE = 65_536
"""A sample of so many parts of as many is everyone."""

VALUE_DAYS = 365
COLUMNS = len(FEATURES) + len(EXTRAS)


@dataclass(frozen=True)
class Base:
    """Who counts as a customer, and what leaving is.

    counting    the events whose absence is leaving (activity), or which make the rhythm (contract); its instant is replaced
    gone_after  days of silence after which one is no customer any more (activity base)
    contract    start and end events; None: an activity base
    """

    counting: Counting
    gone_after: int
    contract: Contract | None = None


@dataclass(frozen=True)
class SeenStep:
    """A step: how often each event happened before an instant."""

    until: int

    def __call__(self, shard: Shard) -> Tally:
        """Sums "events" int64 [codes]."""
        columns = shard.columns
        span = slice(columns.offsets[shard.low], columns.offsets[shard.high])
        before = columns.code[span][columns.second[span] < self.until]
        return Tally({"events": np.bincount(before, minlength=max(len(columns.meta.events), 1))}, {})


@dataclass(frozen=True)
class Rows:
    """A row per customer in the base at a snapshot, in customer order.

    hash uint64 · numbers float64 [rows, features and extras] · codes int32 [rows, `Traces.codes`]
    left uint8: whether she left in the window (0 where none is looked at) · value int64: money of the last 365 days
    """

    hash: npt.NDArray[np.uint64]
    numbers: npt.NDArray[np.float64]
    codes: npt.NDArray[np.int32]
    left: npt.NDArray[np.uint8]
    value: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.hash)

    def take(self, places: Any) -> Rows:
        """Some of them."""
        return Rows(*(getattr(self, name)[places] for name in Rows.__dataclass_fields__))

    @staticmethod
    def joined(parts: list[Rows]) -> Rows:
        """Several laid end to end."""
        return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in Rows.__dataclass_fields__))


@dataclass(frozen=True)
class SnapshotStep:
    """A step: the rows of those in the base at the end of a day.

    today   local day index of the snapshot's last day · until  the instant after which nothing is read (UTC seconds)
    end     last day of the window, -1 for none · later  the instant at which it closes
    recent  days that are "lately" · sample  parts of WHOLE that are looked at, chosen by the hash of the id
    season  whether the time of the year is told
    """

    base: Base
    traces: Traces
    today: int
    until: int
    recent: int
    end: int = -1
    later: int = 0
    sample: int = WHOLE
    season: bool = False

    def __call__(self, shard: Shard) -> Tally:
        """Rows: ids and the fields of `Rows`."""
        inside = self.inside(shard)
        rows = self.rows(shard, inside)
        fields = {name: getattr(rows, name) for name in Rows.__dataclass_fields__}
        return Tally({}, {"ids": shard.ids(inside)} | fields)

    def inside(self, shard: Shard) -> npt.NDArray[np.bool_]:
        """Who of the shard is in the base and in the sample."""
        spells = self._spells(shard, self.until, np.array([self.today + 1], np.int64))
        here: npt.NDArray[np.bool_] = np.diff(spells.offsets) > 0
        if self.sample < WHOLE:
            here &= np.asarray(shard.columns.id_hash[shard.low : shard.high]) % np.uint64(WHOLE) < np.uint64(self.sample)
        return here

    def _spells(self, shard: Shard, until: int, snapshots: npt.NDArray[np.int64]) -> Any:
        if self.base.contract is not None:
            return contract_spells(shard, self.base.contract, until, snapshots)[0]
        return activity_spells(self.days(shard, until), snapshots, self.base.gone_after)

    def days(self, shard: Shard, until: int) -> Any:
        """The counting days up to an instant."""
        return replace(self.base.counting, until=until).days(shard)

    def rows(self, shard: Shard, inside: npt.NDArray[np.bool_]) -> Rows:
        """The rows of the chosen of the shard."""
        size = shard.high - shard.low
        numbers = np.full((size, COLUMNS), np.nan)
        value = np.zeros(size, np.int64)
        days = self.days(shard, self.until)
        rhythm(inside, days.offsets, days.day, self.today, self.recent, numbers)
        self._bought(shard, inside, numbers, value)
        self._traced(shard, inside, numbers)
        if self.base.contract is not None:
            numbers[:, PLACE["days known"]] = self._contract_days(shard)
        if self.season:
            angle = 2 * np.pi * (self.today % 365.2425) / 365.2425
            numbers[:, PLACE["season (sine)"]], numbers[:, PLACE["season (cosine)"]] = np.sin(angle), np.cos(angle)
        hashes = np.asarray(shard.columns.id_hash[shard.low : shard.high])
        left = self._left(shard, inside)
        return Rows(hashes, numbers, self._origins(shard, inside), left, value).take(inside)

    def _bought(self, shard: Shard, inside: Any, numbers: Any, value: Any) -> None:
        if not self.traces.orders and not self.traces.refunds:
            return
        bought = shard.source.purchases(self.until, self.base.counting.mode)
        since = self.today - VALUE_DAYS + 1
        spent(shard.low, inside, bought.offsets, bought.day, bought.amount, since, float(MONEY_UNITS), numbers, value)
        aside = np.full((len(inside), COLUMNS), np.nan)
        spent(shard.low, inside, bought.adjust_offsets, bought.adjust_day, bought.adjust_amount, since, 1.0, aside, value)
        if self.traces.refunds:
            orders = shard.columns.orders
            returned(
                shard.low, inside, orders.offsets, orders.second, orders.amount, orders.refund, orders.link, self.until, numbers
            )

    def _traced(self, shard: Shard, inside: Any, numbers: Any) -> None:
        columns, traces = shard.columns, self.traces
        meta, none = columns.meta, columns.code[:0]
        what = self._what(meta.events)
        if not what.any() and traces.score is None:
            return
        score = traces.score if traces.score in meta.properties else None
        ranged: Any = columns.code if traces.by_event else none
        if traces.breadth in meta.properties:
            ranged = columns.properties[traces.breadth]
        cut = next((name for name in traces.discounts if name in meta.properties), None)
        scores = np.zeros(1) if score is None else score_values(meta, score)
        traced(
            shard.low, inside, columns.offsets, columns.code, columns.day, columns.second, self.until, self.today, what,
            none if score is None else columns.properties[score], scores,
            ranged, max(len(meta.events), *(len(values) for values in meta.properties.values()), 1),
            none if cut is None else columns.properties[cut],
            np.zeros(1, np.bool_) if cut is None else discount_values(meta, cut), numbers,
        )  # fmt: skip
        for name, there in (
            ("complaints", traces.complaints), ("mails opened", traces.opened), ("visits lately", traces.visits)
        ):  # fmt: skip
            if not there:
                numbers[:, PLACE[name]] = np.nan

    def _what(self, events: tuple[str, ...]) -> npt.NDArray[np.uint8]:
        """By event code: bits of what it is (`loops`)."""
        traces, out = self.traces, np.zeros(max(len(events), 1), np.uint8)
        counted = self.base.counting.names
        for code, name in enumerate(events):
            if code == 0:
                continue
            visit = name in traces.visits or (bool(traces.visits) and name == ORDER)
            own = visit or name == ORDER or name in counted
            out[code] |= VISIT * visit | OWN * own | BOUGHT * (name == ORDER)
            out[code] |= COMPLAINT * (name in traces.complaints) | MAIL * (name in traces.opened)
        return out

    def _origins(self, shard: Shard, inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
        columns, traces = shard.columns, self.traces
        out = np.zeros((len(inside), len(traces.codes)), np.int32)
        if not traces.codes:
            return out
        places = events_before(shard.low, shard.high, columns.offsets, columns.second, self.until) - 1
        last, first = np.where(inside, places, -1), np.where(inside, 0, -1).astype(np.int64)
        asked = [*((name, last) for name in traces.origins), *((name, first) for name in traces.firsts)]
        for at, (name, event) in enumerate(asked):
            if name in columns.meta.properties:
                out[:, at] = value_at(shard, name, event)
        return out

    def _contract_days(self, shard: Shard) -> npt.NDArray[np.float64]:
        """Days since the first start of a contract."""
        assert self.base.contract is not None
        snapshots = np.array([self.today + 1], np.int64)
        _, entry = contract_spells(shard, self.base.contract, self.until, snapshots)
        columns = shard.columns
        at = columns.offsets[shard.low : shard.high] + np.maximum(entry, 0)
        day = columns.day[np.minimum(at, max(len(columns.day) - 1, 0))].astype(np.float64)
        return np.where(entry >= 0, np.maximum(self.today - day, 0), np.nan)

    def _left(self, shard: Shard, inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
        """Whether each one of the base had left when the window closed."""
        out = np.zeros(len(inside), np.uint8)
        if self.end < 0:
            return out
        if self.base.contract is not None:
            both = np.array([self.today + 1, self.end + 1], np.int64)
            spells = self._spells(shard, self.later, both)
            still = _at(spells.offsets, spells.begin, spells.end, 1)
        else:
            days = self.days(shard, self.later)
            still = _later(days.offsets, days.day, self.today)
        return (inside & ~still).astype(np.uint8)

    def segments(self, shard: Shard, scope: Scope, as_of: Any) -> npt.NDArray[np.int32]:
        """The segment of each customer of the shard at the first counting event (or now), -1 out of scope."""
        if scope.trivial:
            return np.zeros(shard.high - shard.low, np.int32)
        if self.base.contract is not None:
            entry = contract_spells(shard, self.base.contract, self.until, np.array([self.today + 1], np.int64))[1]
        else:
            entry = replace(self.base.counting, until=self.until).days(shard, entries=True).entry
        return scope.at(shard, as_of, entry)


def _at(offsets: Any, begin: Any, end: Any, snapshot: int) -> npt.NDArray[np.bool_]:
    """Whether each customer has a spell that covers a snapshot."""
    spell = np.flatnonzero((begin[: offsets[-1]] <= snapshot) & (snapshot < end[: offsets[-1]]))
    out = np.zeros(len(offsets) - 1, np.bool_)
    out[np.searchsorted(offsets, spell, side="right") - 1] = True
    return out


def _later(offsets: Any, day: Any, today: int) -> npt.NDArray[np.bool_]:
    """Whether the last counting day of each customer lies after a day."""
    some = np.diff(offsets) > 0
    out = np.zeros(len(some), np.bool_)
    out[some] = day[offsets[1:][some] - 1] > today
    return out
