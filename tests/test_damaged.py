"""A workspace that was damaged from outside: what is derived is built again, what is lost is named, with its mend."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from shells import holdfast, small_shop

from holdfast.errors import WorkspaceError
from holdfast.workspace import Workspace


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small shop of one's own to damage, its timelines built."""
    folder = tmp_path / "shop"
    shutil.copytree(small_shop(), folder)
    assert holdfast("rfm", "-w", folder, "--json").code == 0
    return folder


def findings(shop: Path) -> list[str]:
    told = holdfast("doctor", "-w", shop, "--json")
    assert told.code == 1
    return [" ".join(map(str, row)) for row in json.loads(told.out)["table"]["rows"] if row[0] == "broken"]


@pytest.mark.parametrize("whole", [True, False], ids=["every file", "the pointer"])
def test_damaged_timelines_are_built_again(shop, whole):
    before = holdfast("rfm", "-w", shop, "--json").out
    files = [path for path in (shop / "timelines").rglob("*") if path.is_file() and (whole or path.name == "CURRENT")]
    for path in files:
        path.write_bytes(b"x")
    told = holdfast("rfm", "-w", shop, "--json")
    assert (told.code, told.out) == (0, before)


def test_a_lake_file_cut_short_is_named_by_question_and_doctor(shop):
    shutil.rmtree(shop / "timelines")
    path = next((shop / "lake").rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:50])
    told = holdfast("metrics", "-w", shop)
    assert told.code == 1
    assert "damaged" in told.err
    assert "holdfast doctor" in told.err
    assert "another size than was written" in findings(shop)[0]
    assert "backup" in findings(shop)[0]


def test_a_lake_with_a_damaged_log_is_said_in_one_line(shop):
    log = max((shop / "lake").rglob("_delta_log/*.json"))
    log.write_text("rubbish", "utf-8")
    told = holdfast("metrics", "-w", shop)
    assert told.code == 1
    assert len(told.err.strip().splitlines()) == 2
    assert "backup" in findings(shop)[0]


def test_who_asks_for_nobody_is_told_why(shop):
    told = holdfast("rfm", "-w", shop, "--where", "Country=Narnia", "--json")
    assert told.code == 0
    assert "nobody meets Country=Narnia" in json.loads(told.out)["notes"][0]
    early = holdfast("rfm", "-w", shop, "--as-of", "1999-01-01", "--json")
    assert "the data end on 2024-04-25" in json.loads(early.out)["notes"][0]
    assert not any("nobody" in note for note in json.loads(holdfast("rfm", "-w", shop, "--json").out)["notes"])


def test_a_lake_of_a_newer_version_is_read_but_not_written(tmp_path):
    """Its files hold columns that this version would leave out when it rewrites them (compaction, erasure)."""
    from deltalake import DeltaTable, Field
    from deltalake.schema import PrimitiveType

    shop = Workspace.create(tmp_path / "newer")
    DeltaTable(str(shop.path / "lake" / "events")).alter.add_columns([Field("future", PrimitiveType("string"))])
    opened = Workspace.open(tmp_path / "newer")
    assert opened.lake.rows() == 0
    for write in (opened.lake.compact, lambda: opened.erase(["ann"])):
        with pytest.raises(WorkspaceError, match="future"):
            write()
