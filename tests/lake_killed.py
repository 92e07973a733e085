"""A process that imports or merges and is killed: at a named point by itself, or by its parent at any instant.

Usage: python lake_killed.py WORKSPACE ROWS POINT     (POINT: "none" or one of POINTS)
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lake_people import many

from holdfast.events import lake as lake_module
from holdfast.events.lake import Lake

POINTS = ("while staging", "before comparing", "before moving in", "before the commit", "after the commit", "while compacting")


def die(*_: Any) -> None:
    """The end, without a chance to tidy up."""
    os.kill(os.getpid(), signal.SIGKILL)


def before(name: str, module: Any = lake_module) -> None:
    """Die when `name` is called."""
    setattr(module, name, die)


def after(name: str) -> None:
    """Die when `name` is done."""
    real: Callable[..., Any] = getattr(lake_module, name)

    def wrapped(*arguments: Any) -> None:
        real(*arguments)
        die()

    setattr(lake_module, name, wrapped)


def main(path: str, rows: int, point: str) -> None:
    """Append `rows` orders as the import "killed"."""
    lake = Lake.open(Path(path))
    events = many(rows)
    if point == "while staging":
        events = (batch if number < 3 else die() for number, batch in enumerate(many(rows)))
    elif point == "before comparing":
        before("repeated")
    elif point == "before moving in":
        before("moved_in")
    elif point == "before the commit":
        after("moved_in")
    elif point in ("after the commit", "while compacting"):
        Lake._uncrowd = die
    print("ready", flush=True)
    if point == "while compacting":
        after("moved_in")
        lake.compact()
    else:
        lake.append(events, batch="killed")
    print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
