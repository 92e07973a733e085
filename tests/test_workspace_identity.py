"""Timelines while people are found to be one another: merged step by step they equal a full rebuild (SEMANTICS 27)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lake_people import alias, batches, event, many

from holdfast.events.identity import AliasMap
from holdfast.workspace import Workspace
from holdfast.workspace import stored as stored_module

HERE = Path(__file__).parent


def append(shop, *events):
    shop.lake.append(batches(events), batch=f"{shop.lake.version()}")


def told(timelines):
    """Person → hours of her events into 2024, in order."""
    columns = timelines.source.columns
    names, seconds = columns.ids().to_pylist(), columns.second.astype(np.int64)
    cuts = zip(columns.offsets[:-1], columns.offsets[1:], strict=True)
    return {name: ((seconds[a:b] - 1_704_067_200) // 3600).tolist() for name, (a, b) in zip(names, cuts, strict=True)}


def same(one, other):
    """Every array of two timelines is the same."""
    left, right = one.source.columns.arrays(), other.source.columns.arrays()
    return left.keys() == right.keys() and all(np.array_equal(left[name], right[name]) for name in left)


@pytest.fixture
def shop(tmp_path):
    return Workspace.create(tmp_path / "shop")


def test_phone_becomes_anns_without_a_rebuild_and_births_move(shop, monkeypatch):
    """Ann first bought at hour 5; her phone, known since hour 9, had looked around at hour 1: her birth is hour 1."""
    append(shop, event(1, None, "phone"), event(5, "Ann"), event(6, "Ben"))
    assert told(shop.timelines) == {"anon:phone": [1], "Ann": [5], "Ben": [6]}
    monkeypatch.setattr(stored_module, "_whole", lambda *_: pytest.fail("all was built again"))
    append(shop, event(9, "Ann", "phone"))
    assert told(shop.timelines) == {"Ann": [1, 5, 9], "Ben": [6]}


def test_unmerge_gives_each_her_own_again(shop):
    append(shop, event(1, "Ann2"), event(2, "Ann"), alias(3, "Ann2", "Ann"))
    assert told(shop.timelines) == {"Ann": [1, 2, 3]}
    append(shop, alias(4, "Ann2", "Ann", unmerge="true"))
    assert told(shop.timelines) == {"Ann": [2, 3, 4], "Ann2": [1]}


def test_very_many_changes_build_all_again(shop, monkeypatch):
    monkeypatch.setattr(stored_module, "FEW", 0)
    append(shop, event(1, None, "phone"), event(5, "Ann"))
    assert len(told(shop.timelines)) == 2
    append(shop, event(9, "Ann", "phone"))
    assert told(shop.timelines) == {"Ann": [1, 5, 9]}


people = st.sampled_from(["Ann", "Ben", "Cleo"])
devices = st.sampled_from(["phone", "tablet", "Ann"])
hours = st.integers(0, 60)
rows = st.one_of(
    st.builds(event, hours, people, devices),
    st.builds(event, hours, st.none(), devices),
    st.builds(event, hours, people),
    st.builds(alias, hours, st.one_of(people, devices), people),
    st.builds(lambda hour, previous, customer: alias(hour, previous, customer, unmerge="true"), hours, devices, people),
)


@settings(max_examples=8)
@given(st.lists(st.lists(rows, min_size=1, max_size=6), min_size=1, max_size=4))
def test_step_by_step_equals_full(tmp_path_factory, imports):
    """Law: after each import the merged timelines equal those built from nothing, array by array; nobody has a joined id."""
    shop = Workspace.create(tmp_path_factory.mktemp("law") / "shop")
    for part in imports:
        append(shop, *part)
        merged = shop.timelines
        sources, _ = AliasMap.of(shop.lake.evidence()).pairs()
        assert not set(told(merged)) & set(sources.to_pylist())
        aliases = AliasMap.of(shop.lake.evidence())
        assert same(merged, type(merged).build(shop.lake.scan(), shop.settings, aliases=aliases.pairs()))


BUILDER = """
    import os, signal, sys
    import holdfast.timelines.columns as columns
    from holdfast.workspace import Workspace, stored
    shop, point = Workspace.open(sys.argv[1]), sys.argv[2]
    def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
    if point == "while writing":
        real, files = columns.np.save, []
        columns.np.save = lambda *a: (files.append(a), real(*a)) if len(files) < 4 else die()
    elif point == "before the note":
        stored._note = die
    print("ready", flush=True)
    shop.timelines
    print("done", flush=True)
"""


def building(shop, point):
    paths = os.pathsep.join([str(HERE.parent / "src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", textwrap.dedent(BUILDER), str(shop.path), point]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths})


@pytest.mark.parametrize("point", ["while writing", "before the note", "any instant"])
def test_killed_while_merging(shop, point):
    """The old timelines stay readable, the lake is untouched, and the next question merges again."""
    shop.lake.append(many(30_000), batch="old")
    assert shop.timelines.events == 30_000
    append(shop, event(-1, "Ann"))
    child = building(shop, point)
    assert child.stdout.readline() == "ready\n"
    if point == "any instant":
        time.sleep(0.02)
        child.kill()
    assert child.wait(60) == -signal.SIGKILL
    assert shop.timelines.events == 30_001
    assert stored_module.half_written(shop.path / "timelines") == []
    assert shop.lake.rows() == 30_001


def test_two_processes_build_once_and_see_the_same(shop):
    shop.lake.append(many(30_000), batch="old")
    children = [building(shop, "none") for _ in range(2)]
    assert [child.wait(120) for child in children] == [0, 0]
    assert stored_module.current_generation(shop.path / "timelines") == "1"
    assert shop.timelines.events == 30_000
