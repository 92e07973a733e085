"""Details kept in order of the person: the same as the lake says, gone with an erasure, in no need of being there."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.server.analyst.desk import Desk
from holdfast.server.customers import details_kept
from holdfast.server.customers.details_kept import folder_of, make
from holdfast.server.customers.forgetting import naming_errand
from holdfast.server.customers.told_details import errand
from holdfast.workspace import Workspace
from tests.server.lakes import happened, pour

TOLD = st.lists(
    st.tuples(
        st.sampled_from(["ann", "ben", "cleo", None]),
        st.sampled_from(["a", "b", None]),
        st.sampled_from(["track", "track", "page", "identify"]),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=30,
)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    for name, size in (("SMALL_ROWS", 2), ("RUN", 7), ("PIECE", 3)):
        monkeypatch.setattr(details_kept, name, size)


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(told=TOLD, cuts=st.lists(st.integers(1, 29), max_size=2))
def test_what_is_kept_of_a_person_is_what_the_lake_says(tmp_path_factory, told, cuts):
    workspace = Workspace.create(tmp_path_factory.mktemp("lake") / "shop")
    events = [
        happened(number, who, device=device, kind=kind, day=day, path=f"/{number}")
        for number, (who, device, kind, day) in enumerate(told)
    ]
    for start, stop in pairwise(sorted({0, len(events), *(min(cut, len(events)) for cut in cuts)})):
        pour(workspace, events[start:stop])
    assert workspace.timelines is not None
    plain, quick = Desk(workspace.path), Desk(workspace.path)
    asked = [(ids, rows_of(workspace, ids)) for ids in (["ann"], ["ben", "anon:a"], ["anon:a", "anon:b"], ["nobody"])]
    before = [errand(plain, ids, rows) for ids, rows in asked]
    large = sum(file.rows >= 2 for file in workspace.lake.files())
    assert make(quick) == large
    assert [errand(quick, ids, rows) for ids, rows in asked] == before
    assert all(None not in found for found in before)
    assert make(quick) == 0


def test_the_lake_is_read_for_the_small_files_alone(tmp_path, monkeypatch):
    workspace = Workspace.create(tmp_path / "shop")
    pour(workspace, [happened(n, "ann", path=f"/{n}") for n in range(5)])
    assert workspace.timelines.events == 5
    desk = Desk(workspace.path)
    rows = rows_of(workspace, ["ann"])
    before = errand(desk, ["ann"], rows)
    make(desk)
    monkeypatch.setattr("holdfast.server.customers.told_details._engine", None)
    assert errand(desk, ["ann"], rows) == before
    pour(workspace, [happened(9, "ann", path="/9")])
    assert workspace.timelines.events == 6
    with pytest.raises(TypeError):  # the new file is small: the engine is asked for it
        errand(desk, ["ann"], rows_of(workspace, ["ann"]))


def test_whoever_is_erased_is_in_no_kept_file(tmp_path):
    workspace = Workspace.create(tmp_path / "shop")
    pour(workspace, [happened(n, "ann" if n % 2 else "ben", path=f"/{n}") for n in range(8)])
    pour(workspace, [happened(n, "ben", path=f"/{n}") for n in range(20, 26)])
    desk = Desk(workspace.path)
    make(desk)
    names = kept_names(workspace)
    assert naming_errand(desk, ["ann"]) == ["customers.details"]
    (folder_of(workspace.path) / "killed.new").write_bytes(b"ann")
    hers = rows_of(workspace, ["ann"])
    his = rows_of(workspace, ["ben"])
    workspace.lake.erase(["ann"])
    assert workspace.timelines.events == 10
    assert errand(desk, ["ann"], hers) == [None] * 4
    make(desk)
    now = kept_names(workspace)
    assert now == {file.name for file in workspace.lake.files()}
    assert naming_errand(desk, ["ann"]) == []
    assert naming_errand(desk, ["ben"]) == ["customers.details"]
    assert len(names & now) == 1, "the file without her stays"
    assert errand(desk, ["ann"], hers) == [None] * 4
    assert [one.properties["path"] for one in errand(desk, ["ben"], his)] == [f"/{n}" for n in (0, 2, 4, 6, *range(20, 26))]


def test_a_file_that_is_erased_while_it_is_written_is_not_kept(tmp_path, monkeypatch):
    workspace = Workspace.create(tmp_path / "shop")
    pour(workspace, [happened(n, "ann" if n % 2 else "ben") for n in range(8)])
    written = details_kept._written

    def slowly(*files: Any) -> Any:
        spans = written(*files)
        workspace.lake.erase(["ann"])
        return spans

    monkeypatch.setattr(details_kept, "_written", slowly)
    assert make(Desk(workspace.path)) == 0
    assert not list(folder_of(workspace.path).iterdir())


@pytest.mark.parametrize("ending", ["npy", "arrow"])
@pytest.mark.parametrize("left", [0, 40, 200])
def test_what_a_power_cut_left_is_deleted_and_written_anew(tmp_path, ending, left):
    workspace = Workspace.create(tmp_path / "shop")
    pour(workspace, [happened(n, "ann", path=f"/{n}") for n in range(5)])
    assert workspace.timelines.events == 5
    rows = rows_of(workspace, ["ann"])
    before = errand(Desk(workspace.path), ["ann"], rows)
    assert make(Desk(workspace.path)) == 1
    (path,) = folder_of(workspace.path).glob(f"*.{ending}")
    if left >= path.stat().st_size:
        path.write_bytes(bytes(path.stat().st_size))  # its length is there, its blocks are not
    else:
        path.write_bytes(path.read_bytes()[:left])
    assert errand(Desk(workspace.path), ["ann"], rows) == before
    assert not list(folder_of(workspace.path).iterdir())
    assert make(Desk(workspace.path)) == 1
    assert errand(Desk(workspace.path), ["ann"], rows) == before


def test_files_are_on_the_disk_before_they_have_their_names(tmp_path, monkeypatch):
    workspace = Workspace.create(tmp_path / "shop")
    pour(workspace, [happened(n, "ann") for n in range(5)])
    did: list[str] = []
    replace = Path.replace
    monkeypatch.setattr(details_kept.os, "fsync", lambda _handle: did.append("on disk"))
    monkeypatch.setattr(Path, "replace", lambda self, target: did.append("named") or replace(self, target))
    make(Desk(workspace.path))
    assert did == ["on disk", "named"] * 2


@pytest.mark.django_db
def test_the_job_asks_once_for_each_version_of_the_lake(served, monkeypatch):
    from holdfast.server.customers.jobs import keep_details

    asked: list[str] = []
    monkeypatch.setattr("holdfast.server.analyst.client.call", lambda name, **_: asked.append(name) or 0)
    pour(served, [happened(1, "ann")])
    keep_details.call_local()
    keep_details.call_local()
    assert asked == ["customers.details.make"]
    pour(served, [happened(2, "ann")])
    keep_details.call_local()
    assert len(asked) == 2


@pytest.mark.django_db
def test_what_another_call_is_making_is_not_noted_as_made(served):
    from holdfast.server.customers.jobs import keep_details

    pour(served, [happened(n, "ann") for n in range(3)])
    with details_kept._MAKING:
        keep_details.call_local()
    assert not kept_names(served)
    keep_details.call_local()
    name = served.lake.files()[0].name
    assert kept_names(served) == {name, details_kept.NOTE}
    make(Desk(served.path))
    assert details_kept.NOTE in kept_names(served), "sweeping leaves the note"
    shutil.rmtree(folder_of(served.path))
    keep_details.call_local()
    assert name in kept_names(served), "whoever deletes the folder deletes the note"


@pytest.mark.django_db
def test_an_erasure_leaves_the_details_of_files_that_never_named_her(served):
    """Of a large lake they take a minute to make: only what was replaced goes, and nothing of hers is in what stays."""
    from holdfast.server.customers import erasing

    pour(served, [happened(n, "ben", path=f"/{n}") for n in range(5)])
    pour(served, [happened(n, "ann-of-old" if n % 2 else "ben", device="ann-s-browser") for n in range(10, 18)])
    pour(served, [happened(20, "cleo"), happened(21, "ann-of-old")])
    desk = Desk(served.path)
    make(desk)
    folder = folder_of(served.path)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    (folder / "torn.parquet.new").write_bytes(b"ann-of-old")
    assert details_kept.naming(served.path, ["ann-of-old"])
    erasing.erase("ann-of-old", "max@example.com")
    after = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert len(after) == 2
    assert after.items() <= before.items()
    assert not details_kept.naming(served.path, ["ann-of-old", "anon:ann-s-browser"])
    assert details_kept.naming(served.path, ["ben"])


@pytest.mark.django_db
def test_details_that_name_her_still_are_traces(served, monkeypatch):
    from holdfast.server.customers import erasing

    pour(served, [happened(n, "ann-of-old") for n in range(5)])
    make(Desk(served.path))
    monkeypatch.setattr(details_kept, "sweep", lambda *_: 0)
    with pytest.raises(erasing.TracesLeft, match=r"customers\.details"):
        erasing.erase("ann-of-old", "max@example.com")


def rows_of(workspace: Workspace, ids: list[str]) -> list[tuple[int, str]]:
    """Time and shown name of the events of these ids, by reading the whole lake."""
    rows = [row for batch in workspace.lake.scan() for row in batch.to_pylist()]
    theirs = [row for row in rows if (row["customer_id"] or f"anon:{row['anonymous_id']}") in ids]
    silent = ("identify", "group", "alias")
    return [(int(row["time"].timestamp() * 1_000_000), "" if row["type"] in silent else row["event"]) for row in theirs]


def kept_names(workspace: Workspace) -> set[str]:
    return {path.stem for path in folder_of(workspace.path).iterdir()}
