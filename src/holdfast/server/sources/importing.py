"""Reading an uploaded file into the lake: in the worker, with progress in the database, all of it or nothing.

It can be left and found again, cancelled until the last row is read, and is done once however often it is begun: the lake knows
what it has. Where the worker died in the middle, the page sees that the beat stopped, and the file can be read again.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from holdfast.errors import HoldfastError, InputError
from holdfast.server.people import audit
from holdfast.server.place import workspace
from holdfast.server.sources import uploads
from holdfast.server.sources.models import Upload

if TYPE_CHECKING:
    from holdfast.events.plan import ImportPlan
    from holdfast.workspace import ImportRecord, Workspace

__all__ = ["Cancelled", "alive", "read_in"]

BEAT_SECONDS = 0.5

log = logging.getLogger(__name__)


class Cancelled(Exception):
    """Somebody does not want the file any more; nothing of it went in."""


def read_in(pk: int, *, of_process: int | None = None) -> None:
    """Read an upload into the lake. What goes wrong stands in its row, with the way to mend it.

    of_process  the worker that asked; when it is gone the reading ends too, and nothing goes in
    """
    alive(pk)
    upload = Upload.objects.get(pk=pk)
    if upload.state != "reading":
        if upload.state == "cancelled":
            uploads.drop(upload)  # stopped before its turn came
        return
    try:
        _read(upload, of_process)
    except Cancelled:
        _ended(upload, "cancelled")
    except HoldfastError as error:
        _ended(upload, "failed", problem=error.what.replace(upload.file or "\0", upload.name), mend=error.mend)
    except Exception as error:
        log.exception("an import failed")
        _ended(upload, "failed", problem=f"an error inside the server: {type(error).__name__}", mend="see the log; try again")


def alive(pk: int) -> None:
    """Say that somebody is reading the file."""
    Upload.objects.filter(pk=pk, state="reading").update(beat_at=timezone.now())


def _read(upload: Upload, of_process: int | None) -> None:
    from holdfast.events.reading import read_events
    from holdfast.server.sources.planning import planned

    opened = workspace()
    replayed = _replayed(upload, opened)
    if replayed is None and not upload.file:
        raise InputError("the rows that were refused are not kept any more", "nothing is left to be done here")
    plan = planned(opened, replayed or str(uploads.path_of(upload)), upload.name, upload.mapping, upload.options)
    reading = read_events(plan, opened.settings, _beat(upload, of_process))
    record = opened.import_(plan, reading)
    if not replayed and not record.repeated:
        opened.save_import_options(_remembered(plan))
    _kept(upload, record, () if record.repeated else reading.notes())


def _replayed(upload: Upload, opened: Workspace) -> str | None:
    """The refusals file of this workspace that is read again, where the upload stands for one."""
    wanted = upload.record.get("replays")
    return next((str(path) for path, record in opened.refusals().items() if record.fingerprint == wanted), None)


def _beat(upload: Upload, of_process: int | None) -> Any:
    """Writes down how far the reading has come, twice a second at most; Cancelled when nobody wants it any more."""
    last = 0.0

    def beat(rows: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last < BEAT_SECONDS and last:
            return
        last = time.monotonic()
        if of_process is not None and os.getppid() != of_process:
            raise SystemExit("the worker is gone")
        now = Upload.objects.filter(pk=upload.pk)
        if now.values_list("state", flat=True).first() != "reading":
            raise Cancelled
        now.update(rows_done=rows, rows_total=total, beat_at=timezone.now())

    return beat


def _remembered(plan: ImportPlan) -> dict[str, Any]:
    """What was confirmed, as `[import]` of holdfast.toml keeps it for the next file of this kind."""
    said = plan.options
    chosen = {name: getattr(said, name) for name in ("decimal", "dates", "zone", "currency", "shape", "event")}
    kept = {name: value for name, value in chosen.items() if value is not None}
    if said.events:
        kept["events"] = dict(said.events)
    return {**kept, "mapping": dict(plan.mapping)}


def _kept(upload: Upload, record: ImportRecord, notes: tuple[str, ...]) -> None:
    said = asdict(record) | {"refused": record.refused}
    said.pop("mapping", None)
    Upload.objects.filter(pk=upload.pk).update(
        record=said, notes=list(notes), rows_done=record.counts.get("rows", record.rows), problem="", mend=""
    )
    _ended(upload, "done")
    audit.record(upload.uploaded_by or "import", "import.done", subject=record.fingerprint, rows=record.rows)


def _ended(upload: Upload, state: str, **said: str) -> None:
    Upload.objects.filter(pk=upload.pk).exclude(state="deleted").update(state=state, done_at=timezone.now(), **said)
    if state in ("done", "cancelled"):
        uploads.drop(Upload.objects.get(pk=upload.pk))
