"""Holdfast keeps the customers a business has. This is the map of the house.

The way of the data, and where each step lives (lower rooms never import upper ones; `lint-imports` holds the order):

    a file                                           orders.csv, a pandas frame, a Parquet folder
     1. events/     read it, refuse what cannot be   readers, mapping, refusals; the lake keeps every event (Delta Lake)
     2. timelines/  sort it by customer and time     columns, mapped from disk, merged as events arrive; threads or Spark
     3. analyses/   ask                              Question (frozen) → one walk → Answer (table, words, figure, people)
     4. charts/     draw                             Plotly figures, one palette
     5. report/     tell                             one HTML file that opens offline
     6. workspace/  keep                             a business in a folder: settings, lake, timelines, questions as methods
     7. server/     serve it                         pages, intake, accounts, HTTP API: `holdfast serve` (holdfast[server])
     8. cli/        say it from the shell            one verb a file

    datasets/        real data in the package: CDNOW, Online Retail, the RFM reference; a made stream with known truth
    settings.py      what a business means by its numbers; settings_file.py reads and writes holdfast.toml
    errors.py        what can go wrong, as a tree; durations.py writes lengths of time

Start here:

    from holdfast import Workspace, Timelines, datasets
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast import datasets
    from holdfast.settings import Settings
    from holdfast.timelines.timelines import Timelines
    from holdfast.workspace import Workspace

__all__ = ["Settings", "Timelines", "Workspace", "__version__", "datasets"]

__version__ = "0.1.0"

_LATE = {
    "Settings": "holdfast.settings",
    "Timelines": "holdfast.timelines.timelines",
    "Workspace": "holdfast.workspace",
}


def __getattr__(name: str) -> Any:
    """Load a room when it is first entered, so that `import holdfast` stays quick."""
    if name == "datasets":
        return import_module("holdfast.datasets")
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module 'holdfast' has no attribute {name!r}")
