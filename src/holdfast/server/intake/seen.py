"""Which message ids arrived within the last seven days: one event each, across requests, restarts and compactions.

Kept are 64-bit hashes, 8 bytes an id: of 30 million ids one in 600,000 million new ones would be taken for a known one.

    server/kept/seen/<inflow day>.<first sequence>-<last sequence>.<count>.u64    sorted hashes of the events in that span

What came last is held in memory; a run is written when it has grown (FLUSH), and two runs of one day that have grown alike are
merged, so that a day has a handful. A day that is over for a week is deleted whole. All of it is derived from the lake, whose
rows tell by their batch on which day they arrived: what is missing here, because nobody wrote it down before the process ended
or because the folder was deleted, is read from there again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from holdfast.events.lake import Lake
from holdfast.events.lake_inflow import LIVE

__all__ = ["DAYS", "Marks", "Seen", "first_day", "marks_of"]

Marks = npt.NDArray[np.uint64]

DAYS = 7
"""So many days an id is remembered, and until the end of the day."""

FLUSH = 250_000
ENDING = ".u64"


def first_day(day: date) -> date:
    """The first day of which ids are still remembered on a day."""
    return day - timedelta(days=DAYS)


def marks_of(ids: Iterable[str]) -> Marks:
    """The hash of each id: BLAKE2b of its UTF-8, 64 bits; the same in every process and version."""
    blake = hashlib.blake2b
    hashed = b"".join([blake(one.encode(), digest_size=8).digest() for one in ids])
    return np.frombuffer(hashed, np.dtype("<u8"))


@dataclass(frozen=True)
class _Run:
    """Sorted hashes of the live events with sequences `first` to `last`, which arrived on `day`."""

    day: date
    first: int
    last: int
    marks: Marks
    path: Path | None = None


class Seen:
    """The ids of the last days. Belongs to one thread; one process writes.

    folder  where runs are kept
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._runs: list[_Run] = []
        self._fresh: list[_Run] = []

    @staticmethod
    def level(folder: Path, lake: Lake, since: date) -> Seen:
        """What is kept, with what is missing read from the lake: everything that arrived on `since` or later."""
        seen = Seen(folder)
        seen._runs = [run for run in _kept(folder) if run.day >= since]
        covered = _covered(seen._runs)
        lake = lake.pinned()
        if covered > lake.last_sequence():  # the lake is an older one, restored
            seen._runs, covered = [], -1
        for day, first, last, marks in _arrived(lake, since, covered):
            seen.add(marks, day=day, first=first, last=last)
        return seen

    def __len__(self) -> int:
        return sum(len(run.marks) for run in (*self._runs, *self._fresh))

    def known(self, marks: Marks) -> npt.NDArray[np.bool_]:
        """Which of these have been seen before: in the lake, or earlier in the array itself."""
        order = np.argsort(marks, kind="stable")
        ordered = marks[order]
        found = np.zeros(len(marks), np.bool_)
        found[1:] = ordered[1:] == ordered[:-1]
        for run in (*self._runs, *self._fresh):
            if len(run.marks):
                places = np.minimum(np.searchsorted(run.marks, ordered), len(run.marks) - 1)
                found |= run.marks[places] == ordered
        known = np.empty(len(marks), np.bool_)
        known[order] = found
        return known

    def add(self, marks: Marks, *, day: date, first: int, last: int) -> None:
        """Remember what went into the lake on a day with the sequences `first` to `last`."""
        if not len(marks):
            return
        self._fresh.append(_Run(day, first, last, np.sort(marks)))
        while len(self._fresh) > 1 and len(self._fresh[-1].marks) * 2 > len(self._fresh[-2].marks):
            later, earlier = self._fresh.pop(), self._fresh.pop()
            if later.day != earlier.day:
                self._fresh += [earlier, later]
                break
            self._fresh.append(_merged(earlier, later))
        if sum(len(run.marks) for run in self._fresh) >= FLUSH:
            self.flush()

    def flush(self) -> None:
        """Write down what is in memory, merge what has grown alike."""
        for run in _by_day(self._fresh):
            self._runs.append(_written(self._folder, run))
        self._fresh = []
        while (place := _alike(self._runs)) is not None:
            earlier, later = self._runs[place : place + 2]
            self._runs[place : place + 2] = [_written(self._folder, _merged(earlier, later))]
            _removed([earlier, later])

    def forget_before(self, day: date) -> None:
        """Delete the days before this one."""
        _removed([run for run in self._runs if run.day < day])
        self._runs = [run for run in self._runs if run.day >= day]
        self._fresh = [run for run in self._fresh if run.day >= day]


