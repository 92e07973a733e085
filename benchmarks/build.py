"""What building costs: Parquet to timelines on disk, and merging 300,000 events of the following week into them.

    python -m benchmarks.build [--events 30e6]

The build and the merge run in processes of their own; peak memory is the process's, from start to end.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from benchmarks.make_events import events_file, fresh_file
from benchmarks.table import machine
from benchmarks.worker import peak_mb

HERE = Path(__file__).parent
FRESH = 300_000


def build(parquet: Path, store: Path) -> dict[str, float]:
    """Build from the file and save."""
    from benchmarks.ours import Peer

    start = perf_counter()
    Peer("holdfast", store.parent).load(parquet)
    return {"seconds": perf_counter() - start}


def merge(parquet: Path, store: Path) -> dict[str, float]:
    """Open the saved timelines, merge the fresh events, save the new generation; and once more, when all is compiled."""
    import pyarrow.parquet as pq

    from benchmarks.ours import SETTINGS
    from holdfast.timelines.timelines import Timelines

    fresh = pq.read_table(parquet)
    seconds, saved = [], []
    for _ in range(2):
        start = perf_counter()
        timelines = Timelines.open(store, SETTINGS)
        merged = timelines.merge(_batches(fresh, timelines.meta.last_sequence + 1))
        seconds.append(perf_counter() - start)
        merged.save(store.parent / "merged")
        saved.append(perf_counter() - start)
    return {
        "first": seconds[0],
        "seconds": seconds[1],
        "saved": saved[1],
        "customers": merged.customers,
        "events": merged.events,
    }


def _batches(fresh: object, first: int) -> list[object]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    table = fresh.append_column("sequence", pa.array(np.arange(first, first + fresh.num_rows)))  # type: ignore[attr-defined]
    ids = pc.cast(table["customer_id"], pa.string())
    batches: list[object] = table.set_column(0, "customer_id", ids).to_batches()
    return batches


def _child(phase: str, parquet: Path, store: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.build", "--phase", phase, str(parquet), str(store)]
    done = subprocess.run(command, cwd=HERE.parent, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    """Make the files, run both phases, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.build", description=__doc__)
    parser.add_argument("--events", default="3e6")
    parser.add_argument("--phase", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.phase:
        phase, parquet, store = asked.phase
        done = {"build": build, "merge": merge}[phase](Path(parquet), Path(store))
        print(json.dumps({**done, "peak_mb": peak_mb()}))
        return
    events = int(float(asked.events))
    store = HERE / "out" / f"{events}" / "build" / "timelines"
    store.parent.mkdir(parents=True, exist_ok=True)
    built = _child("build", events_file(events, HERE / "data").resolve(), store.resolve())
    merged = _child("merge", fresh_file(events, FRESH, HERE / "data").resolve(), store.resolve())
    print(machine())
    print(f"build of {events:,} events   {built['seconds']:.1f} s, peak {built['peak_mb']:,.0f} MB")
    print(
        f"merge of {FRESH:,} events   {merged['seconds']:.2f} s in memory, {merged['saved']:.2f} s with saving "
        f"(first time {merged['first']:.2f} s), "
        f"peak {merged['peak_mb']:,.0f} MB; {merged['events']:,.0f} events inside"
    )


if __name__ == "__main__":
    main()
