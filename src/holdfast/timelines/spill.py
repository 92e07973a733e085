"""Building more events than can be sorted at once: numbers wait on disk by range of customers, then each range is built.

Every event is written once and read once, so the cost grows with the number of events, and memory holds one range at a time.
Customers stand in the order of their hash, so finished ranges laid end to end are the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.timelines.columns import Columns, Nobody, Orders
from holdfast.timelines.text import Interner

__all__ = ["Spill", "laid_end_to_end"]

RANGES = 64
_SHIFT = np.uint64(58)
_VALUED = ("amount", "order")

Taken = dict[str, npt.NDArray[Any]]


class Spill:
    """Taken numbers in a folder, in 64 ranges of the hash of the customer; events of nobody are in the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = np.zeros(RANGES, np.int64)
        self._times = 0

    def put(self, taken: Taken, people: Interner) -> None:
        """Write what a gatherer gave, a file a range."""
        person = taken["person"]
        hashes = people.hashes[np.maximum(person, 0)] if people.count else np.zeros(len(person), np.uint64)
        ranges = np.where(person >= 0, hashes >> _SHIFT, 0).astype(np.uint8)
        order = np.argsort(ranges, kind="stable")
        edges = np.searchsorted(ranges[order], np.arange(RANGES + 1))
        for place in range(RANGES):
            rows = order[edges[place] : edges[place + 1]]
            if len(rows):
                part: dict[str, Any] = _part(taken, rows)
                np.savez(self.folder / f"{place:02d}-{self._times:05d}.npz", **part)
        self.rows += np.diff(edges)
        self._times += 1

    def groups(self, most: int) -> Iterator[Taken]:
        """Neighbouring ranges together, at most so many events at once (a single range may have more)."""
        group: list[int] = []
        for place in np.flatnonzero(self.rows).tolist():
            if group and self.rows[[*group, place]].sum() > most:
                yield self._read(group)
                group = []
            group.append(place)
        if group:
            yield self._read(group)

    def _read(self, places: Sequence[int]) -> Taken:
        files = sorted(file for place in places for file in self.folder.glob(f"{place:02d}-*.npz"))
        parts = []
        for file in files:
            with np.load(file) as stored:
                parts.append(dict(stored))
            file.unlink()
        return _joined(parts)


def _part(taken: Taken, rows: npt.NDArray[np.int64]) -> Taken:
    """Those rows of what was taken; orders keep the order of their events."""
    slots = taken["slot"][rows]
    valued = slots >= 0
    part = {name: array[rows] for name, array in taken.items() if name not in (*_VALUED, "slot")}
    part["slot"] = np.where(valued, np.cumsum(valued) - 1, -1).astype(np.int32)
    return part | {name: taken[name][slots[valued]] for name in _VALUED}


def _joined(parts: list[Taken]) -> Taken:
    """Parts laid end to end; a property that a part does not know is not known there."""
    before = 0
    for part in parts:
        part["slot"] = np.where(part["slot"] >= 0, part["slot"] + before, -1).astype(np.int32)
        before += len(part["amount"])
    names = {name: array.dtype for part in parts for name, array in part.items()}
    return {
        name: np.concatenate([part.pop(name, np.zeros(len(part["person"]), kind)) for part in parts])
        for name, kind in sorted(names.items(), key=lambda item: item[0] == "person")
    }


def laid_end_to_end(parts: Sequence[Columns]) -> Columns:
    """Columns of neighbouring ranges of customers, made of one gathering, as one."""
    if len(parts) == 1:
        return parts[0]
    metas = [part.meta for part in parts]
    spans = [meta for meta in metas if meta.last_second >= meta.first_second]
    counts = {name: sum(getattr(meta, name) for meta in metas) for name in ("ignored", "replaced", "refunds", "tied")}
    meta = replace(
        metas[0],
        first_second=min((meta.first_second for meta in spans), default=0),
        last_second=max((meta.last_second for meta in spans), default=-1),
        last_sequence=max(meta.last_sequence for meta in metas),
        ignored=counts["ignored"],
        replaced=counts["replaced"],
        refunds=counts["refunds"],
        tied=counts["tied"],
    )
    plain = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("code", "day", "second", "id_hash", "id_data")
    }
    return Columns(
        meta=meta,
        **plain,
        offsets=_running([part.offsets for part in parts]),
        micro=_micro(parts),
        id_offsets=_running([part.id_offsets for part in parts]),
        orders=_orders([part.orders for part in parts]),
        nobody=Nobody(*(np.concatenate([getattr(part.nobody, item.name) for part in parts]) for item in fields(Nobody))),
        properties={name: np.concatenate([part.properties[name] for part in parts]) for name in meta.properties},
    )


def _running(parts: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Offsets of parts as offsets of the whole."""
    sizes = np.concatenate([np.diff(part) for part in parts])
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _micro(parts: Sequence[Columns]) -> npt.NDArray[np.uint32]:
    if not any(len(part.micro) for part in parts):
        return np.zeros(0, np.uint32)
    return np.concatenate([part.micro if len(part.micro) else np.zeros(len(part.second), np.uint32) for part in parts])


def _orders(parts: list[Orders]) -> Orders:
    joined = {
        item.name: np.concatenate([getattr(part, item.name) for part in parts])
        for item in fields(Orders)
        if item.name != "offsets"
    }
    return Orders(offsets=_running([part.offsets for part in parts]), **joined)
