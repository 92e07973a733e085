"""The lake: all of an import or nothing, never twice, readable while it is written."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st
from lake_people import batches, event, ids, many, sequences

from holdfast.errors import InputError, WorkspaceError
from holdfast.events import lake as lake_module
from holdfast.events.lake import Appended, Lake
from holdfast.events.lake_files import LakeFile, write_files
from holdfast.events.lake_known import near
from holdfast.events.lake_stage import numbered
from holdfast.events.locking import held_by, holding

JANUARY = [
    event(1, "Ann", revenue="10.05"),
    event(2, "Ben", revenue="20"),
    event(30, "Ann", revenue="5.5"),
    event(40, None, "dev-1"),
]
FEBRUARY = [event(800, "Ann", revenue="7"), event(900, "Cleo", revenue="8")]


@pytest.fixture
def lake(tmp_path):
    return Lake.create(tmp_path / "events")


def test_import_comes_in_whole_numbered_and_labelled(lake):
    assert lake.append(batches(JANUARY), batch="january") == Appended(rows=4, known=0, version=1)
    rows = pa.Table.from_batches(lake.scan()).to_pylist()
    assert [row["customer_id"] for row in rows] == ["Ann", "Ben", "Ann", None]
    assert [row["sequence"] for row in rows] == [0, 1, 2, 3]
    assert {row["batch"] for row in rows} == {"january"}
    assert str(rows[0]["revenue"]) == "10.0500"
    assert (lake.rows(), lake.last_sequence(), lake.version()) == (4, 3, 1)


def test_same_import_twice_changes_nothing(lake):
    lake.append(batches(JANUARY), batch="january")
    before = lake.snapshot()
    assert lake.append(batches(JANUARY), batch="january") == Appended(rows=0, known=4, version=1)
    assert lake.append(batches(JANUARY), batch="the same rows in another file") == Appended(rows=0, known=4, version=1)
    assert lake.snapshot() == before


def test_longer_export_brings_only_what_is_new(lake):
    lake.append(batches(JANUARY), batch="january")
    assert lake.append(batches([*JANUARY, *FEBRUARY]), batch="february") == Appended(rows=2, known=4, version=2)
    assert sequences(lake) == [0, 1, 2, 3, 4, 5]
    assert [row["event_id"] for row in [*JANUARY, *FEBRUARY]] == ids(lake)


def test_id_repeated_inside_one_import_comes_in_once(lake):
    twice = [event(1, "Ann", key="a"), event(2, "Ben", key="b"), event(1, "Ann", key="a"), event(3, "Ann", key="c")]
    assert lake.append(batches(twice, size=2), batch="x") == Appended(rows=3, known=1, version=1)
    assert ids(lake) == ["a", "b", "c"]
    assert sequences(lake) == [0, 1, 2]


def test_event_sent_again_with_a_corrected_clock_is_known(lake):
    lake.append(batches([event(100, "Ann", key="phone-1")]), batch="first")
    assert lake.append(batches([event(101, "Ann", key="phone-1")]), batch="again").known == 1


def test_only_files_near_in_time_are_compared():
    day = 86_400_000_000
    stored = [LakeFile(f"day {n}", 10, 1, 10 * n, 10 * n + 9, n * day, (n + 1) * day - 1) for n in range(30)]
    fresh = [LakeFile("fresh", 5, 1, 300, 304, 10 * day, 10 * day + 5)]
    assert [file.name for file in near(stored, fresh)] == ["day 9", "day 10", "day 11"]


def test_empty_import_is_no_error_and_is_remembered(lake):
    assert lake.append([], batch="nothing").rows == 0
    assert lake.knows("nothing")
    assert lake.last_sequence() == -1


@pytest.mark.parametrize("wrong", [{"event_id": None}, {"time": None}])
def test_event_without_id_or_time_is_refused_and_leaves_no_trace(lake, wrong):
    bad = pa.Table.from_pylist([{**event(1, "Ann"), **wrong}], lake_module.EVENTS).to_batches()
    with pytest.raises(InputError, match="need a value in every row"):
        lake.append([*batches(JANUARY), *bad], batch="bad")
    assert (lake.rows(), lake.leftovers(), list(lake.path.glob("*.parquet"))) == (0, [], [])


def test_other_columns_are_an_input_error(lake):
    with pytest.raises(InputError, match="events need the columns"):
        lake.append([pa.record_batch({"who": ["Ann"]})], batch="bad")


def test_reading_that_fails_half_way_leaves_nothing(lake):
    def broken():
        yield from batches(JANUARY)
        raise OSError("the disk was pulled out")

    with pytest.raises(OSError, match="pulled out"):
        lake.append(broken(), batch="half")
    assert (lake.rows(), lake.leftovers(), list(lake.path.glob("*.parquet"))) == (0, [], [])
    assert lake.append(batches(JANUARY), batch="half").rows == 4


def test_missing_lake_names_the_mend(tmp_path):
    with pytest.raises(WorkspaceError, match="holdfast init"):
        Lake.open(tmp_path / "nothing")


def test_damaged_log_is_a_clear_error(lake):
    lake.append(batches(JANUARY), batch="january")
    for entry in (lake.path / "_delta_log").glob("*.json"):
        entry.write_bytes(b"\x00 not json")
    with pytest.raises(WorkspaceError, match="cannot be read"):
        Lake.open(lake.path)


def test_scan_reads_on_from_a_sequence(lake):
    lake.append(many(300_000, size=50_000), batch="a")
    lake.append(batches(FEBRUARY), batch="b")
    later = pa.Table.from_batches(lake.scan(["customer_id"], after_sequence=299_998))
    assert later.column_names == ["customer_id"]
    assert later["customer_id"].to_pylist() == ["C99", "Ann", "Cleo"]


def test_log_never_holds_a_name(lake):
    lake.append(batches([event(1, "Ann-Secret", "device-Secret"), event(2, "Zoe-Secret")]), batch="x")
    assert not [path for path in (lake.path / "_delta_log").iterdir() if b"Secret" in path.read_bytes()]


def test_compaction_keeps_every_row_in_order_and_running_readers(lake):
    for number, row in enumerate([*JANUARY, *FEBRUARY]):
        lake.append(batches([row]), batch=f"{number}")
    before, running = ids(lake), lake.scan(["event_id"])
    first = next(running)["event_id"].to_pylist()
    assert (lake.compact().joined, len(lake.files())) == (6, 1)
    assert ids(lake) == before
    assert first + [one for batch in running for one in batch["event_id"].to_pylist()] == before
    assert lake.append(batches(JANUARY), batch="again").known == 4


def test_crowd_of_small_imports_is_joined_by_itself(lake, monkeypatch):
    monkeypatch.setattr(lake_module, "CROWD", 4)
    for hour in range(9):
        lake.append(batches([event(hour, "Ann")]), batch=f"{hour}")
    assert len(lake.files()) <= 4
    assert sequences(lake) == list(range(9))


def test_two_writers_both_come_in_with_different_numbers(lake):
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda n: Lake.open(lake.path).append(many(5000, first=5000 * n), batch=f"{n}"), range(2)))
    assert [one.rows for one in done] == [5000, 5000]
    assert sequences(lake) == list(range(10_000))


def test_commit_of_a_writer_without_our_lock_is_met_by_trying_again(lake, monkeypatch):
    lake.append(batches(JANUARY), batch="january")
    real, met = lake_module.repeated, []

    def meanwhile(*arguments):
        if len(met) < 2:
            met.append(
                DeltaTable(str(lake.path)).alter.set_table_properties(
                    {"delta.logRetentionDuration": f"interval {9 + len(met)} days"}
                )
            )
        return real(*arguments)

    monkeypatch.setattr(lake_module, "repeated", meanwhile)
    assert lake.append(batches(FEBRUARY), batch="february") == Appended(rows=2, known=0, version=4)
    assert ids(lake) == [row["event_id"] for row in [*JANUARY, *FEBRUARY]]


def test_same_rows_from_another_machine_between_comparing_and_commit_come_in_once(lake, monkeypatch):
    """Another machine, which our file lock cannot stop, commits February's first row just before we do."""
    real, met = lake_module.repeated, []

    def meanwhile(*arguments):
        known = real(*arguments)
        if not met:
            met.append(True)
            other = Lake(lake.path)
            with other.staging() as stage:
                fresh = tuple(write_files(stage, numbered(batches(FEBRUARY[:1]), other.last_sequence() + 1, "theirs")))
                assert other._join(stage, fresh, "theirs").rows == 1
        return known

    monkeypatch.setattr(lake_module, "repeated", meanwhile)
    met.append(True)
    lake.append(batches(JANUARY), batch="january")
    met.clear()
    assert lake.append(batches(FEBRUARY), batch="february") == Appended(rows=1, known=1, version=3)
    assert sorted(ids(lake)) == sorted(row["event_id"] for row in [*JANUARY, *FEBRUARY])
    assert sequences(lake) == list(range(6))


