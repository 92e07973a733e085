"""Answers kept on disk, so that the web shows them without the analyst. One file a question: the newest answer to it.

server/kept/answers/<key>.told       an answer, ready to be shown
server/kept/answers/<key>.<data>.csv, .json   the whole table of it, of these data
server/kept/answers/usual.json       what the last answer of each page took

All of it can be deleted. A file is written beside its place and moved there, so that nothing half is ever read.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from holdfast.server.place import folder, server_folder

__all__ = [
    "MOST_ROWS", "Data", "Told", "data_now", "drop", "forget_erased", "fresh", "keep", "kept", "place_of",
    "still_good", "sweep", "table_named", "table_of", "took", "usual", "write",
]  # fmt: skip

FORM = 4
"""Grows when what is kept has another shape or look; older files are then not read."""

MOST_ROWS = 400
"""Rows of a table that a page shows; its CSV has all."""

MOST_BYTES, OLDEST_SECONDS = 500_000_000, 30 * 86_400
"""How much is kept, and for how long."""

LEAST_SECONDS, TIMES = 60.0, 20.0
"""An answer of older data is shown as it is for so long, or for so many times what it took to find."""

BROKEN_SECONDS = 5.0
"""Where answering failed by a bug, it is tried again after so long."""

State = Literal["told", "refused", "broken"]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, or why there is none, as plain values.

    state      "told"; "refused": it cannot be asked so; "broken": a bug, kept under `log`
    data       the data it was made of (`Data.name`) · erasures, which no answer outlives · settings, under which · form of it
    at         when it was found, in seconds since 1970 · seconds: what it took
    pairs      what was asked, with what was proposed
    words, sentence   the answer in a sentence; as HTML
    picture    HTML · figures: name → (light, dark) Plotly JSON · opens: name → addresses of the people behind its points
    table      HTML · rows: of the whole table · tables: names of the further ones
    compared   HTML, the last period beside the one before
    notes      HTML · definition: its text · line: its small print · title: of the definition
    as_of, data_row, n, coverage   of the definition
    events, properties   names that can be chosen · initiatives: (date, what)
    what, mend, log      of a refusal or a bug
    """

    state: State
    data: str
    erasures: int
    at: float
    seconds: float
    settings: str = ""
    form: int = FORM
    pairs: tuple[tuple[str, str], ...] = ()
    title: str = ""
    words: str = ""
    sentence: str = ""
    picture: str = ""
    figures: dict[str, tuple[str, str]] = {}
    opens: dict[str, str] = {}
    table: str = ""
    rows: int = 0
    tables: tuple[str, ...] = ()
    compared: str = ""
    notes: str = ""
    definition: str = ""
    line: str = ""
    as_of: str = ""
    data_row: int = 0
    n: int = 0
    coverage: float | None = None
    events: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    initiatives: tuple[tuple[str, str], ...] = ()
    what: str = ""
    mend: str = ""
    log: str = ""


@dataclass(frozen=True)
class Data:
    """What answers are made of at this moment.

    name      changes with every new event and setting
    erasures  how many erasures the data have seen; UNKNOWN while there are no timelines, as right after one
    settings  changes with the settings alone
    """

    name: str
    erasures: int
    settings: str = ""


class Dated(Protocol):
    """Something that was found of some data, under some settings, at some time, and took some seconds."""

    @property
    def data(self) -> str: ...
    @property
    def settings(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def seconds(self) -> float: ...


UNKNOWN = -1

_TOLD = msgspec.msgpack.Decoder(Told)


def data_now() -> Data:
    """The data as they stand, read from small files of the workspace. Without timelines the name is empty."""
    timelines = folder() / "timelines"
    current, made, settings = (
        _read(path) for path in (timelines / "CURRENT", timelines / "made.json", folder() / "holdfast.toml")
    )
    if not current:
        return Data("", UNKNOWN)
    try:
        erasures = int(json.loads(made or b"{}").get("erasures", 0))
    except (ValueError, TypeError, AttributeError):
        erasures = 0
    return Data(_digest(current, made, settings), erasures, _digest(settings))


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:24]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def place_of(key: str, form: str = "told") -> Path:
    """Where an answer is kept, or what else there is one of."""
    return server_folder("kept", "answers") / f"{key}.{form}"


