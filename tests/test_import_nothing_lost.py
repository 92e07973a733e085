"""Rows that are refused are kept whole, and people who are erased leave no trace in what waits or was left by a kill."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from imported import bring, lines, orders, waiting
from shells import holdfast

from holdfast.errors import InputError
from holdfast.events.options import ImportOptions
from holdfast.events.plan import plan_import
from holdfast.events.reading import read_events
from holdfast.settings import Settings
from holdfast.workspace import Workspace


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "shop", Settings(currency="GBP"))


def refused(shop: Workspace, rows: str) -> Path:
    path = shop.path.parent / "export.csv"
    path.write_text("order,customer,date,amount\n" + rows)
    bring(shop, path)
    return waiting(shop)


def test_a_row_with_a_field_beyond_the_limit_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("customer,date,amount,note\nann,2024-01-05,1.00," + "x" * 500 + "\nben,2024-01-05,1.00,n\n")
    reading = read_events(plan_import(path, Settings(), options=ImportOptions(field_limit=100)), Settings())
    assert sum(batch.num_rows for batch in reading.events) == 1
    (one,) = reading.refusals
    assert one.row == 2
    assert "ann" in (one.raw or "")
    assert "x" * 500 in (one.raw or "")


def test_an_erased_customer_leaves_the_refusals_however_her_id_was_written(shop: Workspace) -> None:
    kept = refused(shop, "1,17850.0,2024-01-01,5.00\n2, 17850.00 ,never,5.00\n3,17851.0,never,5.00\n")
    shop.erase(["17850"])
    assert "17850" not in kept.read_text()
    assert "17851" in kept.read_text()


def test_an_erasure_goes_through_a_refusals_file_that_a_person_has_broken(shop: Workspace) -> None:
    kept = refused(shop, "1,mia,never,5.00\n2,ben,never,5.00\n")
    with kept.open("ab") as file:
        file.write(b'{"values": {"customer": "mia" \n{"half": \xe9 ben\n')
    shop.erase(["mia"])
    assert b"mia" not in kept.read_bytes()
    assert kept.read_bytes().count(b"ben") == 2


def test_an_erasure_takes_away_what_a_killed_import_left_half_written(shop: Workspace) -> None:
    """A kill between writing a draft and putting it in place leaves `.NAME.jsonl.PID`, with rows of people in it."""
    refused(shop, "1,ben,never,5.00\n")
    draft = shop.path / "refusals" / ".abc.jsonl.999999"
    draft.write_text(json.dumps({"values": {"customer": "ann"}}))
    shop.erase(["ann"])
    assert not draft.exists()


def test_refusals_are_forgotten_before_the_lake_so_that_a_kill_between_can_be_repeated(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id joined with the erased one is known from the lake alone: after the lake's erasure nobody could tell it."""
    path = shop.path.parent / "events.csv"
    path.write_text("event,type,userId,anonymousId,timestamp\nSeen,track,ann,device7,2024-01-01\nSeen,track,,device7,never\n")
    bring(shop, path)
    kept = waiting(shop)
    assert "device7" in kept.read_text()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("holdfast.events.lake.Lake.erase", killed)
    with pytest.raises(KeyboardInterrupt):
        shop.erase(["ann"])
    assert not kept.exists()


def test_a_broken_line_in_a_refusals_file_is_named(shop: Workspace) -> None:
    kept = refused(shop, "1,ann,never,5.00\n")
    with kept.open("a") as file:
        file.write("this is no JSON\n")
    for action in ("list", "count"):
        told = holdfast("refusals", action, "-w", shop.path)
        assert told.code == 1
        assert "line 2" in told.err


def test_a_sheet_with_one_cell_in_the_farthest_corner_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["customer", "date", "amount"], ["ann", "2024-01-05", 1], ["ben", "2024-01-05", 2]):
        sheet.append(row)
    sheet.cell(row=1_048_576, column=16_384).value = "x"
    book.save(tmp_path / "far.xlsx")
    with pytest.raises(InputError, match="far from"):
        plan_import(tmp_path / "far.xlsx", Settings())


def test_an_order_that_comes_under_another_customer_is_said_and_an_alias_makes_it_one(shop: Workspace) -> None:
    """Ann changes her address; the next export has it on her old orders too. Ben's order numbers are his own."""
    lines(shop, "may.csv", "1,ann@old.example,2024-01-01,cup,1,10,\n2,ben,2024-01-02,cup,1,5,")
    record = lines(
        shop, "june.csv", "1,ann@new.example,2024-01-01,cup,1,10,\n2,ben,2024-01-02,cup,1,5,\n1,cleo,2025-06-01,tea,1,7,"
    )
    assert record.counts["orders_elsewhere"] == 1
    assert orders(shop) == [5, 7, 10, 10]
    path = shop.path.parent / "alias.csv"
    path.write_text("type,event,userId,previousId,timestamp\nalias,Alias,ann@new.example,ann@old.example,2024-02-01\n")
    bring(shop, path)
    assert orders(shop) == [5, 7, 10]
