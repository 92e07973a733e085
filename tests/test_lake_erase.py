"""Erasing people: not one byte of their ids is left on the disk, and nobody else loses a row."""

from __future__ import annotations

import threading

import pytest
from lake_people import alias, batches, event, ids

from holdfast.events.lake import Lake

ANN = "Ann-0451-erase"
OLD_ANN = "Ann-1999-erase"
PHONE = "phone-77-erase"

STORY = [
    event(1, None, PHONE, key="phone alone, later known to be Ann's"),
    event(2, ANN, PHONE, key="Ann on her phone"),
    event(3, ANN, key="Ann"),
    event(4, OLD_ANN, key="Ann under her old id"),
    alias(5, OLD_ANN, ANN),
    event(6, "Ben", PHONE, key="Ben on Ann's phone"),
    event(7, "Ben", key="Ben"),
    event(8, None, "other-device", key="nobody"),
]


def traces(folder, *names):
    """Files under a folder that hold one of the names, byte by byte."""
    marks = [name.encode() for name in names]
    return [path for path in folder.rglob("*") if path.is_file() and any(mark in path.read_bytes() for mark in marks)]


@pytest.fixture
def lake(tmp_path):
    made = Lake.create(tmp_path / "events")
    made.append(batches(STORY[:5], size=2), batch="one")
    made.append(batches(STORY[5:]), batch="two")
    made.append(batches([event(9, "Cleo", key="Cleo")]), batch="three")
    return made


def test_ids_were_on_the_disk_before(lake):
    assert traces(lake.path, ANN)
    assert traces(lake.path, PHONE)


@pytest.mark.parametrize("name", [ANN, OLD_ANN, f"anon:{PHONE}"])
def test_person_is_gone_to_the_byte_by_whichever_id(lake, name):
    proof = lake.erase([name])
    assert {ANN, OLD_ANN, f"anon:{PHONE}"} <= set(proof.ids)
    assert (proof.rows, proof.blanked, proof.files, proof.remaining) == (5, 1, 2, 0)
    assert traces(lake.path, ANN, OLD_ANN, PHONE) == []
    assert ids(lake) == ["Ben on Ann's phone", "Ben", "nobody", "Cleo"]


def test_everybody_else_keeps_every_value(lake):
    before = [row for batch in lake.scan() for row in batch.to_pylist()]
    lake.erase([ANN])
    after = [row for batch in lake.scan() for row in batch.to_pylist()]
    kept = [{**row, "anonymous_id": None} if row["anonymous_id"] == PHONE else row for row in before if row["sequence"] > 4]
    assert after == kept


def test_erased_numbers_are_never_given_again(lake):
    lake.erase(["Cleo"])
    assert lake.append(batches([event(10, "Dan", key="Dan")]), batch="four").rows == 1
    assert [row["sequence"] for batch in lake.scan(["sequence"]) for row in batch.to_pylist()][-1] == 9


def test_same_file_does_not_bring_them_back(lake):
    lake.erase([ANN])
    assert lake.append(batches(STORY[:5]), batch="one").rows == 0
    assert traces(lake.path, ANN) == []


def test_unknown_person_changes_nothing(lake):
    version = lake.version()
    assert (lake.erase(["Nobody"]).rows, lake.version(), lake.erasures()) == (0, version, 0)


def test_erasure_is_counted_for_those_who_keep_copies(lake):
    lake.erase([ANN])
    lake.erase(["Cleo"])
    assert lake.erasures() == 2


def test_orphans_of_other_programs_with_the_name_go_too(lake):
    first = lake.files()[0].name
    (lake.path / "orphan.parquet").write_bytes((lake.path / first).read_bytes())
    lake.erase([ANN])
    assert traces(lake.path, ANN, PHONE) == []


def test_reader_that_began_before_reads_to_its_end(lake):
    reader = lake.scan(["event_id"])
    first = next(reader)["event_id"].to_pylist()
    erasing = threading.Thread(target=lake.erase, args=([ANN],))
    erasing.start()
    erasing.join()
    assert len(first + [one for batch in reader for one in batch["event_id"].to_pylist()]) == 9
