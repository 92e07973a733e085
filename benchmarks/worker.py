"""One engine, one phase, one process: prints one line of JSON for the runner.

python -m benchmarks.worker load ENGINE PARQUET FOLDER
python -m benchmarks.worker ask ENGINE PARQUET FOLDER QUESTION...
"""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.engine import ENGINES, Engine

RUNS = 5


def engine_of(name: str, folder: Path) -> Engine:
    """The engine of that name."""
    peer: Engine = import_module(ENGINES[name]).Peer(name, folder)
    return peer


def peak_mb() -> float:
    """The most memory this process and its children have held, in MB."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def load(engine: Engine, parquet: Path, folder: Path) -> dict[str, Any]:
    """Load and say what it cost."""
    start = perf_counter()
    engine.load(parquet)
    seconds = perf_counter() - start
    disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {"seconds": seconds, "peak_mb": peak_mb(), "disk_mb": disk / 2**20}


def ask(engine: Engine, questions: list[str]) -> dict[str, Any]:
    """Open, then ask each question: the first time, and the best of five further times."""
    start = perf_counter()
    engine.open()
    out: dict[str, Any] = {"open": perf_counter() - start, "answers": {}}
    for question in questions:
        times = []
        for _ in range(RUNS + 1):
            start = perf_counter()
            answer = engine.ask(question)
            times.append(perf_counter() - start)
        rows = sorted(engine.rows(question, answer))
        out["answers"][question] = {"first": times[0], "best": min(times[1:]), "rows": rows}
    return {**out, "peak_mb": peak_mb()}


def main() -> None:
    """Do what the arguments say."""
    phase, name, parquet, folder, *questions = sys.argv[1:]
    engine = engine_of(name, Path(folder))
    wanted = [question for question in engine.questions if not questions or question in questions or question == "summary"]
    done = load(engine, Path(parquet), Path(folder)) if phase == "load" else ask(engine, wanted)
    print(json.dumps(done))


if __name__ == "__main__":
    main()