def _kept(folder: Path) -> list[_Run]:
    """The runs on the disk, in order; drafts, damaged ones and those that a merged one holds are deleted."""
    runs: list[_Run] = []
    for path in sorted(folder.iterdir()):
        run = _read(path)
        if run is None:
            path.unlink()
        else:
            runs.append(run)
    runs.sort(key=lambda run: (run.first, -run.last))
    kept: list[_Run] = []
    for run in runs:
        if kept and run.last <= kept[-1].last:
            _removed([run])
        else:
            kept.append(run)
    return kept


def _read(path: Path) -> _Run | None:
    try:
        day, span, count = path.name.removesuffix(ENDING).split(".")
        first, last = span.split("-")
        if not path.name.endswith(ENDING) or path.stat().st_size != int(count) * 8:
            return None
        return _Run(date.fromisoformat(day), int(first), int(last), np.memmap(path, np.dtype("<u8"), "r"), path)
    except ValueError:
        return None


def _covered(runs: Sequence[_Run]) -> int:
    """The sequence up to which the runs hold everything."""
    return max((run.last for run in runs), default=-1)


def _arrived(lake: Lake, since: date, after_sequence: int) -> Iterable[tuple[date, int, int, Marks]]:
    """Day, first and last sequence and hashes of the live events since a day, read from the lake."""
    low = LIVE + since.isoformat()

    def live(parquet: pq.ParquetFile, group: int) -> bool:
        place = parquet.schema_arrow.get_field_index("batch")
        statistics = parquet.metadata.row_group(group).column(place).statistics
        return statistics is None or not statistics.has_min_max or statistics.max >= low

    for batch in lake.scan_where(["event_id", "sequence", "batch"], live, after_sequence if after_sequence >= 0 else None):
        ours = batch.filter(pc.greater_equal(batch["batch"], pa.scalar(low)))
        for label in ours["batch"].unique().to_pylist():
            rows = ours.filter(pc.equal(ours["batch"], pa.scalar(label)))
            span = pc.min_max(rows["sequence"]).as_py()
            day = date.fromisoformat(label.removeprefix(LIVE))
            yield day, span["min"], span["max"], marks_of(rows["event_id"].to_pylist())


def _merged(earlier: _Run, later: _Run) -> _Run:
    both = np.sort(np.concatenate([earlier.marks, later.marks]), kind="stable")
    return _Run(earlier.day, min(earlier.first, later.first), max(earlier.last, later.last), both)


def _by_day(runs: Sequence[_Run]) -> list[_Run]:
    """Neighbouring runs of one day as one."""
    joined: list[_Run] = []
    for run in runs:
        if joined and joined[-1].day == run.day:
            joined[-1] = _merged(joined[-1], run)
        else:
            joined.append(run)
    return joined


def _alike(runs: Sequence[_Run]) -> int | None:
    """The place of a run whose neighbour of the same day is at least half as long, or whose day is over."""
    for place in range(len(runs) - 1):
        earlier, later = runs[place], runs[place + 1]
        if earlier.day == later.day and (len(later.marks) * 2 > len(earlier.marks) or later.day < runs[-1].day):
            return place
    return None


def _written(folder: Path, run: _Run) -> _Run:
    """The run on the disk, whole or not at all, and mapped from there."""
    if run.path is not None:
        return run
    path = folder / f"{run.day.isoformat()}.{run.first}-{run.last}.{len(run.marks)}{ENDING}"
    draft = path.with_suffix(".new")
    with draft.open("wb") as file:
        file.write(run.marks.tobytes())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return _Run(run.day, run.first, run.last, np.memmap(path, np.dtype("<u8"), "r"), path)


def _removed(runs: Iterable[_Run]) -> None:
    for run in runs:
        if run.path is not None:
            run.path.unlink(missing_ok=True)
