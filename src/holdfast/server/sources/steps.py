"""What can be done with an uploaded file, step by step; the pages (files) and the API (api_imports) do it by these."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from holdfast.errors import InputError
from holdfast.server.analyst.client import AnalystAway, call
from holdfast.server.people import audit
from holdfast.server.place import workspace
from holdfast.server.sources import mending, uploads
from holdfast.server.sources.jobs import read_in
from holdfast.server.sources.models import Upload

__all__ = [
    "begin",
    "cancel",
    "choose",
    "look",
    "readable",
    "refusals_of",
    "replay",
    "stopped",
    "throw_away",
    "upload_of",
    "waits",
]

STILL = timedelta(seconds=60)
"""After so long without a beat a reading has died."""


def upload_of(pk: int) -> Upload:
    """An upload by its number; 404 for one that was thrown away."""
    return get_object_or_404(Upload.objects.exclude(state="deleted"), pk=pk)


def refusals_of(fingerprint: str) -> tuple[Any, Any]:
    """The refusals file of an import, and the import; 404 where none waits."""
    for path, record in workspace().refusals().items():
        if record.fingerprint == fingerprint:
            return path, record
    raise Http404


def waits(found: Upload) -> bool:
    """Whether it lies here and waits for a yes."""
    return found.state in ("uploaded", "failed") and bool(found.file)


def stopped(found: Upload) -> bool:
    """Whether whoever read it has died; what waits for its turn has no beat yet."""
    return found.state == "reading" and found.beat_at is not None and timezone.now() - found.beat_at > STILL


def readable(found: Upload) -> bool:
    """Whether it can be read in now."""
    return waits(found) or stopped(found)


def look(found: Upload) -> dict[str, Any]:
    """How the file will be read. It is asked each time: rows of customers are not kept in the database."""
    path = uploads.path_of(found)
    if not path.exists():
        return {"problem": _("The file is not kept any more"), "mend": _("upload it again")}
    said = {"name": found.name, "mapping": found.mapping, "options": found.options}
    try:
        told: dict[str, Any] = call("sources.plan", within_seconds=120, path=str(path), **said)
    except (AnalystAway, TimeoutError):
        return {"problem": _("The file could not be looked at: nobody answered in time"), "mend": _("try again in a minute")}
    return told


def choose(found: Upload, mapping: dict[str, str], options: dict[str, Any]) -> None:
    """Keep what was chosen of how a file is read."""
    found.mapping, found.options = mapping, options
    found.save(update_fields=["mapping", "options"])


def begin(found: Upload, by: Any) -> None:
    """Have a file read in, by the worker; once, where two ask at the same time."""
    as_found = Upload.objects.filter(pk=found.pk, state=found.state, beat_at=found.beat_at)
    if not as_found.update(state="reading", rows_done=0, beat_at=None, done_at=None, problem="", mend=""):
        return
    audit.record(by, "import.begin", subject=str(found.pk))
    read_in(found.pk)


def cancel(pk: int, by: Any) -> bool:
    """Stop the reading; nothing of the file goes in, unless it was all read already. Whether it was being read."""
    halted = Upload.objects.filter(pk=pk, state="reading").update(state="cancelled", done_at=timezone.now())
    if halted:
        audit.record(by, "import.cancel", subject=str(pk))
    return bool(halted)


def throw_away(found: Upload, by: Any) -> bool:
    """Throw an uploaded file away; what was read in stays. False while it is being read."""
    if found.state == "reading":
        return False
    uploads.drop(found)
    Upload.objects.filter(pk=found.pk).update(state="deleted")
    audit.record(by, "import.delete", subject=str(found.pk))
    return True


def replay(fingerprint: str, changed: int, owner: Any, by: Any) -> Upload:
    """Have the refused rows of an import read again, as they stand in their file now.

    changed  how many were put right · owner  the user whose upload it is · by  who asks, a user or a token
    """
    path, record = refusals_of(fingerprint)
    if not mending.replayable(path):
        raise InputError(_("No row was put right yet"), _("fill in the columns of a row that could not be cut into columns"))
    made = Upload.objects.create(
        name=record.source,
        file="",
        size=path.stat().st_size,
        uploaded_by=owner,
        mapping=dict(record.mapping),
        options={name: value for name, value in record.read_as.items() if value},
        record={"replays": fingerprint},
    )
    audit.record(by, "import.replay", subject=fingerprint, rows=changed)
    begin(made, by)
    return made