def table_of(key: str, form: str, data: Data) -> Path:
    """Where the whole table of an answer is kept, in a form: csv or json."""
    return place_of(f"{key}.{data.name}", form)


def table_named(name: str) -> Path:
    """The file that the analyst named."""
    return server_folder("kept", "answers") / name


def kept(key: str, now: Data) -> Told | None:
    """The answer kept under a key; None where there is none that may be shown."""
    raw = _read(place_of(key))
    if not raw:
        return None
    try:
        found = _TOLD.decode(raw)
    except msgspec.DecodeError:
        return None
    return found if (found.form, found.erasures) == (FORM, now.erasures) else None


def fresh(found: Told, now: Data, clock: float) -> bool:
    """Whether an answer needs not be asked again: of the same data, or not old for what it cost."""
    if found.state == "broken":
        return clock - found.at < BROKEN_SECONDS
    return found.data == now.name if found.state == "refused" else still_good(found, now, clock)


def still_good(found: Dated, now: Data, clock: float) -> bool:
    """Whether it is of the same data or, under the same settings, not old for what it cost. Today goes by this rule, too."""
    young = clock - found.at < max(LEAST_SECONDS, TIMES * found.seconds)
    return found.data == now.name or (young and found.settings == now.settings)


def keep(key: str, found: Told) -> None:
    """Keep an answer in the place of the one before; its table files, being of older data, go.

    Somebody may have been erased while it was worked out: then it is not kept.
    """
    if found.erasures != data_now().erasures:
        return
    forget_erased(found.erasures)
    for path in server_folder("kept", "answers").glob(f"{key}.*.*"):
        if path.name.split(".")[1] != found.data:
            path.unlink(missing_ok=True)
    write(place_of(key), msgspec.msgpack.encode(found, enc_hook=str))


def forget_erased(erasures: int) -> None:
    """What was kept before an erasure is not only not shown: it goes. The server's own erasures clear it themselves."""
    place, count = place_of("erasures", "noted"), str(erasures).encode()
    noted = _read(place)
    if erasures == UNKNOWN or noted == count:
        return
    if noted:
        drop()
    write(place, count)


def write(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees all of it or none."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    draft.write_bytes(content)
    draft.replace(path)


def sweep(clock: float) -> int:
    """Remove what is too old, left half by a killed writer, or more than is kept, the oldest first; how many files."""
    found: list[tuple[float, int, Path]] = []
    erasures = place_of("erasures", "noted")  # without it nobody would know that what is kept is older than an erasure
    for path in server_folder("kept", "answers").iterdir():
        if path == erasures:
            continue
        try:
            stat = path.stat()
        except OSError:
            continue
        found.append((stat.st_mtime, stat.st_size, path))
    found.sort(reverse=True)
    gone, size = 0, 0
    for when, bytes_, path in found:
        size += bytes_
        draft = path.name.startswith(".") and clock - when > 600
        if draft or clock - when > OLDEST_SECONDS or size > MOST_BYTES:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def drop() -> None:
    """Forget every answer, as after an erasure."""
    for path in server_folder("kept", "answers").iterdir():
        path.unlink(missing_ok=True)


def usual() -> dict[str, float]:
    """Page → what its last answer took, in seconds."""
    try:
        found: Any = json.loads(_read(place_of("usual", "json")) or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def took(slug: str, seconds: float) -> None:
    """Note what an answer took."""
    write(place_of("usual", "json"), json.dumps(usual() | {slug: round(seconds, 3)}).encode())
