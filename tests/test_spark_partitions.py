"""What a cluster does between machines, without a cluster: numbers with common codes, dealt out by person, built apart."""

from __future__ import annotations

import json
import pickle
import sys
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spark_steps import laid_bare, same_arrays

from holdfast.errors import EngineMissing, InputError, UnknownName, UsageError
from holdfast.events.schema import MONEY
from holdfast.timelines.build import columns_of
from holdfast.timelines.columns import Columns, Meta, Nobody
from holdfast.timelines.gather import Gatherer
from holdfast.timelines.spark import _collected, from_spark
from holdfast.timelines.spark_reference import Reference
from holdfast.timelines.spark_rows import decode, encode
from holdfast.timelines.spark_session import java
from holdfast.timelines.spark_work import Build, Door, Summary, opened
from holdfast.timelines.timelines import Timelines

ZONE = "Europe/London"
BEGIN = datetime(2024, 3, 30, 22, tzinfo=UTC)

EVENT = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from(["ann", "ben", "cleo", "dan", None]),
        "anonymous_id": st.sampled_from(["b1", "b2", None]),
        "event": st.sampled_from(["Order Completed", "Order Refunded", "Product Viewed", "Signed Up"]),
        "type": st.sampled_from(["track", "track", "identify"]),
        "time": st.integers(0, 6).map(lambda hours: BEGIN + timedelta(hours=hours)),
        "order_id": st.sampled_from(["o1", "o2", None]),
        "revenue": st.integers(1, 9),
        "properties": st.sampled_from([None, '{"plan": "gold"}', '{"plan": "tin", "city": "Bath"}']),
    }
)


def batch_of(rows: list[dict]) -> pa.RecordBatch:
    kinds = {name: pa.string() for name in ("customer_id", "anonymous_id", "event", "type", "order_id", "properties")}
    kinds |= {"time": pa.timestamp("us", tz="UTC"), "revenue": pa.int64()}
    return pa.RecordBatch.from_pylist(rows, pa.schema(kinds.items()))


def across(sources: list[list[dict]], parts: int, aliases=None) -> tuple[Meta, list[Columns]]:
    """The way of the events over a cluster: look, encode, shuffle, build; in this process."""
    door = Door({name: name for name in EVENT_NAMES}, ZONE, ())
    batches = [[batch_of(rows)] for rows in sources]
    found = reduce(add, (Reference.of(place, each) for place, b in enumerate(batches) for each in door.chunks(b, 0)))
    meta, first = found.numbered().meta(ZONE, False), found.first_rows()
    rows = [encode(each, meta, aliases, parts) for place, b in enumerate(batches) for each in door.chunks(b, first[place])]
    table = pa.Table.from_batches(rows)
    shuffled = [table.filter(pa.compute.equal(table["part"], part)).to_batches() for part in range(parts)]
    return meta, [columns_of(decode(each, meta), ZONE) for each in shuffled]


EVENT_NAMES = ("customer_id", "anonymous_id", "event", "type", "time", "order_id", "revenue", "properties")


@settings(max_examples=60)
@given(st.lists(EVENT, min_size=1, max_size=30), st.integers(1, 5), st.integers(0, 30))
def test_partitions_laid_end_to_end_are_the_timelines_of_one_machine(rows, parts, cut):
    aliases = (pa.array(["anon:b1", "dan"]), pa.array(["ann", "ben"]))
    whole = columns_of(Gatherer().add_all([batch_of(rows)]).finish(), ZONE, aliases)
    meta, built = across([rows[:cut], rows[cut:]], parts, aliases)
    bare = [laid_bare(columns) for columns in built]
    joined = {name: np.concatenate([each[name] for each in bare]) for name in bare[0] if name != "id"}
    same_arrays(laid_bare(whole), {**joined, "id": pa.concat_arrays([each["id"] for each in bare])})
    assert meta.events == whole.meta.events
    assert meta.properties == whole.meta.properties
    for name in ("first_second", "last_second", "last_sequence", "skipped", "no_revenue"):
        assert getattr(meta, name) == getattr(whole.meta, name), name
    told = reduce(add, (Summary.of(columns) for columns in built))
    for name in ("ignored", "replaced", "refunds", "tied"):
        assert getattr(told, name) == getattr(whole.meta, name), name
    assert sorted(_rows(told.nobody)) == sorted(_rows(whole.nobody))


def _rows(nobody: Nobody) -> list[tuple[int, ...]]:
    return list(zip(*(getattr(nobody, field.name).tolist() for field in fields(Nobody)), strict=True))


