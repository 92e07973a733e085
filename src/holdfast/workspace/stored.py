"""The stored timelines of a workspace, kept level with its lake.

What is stored says what it was made of (Made). When the lake is ahead, the new events are merged in; when people changed
identity, only theirs are built again; when the store is absent, damaged, from before an erasure or made under another zone or
other properties, all of it is built again. One process builds, the others wait for it and then map the result.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.errors import WorkspaceError
from holdfast.events.identity import ANONYMOUS, AliasMap, Evidence
from holdfast.events.locking import holding

if TYPE_CHECKING:
    from holdfast.events.lake import Lake
    from holdfast.settings import Settings
    from holdfast.timelines.timelines import Timelines

    Build = Callable[[Lake, Settings], tuple[Timelines, Evidence]]

__all__ = ["Made", "current_generation", "discard", "half_written", "made_of", "opened", "state"]

LOCK = "build.lock"
MADE = "made.json"
POINTER = "CURRENT"
FEW = 20_000
"""More people than this with a new identity, and building all again is quicker than building them again."""

COLUMNS = (
    *("event_id", "type", "event", "time", "sequence", "customer_id", "anonymous_id", "order_id"),
    *("revenue", "currency", "products", "properties"),
)
"""What timelines are made of; source and batch stay in the lake."""


@dataclass(frozen=True)
class Made:
    """What the stored timelines were made of.

    generation     the store's generation that this speaks of
    zone, properties   the settings that shape timelines
    last_sequence  arrival number of the latest event inside
    erasures       how many erasures the lake had seen
    """

    generation: str
    zone: str
    properties: tuple[str, ...]
    last_sequence: int
    erasures: int


def opened(folder: Path, lake: Lake, settings: Settings, *, build: Build | None = None) -> Timelines:
    """The timelines of the lake, up to date: mapped, merged or built.

    build  makes them of the whole lake; then nothing is merged, and whenever the lake is ahead all of it is built again
    """
    folder.mkdir(exist_ok=True)
    found = _level(folder, lake, settings)
    if found is not None:
        return found
    with holding(folder / LOCK):
        found = _level(folder, lake, settings)
        return found if found is not None else _made(folder, lake, settings, build)


def state(folder: Path, lake: Lake, settings: Settings) -> str:
    """How the store stands to the lake: "level", "behind", "other settings", "erasure", "damaged" or "absent"."""
    made = made_of(folder)
    if made is None:
        return "damaged" if (folder / POINTER).exists() else "absent"
    if made.erasures != lake.erasures():
        return "erasure"
    if (made.zone, made.properties) != (settings.zone, settings.properties):
        return "other settings"
    return "level" if made.last_sequence == lake.last_sequence() else "behind"


def made_of(folder: Path) -> Made | None:
    """What the current generation was made of; None when that is not known (absent, or a writer was killed)."""
    try:
        raw = json.loads((folder / MADE).read_text("utf-8"))
        made = Made(**{**raw, "properties": tuple(raw["properties"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return made if made.generation == current_generation(folder) else None


def current_generation(folder: Path) -> str | None:
    """The generation that readers are pointed to."""
    try:
        return (folder / POINTER).read_text().strip()
    except OSError:
        return None


def half_written(folder: Path) -> list[Path]:
    """Generations that a killed builder left unfinished."""
    pointed = current_generation(folder) or "0"
    current = int(pointed) if pointed.isdigit() else 0
    numbers = [path for path in folder.glob("*") if path.name.isdigit()]
    return sorted(path for path in numbers if int(path.name) > current or not (path / "meta.json").exists())


def discard(folder: Path) -> None:
    """Delete the stored timelines, all generations; readers that have them mapped keep what they mapped."""
    folder.mkdir(exist_ok=True)
    with holding(folder / LOCK):
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK:
                path.unlink()


def _level(folder: Path, lake: Lake, settings: Settings) -> Timelines | None:
    from holdfast.timelines.timelines import Timelines

    if state(folder, lake, settings) != "level":
        return None
    try:
        return Timelines.open(folder, settings)
    except (WorkspaceError, OSError, ValueError, KeyError, TypeError):
        return None  # damaged: what is derived is built again


def _made(folder: Path, lake: Lake, settings: Settings, build: Build | None) -> Timelines:
    """Bring the store level; the caller holds the lock."""
    from holdfast.timelines.timelines import Timelines

    for path in half_written(folder):
        shutil.rmtree(path, ignore_errors=True)
    lake = lake.pinned()
    timelines, evidence = build(lake, settings) if build else _behind(folder, lake, settings) or _whole(lake, settings)
    timelines.save(folder)
    shape = (settings.zone, settings.properties, lake.last_sequence(), lake.erasures())
    _note(folder, Made(current_generation(folder) or "", *shape), evidence)
    return Timelines.open(folder, settings)


def _whole(lake: Lake, settings: Settings) -> tuple[Timelines, Evidence]:
    from holdfast.timelines.timelines import Timelines

    evidence = lake.evidence()
    aliases = AliasMap.of(evidence)
    return Timelines.build(lake.scan(COLUMNS), settings, aliases=aliases.pairs()), evidence


def _behind(folder: Path, lake: Lake, settings: Settings) -> tuple[Timelines, Evidence] | None:
    """The store with the lake's later events merged in; None when it has to be built again."""
    from holdfast.timelines.timelines import Timelines

    made = made_of(folder)
    if made is None or state(folder, lake, settings) != "behind":
        return None
    try:
        old = Timelines.open(folder, settings)
        before = Evidence.read(folder / f"evidence-{made.generation}.parquet")
    except (WorkspaceError, OSError, ValueError, KeyError, TypeError):
        return None
    evidence = before + lake.evidence(made.last_sequence)
    was, now = AliasMap.of(before), AliasMap.of(evidence)
    if not _stored(old, AliasMap.left(was, now)):
        return old.merge(lake.scan(COLUMNS, made.last_sequence), aliases=now.pairs()), evidence
    people = AliasMap.touched(was, now)
    if len(people) > FEW:
        return None
    later = lake.scan(COLUMNS, made.last_sequence)
    again = _events_of(people, now, lake, made.last_sequence)
    drop = pa.array(sorted(people), pa.string())
    return old.merge(chain(again, later), aliases=now.pairs(), drop=drop), evidence


