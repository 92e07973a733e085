"""Timelines: from events in any order to columns in one order, on disk and back.

Ann buys three times, Ben twice, and one visitor has no name. It must come out the same whatever the order of arrival,
the number of shards, or whether the last events came with the first ones or a year later.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.errors import InputError, UnknownName, UsageError, WorkspaceError
from holdfast.settings import Settings
from holdfast.timelines import gather, walk
from holdfast.timelines.text import Interner, hash_text
from holdfast.timelines.timelines import Timelines

START = datetime(2024, 1, 1, tzinfo=UTC)
LONDON = Settings(zone="Europe/London", currency="GBP")

Row = tuple[str | None, str, int, str | None, str | None, str | None]


def table(rows: list[Row], first: int = 0) -> pa.Table:
    """Events from (customer, event, minutes after START, order id, revenue, country), arriving in that order."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * 6
    return pa.table(
        {
            "customer_id": pa.array(columns[0], pa.string()),
            "event": pa.array(columns[1], pa.string()),
            "time": pa.array([START + timedelta(minutes=m) for m in columns[2]], pa.timestamp("us", tz="UTC")),
            "order_id": pa.array(columns[3], pa.string()),
            "revenue": pa.array([None if r is None else Decimal(r) for r in columns[4]], pa.decimal128(18, 4)),
            "country": pa.array(columns[5], pa.string()),
            "sequence": pa.array(range(first, first + len(rows)), pa.int64()),
        }
    )


def columns(timelines: Timelines) -> dict[str, Any]:
    """Everything a store holds, comparable."""
    arrays = {name: (array.dtype.str, array.tolist()) for name, array in timelines.source.columns.arrays().items()}
    return {**arrays, "meta": timelines.meta}


rows_of_people = st.lists(
    st.tuples(
        st.sampled_from(["ann", "ben", "cleo", "dan", None]),
        st.sampled_from(["Page Viewed", "Order Completed", "Order Refunded", "Product Added"]),
        st.integers(0, 5_000),
        st.sampled_from(["o1", "o2", "o3", None]),
        st.sampled_from(["10.05", "3.5", None, "0"]),
        st.sampled_from(["FR", "DE", None]),
    ),
    max_size=30,
)


