"""The runner: every engine on the same events, figures compared, times and memory as a table."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.engine import ENGINES, QUESTIONS
from benchmarks.make_events import events_file
from benchmarks.table import printed, written

HERE = Path(__file__).parent
PEERS = HERE.parent / ".venv" / "peers" / "bin" / "python"


def main() -> int:
    """Run, compare, print; 1 when two engines disagree."""
    asked = _arguments()
    events = int(float(asked.events))
    parquet = events_file(events, HERE / "data").resolve()
    results: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys(("holdfast", *asked.peers)):
        print(f"{name} ...", file=sys.stderr, flush=True)
        results[name] = _run(name, parquet, HERE / "out" / f"{events}" / name, asked.questions)
    wrong = disagreements(results)
    text = printed(events, results, wrong)
    print(text)
    print(f"written to {written(text, events, HERE / 'results')}", file=sys.stderr)
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--events", default="3e6", help="how many events, such as 3e6, 30e6 or 300e6")
    parser.add_argument("--peers", nargs="+", choices=list(ENGINES), default=list(ENGINES), help="engines beside Holdfast")
    parser.add_argument("--questions", nargs="+", choices=QUESTIONS, default=list(QUESTIONS))
    return parser.parse_args()


def _run(name: str, parquet: Path, folder: Path, questions: list[str]) -> dict[str, Any]:
    """Load and ask in two processes; a word instead of figures when the engine is missing or fails."""
    folder.mkdir(parents=True, exist_ok=True)
    out: dict[str, Any] = {}
    for phase in ("load", "ask"):
        python = sys.executable if name == "holdfast" or not PEERS.exists() else str(PEERS)
        command = [python, "-m", "benchmarks.worker", phase, name, str(parquet), str(folder.resolve())]
        done = subprocess.run(
            command + (questions if phase == "ask" else []),
            cwd=HERE.parent,
            env={**os.environ, "RETENTIONEERING_NO_TRACK": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
            return {"missing": said}
        out[phase] = json.loads(done.stdout.strip().splitlines()[-1])
    return out


def disagreements(results: dict[str, dict[str, Any]]) -> list[str]:
    """Every question on which two engines differ, with the first rows that only one has."""
    out = []
    for question in QUESTIONS:
        answers = {name: found["ask"]["answers"].get(question) for name, found in results.items() if "ask" in found}
        given = {name: {tuple(row) for row in answer["rows"]} for name, answer in answers.items() if answer}
        for name, rows in list(given.items())[1:]:
            first, others = next(iter(given.items()))
            if rows != others:
                out.append(f"{question}: {first} {sorted(others - rows)[:3]} but {name} {sorted(rows - others)[:3]}")
    return out


if __name__ == "__main__":
    sys.exit(main())