def _stored(timelines: Timelines, people: frozenset[str]) -> bool:
    """Whether any of these people has events in the store."""
    if not people:
        return False
    ids = timelines.source.columns.ids()
    return bool(pc.any(pc.is_in(ids, pa.array(sorted(people), ids.type))).as_py())


def _events_of(people: frozenset[str], aliases: AliasMap, lake: Lake, until_sequence: int) -> Iterator[pa.RecordBatch]:
    """All events up to a sequence of these people, under whichever id."""
    sources, targets = aliases.pairs()
    theirs = sources.filter(pc.is_in(targets, pa.array(sorted(people), pa.string()))).to_pylist()
    ids = pa.array(sorted({*people, *theirs}), pa.string())
    for batch in lake.scan(COLUMNS):
        anonymous = pc.binary_join_element_wise(ANONYMOUS, batch["anonymous_id"], "")
        person = pc.coalesce(batch["customer_id"], anonymous)
        wanted = pc.and_(pc.is_in(person, ids), pc.less_equal(batch["sequence"], until_sequence))
        if wanted.true_count:
            yield batch.filter(wanted)


def _note(folder: Path, made: Made, evidence: Evidence) -> None:
    """Say what the current generation was made of: the evidence first, then the note that speaks of it."""
    current = folder / f"evidence-{made.generation}.parquet"
    evidence.write(current)
    draft = folder / f"{MADE}.new"
    draft.write_text(json.dumps(asdict(made)), "utf-8")
    draft.replace(folder / MADE)
    for path in folder.glob("evidence-*.parquet"):
        if path != current:
            path.unlink(missing_ok=True)
