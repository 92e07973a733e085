"""Referred customers beside others: a told shop by hand, SQL over the made stream, and bad input."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cache

import duckdb
import pyarrow as pa
import pytest
from contract_shops import contract_shop
from people import START, told

from holdfast import datasets
from holdfast.analyses.bridge import Bridge
from holdfast.analyses.referred import Referred
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("customer_id", "event", "order_id", "channel")),
        ("revenue", pa.decimal128(18, 4)),
        ("time", pa.timestamp("us", tz="UTC")),
    ]
)


def sent(*rows: tuple[str, str | None, int, int | None], days: int = 200) -> Timelines:
    """(who, source, day, money or None for a visit); the data end on day `days` with a visit of nobody in particular."""
    made = [
        {
            "customer_id": who, "channel": source, "time": START + timedelta(days=day), "order_id": None,
            "event": "Page Viewed" if money is None else "Order Completed",
            "revenue": None if money is None else Decimal(money),
        }
        for who, source, day, money in (*rows, ("zoe", None, days, None))
    ]  # fmt: skip
    return Timelines.from_arrow(pa.Table.from_pylist(made, SCHEMA), Settings(gone_after=60, properties=("channel",)))


ANN_AND_BEN = (
    ("ann", "friend", 0, 100), ("ann", None, 50, 40), ("ann", None, 95, 7), ("ann", None, 180, 1),
    ("ben", "search", 0, 30), ("ben", "friend", 10, None), ("cleo", "word of mouth", 5, None), ("dan", None, 190, 9),
)  # fmt: skip
"""Ann came by a friend and orders four times; Ben's first source is search; Cleo only looked; Dan's source is not known and he
is known for ten days only."""


def test_the_groups_are_as_by_hand() -> None:
    """Ann's first 90 days: 140. Again: of Ann (referred) and of Ben; Dan is known too shortly. Kept: Ann by her order on day
    180, Ben not."""
    answer = Referred(source="channel").answer(sent(*ANN_AND_BEN))
    referred, others, unknown = answer.table.to_pylist()
    assert (referred["customers"], referred["bought"], referred["again"], referred["again_n"]) == (2, 1, 1, 1)
    assert (referred["kept"], referred["kept_n"], referred["value"], referred["orders"]) == (1, 1, 140, 2)
    assert (others["customers"], others["bought"], others["again"], others["again_n"]) == (1, 1, 0, 1)
    assert (others["kept"], others["kept_n"], others["value"]) == (0, 1, 30)
    assert (unknown["group"], unknown["customers"], unknown["bought"]) == ("not known", 2, 1)
    assert answer.people(group="not known").ids == ("dan", "zoe")
    assert "of 2 it is not known" in answer.words


def test_the_first_source_known_counts() -> None:
    answer = Referred(show="sources").answer(sent(*ANN_AND_BEN))
    found = {row["source"]: row["customers"] for row in answer.table.to_pylist()}
    assert found == {"friend": 1, "search": 1, "word of mouth": 1, "(not known)": 2}
    assert answer.people(source="search").ids == ("ben",)
    assert answer.people(group="referred").ids == ("ann", "cleo")
    assert answer.people(group="others", what="bought").ids == ("ben",)
    assert answer.people(group="others", source="friend").ids == ()


def test_who_has_no_referrer_is_one_of_the_others() -> None:
    """Where only referred customers have a value, the rest were not referred: Ben, Dan and Zoe are others."""
    rows = [("ann", "friend", 0, 100), ("ben", None, 0, 30), ("dan", None, 190, 9)]
    answer = Referred().answer(sent(*rows))  # type: ignore[arg-type]
    assert [(row["group"], row["customers"]) for row in answer.table.to_pylist()] == [("referred", 1), ("others", 3)]
    assert answer.people(group="others").ids == ("ben", "dan", "zoe")
    assert len(answer.people(group="not known")) == 0


def test_a_source_that_only_orders_tell_says_nothing_of_who_orders() -> None:
    rows = [
        ("ann", "friend", 0, 100),
        ("ben", "search", 0, 30),
        ("cleo", None, 5, None),
        ("dan", None, 0, 4),
        ("dan", "friend", 9, 4),
    ]
    answer = Referred(show="compare").answer(sent(*rows))  # type: ignore[arg-type]
    assert "ordered at all" not in answer.table["measure"].to_pylist()
    assert any("known of buyers alone" in note for note in answer.notes)
    assert any(note.startswith("1 buyer told channel only after") for note in answer.notes)


def test_values_that_speak_of_referral() -> None:
    rows = [
        (f"c{place}", value, 0, 5) for place, value in enumerate(("refer-a-friend", "preferred", "not referred", "referral"))
    ]
    answer = Referred(show="sources").answer(sent(*rows))  # type: ignore[arg-type]
    found = {row["source"]: row["referred"] for row in answer.table.to_pylist() if row["source"] != "(not known)"}
    assert found == {"refer-a-friend": True, "preferred": False, "not referred": False, "referral": True}
    assert any("link on another website" in note for note in answer.notes)


def test_what_came_after_the_as_of_changes_nothing() -> None:
    early = Referred(as_of="2024-03-31").answer(sent(*ANN_AND_BEN))
    cut = Referred(as_of="2024-03-31").answer(sent(*(row for row in ANN_AND_BEN if row[2] <= 90)))
    assert early.table.equals(cut.table)


@cache
def stream() -> Timelines:
    return Timelines.from_arrow(datasets.made_stream(), Settings())


def test_shares_equal_sql_over_the_made_stream() -> None:
    events = datasets.made_stream()  # noqa: F841  # DuckDB reads it by name
    answer = Referred(gone_after=30).answer(stream())
    expected = duckdb.sql("""
        WITH source AS (
            SELECT customer_id, arg_min(channel, time) FILTER (channel IS NOT NULL) = 'friend' AS sent FROM events GROUP BY ALL
        ), back AS (
            SELECT order_id, customer_id, sum(revenue) AS money FROM events WHERE event = 'Order Refunded' GROUP BY ALL
        ), bought AS (
            SELECT customer_id, count(*) AS orders
            FROM events LEFT JOIN back USING (order_id, customer_id)
            WHERE event = 'Order Completed' AND revenue - coalesce(money, 0) > 0 GROUP BY ALL
        )
        SELECT coalesce(sent, false) AS sent, count(*) AS customers, count(orders) AS bought
        FROM source LEFT JOIN bought USING (customer_id) GROUP BY 1 ORDER BY 1 DESC
    """).fetchall()
    found = [(row["group"] == "referred", row["customers"], row["bought"]) for row in answer.table.to_pylist()]
    assert found == expected


def test_every_count_opens_to_its_people() -> None:
    answer = Referred().answer(stream())
    for row in answer.table.to_pylist():
        for what in ("customers", "bought", "again", "kept"):
            assert len(answer.people(group=row["group"], what=what)) == row[what]
    for row in answer.extra["sources"].to_pylist():
        assert len(answer.people(source=row["source"], what="again")) == row["again"]


def test_the_cost_of_a_buyer_is_money_by_buyers() -> None:
    answer = Referred(spent=(("friend", 500.0),)).answer(stream())
    row = answer.table.to_pylist()[0]
    assert row["cost"] == pytest.approx(500 / row["bought"])
    assert row["cost_low"] < row["cost"] < row["cost_high"]
    assert answer.table.to_pylist()[1]["cost"] is None


def test_money_is_divided_by_the_buyers_of_the_sources_it_was_spent_on() -> None:
    answer = Referred(spent=(("search", 300.0),)).answer(stream())
    others = answer.table.to_pylist()[1]
    search = next(row for row in answer.extra["sources"].to_pylist() if row["source"] == "search")
    assert others["cost"] == search["cost"] == pytest.approx(300 / search["bought"])
    assert others["cost_n"] == search["bought"] < others["bought"]


def test_under_contract_kept_is_whose_contract_runs() -> None:
    timelines = contract_shop(200)
    answer = Referred(source="plan", referred=("plus",)).answer(timelines)
    running = set(Bridge("month").people(timelines, what="end").ids)
    for row in answer.table.to_pylist():
        group = set(answer.people(group=row["group"]).ids)
        assert set(answer.people(group=row["group"], what="kept").ids) == group & running
        assert row["kept_n"] == row["bought"]


def test_nothing_that_tells_and_wrong_names() -> None:
    silent = Referred().answer(told("ann o1 100 @5 ben o2 5 @9"))
    assert "Nothing in the data" in silent.words
    assert silent.table.num_rows == 0
    assert len(silent.people()) == 0
    for wrong in ({"source": "colour"}, {"referred": ("aunt",)}, {"spent": (("aunt", 3.0),)}):
        with pytest.raises(UnknownName):
            Referred(**wrong).answer(sent(*ANN_AND_BEN))  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        Referred(days=0)
    with pytest.raises(UsageError):
        Referred(spent=(("friend", -1.0),))
