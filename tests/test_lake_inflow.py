"""The way into the lake for what arrives live: once a number, cheap, tidied up behind it."""

from __future__ import annotations

import threading

import numpy as np
import pyarrow as pa
import pytest

from holdfast.errors import InputError
from holdfast.events.lake import CROWD, Lake
from holdfast.events.lake_inflow import SMALL_LOG
from holdfast.events.schema import EVENTS


def events(*ids):
    count = len(ids)
    given = {
        "event_id": pa.array(ids, pa.string()),
        "type": pa.array(["track"] * count),
        "event": pa.array(["Clicked"] * count),
        "time": pa.array(np.arange(count) + 10**15, pa.timestamp("us", tz="UTC")),
        "sequence": pa.array(np.zeros(count, np.int64)),
        "customer_id": pa.array(["ann"] * count),
    }
    return pa.RecordBatch.from_arrays([given.get(one.name, pa.nulls(count, one.type)) for one in EVENTS], schema=EVENTS)


def ids(lake):
    return [one for batch in lake.scan(["event_id"]) for one in batch["event_id"].to_pylist()]


@pytest.fixture
def lake(tmp_path):
    return Lake.create(tmp_path / "lake")


def test_a_number_is_poured_once(lake):
    """Also by a process that starts anew and does the same rows again."""
    inflow = lake.inflow("inbox")
    assert inflow.mark() == 0
    assert inflow.pour([events("a", "b")], number=5, batch="live:2026-03-02").rows == 2
    assert inflow.pour([events("a", "b")], number=5, batch="live:2026-03-02").rows == 0
    anew = lake.inflow("inbox")
    assert (anew.mark(), anew.last_sequence()) == (5, 1)
    assert anew.pour([events("a")], number=4, batch="live:2026-03-02").rows == 0
    assert anew.pour([events("c")], number=6, batch="live:2026-03-03").rows == 1
    assert ids(lake) == ["a", "b", "c"]
    assert inflow.mark() == 6, "an inflow that was opened before sees what another one poured"


def test_another_source_counts_for_itself(lake):
    lake.inflow("one").pour([events("a")], number=5, batch="live:2026-03-02")
    assert lake.inflow("two").mark() == 0
    lake.inflow("two").pour([events("b")], number=1, batch="live:2026-03-02")
    assert ids(lake) == ["a", "b"]


def test_imports_and_live_events_are_numbered_in_turn(lake):
    inflow = lake.inflow("inbox")
    inflow.pour([events("a")], number=1, batch="live:2026-03-02")
    lake.append([events("b", "a")], batch="file")
    inflow.pour([events("c")], number=2, batch="live:2026-03-02")
    sequences = [one for batch in lake.scan(["sequence"]) for one in batch["sequence"].to_pylist()]
    assert (ids(lake), sequences) == (["a", "b", "c"], [0, 1, 2])


def test_a_crowd_of_files_is_joined_and_the_log_stays_small(lake):
    """So many commits leave few files, whatever lies before them is not written again, and nothing is lost."""
    inflow = lake.inflow("inbox")
    for number in range(1, 2 * CROWD + 1):
        inflow.pour([events(str(number))], number=number, batch="live:2026-03-02")
        inflow.tidied()
    assert len(lake.files()) <= CROWD
    assert ids(lake) == [str(number) for number in range(1, 2 * CROWD + 1)]
    assert SMALL_LOG.items() <= lake.table().metadata().configuration.items()
    assert list((lake.path / "_delta_log").glob("*.checkpoint*.parquet"))


def test_pouring_goes_on_beside_imports_and_erasures(lake):
    """Two writers in turn: the lock lets one at a time commit, and the open table follows the other's commits."""
    failures = []

    def imports():
        try:
            for number in range(8):
                lake.append([events(f"import {number}")], batch=f"file {number}")
            lake.erase(["nobody"])
        except Exception as error:
            failures.append(error)

    other = threading.Thread(target=imports)
    other.start()
    inflow = lake.inflow("inbox")
    for number in range(1, 9):
        inflow.pour([events(f"live {number}")], number=number, batch="live:2026-03-02")
    other.join()
    assert not failures
    assert len(set(ids(lake))) == len(ids(lake)) == 16


def test_a_gap_in_the_log_is_not_its_end(lake):
    """Others wrote meanwhile, and the entries that tell so are cleaned away. A commit into the gap would be seen by nobody."""
    inflow = lake.inflow("inbox")
    inflow.pour([events("a")], number=1, batch="live:2026-03-02")
    before = lake.version()
    for number in range(3):
        lake.append([events(f"import {number}")], batch=f"file {number}")
    lake.table().create_checkpoint()
    for version in range(before + 1, lake.version()):
        (lake.path / "_delta_log" / f"{version:020}.json").unlink()
    inflow.pour([events("b")], number=2, batch="live:2026-03-02")
    assert sorted(ids(lake)) == ["a", "b", "import 0", "import 1", "import 2"]


def test_events_need_the_schema(lake):
    with pytest.raises(InputError):
        lake.inflow("inbox").pour([events("a").drop_columns(["order_id"])], number=1, batch="live:2026-03-02")
