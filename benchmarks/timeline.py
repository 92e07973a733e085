"""What the timeline of one customer costs in a big workspace, warm: page, details, how soon a new event is there.

    python -m benchmarks.timeline WORKSPACE [--customers 200]

Reads the workspace as the analyst does; nothing in it is changed but with --fresh, which appends a few events.
"""

from __future__ import annotations

import argparse
import random
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.search import measured

SEED = 3


def run(folder: Path, customers: int, fresh: int) -> None:
    """Time pages, details and the arrival of new events."""
    from holdfast.server.analyst.desk import Desk
    from holdfast.server.customers import told_details, told_timeline
    from holdfast.server.customers.timeline import Wanted

    desk = Desk(folder)
    columns = desk.timelines().source.columns
    ids = columns.ids()
    chance = random.Random(SEED)
    some = [ids[chance.randrange(len(ids))].as_py() for _ in range(customers)]
    busiest = [ids[int(place)].as_py() for place in _busiest(columns, 20)]
    for kind, people in (("any customer", some), ("the busiest", busiest)):
        pages, details = [], []
        for person in people:
            start = perf_counter()
            shown = told_timeline.errand(desk, [person], Wanted(), "", 50)
            pages.append(perf_counter() - start)
            start = perf_counter()
            told_details.errand(desk, [person], [(row.time_us, row.event) for row in shown.rows[:20]])
            details.append(perf_counter() - start)
        measured(f"{kind}: page", pages[1:])
        measured(f"{kind}: details of 20", details[1:])
    if fresh:
        _arriving(desk, some, fresh)


def _busiest(columns: Any, count: int) -> Any:
    import numpy as np

    return np.argsort(np.diff(columns.offsets))[-count:]


def _arriving(desk: Any, people: list[str], rounds: int) -> None:
    """How long after its commit an event is on the page."""
    import pyarrow as pa

    from holdfast.events.schema import EVENTS
    from holdfast.server.customers import told_timeline
    from holdfast.server.customers.timeline import Wanted

    waits = []
    for number in range(rounds):
        now = datetime.now(UTC)
        row = {"event_id": f"fresh-{now.timestamp()}", "type": "track", "event": "Fresh", "time": now, "sequence": 0}
        table = pa.Table.from_pylist([{**row, "customer_id": people[number]}], EVENTS)
        desk.workspace.lake.append(table.to_batches(), batch=f"fresh-{now.timestamp()}")
        start = perf_counter()
        shown = told_timeline.errand(desk, [people[number]], Wanted(), "", 50)
        waits.append(perf_counter() - start)
        assert shown.rows[0].event == "Fresh"
    measured("a new event, from its commit", waits)


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.timeline", description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--customers", type=int, default=200)
    parser.add_argument("--fresh", type=int, default=0)
    asked = parser.parse_args()
    run(asked.workspace, asked.customers, asked.fresh)


if __name__ == "__main__":
    main()
