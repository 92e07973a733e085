"""What is wrong with a workspace or worth knowing, each with its mend. Looking changes nothing; `mended` needs no decision."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from holdfast.errors import HoldfastError
from holdfast.workspace import stored
from holdfast.workspace.imports import read_records

if TYPE_CHECKING:
    from holdfast.workspace.folder import Workspace

__all__ = ["Finding", "examined", "mended"]

Grade = Literal["broken", "warning", "note"]

GRADES: tuple[Grade, ...] = ("broken", "warning", "note")

FROM_BACKUP = "bring lake/ back from a backup, or import the files again in a new workspace"

LOW_BYTES = 1_000_000_000

SMALL_FILES = 16

HOMES = {
    "AUD": "Australia/Sydney",
    "BRL": "America/Sao_Paulo",
    "CAD": "America/Toronto",
    "CHF": "Europe/Zurich",
    "CNY": "Asia/Shanghai",
    "CZK": "Europe/Prague",
    "DKK": "Europe/Copenhagen",
    "EUR": "Europe/Berlin",
    "GBP": "Europe/London",
    "HUF": "Europe/Budapest",
    "INR": "Asia/Kolkata",
    "JPY": "Asia/Tokyo",
    "KRW": "Asia/Seoul",
    "MXN": "America/Mexico_City",
    "NOK": "Europe/Oslo",
    "NZD": "Pacific/Auckland",
    "PLN": "Europe/Warsaw",
    "SEK": "Europe/Stockholm",
    "TRY": "Europe/Istanbul",
    "USD": "America/New_York",
    "ZAR": "Africa/Johannesburg",
}
"""Where shops that count in a currency mostly live: a zone to propose."""


@dataclass(frozen=True)
class Finding:
    """One thing found: how grave, its short name, what it is in words, and what to do."""

    grade: Grade
    name: str
    what: str
    mend: str


def examined(workspace: Workspace) -> list[Finding]:
    """Everything found, worst first."""
    found: list[Finding] = []
    for look in _LOOKS:
        try:
            found.extend(look(workspace))
        except HoldfastError as damage:
            found.append(Finding("broken", "lake", damage.what, FROM_BACKUP))
        except OSError as damage:
            found.append(Finding("broken", "folder", f"the folder cannot be read: {damage}", "check its rights and its disk"))
    return sorted(dict.fromkeys(found), key=lambda finding: GRADES.index(finding.grade))


def mended(workspace: Workspace) -> None:
    """Sweep what killed writers left, compact the lake and bring the timelines up to date."""
    workspace.lake.compact()
    timelines = workspace.path / "timelines"
    for path in stored.half_written(timelines):
        shutil.rmtree(path, ignore_errors=True)
    for folder in (workspace.path / "imports", workspace.path / "refusals"):
        for draft in folder.glob(".*.json*.*"):
            draft.unlink(missing_ok=True)
    if workspace.lake.rows():
        _ = workspace.timelines


def _lake(workspace: Workspace) -> Iterator[Finding]:
    lake = workspace.lake
    missing = [file for file in lake.files() if not (lake.path / file.name).exists()]
    if missing:
        rows = sum(file.rows for file in missing)
        what = f"{len(missing)} files of the lake with {rows:,} events are missing from the disk"
        yield Finding("broken", "lake files", what, FROM_BACKUP)
    cut = [file for file in lake.files() if file not in missing and (lake.path / file.name).stat().st_size != file.size_bytes]
    if cut:
        what = f"{len(cut)} files of the lake with {sum(file.rows for file in cut):,} events have another size than was written"
        yield Finding("broken", "lake files", what, FROM_BACKUP)
    if not lake.files():
        yield Finding("note", "no events", "there are no events yet", "bring some in: holdfast import FILE")
    small = sum(file.rows < 100_000 for file in lake.files())
    if small >= SMALL_FILES:
        yield Finding("note", "small files", f"the lake has {small} small files", "join them: holdfast doctor --mend")


def _leftovers(workspace: Workspace) -> Iterator[Finding]:
    lake, writer = workspace.lake, workspace.lake.writer()
    if writer is not None:
        yield Finding("note", "writing", f"process {writer} is writing to the lake now", "nothing to do")
    elif lake.leftovers():
        what = f"{len(lake.leftovers())} staging folders of killed imports are left; none of their events are in"
        yield Finding("warning", "half import", what, "import those files again; the folders go by themselves then")
    else:
        orphans = _orphans(workspace)
        if orphans:
            what = f"{orphans} old files of the lake are older than a week and in no version"
            yield Finding("note", "orphan files", what, "delete them: holdfast doctor --mend")


def _orphans(workspace: Workspace) -> int:
    return len(workspace.lake.table().vacuum(dry_run=True, full=True))


def _timelines(workspace: Workspace) -> Iterator[Finding]:
    folder = workspace.path / "timelines"
    half = stored.half_written(folder)
    if half:
        what = f"{len(half)} half-written generations of the timelines are left by a killed build"
        yield Finding("warning", "half timelines", what, "they go at the next question, or with: holdfast doctor --mend")
    state = stored.state(folder, workspace.lake, workspace.settings)
    if state in _STATES and workspace.lake.rows():
        yield Finding("note", "timelines", _STATES[state], "they are brought up to date at the next question")


_STATES = {
    "absent": "the timelines are not built yet",
    "behind": "the timelines are behind the lake",
    "damaged": "the timelines were left unfinished and will be built again",
    "erasure": "the timelines are from before an erasure and will be built again",
    "other settings": "the timelines were built under another zone or other properties and will be built again",
}


def _disk(workspace: Workspace) -> Iterator[Finding]:
    free = shutil.disk_usage(workspace.path).free
    held = sum(file.size_bytes for file in workspace.lake.files())
    if free < max(LOW_BYTES, 2 * held):
        what = f"{free / 1e9:.1f} GB are free on the disk; the lake holds {held / 1e9:.1f} GB"
        yield Finding("warning", "disk", what, "make room: an import or a rebuild needs about twice the size of the lake")


def _imports(workspace: Workspace) -> Iterator[Finding]:
    waiting = workspace.refusals()
    if waiting:
        rows = sum(record.refused for record in waiting.values())
        first = next(iter(waiting))
        what = f"{rows:,} refused rows wait in {len(waiting)} files under refusals/"
        yield Finding("warning", "refusals", what, f"put them right and import them again, as: holdfast import {first}")
    folder = workspace.path / "imports"
    damaged = len(list(folder.glob("*.json"))) - len(read_records(folder))
    if damaged:
        yield Finding(
            "note", "import records", f"{damaged} records under imports/ cannot be read", "delete them; the events are safe"
        )


def _settings(workspace: Workspace) -> Iterator[Finding]:
    settings = workspace.settings
    if settings.zone == "UTC" and settings.currency in HOMES:
        what = f"days end at midnight UTC while money is counted in {settings.currency}"
        yield Finding(
            "note", "zone", what, f'set the shop\'s zone in holdfast.toml, perhaps zone = "{HOMES[settings.currency]}"'
        )
    names = _event_names(workspace) if settings.active and workspace.lake.files() else set(settings.active)
    unknown = [name for name in settings.active if name not in names]
    if unknown:
        what = f"no event is called {', '.join(repr(name) for name in unknown)}, yet holdfast.toml counts it as activity"
        yield Finding("warning", "active", what, f"there are: {', '.join(sorted(names)[:12])}")


def _event_names(workspace: Workspace) -> set[str]:
    return {str(name) for batch in workspace.lake.scan(["event"]) for name in batch["event"].unique().to_pylist()}


def _folders(workspace: Workspace) -> Iterator[Finding]:
    for name in ("timelines", "imports", "refusals"):
        if not (workspace.path / name).is_dir():
            yield Finding("warning", "folder", f"the folder {name}/ is missing", f"make it: mkdir {workspace.path / name}")


Look = Callable[["Workspace"], Iterator[Finding]]

_LOOKS: tuple[Look, ...] = (_lake, _leftovers, _timelines, _disk, _imports, _settings, _folders)
