"""The workspace: one folder, one business."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.errors import WorkspaceError
from holdfast.settings import Settings
from holdfast.settings_file import import_options, read_settings, settings_of, write_import_options, write_settings
from holdfast.workspace import stored
from holdfast.workspace.accounts import Accounts
from holdfast.workspace.doctor import Finding, examined, mended
from holdfast.workspace.imports import (
    ImportRecord,
    Plan,
    Reading,
    fingerprint_of,
    forget,
    read_as,
    read_records,
    refusals_path,
    retired,
    used_up,
    write_record,
    write_refusals,
)
from holdfast.workspace.questions import Questions

if TYPE_CHECKING:
    from holdfast.events.lake import Lake
    from holdfast.events.lake_erase import Erased
    from holdfast.timelines.order_lines import OrderLines
    from holdfast.timelines.timelines import Timelines
    from holdfast.workspace.joining import Joining

__all__ = ["SETTINGS_FILE", "Workspace"]

SETTINGS_FILE = "holdfast.toml"
LAKE = Path("lake") / "events"
TIMELINES, ACCOUNTS, IMPORTS, REFUSALS = "timelines", "accounts", "imports", "refusals"


@dataclass(frozen=True)
class Workspace(Questions):
    """A folder with holdfast.toml, lake/, timelines/, imports/ and refusals/; accounts/ once firms are asked about.

    path      the folder
    settings  what the business means by its numbers
    """

    path: Path
    settings: Settings

    # ------------------------------------------------------------------ ways in

    @staticmethod
    def create(path: Path | str, settings: Settings | None = None) -> Workspace:
        """A new workspace in the folder `path`. WorkspaceError when there is one already."""
        from holdfast.events.lake import Lake

        folder = Path(path)
        if (folder / SETTINGS_FILE).exists():
            raise WorkspaceError(f"{folder} is a workspace already", "change its holdfast.toml, or choose another folder")
        if folder.exists() and not folder.is_dir():
            raise WorkspaceError(f"{folder} is a file", "choose a folder")
        for name in (TIMELINES, IMPORTS, REFUSALS):
            (folder / name).mkdir(parents=True, exist_ok=True)
        Lake.create(folder / LAKE)
        write_settings(folder / SETTINGS_FILE, settings or Settings())
        return Workspace.open(folder)

    @staticmethod
    def open(path: Path | str = ".") -> Workspace:
        """The workspace in the folder `path`. WorkspaceError when it is none; SettingsError when its holdfast.toml is wrong."""
        folder = Path(path)
        if not (folder / SETTINGS_FILE).exists():
            raise WorkspaceError(
                f"{folder.resolve()} is no workspace: it has no {SETTINGS_FILE}", "make one with: holdfast init"
            )
        return Workspace(folder, read_settings(folder / SETTINGS_FILE))

    # ------------------------------------------------------------------ settings

    def with_settings(self, **changes: Any) -> Workspace:
        """The same workspace under other settings for this session; `save_settings` keeps them. Raises SettingsError."""
        return replace(self, settings=settings_of(changes, self.settings))

    def save_settings(self) -> None:
        """Write the settings into holdfast.toml; its comments stay."""
        write_settings(self.path / SETTINGS_FILE, self.settings)

    @property
    def import_options(self) -> dict[str, Any]:
        """The table `[import]` of holdfast.toml: what importing was told or confirmed."""
        return import_options(self.path / SETTINGS_FILE)

    def save_import_options(self, options: dict[str, Any]) -> None:
        """Keep what importing was told, for the next file of the same kind."""
        write_import_options(self.path / SETTINGS_FILE, options)

    # ------------------------------------------------------------------ events

    @cached_property
    def lake(self) -> Lake:
        """Every event, once."""
        from holdfast.events.lake import Lake

        return Lake.open(self.path / LAKE)

    def import_(self, plan: Plan, reading: Reading, *, now: datetime | None = None) -> ImportRecord:
        """Bring in what a reading gives: all of its events or, when it fails or is killed, none; never twice.

        plan     how the file is read (`holdfast.events.plan.plan_import`)
        reading  the plan being carried out
        now      when it is done (default: the clock)

        A repeated import changes nothing and says so in its record. Refused rows are kept and can be imported again; when the
        source is such a refusals file of this workspace, what is refused now takes its place. What belongs to orders of earlier
        imports is joined with them (`holdfast.workspace.joining`), and the counts of the reading are set right for it.
        """
        from holdfast.events.lake_lookup import orders_elsewhere

        fingerprint = fingerprint_of(plan)
        before = next((record for record in self.imports() if record.fingerprint == fingerprint), None)
        if before is not None and self.lake.knows(fingerprint):
            return replace(before, rows=0, known=before.rows + before.known, repeated=True)
        events = iter(reading.events)
        joining = self._joining(plan)
        appended = self.lake.append(joining.events(events), batch=fingerprint)
        used_up(joining.events(events))  # where this import was in the lake already: for its counts and refusals
        reading.counts.update(joining.counts)
        reading.counts["orders_elsewhere"] = orders_elsewhere(self.lake, fingerprint, appended.rows)
        write_refusals(self.path / REFUSALS, fingerprint, reading.refusals)
        record = ImportRecord(
            fingerprint=fingerprint,
            source=plan.name,
            when=(now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds"),
            rows=appended.rows,
            known=appended.known,
            refused=len(reading.refusals),
            version=appended.version,
            mapping=dict(plan.mapping),
            counts=dict(reading.counts),
            read_as=read_as(plan) | {"shape": joining.shape},
        )
        write_record(self.path / IMPORTS, record)
        retired(self.path / REFUSALS, plan, fingerprint)
        return record

    def _joining(self, plan: Plan) -> Joining:
        """The way into the lake; a refusals file of this workspace is read in the shape of the import that refused its rows."""
        from holdfast.workspace.joining import Joining

        path = getattr(plan.source, "path", None)
        waiting = {kept.resolve(): record for kept, record in self.refusals().items()}
        origin = None if path is None else waiting.get(Path(path).resolve())
        return Joining(
            self.lake,
            shape=(origin.read_as if origin else {}).get("shape", plan.shape.value),
            replayed=bool(getattr(plan.source, "replay", False)),
            origin=origin.fingerprint if origin else None,
        )

    def imports(self) -> list[ImportRecord]:
        """What was imported, oldest first."""
        return read_records(self.path / IMPORTS)

    def refusals(self) -> dict[Path, ImportRecord]:
        """The refusals files that wait, each with the import it comes from; put them right and import them again."""
        paths = {refusals_path(self.path / REFUSALS, record.fingerprint): record for record in self.imports()}
        return {path: record for path, record in paths.items() if path.exists()}

    def erase(self, ids: Iterable[str]) -> Erased:
        """Remove these people, and every id joined with theirs, from lake, timelines and refusals, and prove it.

        ids  person ids as `people` and the tables show them
        """
        from holdfast.events.identity import AliasMap

        people = frozenset(ids)
        aliases = AliasMap.of(self.lake.evidence())
        # the refusals first: after a kill between the two, the lake can still tell which ids are joined
        forget(self.path / REFUSALS, frozenset(one for person in people for one in aliases.members(person)))
        proof = self.lake.erase(people)
        self._discard()
        forget(self.path / REFUSALS, frozenset(proof.ids))
        return proof

    # ------------------------------------------------------------------ timelines

    @property
    def timelines(self) -> Timelines:
        """The stored timelines, up to date with the lake: mapped, merged or built first if need be."""
        return stored.opened(self.path / TIMELINES, self.lake, self.settings)

    @property
    def accounts(self) -> Accounts:
        """The firms that customers belong to, to be asked what customers are asked: `shop.accounts.personas()`."""
        return Accounts(self.path / ACCOUNTS, self.lake, self.settings)

    def order_lines(self) -> OrderLines:
        """The product lines of all orders in the lake, read anew."""
        from holdfast.events.identity import AliasMap
        from holdfast.timelines.order_lines import LINE_COLUMNS, OrderLines

        lake = self.lake.pinned()
        return OrderLines.of(lake.scan(LINE_COLUMNS), AliasMap.of(lake.evidence()).pairs())

    def rebuild(self) -> Timelines:
        """Throw the stored timelines away and build them again; those of firms when they are asked for."""
        self._discard()
        return self.timelines

    def _discard(self) -> None:
        stored.discard(self.path / TIMELINES)
        if (self.path / ACCOUNTS).exists():
            stored.discard(self.path / ACCOUNTS)

    # ------------------------------------------------------------------ care

    def doctor(self) -> list[Finding]:
        """What is wrong or worth knowing, worst first, each with its mend."""
        return examined(self)

    def mend(self) -> list[Finding]:
        """Do what can be done without a decision (sweep, compact, build the timelines); what is left."""
        mended(self)
        return self.doctor()
