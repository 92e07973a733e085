"""A whole workspace of the size of the bars: 30 million events of one million customers with names, in a lake.

    python -m benchmarks.big_workspace FOLDER [--events 30e6]

Makes holdfast.toml, the lake and the timelines, as an import does; every customer is identified once, with a made-up name,
an e-mail address and a city. What is there already is left as it is.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.make_events import BEGIN_MS, events_file
from benchmarks.ours import SETTINGS
from holdfast.events.schema import EVENTS, MONEY
from holdfast.workspace import Workspace

__all__ = ["made", "people"]

FIRST = (
    "Ada",
    "Bela",
    "Carla",
    "Dilan",
    "Edda",
    "Femi",
    "Greta",
    "Hana",
    "Ines",
    "Jonas",
    "Kofi",
    "Lena",
    "Milo",
    "Nils",
    "Olu",
    "Pia",
)
LAST = (
    "Abbott",
    "Berg",
    "Costa",
    "Diaz",
    "Eriksen",
    "Fischer",
    "Garcia",
    "Haas",
    "Ivanov",
    "Jensen",
    "Kaya",
    "Lopez",
    "Moreau",
    "Novak",
)
CITIES = ("Leeds", "Bristol", "Cork", "Bremen", "Lyon", "Bilbao", "Turin", "Malmö", "Łódź", "Århus")
A_BATCH = 250_000
START = datetime.fromtimestamp(BEGIN_MS / 1000, UTC)


def made(folder: Path, events: int, scratch: Path) -> Workspace:
    """The workspace, made when it is not there."""
    if (folder / "holdfast.toml").exists():
        return Workspace.open(folder)
    workspace = Workspace.create(folder, replace(SETTINGS, name="Big shop"))
    source = events_file(events, scratch)
    workspace.lake.append(_both(source), batch="big")
    return workspace


def _both(source: Path) -> Iterator[pa.RecordBatch]:
    yield from people(np.unique(pq.read_table(source, columns=["customer_id"])["customer_id"].drop_null().to_numpy()))
    row = 0
    for batch in pq.ParquetFile(source).iter_batches(A_BATCH):
        yield _events(batch, row)
        row += batch.num_rows


def people(customers: np.ndarray) -> Iterator[pa.RecordBatch]:
    """An identify event of each of these customers."""
    for low in range(0, len(customers), A_BATCH):
        rows = [_person(int(number)) for number in customers[low : low + A_BATCH]]
        yield pa.RecordBatch.from_pylist(rows, schema=EVENTS)


def _person(number: int) -> dict[str, object]:
    first, last = FIRST[number * 7 % len(FIRST)], LAST[number // 16 % len(LAST)]
    city, email = CITIES[number % len(CITIES)], f"{first}.{last}.{number}@example.com".lower()
    phone = f"+44 7700 {number % 1_000_000:06d}"
    traits = f'{{"name":"{first} {last}","email":"{email}","phone":"{phone}","city":"{city}"}}'
    return {
        "event_id": f"i{number}", "type": "identify", "event": "Identify", "time": START, "sequence": 0,
        "customer_id": str(number), "properties": traits, "source": "made", "batch": "",
    }  # fmt: skip


def _events(batch: pa.RecordBatch, row: int) -> pa.RecordBatch:
    """Rows of the made stream in the schema of the lake."""
    n = batch.num_rows
    numbers = pa.array(np.arange(row, row + n))
    country = pc.cast(batch["country"], pa.string())
    properties = pc.binary_join_element_wise('{"country":"', country, '"}', "")
    columns = {
        "event_id": pc.binary_join_element_wise("e", pc.cast(numbers, pa.string()), ""),
        "type": pa.repeat(pa.scalar("track"), n),
        "event": pc.cast(batch["event"], pa.string()),
        "time": pc.cast(batch["time"], pa.timestamp("us", tz="UTC")),
        "sequence": numbers,
        "customer_id": pc.cast(batch["customer_id"], pa.string()),
        "order_id": pc.cast(batch["order_id"], pa.string()),
        "revenue": pc.cast(batch["revenue"], MONEY),
        "currency": pc.if_else(batch["revenue"].is_valid(), pa.scalar("GBP"), pa.scalar(None, pa.string())),
        "properties": properties,
        "source": pa.repeat(pa.scalar("made"), n),
    }
    return pa.record_batch([columns.get(one.name, pa.nulls(n, one.type)) for one in EVENTS], schema=EVENTS)


def main() -> None:
    """Make it, and say how long each part took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=float, default=30e6)
    parser.add_argument("--scratch", type=Path, default=Path("benchmarks/data"))
    said = parser.parse_args()
    begun = time.monotonic()
    workspace = made(said.folder, int(said.events), said.scratch)
    print(f"lake: {workspace.lake.rows():,} events, {time.monotonic() - begun:.0f} s", flush=True)
    timelines = workspace.timelines
    print(f"timelines: {timelines.customers:,} customers, {timelines.events:,} events, {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
