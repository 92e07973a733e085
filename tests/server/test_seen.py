"""Which ids were seen: against a plain set, whatever is written, merged, restarted or lost."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.lake import Lake
from holdfast.server.intake import seen as seen_module
from holdfast.server.intake.seen import Seen, first_day, marks_of

pytestmark = pytest.mark.one_database

TODAY = date(2026, 3, 2)


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.lists(st.integers(0, 40), max_size=12), st.sampled_from(["", "flush", "restart"]))
    ),
    st.integers(1, 8),
)
def test_known_is_what_a_set_would_say(tmp_path_factory, story, flush_at):
    """Each piece: days that pass, ids that arrive, and what happens then. A restart finds what was flushed."""
    folder, seen_module.FLUSH = tmp_path_factory.mktemp("seen"), flush_at
    try:
        seen, told, day, sequence = Seen(folder), set(), TODAY, 0
        for days, numbers, then in story:
            day += timedelta(days=days)
            marks = marks_of([f"id {number}" for number in numbers])
            expected = [number in told or number in numbers[:place] for place, number in enumerate(numbers)]
            known = seen.known(marks)
            assert known.tolist() == expected
            new = marks[~known]
            seen.add(new, day=day, first=sequence, last=sequence + len(new) - 1)
            sequence += len(new)
            told |= set(numbers)
            if then:
                seen.flush()
            if then == "restart":
                seen = Seen(folder)
                seen._runs = seen_module._kept(folder)
            assert len(seen) == len(told)
    finally:
        seen_module.FLUSH = 250_000


def test_days_are_forgotten(tmp_path):
    seen = Seen(tmp_path)
    for days in range(10):
        seen.add(marks_of([str(days)]), day=TODAY + timedelta(days=days), first=days, last=days)
        seen.flush()
    seen.forget_before(first_day(TODAY + timedelta(days=9)))
    assert seen.known(marks_of([str(days) for days in range(10)])).tolist() == [False] * 2 + [True] * 8
    assert len(list(tmp_path.iterdir())) == 8


@pytest.mark.parametrize("damage", ["torn", "draft", "foreign"])
def test_a_damaged_run_is_thrown_away(tmp_path, damage):
    """The process died while writing; the lake is read instead."""
    seen = Seen(tmp_path / "seen")
    seen.add(marks_of(["a", "b"]), day=TODAY, first=0, last=1)
    seen.flush()
    path = next((tmp_path / "seen").iterdir())
    {"torn": lambda: path.write_bytes(b"1234567"), "draft": lambda: path.rename(path.with_suffix(".new")),
     "foreign": lambda: path.rename(path.with_name("readme.txt"))}[damage]()  # fmt: skip
    again = Seen.level(tmp_path / "seen", Lake.create(tmp_path / "lake"), TODAY)
    assert len(again) == 0
    assert not list((tmp_path / "seen").iterdir())


def test_an_older_lake_that_was_restored_is_read_anew(tmp_path):
    seen = Seen(tmp_path / "seen")
    seen.add(marks_of(["a"]), day=TODAY, first=0, last=0)
    seen.flush()
    assert len(Seen.level(tmp_path / "seen", Lake.create(tmp_path / "lake"), TODAY)) == 0


def test_hashes_are_the_same_in_every_process():
    assert marks_of(["a"]).tolist() == np.array([marks_of(["a"])[0]]).tolist() == [int.from_bytes(_blake(), "little")]


def _blake():
    import hashlib

    return hashlib.blake2b(b"a", digest_size=8).digest()
