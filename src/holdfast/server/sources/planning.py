"""How a file will be read: the library's guesses with their reasons, and the first rows as they will be read.

`errand` runs in the analyst, and `planned` in the worker too: both may import Arrow, the web does not.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.errors import HoldfastError, UnknownName

if TYPE_CHECKING:
    from holdfast.events.plan import ImportPlan
    from holdfast.server.analyst.desk import Desk
    from holdfast.workspace import Workspace

__all__ = ["errand", "planned"]

_FLAG = re.compile(r";?\s*(?:override|name it|say what they mean)?\s*with --[a-z-]+(?: [a-z]+=COLUMN)?")
_PROPOSED = re.compile(r"--map-event (.*)$")


def errand(desk: Desk, *, path: str, name: str, mapping: dict[str, str], options: dict[str, Any]) -> dict[str, Any]:
    """How a file will be read, as plain values; what is wrong with it as `problem` and `mend`."""
    workspace = desk.workspace
    try:
        plan = planned(workspace, path, name, mapping, options)
        return _told(workspace, plan)
    except HoldfastError as error:
        said = {"problem": _without_flags(error.what.replace(Path(path).name, name)), "mend": _without_flags(error.mend)}
        return {**said, "columns": _columns(path, options), "roles": _roles(), "mapping": mapping}


def planned(workspace: Workspace, path: str, name: str, mapping: dict[str, str], options: dict[str, Any]) -> ImportPlan:
    """The plan of a file.

    name     what the person's file is called (on disk here it has another name)
    mapping  role → column, over the guess; empty with empty options: what the last file of its kind was told counts first
    options  names of `ImportOptions`
    Errors: HoldfastError where it cannot be read so.
    """
    from holdfast.events.options import options_from
    from holdfast.events.plan import plan_import

    if not mapping and not options and (kept := workspace.import_options):
        remembered, before = options_from({**kept, "source": name})
        try:
            return plan_import(path, workspace.settings, mapping=remembered, options=before)
        except HoldfastError:
            pass  # remembered from another kind of file: this one is looked at afresh
    _mapping, chosen = options_from({**options, "source": name})
    return plan_import(path, workspace.settings, mapping=mapping, options=chosen)


def _told(workspace: Workspace, plan: ImportPlan) -> dict[str, Any]:
    from holdfast.workspace.imports import fingerprint_of

    fingerprint = fingerprint_of(plan)
    before = next((record for record in workspace.imports() if record.fingerprint == fingerprint), None)
    warnings = [_PROPOSED.sub("", _without_flags(one)).rstrip(" ;:") for one in plan.warnings]
    return {
        "format": plan.format,
        "rows": plan.rows_total,
        "guesses": [list(one) for one in plan.guesses()],
        "mapping": dict(plan.mapping),
        "columns": list(plan.source.columns)[:500],
        "roles": _roles(),
        "properties": list(plan.properties)[:60],
        "shape": plan.shape.value,
        "values": {
            "shape": plan.shape.value,
            "dates": plan.dates.value,
            "decimal": plan.decimal.value,
            "zone": plan.zone.value,
            "currency": plan.currency.value,
            "duplicates": plan.options.duplicates,
            "event": plan.event or "",
        },
        "sample": _sample(plan),
        "warnings": warnings,
        "proposed": [pair for one in plan.warnings if (found := _PROPOSED.search(one)) for pair in _pairs(found[1])],
        "read_before": None if before is None else before.when,
        "remembered": bool(workspace.import_options),
    }


def _pairs(text: str) -> list[str]:
    return re.findall(r'"([^"]+=[^"]+)"', text)


def _without_flags(text: str) -> str:
    """A sentence of the library without the options of the command line that it names."""
    if "--map-event" in text:
        return text
    return _FLAG.sub("", text).strip()


def _roles() -> list[str]:
    from holdfast.events.columns import ROLES

    return list(ROLES)


def _columns(path: str, options: dict[str, Any]) -> list[str]:
    """The columns of a file whose plan failed, so that a person can name them; none where it cannot be read at all."""
    from holdfast.events.options import options_from
    from holdfast.events.sources import open_source

    try:
        return list(open_source(path, options_from(options)[1])[1].columns)[:500]
    except (HoldfastError, UnknownName):
        return []


def _sample(plan: ImportPlan) -> dict[str, Any]:
    names = [name for name in plan.sample.column_names if name not in ("row", "currency")]
    rows = [[_read(name, row[name], plan) for name in names] for row in plan.sample.to_pylist()]
    return {"names": names, "rows": rows}


def _read(name: str, value: Any, plan: ImportPlan) -> str:
    """A value as a person reads it: local time, plain numbers, money in the currency."""
    from zoneinfo import ZoneInfo

    from holdfast.events.schema import MONEY_UNITS
    from holdfast.report.values import cleaned, money

    if value is None:
        return "–"
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(plan.zone.value)).strftime("%Y-%m-%d %H:%M:%S")
    if name == "amount" and isinstance(value, int):
        return money(value / MONEY_UNITS, plan.currency.value)
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    return cleaned(str(value))[:120]
