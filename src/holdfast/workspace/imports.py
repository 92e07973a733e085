"""Records of imports: what was read from where, how it was understood, what came of it; and the rows that were refused.

imports/<fingerprint>.json      one record an import
refusals/<fingerprint>.jsonl    its refused rows, importable again once they are put right
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from holdfast.events.identity import ANONYMOUS

if TYPE_CHECKING:
    from collections import Counter

    import pyarrow as pa

    from holdfast.events.refusals import Refusals
    from holdfast.events.text import Found

__all__ = [
    "ImportRecord",
    "Plan",
    "Reading",
    "fingerprint_of",
    "forget",
    "read_as",
    "read_records",
    "refusals_path",
    "retired",
    "used_up",
    "write_record",
    "write_refusals",
]


class Plan(Protocol):
    """How a file or frame is to be read: what of `holdfast.events.plan.ImportPlan` is needed here."""

    @property
    def name(self) -> str:
        """The file's name."""

    @property
    def mapping(self) -> Mapping[str, str]:
        """Role → column."""

    @property
    def format(self) -> str:
        """ "delimited", "jsonl", "parquet", "excel" or "frame"."""

    @property
    def shape(self) -> Found:
        """What a row is: its value is "lines", "orders" or "events"."""

    @property
    def dates(self) -> Found:
        """Form of the times, "typed" where the file types them."""

    @property
    def decimal(self) -> Found:
        """Decimal sign."""

    @property
    def zone(self) -> Found:
        """Zone of times without offset."""

    @property
    def currency(self) -> Found:
        """Currency of amounts without one of their own."""

    @property
    def event(self) -> str | None:
        """Name of events from rows without one."""

    @property
    def options(self) -> Any:
        """What the caller said."""

    @property
    def source(self) -> Any:
        """The opened source; one that is a file has a `path`."""

    def guesses(self) -> tuple[tuple[str, str, str, float], ...]:
        """Everything recognised: what, value, reason, confidence."""


class Reading(Protocol):
    """A plan being carried out (`holdfast.events.reading`); refusals and counts are complete when the events are used up."""

    @property
    def events(self) -> Iterable[pa.RecordBatch]:
        """The events, in the schema EVENTS, sequence 0."""

    @property
    def refusals(self) -> Refusals:
        """The rows that could not be used."""

    @property
    def counts(self) -> Counter[str]:
        """What was read."""


@dataclass(frozen=True)
class ImportRecord:
    """One import.

    fingerprint  of the content and the way it was read; the `batch` of its events
    source       the file's name
    when         when it was done, ISO 8601, UTC
    rows, known  events that came in, and events left out because they were there
    refused      rows that could not be used (see `refusals`)
    version      the lake's version that holds it
    mapping      role → column
    counts       what else the reading counted, set right for what was joined with earlier imports
    read_as      shape, dates, decimal, zone, currency, event, events as options: how its refused rows are to be read
    repeated     whether this very import was in before, so that nothing changed
    """

    fingerprint: str
    source: str
    when: str
    rows: int
    known: int
    refused: int
    version: int
    mapping: dict[str, str] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    repeated: bool = False
    read_as: dict[str, Any] = field(default_factory=dict)


def fingerprint_of(plan: Plan) -> str:
    """The same for the same bytes read in the same way, be it guessed or given. A frame has no file and gets a new one: its
    events are compared."""
    path = getattr(plan.source, "path", None)
    if path is None:
        return uuid.uuid4().hex
    said = [plan.event, plan.options.duplicates, plan.options.field_limit, plan.options.batch]
    way = json.dumps([plan.name, plan.format, [guess[:2] for guess in plan.guesses()], said], default=str)
    digest = hashlib.blake2b(way.encode(), digest_size=16)
    with Path(path).open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def read_as(plan: Plan) -> dict[str, Any]:
    """How a file was read, as the options (`ImportOptions`) that read its refused rows, which are text, in the same way."""
    said: dict[str, Any] = {"shape": plan.shape.value, "zone": plan.zone.value, "currency": plan.currency.value}
    if plan.dates.value != "typed":
        said["dates"] = plan.dates.value
    if plan.format in ("delimited", "jsonl") or plan.decimal.reason == "given":
        said["decimal"] = plan.decimal.value
    if plan.options.events:
        said["events"] = dict(plan.options.events)
    return said if plan.event is None else said | {"event": plan.event}


