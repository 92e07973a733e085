"""The lake seen from its log alone: how far it is, without the engine that reads it.

Source: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (log entries, transaction identifiers).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from holdfast.server.place import folder

__all__ = ["entry", "last_sequence", "log_folder", "newest_version"]

SEQUENCE = "holdfast:sequence"
BACK = 200
"""So many commits back the number of the latest event is looked for: compaction and erasure do not say it."""


def log_folder() -> Path:
    """Where the log of the lake is that is served."""
    return folder() / "lake" / "events" / "_delta_log"


def entry(log: Path, version: int) -> Path:
    """The file of one version."""
    return log / f"{version:020d}.json"


def newest_version(log: Path, known: int = -1) -> int:
    """The newest version of the table with this log, at least `known`; -1 when there is none.

    From a known version on, each later one is looked for by its name: the log of a busy lake has very many files.
    """
    if known < 0:
        names = os.listdir(log)  # noqa: PTH208 - names alone, there may be many
        known = max((int(name[:20]) for name in names if name.endswith(".json") and name[:20].isdigit()), default=-1)
    while entry(log, known + 1).exists():
        known += 1
    return known


def last_sequence(log: Path, version: int) -> int | None:
    """The number of the latest event, which is how many ever arrived less one; None when the log does not say it."""
    for number in range(version, max(-1, version - BACK), -1):
        try:
            lines = entry(log, number).read_text("utf-8").splitlines()
        except FileNotFoundError:
            return None
        for line in lines:
            marked = json.loads(line).get("txn", {}) if SEQUENCE in line else {}
            if marked.get("appId") == SEQUENCE:
                return int(marked["version"])
    return None
