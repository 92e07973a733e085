"""Clickstreams: a few people's clicks told in minutes, and two real streams, made once a run.

`ann A@0 B@1.5` is Ann's A at noon of 1 January 2024 and her B a minute and a half later; `ben|FR A@0` has country FR.
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

START = datetime(2024, 1, 1, 12, tzinfo=UTC)
SHARED = Path(__file__).parent.parent.parent / "shared" / "data"
HERE = Path(__file__).parent / "data"

SIMPLE = "SELECT client_id::VARCHAR AS customer_id, event, timestamp AS time FROM read_csv($path)"
ECOM = (
    "SELECT user_id AS customer_id, event, timestamp::TIMESTAMP AS time, platform, user_lifecycle AS lifecycle "
    "FROM read_csv($path)"
)


def clicks(*told: str, settings: Settings | None = None) -> Timelines:
    """The timelines of some people's clicks, a text each."""
    rows = []
    for line in told:
        who, *steps = line.split()
        name, _, country = who.partition("|")
        for step in steps:
            event, _, minute = step.partition("@")
            time = START + timedelta(minutes=float(minute))
            rows.append({"customer_id": name, "event": event, "time": time, "country": country or None})
    kinds = [(name, pa.string()) for name in ("customer_id", "event", "country")] + [("time", pa.timestamp("us", tz="UTC"))]
    return Timelines.from_arrow(pa.Table.from_pylist(rows, pa.schema(kinds)), settings or Settings())


@cache
def simple_shop() -> tuple[pa.Table, Timelines]:
    """The simple shop's clickstream; skips where the shared data is not."""
    return _read(SIMPLE, SHARED / "clickstream-simple-shop" / "simple-onlineshop_2020-05_MPL2.csv")


@cache
def ecom() -> tuple[pa.Table, Timelines]:
    """retentioneering's sample clickstream; skips where the shared data is not."""
    return _read(ECOM, SHARED / "clickstream-retentioneering-ecom" / "ecom.csv.gz")


def first_50() -> Timelines:
    """The first fifty customers of the same, which stand beside the tests."""
    return plain_csv(gzip.decompress((HERE / "retentioneering_first_50.csv.gz").read_bytes()))


def plain_csv(data: bytes) -> Timelines:
    """Timelines of a CSV with user_id, event, timestamp."""
    import io

    from pyarrow import csv

    return Timelines.from_arrow(csv.read_csv(io.BytesIO(data)), customer="user_id", time="timestamp")


def _read(sql: str, path: Path) -> tuple[pa.Table, Timelines]:
    if not path.exists():
        pytest.skip("the shared data is not here")
    table = duckdb.sql(sql, params={"path": str(path)}).to_arrow_table()
    return table, Timelines.from_arrow(table, Settings())
