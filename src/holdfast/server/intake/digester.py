"""The digester: rows of the inbox become events of the lake, exactly once.

    take         some rows, bounded by number and bytes                                  inbox
    unpack       rows → messages                                                         unpacking
    lay out      messages → columns of text                                              laying
    understand   columns → events; clocks, money                                         understanding
    know         ids that arrived within seven days are left out                         seen
    keep         what was refused, with its reason                                       kept
    pour         one commit, which says up to which row the lake has everything          events/lake_inflow
    remember     what shops told of their orders, now that the lake has it               sources/newest
    done         the rows are deleted

Killed at any instant, it does the last rows again: refusals are kept under the row and place they came from, and rows up to the
lake's mark are never poured twice; where they still wait, only what shops told in them is remembered. A message that cannot be
used is refused; a row on which our own code fails is refused with the reason "bug", so that no message can stop the others.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.events.lake_inflow import LIVE
from holdfast.server.intake.call import SEVERAL
from holdfast.server.intake.inbox import Inbox, Row
from holdfast.server.intake.kept import keep, moment
from holdfast.server.intake.laying import laid
from holdfast.server.intake.refusing import WHOLE_ROW, Refused, reason
from holdfast.server.intake.replaying import restored
from holdfast.server.intake.seen import Marks, Seen, first_day, marks_of
from holdfast.server.intake.understanding import Understood, understood
from holdfast.server.intake.unpacking import WEBHOOK, Message, unpacked
from holdfast.server.sources.newest import Memory

if TYPE_CHECKING:
    from holdfast.settings import Settings
    from holdfast.workspace import Workspace

__all__ = ["Digested", "Digester"]

log = logging.getLogger(__name__)

MOST_ROWS = 10_000
MOST_BYTES = 6_000_000
"""About half a second of work."""
MOST_OBJECTS = 200_000
"""JSON objects: a message is one, its properties and context are more."""

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Digested:
    """What one step did.

    requests  rows of the inbox      events  new in the lake      refused  messages that could not be used
    known     messages that were in already                       upto     the last row; 0 where nothing waited
    more      whether the step was full, so that more may wait
    """

    requests: int = 0
    events: int = 0
    refused: int = 0
    known: int = 0
    upto: int = 0
    more: bool = False


@dataclass(frozen=True)
class _Worked:
    """Rows understood: pieces of events, the refused, and what shops told."""

    pieces: tuple[Understood, ...]
    refused: tuple[Refused, ...]
    told: Memory

    def remembered(self) -> None:
        """Write down what shops told, as far as it was not refused."""
        self.told.write({(one.row, one.place) for one in self.refused})


class Digester:
    """Moves what waits into the lake. One at a time in one workspace; it belongs to one thread.

    inbox      where rows wait
    workspace  whose lake they go into; its settings are read again when they change
    clock      now, with a zone
    """

    def __init__(self, inbox: Inbox, workspace: Workspace, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._inbox, self._workspace, self._clock = inbox, workspace, clock
        self._name = inbox.name()
        self._inflow = workspace.lake.inflow(self._name)
        self._mark = self._inflow.mark()
        self._settings_read = 0
        self._finish()
        self._day = clock().astimezone(UTC).date()
        oldest = inbox.waiting().oldest_received_us
        since = self._day if oldest is None else min(self._day, moment(oldest).date())
        self._seen = Seen.level(workspace.path / "server" / "kept" / "seen", workspace.lake, first_day(since))

    def step(self) -> Digested:
        """Take some rows the whole way; nothing waits: Digested()."""
        found = self._inbox.take(self._mark, MOST_ROWS, MOST_BYTES)
        taken = _bounded(found)
        if not taken:
            return Digested()
        self._new_day()
        rows, again = restored(taken)
        worked = self._worked(rows, again=again)
        marks, known = self._known(worked.pieces)
        fresh = [piece.events.filter(pa.array(~flags)) for piece, flags in zip(worked.pieces, known, strict=True)]
        keep(
            self._name,
            rows,
            worked.refused,
            again=again,
            used=_rows(worked.pieces, [~flags for flags in known]) if again else (),
        )
        events = sum(piece.num_rows for piece in fresh)
        upto = taken[-1].id
        if events:
            self._pour(fresh, marks, known, upto)
        worked.remembered()
        self._inbox.done(upto)
        self._mark = upto
        self._inflow.tidied()
        left_out = sum(int(flags.sum()) for flags in known)
        more = len(found) > len(taken) or len(taken) >= MOST_ROWS or sum(len(row.body) for row in taken) >= MOST_BYTES
        return Digested(len(taken), events, len(worked.refused), left_out, upto, more)

    def close(self) -> None:
        """Write down what the next one would have to read from the lake."""
        self._seen.flush()

    def _finish(self) -> None:
        """Do what the one before this was killed before: the lake has these rows, what shops told is not remembered yet."""
        while left := [row for row in self._inbox.take(0, MOST_ROWS, MOST_BYTES) if row.id <= self._mark]:
            webhooks = [row for row in restored(left)[0] if row.kind.startswith(WEBHOOK)]
            if webhooks:
                self._worked(webhooks, look="last").remembered()
            self._inbox.done(left[-1].id)

    def _pour(self, fresh: list[pa.RecordBatch], marks: list[Marks], known: list[npt.NDArray[np.bool_]], upto: int) -> None:
        poured = self._inflow.pour(fresh, number=upto, batch=LIVE + self._day.isoformat())
        last = self._inflow.last_sequence()
        new = np.concatenate([one[~flags] for one, flags in zip(marks, known, strict=True)])
        self._seen.add(new, day=self._day, first=last - poured.rows + 1, last=last)

    def _worked(self, rows: Sequence[Row], look: Literal["first", "last"] = "first", again: Collection[int] = ()) -> _Worked:
        """The rows understood together; one by one where our own code fails on them together."""
        settings = self._settings()
        try:
            return _together(rows, settings, Memory(look=look, again=again))
        except Exception as error:
            if _outside(error):
                raise
            _logged(error, f"rows {rows[0].id} to {rows[-1].id} are digested one by one")
        told = Memory(look=look, again=again)
        return _joined([_alone(row, settings, told) for row in rows], told)

    def _known(self, pieces: Sequence[Understood]) -> tuple[list[Marks], list[npt.NDArray[np.bool_]]]:
        """The hashes of the ids of each piece, and which of them are in the lake already or stand earlier in the pieces."""
        marks = [marks_of(piece.events["event_id"].to_pylist()) for piece in pieces]
        if not marks:
            return [], []
        known = self._seen.known(np.concatenate(marks))
        ends = np.cumsum([len(one) for one in marks])[:-1]
        return marks, [np.asarray(flags, np.bool_) for flags in np.split(known, ends)]

    def _settings(self) -> Settings:
        """The settings as they are now."""
        from holdfast.workspace import Workspace
        from holdfast.workspace.folder import SETTINGS_FILE

        changed = (self._workspace.path / SETTINGS_FILE).stat().st_mtime_ns
        if changed != self._settings_read:
            self._workspace, self._settings_read = Workspace.open(self._workspace.path), changed
        return self._workspace.settings

    def _new_day(self) -> None:
        """Keep the day of arrival; ids of more than a week ago are forgotten."""
        today = self._clock().astimezone(UTC).date()
        if today > self._day:
            self._day = today
            self._seen.forget_before(first_day(today) - timedelta(days=1))


def _bounded(rows: list[Row]) -> list[Row]:
    """As many rows as one step has the memory for: of empty messages 6 MB hold two millions."""
    left = MOST_OBJECTS
    for place, row in enumerate(rows):
        left -= row.body.count(b"{")
        if left < 0:
            return rows[: max(1, place)]
    return rows


def _together(rows: Iterable[Row], settings: Settings, told: Memory) -> _Worked:
    return _understood(unpacked(rows, told), settings, told)


def _understood(found: Iterable[Message | Refused], settings: Settings, told: Memory) -> _Worked:
    messages: list[Message] = []
    refused: list[Refused] = []
    for one in found:
        if isinstance(one, Refused):
            refused.append(one)
        else:
            messages.append(one)
    columns, misshapen = laid(messages)
    if not columns.row:
        return _Worked((), (*refused, *misshapen), told)
    piece, unusable = understood(columns, settings)
    return _Worked((piece,), (*refused, *misshapen, *unusable), told)


def _alone(row: Row, settings: Settings, told: Memory) -> _Worked:
    try:
        return _together([row], settings, told)
    except Exception as error:
        if _outside(error):
            raise
        if row.kind not in SEVERAL:
            _logged(error, f"row {row.id} is refused")
            return _Worked((), (reason(row.id, WHOLE_ROW, "bug", type(error).__name__),), told)
    every = [_one(message, settings, told) for message in unpacked([row], told)]
    return _joined(every, told)


def _one(message: Message | Refused, settings: Settings, told: Memory) -> _Worked:
    """One message of a batch on which our code fails; the others of the batch go on."""
    try:
        return _understood([message], settings, told)
    except Exception as error:
        if _outside(error) or isinstance(message, Refused):
            raise
        _logged(error, f"message {message.place} of row {message.row.id} is refused")
        return _Worked((), (reason(message.row.id, message.place, "bug", type(error).__name__),), told)


def _joined(every: Sequence[_Worked], told: Memory) -> _Worked:
    pieces = tuple(piece for one in every for piece in one.pieces)
    return _Worked(pieces, tuple(refused for one in every for refused in one.refused), told)


def _outside(error: Exception) -> bool:
    """Whether the disk, the memory or the database failed, and not our code on this message."""
    from django.db import DatabaseError, InterfaceError

    return isinstance(error, OSError | MemoryError | DatabaseError | InterfaceError)


def _logged(error: Exception, what: str) -> None:
    """Where the code failed, without its message: that could quote what somebody sent."""
    places = "".join(traceback.format_tb(error.__traceback__)[-3:])
    log.error("digester: %s: %s\n%s", what, type(error).__name__, places)


def _rows(pieces: Sequence[Understood], flags: Sequence[npt.NDArray[np.bool_]]) -> set[int]:
    """The rows of the inbox from which the flagged events came."""
    return {int(row) for piece, flag in zip(pieces, flags, strict=True) for row in piece.rows[flag]}