@given(rows_of_people, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_in_which_rows_are_read_changes_nothing(rows: list[Row], random: Any) -> None:
    whole = table(rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    assert columns(Timelines.from_arrow(whole.take(pa.array(order, pa.int64())), LONDON)) == columns(
        Timelines.from_arrow(whole, LONDON)
    )


@given(rows_of_people, rows_of_people)
@settings(max_examples=60, deadline=None)
def test_merging_equals_building_anew(early: list[Row], late: list[Row]) -> None:
    first, second = table(early), table(late, first=len(early))
    merged = Timelines.from_arrow(first, LONDON).merge(second.to_batches())
    assert columns(merged) == columns(Timelines.from_arrow(pa.concat_tables([first, second]), LONDON))


@given(rows_of_people, st.booleans())
@settings(max_examples=60, deadline=None)
def test_building_by_ranges_on_disk_equals_building_at_once(rows: list[Row], aliased: bool) -> None:
    batches = table(rows).to_batches(max_chunksize=3)
    aliases = (pa.array(["dan", "gwen"]), pa.array(["ann", "dora"])) if aliased else None
    at_once = columns(Timelines.build(batches, LONDON, aliases=aliases))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("holdfast.timelines.build.EVENTS_A_PART", 5)
        assert columns(Timelines.build(batches, LONDON, aliases=aliases)) == at_once


@given(rows_of_people)
@settings(max_examples=30, deadline=None)
def test_merging_again_those_who_were_dropped_equals_building_anew(rows: list[Row]) -> None:
    whole = table(rows)
    timelines = Timelines.from_arrow(whole, LONDON)
    anns = whole.filter(pa.compute.equal(whole["customer_id"], "ann"))
    again = timelines.merge(anns.to_batches(), drop=pa.array(["ann"]))
    kept = {name: value for name, value in columns(again).items() if name != "meta"}
    assert kept == {name: value for name, value in columns(timelines).items() if name != "meta"}


def test_one_customer_more_or_less_than_a_shard_changes_no_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "EVENTS_A_SHARD", 50)
    rows: list[Row] = [(f"c{n % 97}", "Order Completed", n, f"o{n}", "1.25", None) for n in range(1_000)]
    timelines = Timelines.from_arrow(table(rows), LONDON)

    def step(shard: walk.Shard) -> walk.Tally:
        span = slice(shard.columns.orders.offsets[shard.low], shard.columns.orders.offsets[shard.high])
        counts = np.diff(shard.columns.offsets[shard.low : shard.high + 1])
        return walk.Tally({"money": shard.columns.orders.amount[span].sum()}, {"events": counts, "ids": shard.ids(counts > 0)})

    results = [walk.walk_columns(timelines.source, step, threads) for threads in (1, 2, 3, 7)]
    assert {int(result.sums["money"]) for result in results} == {1_250 * 10_000}
    assert len({tuple(result.rows["events"].tolist()) for result in results}) == 1
    assert len({tuple(result.rows["ids"].to_pylist()) for result in results}) == 1


def test_a_saved_store_is_read_back_as_it_was_and_old_generations_go(tmp_path: Path) -> None:
    timelines = Timelines.from_arrow(
        table([("ann", "Order Completed", 5, "o1", "10.05", "FR"), (None, "Page Viewed", 6, None, None, None)]), LONDON
    )
    for _ in range(4):
        timelines.save(tmp_path / "timelines")
    assert columns(Timelines.open(tmp_path / "timelines")) == columns(timelines)
    assert sorted(path.name for path in (tmp_path / "timelines").iterdir()) == ["3", "4", "CURRENT"]


def test_a_generation_cut_off_by_a_crash_is_never_read(tmp_path: Path) -> None:
    store = tmp_path / "timelines"
    timelines = Timelines.from_arrow(table([("ann", "Order Completed", 5, "o1", "10.05", "FR")]), LONDON)
    timelines.save(store)
    (store / "2").mkdir()
    np.save(store / "2" / "code.npy", np.zeros(3, np.uint8))
    assert columns(Timelines.open(store)) == columns(timelines)
    timelines.save(store)
    assert (store / "CURRENT").read_text() == "3"


def test_a_folder_without_timelines_says_how_to_mend_it(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="holdfast doctor"):
        Timelines.open(tmp_path)


def test_money_stays_what_it_was() -> None:
    """10.05 stays 10.05 (SEMANTICS 21), from decimals, from floats and from whole numbers."""
    for values, kind in ((["10.05", "0.0001"], pa.decimal128(18, 4)), ([10.05, 0.0001], pa.float64())):
        revenue = pa.array([Decimal(v) for v in values] if kind != pa.float64() else values, kind)
        frame = table([("ann", "Order Completed", 1, "a", None, None), ("ann", "Order Completed", 2, "b", None, None)])
        frame = frame.set_column(frame.schema.get_field_index("revenue"), "revenue", revenue)
        assert Timelines.from_arrow(frame, LONDON).source.columns.orders.amount.tolist() == [100_500, 1]


def test_a_later_arrival_of_the_same_order_replaces_it() -> None:
    """Monday's export held one line of Ann's order, Tuesday's holds both: the order is Tuesday's, once."""
    monday: list[Row] = [("ann", "Order Completed", 5, "o1", "10.00", None)]
    tuesday: list[Row] = [("ann", "Order Completed", 5, "o1", "25.00", None), ("ben", "Order Completed", 9, "o1", "7.00", None)]
    timelines = Timelines.from_arrow(table(monday), LONDON).merge(table(tuesday, first=1).to_batches())
    assert sorted(timelines.source.columns.orders.amount.tolist()) == [70_000, 250_000]
    assert (timelines.meta.replaced, timelines.meta.ignored) == (1, 1)


def test_rows_that_cannot_be_placed_are_counted() -> None:
    frame = table([("ann", "Page Viewed", 1, None, None, None), ("ben", "Page Viewed", 2, None, None, None)])
    times = pa.array([datetime(1950, 1, 1, tzinfo=UTC), START], pa.timestamp("us", tz="UTC"))
    timelines = Timelines.from_arrow(frame.set_column(2, "time", times), LONDON)
    assert (timelines.customers, timelines.meta.skipped) == (1, 1)


def test_who_is_known_and_who_is_not() -> None:
    """An alias joins a visitor to Ann; a visitor without an alias is a person of her own; nobody is nobody."""
    frame = table(
        [("ann", "Order Completed", 10, "o1", "5", None)] + [(None, "Page Viewed", m, None, None, None) for m in (1, 2, 3)]
    )
    frame = frame.append_column("anonymous_id", pa.array([None, "phone", "laptop", None]))
    timelines = Timelines.build(frame.to_batches(), LONDON, aliases=(pa.array(["anon:phone"]), pa.array(["ann"])))
    people = dict(
        zip(timelines.source.columns.ids().to_pylist(), np.diff(timelines.source.columns.offsets).tolist(), strict=True)
    )
    assert people == {"ann": 2, "anon:laptop": 1}
    assert len(timelines.source.columns.nobody.code) == 1


def test_numeric_customer_ids_lose_their_point_and_naive_times_are_local() -> None:
    frame = pa.table(
        {
            "CustomerID": pa.array([17850.0, None]),
            "InvoiceDate": pa.array([datetime(2011, 7, 1, 0, 30), datetime(2011, 7, 1, 0, 30)], pa.timestamp("s")),
        }
    )
    timelines = Timelines.from_arrow(frame, LONDON, customer="CustomerID", time="InvoiceDate")
    assert timelines.source.columns.ids().to_pylist() == ["17850"]
    assert timelines.source.columns.second.tolist() == [int(datetime(2011, 6, 30, 23, 30, tzinfo=UTC).timestamp())]
    assert timelines.source.columns.day.tolist() == [(datetime(2011, 7, 1) - datetime(1970, 1, 1)).days]


def test_a_column_that_is_not_there_is_named_with_its_neighbours() -> None:
    with pytest.raises(UnknownName, match="did you mean customer_id"):
        Timelines.from_arrow(table([]), LONDON, customer="customerid")
    with pytest.raises(UsageError, match="no column says when"):
        Timelines.from_arrow(pa.table({"customer_id": ["a"]}), LONDON)


def test_too_many_event_names_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "MAX_NAMES", 3)
    with pytest.raises(InputError, match="wrong column"):
        Timelines.from_arrow(table([("ann", f"e{n}", n, None, None, None) for n in range(9)]), LONDON)