def test_reader_sees_whole_imports_only(lake):
    stop, seen, failed = threading.Event(), set(), []

    def reading():
        try:
            while not stop.is_set():
                seen.add(sum(batch.num_rows for batch in lake.scan(["customer_id"])))
        except Exception as error:
            failed.append(error)

    reader = threading.Thread(target=reading)
    reader.start()
    for number in range(4):
        lake.append(many(20_000, first=20_000 * number), batch=f"{number}")
    lake.compact()
    stop.set()
    reader.join()
    assert not failed
    assert seen <= {0, 20_000, 40_000, 60_000, 80_000}
    assert len(seen) > 1


def test_lock_names_its_holder_and_goes_with_it(tmp_path):
    path = tmp_path / "lock"
    assert held_by(path) is None
    with holding(path):
        assert held_by(path) is not None
        with pytest.raises(WorkspaceError, match="is writing"), holding(path, patience_seconds=0.05):
            pass
    assert held_by(path) is None


@settings(max_examples=12)
@given(st.lists(st.integers(0, 40), max_size=40), st.integers(1, 5), st.integers(0, 2**16))
def test_any_split_into_imports_gives_the_same_lake(tmp_path_factory, hours, size, seed):
    """Law: however the rows are cut into imports and batches, every event is in once, in order of first arrival."""
    rows = [event(hour, f"C{hour % 3}") for hour in hours]
    lake = Lake.create(tmp_path_factory.mktemp("lake") / "events")
    chance, place, part = random.Random(seed), 0, 0
    while place < len(rows):
        step = chance.randint(1, len(rows))
        overlap = chance.randint(0, place)
        lake.append(batches(rows[place - overlap : place + step], size), batch=f"part {part}")
        place, part = place + step, part + 1
    assert ids(lake) == list(dict.fromkeys(row["event_id"] for row in rows))
    assert sequences(lake) == list(range(len(set(hours))))
