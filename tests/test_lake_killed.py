"""kill -9, for real: at any instant the lake is readable and holds the import whole or not at all; it can be repeated."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lake_killed import POINTS
from lake_people import batches, event, ids, many, sequences

from holdfast.events.lake import Lake

ROWS = 150_000
BEFORE = [event(-100, "Ann", key="ann"), event(-99, "Ben", key="ben")]
HERE = Path(__file__).parent
KILLS = 6


def importing(lake, point):
    paths = os.pathsep.join([str(HERE), str(HERE.parent / "src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, str(HERE / "lake_killed.py"), str(lake.path), str(ROWS), point]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths})
    assert child.stdout.readline() == "ready\n"
    return child


def readable_and_whole(lake):
    """Nothing of the killed import, or all of it; no staged rows anywhere in the table."""
    found = ids(Lake.open(lake.path))
    assert found[:2] == ["ann", "ben"]
    assert len(found) in (2, 2 + ROWS)
    return len(found) > 2


def completes(lake):
    """Repeated, the import is in exactly once, and nothing is left of the killed ones."""
    lake.append(many(ROWS), batch="killed")
    assert sequences(lake) == list(range(2 + ROWS))
    assert len(set(ids(lake))) == 2 + ROWS
    assert lake.leftovers() == []
    assert {path.name for path in lake.path.glob("*.parquet")} == {file.name for file in lake.files()}


@pytest.fixture
def lake(tmp_path):
    made = Lake.create(tmp_path / "events")
    made.append(batches(BEFORE), batch="before")
    return made


@pytest.mark.parametrize("point", POINTS[:-1])
def test_killed_at_a_named_point(lake, point):
    child = importing(lake, point)
    assert child.wait(60) == -9
    assert readable_and_whole(lake) == (point == "after the commit")
    completes(lake)


def test_killed_while_compacting(lake):
    for number in range(3):
        lake.append(batches([event(-50 + number, "Cleo")]), batch=f"{number}")
    before = ids(lake)
    child = importing(lake, "while compacting")
    assert child.wait(60) == -9
    assert ids(lake) == before
    assert lake.compact().joined == 4
    assert ids(lake) == before
    assert lake.leftovers() == []


def test_killed_at_random_instants(lake):
    """Kills spread over the whole import, seeded, one after the other on the same lake; then the import completes."""
    rehearsal = Lake.create(lake.path.with_name("rehearsal"))
    child = importing(rehearsal, "none")
    start = time.monotonic()
    assert child.wait(60) == 0
    whole_seconds = time.monotonic() - start
    chance = random.Random(9)
    for number in range(KILLS):
        child = importing(lake, "none")
        time.sleep(whole_seconds * (number + chance.random()) / KILLS * 0.9)
        child.kill()
        child.wait(60)
        if readable_and_whole(lake):
            break
    completes(lake)