def test_a_property_with_too_many_values_is_left_out_however_the_rows_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "MAX_VALUES", 4)
    monkeypatch.setattr("holdfast.timelines.merge.MAX_VALUES", 4)
    rows: list[Row] = [("ann", "Page Viewed", n, None, None, f"country {n}") for n in range(8)]
    at_once = Timelines.from_arrow(table(rows), LONDON)
    piecewise = (
        Timelines.from_arrow(table(rows[:3]), LONDON)
        .merge(table(rows[3:6], first=3).to_batches())
        .merge(table(rows[6:], first=6).to_batches())
    )
    assert at_once.meta.properties == piecewise.meta.properties == {}
    assert at_once.meta.wide == piecewise.meta.wide == ("country",)


@given(st.lists(st.one_of(st.none(), st.text(max_size=6)), max_size=200))
@settings(max_examples=60, deadline=None)
def test_numbering_ids_is_what_a_dictionary_does(ids: list[str | None]) -> None:
    interner, known = Interner(), dict[str, int]()
    expected = [-1 if word is None else known.setdefault(word, len(known)) for word in ids]
    for chunk in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
        numbers = interner.number(pa.array(chunk, pa.string()))
        assert numbers.tolist() == expected[: len(chunk)]
        expected = expected[len(chunk) :]
    assert interner.ids().to_pylist() == list(known)


def test_the_hash_of_an_id_is_the_same_on_every_machine() -> None:
    """FNV-1a 64 of b"a" is 0xaf63dc4c8601ec8c (published vector), then mixed; the result is pinned."""
    value = 0xAF63DC4C8601EC8C
    value ^= value >> 33
    value = value * 0xFF51AFD7ED558CCD % 2**64
    value ^= value >> 33
    assert hash_text("a") == value
