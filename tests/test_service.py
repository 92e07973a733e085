"""Support of new customers beside existing ones: a told shop by hand, people behind numbers, SQL over the made stream."""

from __future__ import annotations

from functools import cache

import duckdb
import pytest
from people import told
from shops import shop

from holdfast import datasets
from holdfast.analyses.clv import MONTH_DAYS
from holdfast.analyses.service import Service
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

ANN_AND_BEN = """
    ann ? 10 @0  ann Ticket Opened @3  ann Ticket Opened @5  ann ? 10 @40  ann Ticket Opened @60  ann ? 10 @99
    ben ? 10 @80  ben Ticket Opened @79  ben Chat Started @99
    cleo Ticket Opened @10
    dan ? 10 @0  dan Ticket Opened @70
"""
"""New for 30 days, gone after 50. Ann: 30 days new with two contacts, 70 existing with one. Ben: 20 days new with one contact,
the one before his order is outside. Cleo never ordered. Dan: 30 days new, 21 existing; his contact on day 70 came when he was
gone."""


def test_contacts_are_counted_against_months_as_by_hand() -> None:
    answer = Service(new_days=30).answer(told(ANN_AND_BEN, Settings(gone_after=50)))
    new, old = answer.table.to_pylist()
    assert (new["customers"], new["contacting"], new["contacts"]) == (3, 2, 3)
    assert (old["customers"], old["contacting"], old["contacts"]) == (2, 1, 1)
    assert new["customer_months"] == pytest.approx(80 / MONTH_DAYS)
    assert old["customer_months"] == pytest.approx(91 / MONTH_DAYS)
    assert new["per_hundred"] == pytest.approx(100 * 3 / (80 / MONTH_DAYS))
    assert any(note.startswith("2 contacts of buyers") for note in answer.notes)


def test_numbers_open_to_their_people() -> None:
    answer = Service(new_days=30).answer(told(ANN_AND_BEN, Settings(gone_after=50)))
    assert answer.people(who="new", what="contacting").ids == ("ann", "ben")
    assert answer.people(who="existing").ids == ("ann", "dan")
    for row in answer.table.to_pylist():
        for what in ("customers", "contacting"):
            assert len(answer.people(who=row["who"], what=what)) == row[what]


def test_the_cost_is_contacts_times_what_one_costs() -> None:
    timelines = told(ANN_AND_BEN, Settings(gone_after=50, costs=(("contact", 4.5),)))
    row = Service(new_days=30).answer(timelines).table.to_pylist()[0]
    assert row["cost"] == pytest.approx(row["per_hundred"] * 4.5)
    assert Service(new_days=30, cost=9).answer(timelines).table.to_pylist()[0]["cost"] == pytest.approx(2 * row["cost"])


@cache
def stream() -> Timelines:
    return Timelines.from_arrow(datasets.made_stream(), Settings())


def test_contacts_equal_sql_over_the_made_stream() -> None:
    """Every contact of a buyer is new, existing or outside."""
    events = datasets.made_stream()  # noqa: F841  # DuckDB reads it by name
    answer = Service(gone_after=30).answer(stream())
    counted = sum(row["contacts"] for row in answer.table.to_pylist())
    outside = next(int(note.split()[0].replace(",", "")) for note in answer.notes if "contacts of buyers" in note)
    [(expected,)] = duckdb.sql("""
        WITH back AS (SELECT order_id, sum(revenue) AS money FROM events WHERE event = 'Order Refunded' GROUP BY ALL),
        buyer AS (
            SELECT DISTINCT customer_id FROM events LEFT JOIN back USING (order_id)
            WHERE event = 'Order Completed' AND revenue > coalesce(money, 0)
        )
        SELECT count(*) FROM events SEMI JOIN buyer USING (customer_id) WHERE event IN ('Ticket Opened', 'Chat Started')
    """).fetchall()
    assert counted + outside == expected


def test_what_came_after_the_as_of_changes_nothing() -> None:
    whole = Service(new_days=30, as_of="2024-02-15").answer(told(ANN_AND_BEN, Settings(gone_after=50)))
    early = "ann ? 10 @0  ann Ticket Opened @3  ann Ticket Opened @5  ann ? 10 @40 cleo Ticket Opened @10 dan ? 10 @0"
    cut = Service(new_days=30, as_of="2024-02-15").answer(told(early, Settings(gone_after=50)))
    assert whole.table.equals(cut.table)


def test_a_shop_without_support_and_wrong_names() -> None:
    assert "Nothing in the data is a contact" in Service().answer(shop()).words
    assert len(Service().answer(shop()).people(what="contacting")) == 0
    with pytest.raises(UnknownName):
        Service(contacts=("Fax",)).answer(shop())
    with pytest.raises(UnknownName):
        Service().answer(stream()).people(who="old")
    with pytest.raises(UsageError):
        Service(new_days=0)
