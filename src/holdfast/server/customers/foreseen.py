"""Errands of the analyst: what is to be expected of one customer (value, risk, next order), and what she would like next.

    customers.foreseen        what is kept of one person
    customers.foreseen.make   works it out for everybody, as a job once a day or after large changes

Three questions are answered for everybody at once, which takes minutes with a million customers; each answer is a file in
server/kept, in order of the hash of the id, in which one person is found by halving. Shops of up to FEW customers are worked
out when somebody asks, at most every ten minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from holdfast.errors import HoldfastError
from holdfast.server.customers.rows_by_id import RowsById, about_of, write

if TYPE_CHECKING:
    from holdfast.server.analyst.desk import Desk
    from holdfast.timelines.timelines import Timelines

__all__ = ["Foreseen", "Liking", "foreseen_errand", "forget", "liking_errand", "made_at", "make"]

KEY = "customers.foreseen"
LIKING = "customers.liking"
KEPT_SECONDS = 600
FEW = 50_000
EVERYBODY = 10**9
LIKED = 6

_WORKING = RLock()


@dataclass(frozen=True)
class Foreseen:
    """What is to be expected of somebody, as of the end of the data then; each part is None where it cannot be told.

    working     nothing is worked out yet: a job is at it, or will be
    next_order  last_order, next_order, half_from, half_to, unusual_on, usual_days, band
    value       value with low and high (90 %: her own future), p_alive, value_at_risk, over `months`
    risk        risk with low and high, band, reasons, over `days`
    why_not     part → why it cannot be told
    money       what the value is in: profit where the settings have a margin, revenue otherwise (SEMANTICS 14)
    """

    as_of: date
    next_order: dict[str, Any] | None = None
    value: dict[str, Any] | None = None
    risk: dict[str, Any] | None = None
    why_not: dict[str, str] = field(default_factory=dict)
    working: bool = False
    money: Literal["profit", "revenue"] = "revenue"


@dataclass(frozen=True)
class Liking:
    """What somebody would like next: (item, name, reason), the best first."""

    items: tuple[tuple[str, str, str], ...]
    said: str


def foreseen_errand(desk: Desk, person: str) -> Foreseen:
    """What is to be expected of a person."""
    timelines = desk.timelines()
    if timelines.customers <= FEW and _old(desk.folder):
        make(desk)
    held = _held(desk)
    if held is None:
        return Foreseen(timelines.as_of().last, working=True)
    rows = {name: table.row(person) for name, table in held.items()}
    return Foreseen(
        as_of=date.fromisoformat(held["value"].about["as_of"]),
        next_order=rows["next_order"],
        value=rows["value"],
        risk=rows["risk"],
        money="profit" if held["value"].about.get("money") == "profit" else "revenue",
        why_not={name: table.about["why not"] for name, table in held.items() if "why not" in table.about},
    )


def make(desk: Desk) -> int:
    """Work out what is to be expected of everybody and keep it; how many answers. One at a time."""
    with _WORKING:
        timelines = desk.timelines()
        about = {
            "as_of": timelines.as_of().last.isoformat(),
            "made_at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "events": str(timelines.events),
            "money": "revenue" if timelines.settings.margin is None else "profit",
        }
        erasures = desk.workspace.lake.erasures()
        for name, ask in _QUESTIONS.items():
            table, told = _answered(ask, timelines)
            write(_path(desk.folder, name), table, "customer", {**about, **told})
        if desk.workspace.lake.erasures() != erasures:
            forget(desk.folder)  # somebody who is in the tables was erased meanwhile
        return len(_QUESTIONS)


def forget(folder: Path) -> int:
    """Delete what is kept: somebody in it was erased; how many files."""
    paths = [path for name in _QUESTIONS for path in (_path(folder, name), _path(folder, name).with_suffix(".new"))]
    there = [path for path in paths if path.exists()]
    for path in there:
        path.unlink(missing_ok=True)
    return len(there)


def made_at(folder: Path) -> datetime | None:
    """When everything was worked out last; None when a part is missing."""
    try:
        return min(datetime.fromisoformat(about_of(_path(folder, name))["made_at"]) for name in _QUESTIONS)
    except (OSError, pa.ArrowInvalid):
        return None


def _old(folder: Path) -> bool:
    """Whether nothing is kept, or only what was worked out more than ten minutes ago, and the timelines have moved since."""
    made = made_at(folder)
    if made is None:
        return True
    moved = datetime.fromtimestamp((folder / "timelines").stat().st_mtime, UTC)
    return made < moved and made < datetime.now(UTC) - timedelta(seconds=KEPT_SECONDS)


def _held(desk: Desk) -> dict[str, RowsById] | None:
    """The kept answers, mapped; mapped anew where they were made anew."""
    try:
        stamp = [_path(desk.folder, name).stat().st_mtime_ns for name in _QUESTIONS]
        held: tuple[list[int], dict[str, RowsById]] | None = desk.kept.get(KEY)
        if held is None or held[0] != stamp:
            held = desk.kept[KEY] = (stamp, {name: RowsById.open(_path(desk.folder, name)) for name in _QUESTIONS})
    except FileNotFoundError:
        desk.kept.pop(KEY, None)
        return None
    return held[1]


def _path(folder: Path, name: str) -> Path:
    return folder / "server" / "kept" / f"{name}.foreseen.arrow"


def _answered(ask: Callable[[Timelines], pa.Table], timelines: Timelines) -> tuple[pa.Table, dict[str, str]]:
    """The table of a question; an empty one and the reason where it cannot be told."""
    try:
        return ask(timelines), {}
    except HoldfastError as error:
        return pa.table({"customer": pa.array([], pa.string())}), {"why not": str(error)}


def liking_errand(desk: Desk, person: str) -> Liking:
    """What a person would like next, of what others like her bought."""
    from holdfast.analyses.recommend import Recommend

    timelines, lines = _lines(desk)
    try:
        answer = Recommend(lines=lines, customer=person, top=LIKED).answer(timelines)
    except HoldfastError as error:
        return Liking((), str(error))
    rows = answer.table.to_pylist()
    return Liking(tuple((str(row["item"]), str(row["name"] or row["item"]), str(row["reason"])) for row in rows), answer.words)


def _next_order(timelines: Any) -> Any:
    from holdfast.analyses.next_order import NextOrder

    return NextOrder(limit=EVERYBODY).answer(timelines).table


def _value(timelines: Any) -> Any:
    from holdfast.analyses.value import CustomerValue

    return CustomerValue(limit=EVERYBODY).answer(timelines).table


def _risk(timelines: Any) -> Any:
    from holdfast.analyses.risk import Risk

    return Risk(limit=EVERYBODY).answer(timelines).table


_QUESTIONS: dict[str, Callable[[Any], Any]] = {"next_order": _next_order, "value": _value, "risk": _risk}


def _lines(desk: Desk) -> tuple[Any, Any]:
    """The timelines and the lines of all orders, kept for ten minutes."""
    held: tuple[float, Any, Any] | None = desk.kept.get(LIKING)
    if held is None or time.monotonic() > held[0]:
        held = desk.kept[LIKING] = (time.monotonic() + KEPT_SECONDS, desk.timelines(), desk.workspace.order_lines())
    return held[1], held[2]