def test_a_property_is_kept_only_while_its_values_are_few_on_all_partitions_together():
    """Each of two source partitions sees 600 cities: 600 are few enough, 1,200 are not."""
    sources = [
        [
            {
                "event": "Signed Up",
                "type": "track",
                "time": BEGIN,
                "properties": json.dumps({"city": f"{side}{i}", "plan": "tin"}),
            }
        ]
        for side in "ab"
        for i in range(600)
    ]
    halves = [[row for each in sources[:600] for row in each], [row for each in sources[600:] for row in each]]
    assert sorted(across(halves[:1], 2)[0].properties) == ["city", "plan"]
    meta, _ = across(halves, 2)
    assert meta.properties == {"plan": ("", "tin")}
    assert meta.wide == ("city",)


def test_names_that_only_one_partition_knows_have_the_same_code_everywhere():
    """Ann signs up in the first file, Ben orders in the second: "Order Completed" is 1 and "Signed Up" is 2 to both."""
    ann = {"customer_id": "ann", "event": "Signed Up", "type": "track", "time": BEGIN}
    ben = {"customer_id": "ben", "event": "Order Completed", "type": "track", "time": BEGIN, "revenue": 10}
    meta, built = across([[ann], [ben]], 7)
    assert meta.events == ("", "Order Completed", "Signed Up")
    codes = {columns.ids()[0].as_py(): int(columns.code[0]) for columns in built if columns.customers}
    assert codes == {"ann": 2, "ben": 1}


def test_too_many_values_of_a_named_property_are_said():
    found = Reference(values={"sku": frozenset(map(str, range(65_535)))})
    with pytest.raises(InputError, match="'sku' has more than 65,534 values"):
        found.meta("UTC", named=True)
    assert found.meta("UTC", named=False).wide == ("sku",)


def test_an_error_of_ours_comes_back_from_an_executor_as_it_was():
    error = UnknownName("property", "contry", ["country"])
    row = {"part": 0, "kind": "error", "packed": pickle.dumps((type(error), error.what, error.mend))}
    with pytest.raises(UnknownName, match="did you mean country") as caught:
        opened([row])
    assert (caught.value.what, caught.value.mend) == (error.what, error.mend)


def test_a_large_partition_is_kept_in_pieces_that_spark_can_hold(monkeypatch):
    monkeypatch.setattr("holdfast.timelines.spark_work.PIECE_BYTES", 1_000)
    monkeypatch.setattr("holdfast.timelines.spark_work._here", lambda: 0)
    batch = batch_of([{"customer_id": "ann", "event": "Signed Up", "type": "track", "time": BEGIN}] * 500)
    gathered = Gatherer().add_all([batch]).finish()
    meta = columns_of(gathered, ZONE).meta
    rows = [row for out in Build(meta)([encode(gathered, meta, None, 1)]) for row in out.to_pylist()]
    pieces = [row["packed"] for row in rows if row["kind"] == "columns"]
    assert len(pieces) > 3
    assert max(map(len, pieces)) == 1_000
    assert pickle.loads(b"".join(pieces)).customers == 1
    assert opened(rows[-1:])[0].events == 500


def test_money_travels_in_whole_units():
    """10.05 stays 10.05, from decimal to partition."""
    batch = pa.RecordBatch.from_pylist(
        [{"customer_id": "ann", "time": BEGIN, "revenue": 10.05}],
        pa.schema([("customer_id", pa.string()), ("time", pa.timestamp("us", tz="UTC")), ("revenue", pa.float64())]),
    )
    batch = batch.set_column(2, "revenue", batch.column("revenue").cast(MONEY))
    gathered = Gatherer().add_all([batch]).finish()
    rows = encode(gathered, columns_of(gathered, "UTC").meta, None, 3)
    assert rows.column("amount").to_pylist() == [100_500]


def test_a_missing_pyspark_is_said_with_its_mend(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(EngineMissing, match=r"holdfast\[spark\]"):
        Timelines.from_spark(object())


def test_a_missing_or_old_java_is_said_with_its_mend(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EngineMissing, match="install Java 17 or later"):
        java()
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    old.chmod(0o755)
    with pytest.raises(EngineMissing, match=r"11\.0\.2"):
        java()


def test_a_frame_that_is_not_sparks_is_refused():
    pytest.importorskip("pyspark", reason="holdfast[spark] is not installed")
    with pytest.raises(UsageError, match="no frame of Spark"):
        from_spark(pa.table({"time": [BEGIN]}), settings=None, aliases=None, names={})


class FrameOfExecutorsWithoutHoldfast:
    """A frame whose executors cannot import the package: Spark gives the words of the Python worker."""

    def collect(self):
        from pyspark.errors import PythonException

        raise PythonException(
            "An exception was thrown from the Python worker:\nModuleNotFoundError: No module named 'holdfast'"
        )


def test_executors_without_holdfast_are_said_with_the_mend():
    pytest.importorskip("pyspark", reason="holdfast[spark] is not installed")
    with pytest.raises(EngineMissing, match="install it there"):
        _collected(FrameOfExecutorsWithoutHoldfast())
