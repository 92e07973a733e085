"""Holdfast: timelines from the Parquet file, saved, mapped, asked through the public API."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.engine import QUESTIONS, Rows
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

__all__ = ["SETTINGS", "Peer", "timelines_of"]

SETTINGS = Settings(zone="Europe/London", currency="GBP", gone_after=90)
TREE_STEPS = 5
BRIDGE_COLUMNS = ("start", "new", "returned", "lost", "end")


def timelines_of(parquet: Path) -> Timelines:
    """Build timelines from the events file."""
    return Timelines.from_parquet(parquet, SETTINGS)


class Peer:
    """Holdfast. An answer holds its intervals, curves and definition as well as the counts; all of it is timed."""

    questions = QUESTIONS

    def __init__(self, name: str, folder: Path) -> None:
        self.store = folder / "timelines"

    def load(self, parquet: Path) -> None:
        """Build and save."""
        shutil.rmtree(self.store, ignore_errors=True)
        timelines_of(parquet).save(self.store)

    def open(self) -> None:
        """Map the store."""
        self.timelines = Timelines.open(self.store, SETTINGS)

    def ask(self, question: str) -> Any:
        """Ask the question of that name."""
        return self.timelines.ask(_question(question))

    def rows(self, question: str, answer: Any) -> Rows:
        """The answer's table in the runner's rows."""
        rows: Rows = ROWS.get(question, _grid)(answer)
        return rows


def _question(name: str) -> Any:
    from holdfast.analyses.bridge import Bridge
    from holdfast.analyses.cohorts import Cohorts
    from holdfast.analyses.early_signs import EarlySigns
    from holdfast.analyses.funnel import Funnel
    from holdfast.analyses.paths import Paths
    from holdfast.analyses.personas import Personas
    from holdfast.analyses.rfm import Rfm
    from holdfast.analyses.transitions import Transitions

    return {
        "first_orders": Cohorts(period="month"),
        "any_event": Cohorts(period="week", start=("any",)),
        "rfm": Rfm(),
        "bridge": Bridge(period="month", gone_after=90),
        "transitions": Transitions(gap_minutes=None, times="none"),
        "funnel": Funnel(("Product Viewed", "Product Added", "Order Completed"), window="24 hours"),
        "tree": Paths("Checkout Started", steps=5, gap_minutes=None, loops="kept"),
        "early_signs": EarlySigns(),
        "personas": Personas(),
    }[name]


def _month(label: str) -> int:
    return (int(label[:4]) - 1970) * 12 + int(label[5:7]) - 1


def _period(label: str) -> int:
    """Months since January 1970 of "2023-01", weeks since 29 December 1969 of "2023-01-02" or "2023-W01"."""
    if "W" in label:
        monday = date.fromisocalendar(int(label[:4]), int(label[6:]), 1)
    elif len(label) == 10:
        monday = date.fromisoformat(label)
    else:
        return _month(label)
    return ((monday - date(1970, 1, 1)).days + 3) // 7


def _grid(answer: Any) -> Rows:
    sizes: dict[int, int] = {}
    rows: Rows = []
    for cell in answer.table.to_pylist():
        if cell["cohort"] == "all":
            continue
        cohort = _period(cell["cohort"])
        sizes[cohort] = cell["size"]
        if cell["period"] > 0 and cell["customers"]:
            rows.append((cohort, cell["period"], cell["customers"]))
    return rows + [(cohort, 0, size) for cohort, size in sizes.items() if size]


def _segments(answer: Any) -> Rows:
    return [
        (row["rfm"], row["customers"], round(row["frequency"] * row["customers"]), round(row["revenue"] * 100))
        for row in answer.table.to_pylist()
        if row["customers"]
    ]


def _bridge(answer: Any) -> Rows:
    return [(_month(row["period"]), *(row[name] for name in BRIDGE_COLUMNS)) for row in answer.table.to_pylist()]


def _transitions(answer: Any) -> Rows:
    """The counts between events, without starts and drop-offs."""
    return [
        (row["from"], row["to"], row["transitions"])
        for row in answer.table.to_pylist()
        if row["from"] != "(start)" and row["to"] != "(drop-off)"
    ]


def _funnel(answer: Any) -> Rows:
    return [(row["step"], row["reached"]) for row in answer.table.to_pylist()]


def _tree(answer: Any) -> Rows:
    """The links between layers, without the customers who have no path and what goes on after the last layer."""
    return [
        (row["layer"], row["from"], row["to"], row["count"])
        for row in answer.table.to_pylist()
        if row["layer"] is not None and 0 <= row["layer"] < TREE_STEPS and row["count"]
    ]


def _scope(answer: Any) -> Rows:
    return [("customers in scope", answer.definition.n)]


ROWS = {
    "rfm": _segments, "bridge": _bridge, "transitions": _transitions, "funnel": _funnel, "tree": _tree, "early_signs": _scope,
    "personas": _scope,
}  # fmt: skip
