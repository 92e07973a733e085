"""A workspace: files come in once, timelines stay level with the lake, people go without a trace."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lake_people import event

from holdfast.errors import SettingsError, WorkspaceError
from holdfast.events.plan import plan_import
from holdfast.events.reading import read_events
from holdfast.settings import Settings
from holdfast.workspace import Workspace
from holdfast.workspace import stored as stored_module

LONDON = Settings(name="Ann's", zone="Europe/London", currency="GBP")
NOW = datetime(2025, 1, 1, tzinfo=UTC)

MARCH = """customer_id,order_id,time,revenue
Ann,1,2024-03-01 10:00,10.05
Ben,2,2024-03-02 11:00,20.00
Ann,3,2024-03-09 12:00,5.00
"""
BAD_ROW = "Dan,4,not a day,7.00\n"
APRIL = "Cleo,5,2024-04-01 10:00,12.00\nAnn,6,2024-04-02 10:00,3.00\n"


@pytest.fixture
def shop(tmp_path):
    return Workspace.create(tmp_path / "shop", LONDON)


def bring(shop, path: Path, text: str | None = None, now=NOW):
    if text is not None:
        path.write_text(text)
    plan = plan_import(path, shop.settings)
    return shop.import_(plan, read_events(plan, shop.settings, now=NOW), now=now)


def customers(shop):
    return sorted(shop.timelines.source.columns.ids().to_pylist())


def test_folder_without_settings_names_init(tmp_path):
    with pytest.raises(WorkspaceError, match="holdfast init"):
        Workspace.open(tmp_path)


def test_second_workspace_in_one_folder_is_refused(shop):
    with pytest.raises(WorkspaceError, match="is a workspace already"):
        Workspace.create(shop.path)


def test_created_is_what_is_opened(shop):
    assert Workspace.open(shop.path) == shop
    assert {path.name for path in shop.path.iterdir()} == {"holdfast.toml", "lake", "timelines", "imports", "refusals"}


def test_settings_change_for_the_session_or_for_good(shop):
    changed = shop.with_settings(gone_after=90, properties=("country",))
    assert (changed.settings.gone_after, changed.settings.zone) == (90, "Europe/London")
    assert Workspace.open(shop.path).settings.gone_after is None
    changed.save_settings()
    assert Workspace.open(shop.path).settings == changed.settings
    with pytest.raises(SettingsError, match="did you mean Europe/London"):
        shop.with_settings(zone="Europe/Londn")


def test_file_comes_in_once_and_leaves_a_record(shop, tmp_path):
    first = bring(shop, tmp_path / "orders.csv", MARCH)
    assert (first.rows, first.known, first.refused, first.source, first.repeated) == (3, 0, 0, "orders.csv", False)
    assert first.when == "2025-01-01T00:00:00+00:00"
    assert shop.imports() == [first]
    again = bring(shop, tmp_path / "orders.csv")
    assert (again.rows, again.known, again.repeated) == (0, 3, True)
    assert shop.imports() == [first]
    assert shop.lake.version() == first.version


def test_longer_export_brings_the_rest(shop, tmp_path):
    bring(shop, tmp_path / "orders.csv", MARCH)
    longer = bring(shop, tmp_path / "orders.csv", MARCH + APRIL)
    assert (longer.rows, longer.known) == (2, 3)
    assert customers(shop) == ["Ann", "Ben", "Cleo"]


def test_refused_row_waits_and_is_replayed_when_put_right(shop, tmp_path):
    record = bring(shop, tmp_path / "orders.csv", MARCH + BAD_ROW)
    assert (record.rows, record.refused) == (3, 1)
    (waiting,) = shop.refusals()
    assert shop.refusals()[waiting] == record
    assert [finding.name for finding in shop.doctor() if finding.grade == "warning"] == ["refusals"]
    waiting.write_text(waiting.read_text().replace("not a day", "2024-03-20 10:00"))
    replayed = bring(shop, waiting)
    assert (replayed.rows, replayed.refused) == (1, 0)
    assert shop.refusals() == {}
    assert customers(shop) == ["Ann", "Ben", "Dan"]


def test_import_killed_before_its_record_is_completed_by_repeating(shop, tmp_path, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr("holdfast.workspace.folder.write_refusals", lambda *_: (_ for _ in ()).throw(OSError("killed")))
        with pytest.raises(OSError, match="killed"):
            bring(shop, tmp_path / "orders.csv", MARCH + BAD_ROW)
    assert shop.lake.rows() == 3
    record = bring(shop, tmp_path / "orders.csv")
    assert (record.rows, record.known, record.refused) == (0, 4 - 1, 1)
    assert len(shop.refusals()) == 1
    assert shop.lake.rows() == 3


def test_timelines_are_built_merged_and_then_only_mapped(shop, tmp_path, monkeypatch):
    bring(shop, tmp_path / "march.csv", MARCH)
    assert stored_module.state(shop.path / "timelines", shop.lake, LONDON) == "absent"
    assert shop.timelines.events == 3
    bring(shop, tmp_path / "april.csv", MARCH.splitlines()[0] + "\n" + APRIL)
    monkeypatch.setattr(stored_module, "_whole", lambda *_: pytest.fail("built again instead of merged"))
    assert shop.timelines.events == 5
    monkeypatch.setattr(stored_module, "_made", lambda *_: pytest.fail("made again instead of mapped"))
    assert shop.timelines.meta.last_sequence == 4


def test_other_zone_builds_again(shop, tmp_path):
    bring(shop, tmp_path / "late.csv", "customer_id,order_id,time,revenue\nAnn,1,2024-07-01 23:30,1\n")
    london = shop.timelines
    tokyo = shop.with_settings(zone="Asia/Tokyo").timelines
    assert (london.meta.zone, tokyo.meta.zone) == ("Europe/London", "Asia/Tokyo")
    assert tokyo.source.columns.day[0] - london.source.columns.day[0] == 1


def test_change_of_gone_after_keeps_the_timelines(shop, tmp_path, monkeypatch):
    bring(shop, tmp_path / "march.csv", MARCH)
    assert shop.timelines.events == 3
    monkeypatch.setattr(stored_module, "_made", lambda *_: pytest.fail("built again"))
    assert shop.with_settings(gone_after=30, week_start=7).timelines.settings.gone_after == 30


def test_half_written_generation_is_passed_over_and_swept(shop, tmp_path):
    bring(shop, tmp_path / "march.csv", MARCH)
    assert shop.timelines.events == 3
    half = shop.path / "timelines" / "2"
    half.mkdir()
    (half / "code.npy").write_bytes(b"half")
    assert shop.timelines.events == 3
    assert "half timelines" in [finding.name for finding in shop.doctor()]
    bring(shop, tmp_path / "april.csv", MARCH.splitlines()[0] + "\n" + APRIL)
    assert shop.timelines.events == 5
    assert "half timelines" not in [finding.name for finding in shop.doctor()]


def test_damaged_store_is_built_again(shop, tmp_path):
    bring(shop, tmp_path / "march.csv", MARCH)
    assert shop.timelines.events == 3
    (shop.path / "timelines" / "1" / "meta.json").write_text("{")
    assert shop.timelines.events == 3
    (shop.path / "timelines" / "CURRENT").write_text("77")
    assert shop.timelines.events == 3


def test_erased_customer_is_nowhere_in_the_folder(shop, tmp_path):
    name = "Zoe-to-erase"
    rows = MARCH.replace("Ben", name) + f"{name},9,never,1\n" + BAD_ROW.replace("not a day", "not\u2028a day")
    bring(shop, tmp_path / "orders.csv", rows)
    assert name in customers(shop)
    proof = shop.erase([name])
    assert (proof.rows, proof.remaining) == (1, 0)
    assert customers(shop) == ["Ann"]
    assert not [path for path in shop.path.rglob("*") if path.is_file() and name.encode() in path.read_bytes()]
    (waiting,) = shop.refusals()
    assert [json.loads(line)["values"]["customer_id"] for line in waiting.read_bytes().splitlines()] == ["Dan"]


def test_killed_between_lake_and_timelines_an_erasure_is_seen_by_the_next_question(shop, tmp_path):
    bring(shop, tmp_path / "march.csv", MARCH)
    assert customers(shop) == ["Ann", "Ben"]
    shop.lake.erase(["Ben"])
    assert stored_module.state(shop.path / "timelines", shop.lake, LONDON) == "erasure"
    assert customers(shop) == ["Ann"]


def test_doctor_on_a_sound_and_on_a_broken_workspace(shop, tmp_path):
    assert [finding.name for finding in shop.doctor()] == ["no events"]
    bring(shop, tmp_path / "march.csv", MARCH)
    assert [finding.name for finding in shop.doctor()] == ["timelines"]
    assert shop.mend() == []
    next((shop.path / "lake" / "events").glob("*.parquet")).unlink()
    assert next((finding.grade, finding.name) for finding in shop.doctor()) == ("broken", "lake files")


def test_doctor_names_suspicious_settings(shop, tmp_path):
    bring(shop, tmp_path / "march.csv", MARCH)
    odd = shop.with_settings(zone="UTC", active=["Order Complete"])
    found = {finding.name: finding for finding in odd.doctor()}
    assert "Europe/London" in found["zone"].mend
    assert "Order Completed" in found["active"].mend


def test_frame_has_no_file_and_is_compared_row_by_row(shop):
    frame = __import__("pyarrow").Table.from_pylist(
        [{"customer": "Ann", "time": event(1)["time"], "order": "1", "amount": 5.0}]
    )
    records = []
    for _ in range(2):
        plan = plan_import(frame, shop.settings)
        records.append(shop.import_(plan, read_events(plan, shop.settings, now=NOW)))
    assert [(record.rows, record.known) for record in records] == [(1, 0), (0, 1)]
