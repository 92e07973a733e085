"""Bringing a file in: the workspace it goes to, the plan, the progress, and what to say afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.cli.init import chosen_settings
from holdfast.cli.saying import Said
from holdfast.cli.screen import aside, line
from holdfast.errors import UnknownName

if TYPE_CHECKING:
    from holdfast.events.options import ImportOptions
    from holdfast.events.plan import ImportPlan
    from holdfast.settings import Settings
    from holdfast.workspace import ImportRecord, Workspace

__all__ = ["Place", "bring", "planned", "workspace_for"]


@dataclass(frozen=True)
class Place:
    """Where a file goes.

    folder    the workspace's folder
    opened    the workspace, None when it is yet to be made
    settings  of the workspace that is, or will be
    said      names of the settings that a person chose
    """

    folder: str
    opened: Workspace | None
    settings: Settings
    said: frozenset[str]


def workspace_for(folder: str, chosen: dict[str, Any]) -> Place:
    """The workspace in the folder, or the settings of the one that the import will make there."""
    from holdfast.workspace import Workspace

    said = frozenset(name for name, value in chosen.items() if value is not None)
    if (Path(folder) / "holdfast.toml").exists():
        opened = Workspace.open(folder)
        return Place(folder, opened, opened.settings, said)
    return Place(folder, None, chosen_settings(folder, **chosen), said)


def planned(place: Place, file: Any, mapping: dict[str, str], options: ImportOptions) -> ImportPlan:
    """How the file will be read; what holdfast.toml remembers counts where nothing else was said and the columns are there.
    The sample is read as the workspace that is yet to be made will read it."""
    from holdfast.events.plan import sampled_for

    plan = _planned(place, file, mapping, options)
    settings = _settings_then(place, plan)
    return plan if settings == place.settings else sampled_for(plan, settings)


def _planned(place: Place, file: Any, mapping: dict[str, str], options: ImportOptions) -> ImportPlan:
    from holdfast.events.plan import plan_import

    remembered, kept = _remembered(place, options)
    if not remembered and kept == options:
        return plan_import(file, place.settings, mapping=mapping, options=options)
    try:
        return plan_import(file, place.settings, mapping=remembered | mapping, options=kept)
    except UnknownName:
        line("the mapping in holdfast.toml is for another kind of file; this one is looked at afresh")
        return plan_import(file, place.settings, mapping=mapping, options=options)


def _remembered(place: Place, options: ImportOptions) -> tuple[dict[str, str], ImportOptions]:
    from dataclasses import fields, replace

    from holdfast.events.options import ImportOptions, options_from

    if place.opened is None or not (table := place.opened.import_options):
        return {}, options
    mapping, kept = options_from(table)
    said = {one.name: value for one in fields(ImportOptions) if (value := getattr(options, one.name)) != one.default}
    return mapping, replace(kept, **said)


def bring(place: Place, plan: ImportPlan) -> tuple[Said, int]:
    """Read the file in with a progress bar; what to say, and how many rows were refused."""
    from holdfast.events.reading import read_events

    made = place.opened is None
    workspace = place.opened or _made(place, plan)
    if made:
        settings = workspace.settings
        line(f"{Path(place.folder).resolve()} is a workspace now: zone {settings.zone}, currency {settings.currency}")
    started = time.monotonic()
    with watched() as move:
        reading = read_events(plan, workspace.settings, move)
        record = workspace.import_(plan, reading)
    seconds = time.monotonic() - started
    notes = [] if record.repeated else [*_read_before(workspace, record), *reading.notes(), *_suggested(workspace)]
    return _said(workspace, plan, record, seconds, notes), record.refused


def _read_before(workspace: Workspace, record: ImportRecord) -> list[str]:
    """That the same file is in under other names of events too: a name is part of what makes an event the event it is."""
    beside = [
        one
        for one in workspace.imports()
        if (one.source, one.fingerprint != record.fingerprint) == (record.source, True)
        and one.read_as.get("events") != record.read_as.get("events")
    ]
    if not beside or not record.rows:
        return []
    return [
        f"{record.source} is in already under other names of events, and both now stand side by side, counted twice; "
        "to have it once, read it into a new workspace"
    ]


def _made(place: Place, plan: ImportPlan) -> Workspace:
    from holdfast.workspace import Workspace

    return Workspace.create(place.folder, _settings_then(place, plan))


def _settings_then(place: Place, plan: ImportPlan) -> Settings:
    """The workspace's settings; those of a new one count in the currency of the file's amounts unless told otherwise."""
    from dataclasses import replace

    if place.opened is not None or "currency" in place.said:
        return place.settings
    return replace(place.settings, currency=plan.currency.value)


@contextmanager
def watched() -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on stderr, where it is a terminal; gives what moves it: (rows done, rows in all)."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("reading"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} rows"),
        TextColumn("{task.fields[pace]}"),
        TimeElapsedColumn(),
    )
    console = aside()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading", total=None, pace="")

        def move(done: int, total: int | None) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, completed=done, total=total, pace=f"{speed:,.0f} rows/s" if speed else "")

        yield move


def _suggested(workspace: Workspace) -> list[str]:
    """Suggest gone_after from the data and write it into holdfast.toml, unless it is chosen already."""
    if workspace.settings.gone_after is not None or workspace.settings.base != "activity":
        return []
    from holdfast.analyses.gone_after import resolve_gone_after
    from holdfast.cli.compiling import say_first_run

    say_first_run()
    timelines = workspace.timelines
    if timelines.customers == 0:
        return []
    found = resolve_gone_after(timelines, timelines.as_of())
    if found.how != "suggested":
        return [f"after how many days a customer is gone cannot be told yet: {found.why}"]
    workspace.with_settings(gone_after=found.days).save_settings()
    _commented(workspace.path / "holdfast.toml", found.why)
    return [f"a customer counts as gone after {found.days} days without an order: {found.why} (gone_after in holdfast.toml)"]


def _commented(path: Path, why: str) -> None:
    import tomlkit

    document = tomlkit.parse(path.read_text("utf-8"))
    document["gone_after"].comment(f"suggested: {why}")
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(tomlkit.dumps(document), "utf-8")
    draft.replace(path)  # whole or not at all: without its settings the workspace could not be opened


def _said(workspace: Workspace, plan: ImportPlan, record: ImportRecord, seconds: float, notes: list[str]) -> Said:
    question = {"name": "Import", "file": plan.name, "mapping": dict(plan.mapping)}
    counted = [[_COUNTS[name], record.counts[name]] for name in _COUNTS if record.counts.get(name)]
    rows = [
        *counted,
        ["events that came in", record.rows],
        ["events that were in already", record.known],
        ["rows refused", record.refused],
    ]
    if record.repeated:
        words = f"{plan.name} is in already; nothing was changed."
    elif record.rows == 0 and record.known:
        words = f"All {record.known:,} events of {plan.name} are in already; nothing was changed."
    else:
        pace = record.counts.get("rows", record.rows) / max(seconds, 1e-9)
        brought = f"{record.rows:,} event{'' if record.rows == 1 else 's'}"
        words = f"{plan.name} is in: {brought} in {seconds:.1f} s ({pace:,.0f} rows a second)."
    return Said(question, words, ("what", "rows"), rows, (*_refused(workspace, record), *notes))


def _refused(workspace: Workspace, record: ImportRecord) -> list[str]:
    if not record.refused:
        return []
    kept = next((path for path, one in workspace.refusals().items() if one.fingerprint == record.fingerprint), None)
    return [
        f"{record.refused:,} refused, kept in {kept}",
        f"see why: holdfast refusals -w {workspace.path}",
        f"put them right there, then: holdfast refusals replay -w {workspace.path}",
    ]


_COUNTS = {
    "rows": "rows read",
    "orders": "orders",
    "refunds_tied": "refunds tied to their order",
    "refunds_untied": "refunds whose order was not found",
    "duplicates_kept": "repeated rows, kept",
    "duplicates_dropped": "repeated rows, dropped",
    "anonymous_rows": "rows without a customer",
}
"""What a reading counted, in the words and order of the table; the rest is in the notes."""