def retired(folder: Path, plan: Plan, fingerprint: str) -> None:
    """Take away a refusals file that was imported just now: what is refused again stands in the new one."""
    path = Path(getattr(plan.source, "path", None) or folder).resolve()
    if path.parent == folder.resolve() and path != refusals_path(folder, fingerprint).resolve():
        path.unlink(missing_ok=True)


def read_records(folder: Path) -> list[ImportRecord]:
    """All records in `imports/`, oldest first; a file that is none is passed over (`doctor` names it)."""
    found = [record for path in folder.glob("*.json") if (record := _read(path)) is not None]
    return sorted(found, key=lambda record: (record.when, record.fingerprint))


def write_record(folder: Path, record: ImportRecord) -> None:
    """Write a record, whole or not at all."""
    text = json.dumps(asdict(record), ensure_ascii=False, indent=1, default=str)
    _write(folder / f"{_name(record.fingerprint)}.json", text.encode("utf-8", "replace"))


def refusals_path(folder: Path, fingerprint: str) -> Path:
    """Where the refusals of an import are kept."""
    return folder / f"{_name(fingerprint)}.jsonl"


def write_refusals(folder: Path, fingerprint: str, refusals: Refusals) -> None:
    """Keep the refusals of an import, whole or not at all; none leave no file."""
    target = refusals_path(folder, fingerprint)
    if not len(refusals):
        target.unlink(missing_ok=True)
        return
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    refusals.write(draft)
    draft.replace(target)


def forget(folder: Path, ids: frozenset[str]) -> int:
    """Take refused rows that name one of these ids out of the refusals files, and drafts of killed writers; how many rows."""
    bare = frozenset(one.removeprefix(ANONYMOUS) for one in ids)
    inside = re.compile("|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in sorted(bare)))
    for draft in folder.glob(".*.jsonl.*"):
        if not _alive(draft.suffix[1:]):
            draft.unlink(missing_ok=True)
    gone = 0
    for path in folder.glob("*.jsonl"):
        lines = path.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if not _names(line, bare, inside)]
        gone += len(lines) - len(kept)
        if not kept:
            path.unlink()
        elif len(kept) < len(lines):
            _write(path, b"".join(kept))
    return gone


def _names(line: bytes, ids: frozenset[str], inside: re.Pattern[str]) -> bool:
    """Whether a refusal names one of the ids; in a line that is no refusal any more (edited by hand) anywhere."""
    text = unicodedata.normalize("NFC", line.decode("utf-8", "replace"))
    try:
        refused = json.loads(text)
        values = [_id(value) for value in (refused.get("values") or {}).values()]
        texts = [refused.get("raw") or "", refused.get("sentence") or ""]
    except (ValueError, AttributeError):
        return inside.search(text) is not None
    return not ids.isdisjoint(values) or any(inside.search(str(one)) for one in texts)


def _id(value: object) -> str:
    """A value as an id is read: without blanks around it, 17850.0 as 17850."""
    return re.sub(r"^(\d+)\.0+$", r"\1", str(value).strip())


def _alive(process: str) -> bool:
    """Whether the process with this id, written in a draft's name, is running."""
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def used_up(events: Iterator[Any]) -> None:
    """Read to the end, for the refusals and counts alone."""
    for _ in events:
        pass


def _read(path: Path) -> ImportRecord | None:
    try:
        return ImportRecord(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


def _name(fingerprint: str) -> str:
    """A fingerprint as a file name."""
    return "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in fingerprint)[:80]
