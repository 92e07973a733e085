"""A file on its way from the browser to the disk: server/uploads/<id>-<random><ending>, until it is read in or thrown away."""

from __future__ import annotations

import re
import secrets
import shutil
from pathlib import Path, PurePath
from typing import Any

from django.utils.translation import gettext as _

from holdfast.errors import InputError
from holdfast.server.options import number
from holdfast.server.people import audit
from holdfast.server.place import server_folder
from holdfast.server.sources.models import Upload

__all__ = ["drop", "path_of", "store"]


def store(sent: Any, by: Any) -> Upload:
    """Keep what was sent. InputError where it is empty or too large."""
    most = number("UPLOAD_MEGABYTES") * 1_000_000
    if not sent.size:
        raise InputError(_("%(name)s is empty") % {"name": sent.name}, _("choose a file that holds rows"))
    if sent.size > most:
        raise InputError(
            _("%(name)s is larger than %(most)s MB") % {"name": sent.name, "most": number("UPLOAD_MEGABYTES")},
            _("cut it into several files, pack it as .gz, or read it in with: holdfast import"),
        )
    made = Upload.objects.create(name=PurePath(sent.name).name, size=sent.size, uploaded_by=by)
    made.file = f"{made.pk}-{secrets.token_hex(8)}{_ending(made.name)}"
    _written(sent, path_of(made))
    made.save(update_fields=["file"])
    audit.record(by, "import.upload", subject=str(made.pk), bytes=made.size)
    return made


def path_of(upload: Upload) -> Path:
    """Where its file is."""
    return server_folder("uploads") / upload.file


def drop(upload: Upload) -> None:
    """Its file is not kept any more; that it was uploaded is."""
    if upload.file:
        path_of(upload).unlink(missing_ok=True)
        Upload.objects.filter(pk=upload.pk).update(file="")


def _ending(name: str) -> str:
    """The ending tells nothing (formats are recognised by their bytes) but helps people who look into the folder."""
    found = re.search(r"(\.[a-z0-9]{1,8}){1,2}$", name.lower())
    return found[0] if found else ""


def _written(sent: Any, target: Path) -> None:
    temporary = getattr(sent, "temporary_file_path", None)
    if temporary is not None:
        shutil.copyfile(temporary(), target)
    else:
        with target.open("wb") as out:
            for piece in sent.chunks():
                out.write(piece)
    target.chmod(0o600)
