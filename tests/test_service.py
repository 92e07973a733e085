"""Support of new customers beside existing ones: a told shop by hand, people behind numbers, SQL over the made stream."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from people import START, told
from shops import shop

from holdfast import datasets
from holdfast.analyses.clv import MONTH_DAYS
from holdfast.analyses.service import Service
from holdfast.analyses.service.tables import Contacts, row_of
from holdfast.analyses.statistics import count_interval
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

ANN_AND_BEN = """
    ann ? 10 @0  ann Ticket Opened @3  ann Ticket Opened @5  ann ? 10 @40  ann Ticket Opened @60  ann ? 10 @99
    ben ? 10 @80  ben Ticket Opened @79  ben Chat Started @99
    cleo Ticket Opened @10
    dan ? 10 @0  dan Ticket Opened @70
"""
"""New for 30 days, gone after 50. Ann: 30 days new with two contacts, 62 existing with one, gone on days 91 to 98. Ben: 20 days
new with one contact, the one before his order is outside. Cleo never ordered. Dan: 30 days new, 21 existing; his contact on
day 70 came when he was gone."""


def test_contacts_are_counted_against_months_as_by_hand() -> None:
    answer = Service(new_days=30).answer(told(ANN_AND_BEN, Settings(gone_after=50)))
    new, old = answer.table.to_pylist()
    assert (new["customers"], new["contacting"], new["contacts"]) == (3, 2, 3)
    assert (old["customers"], old["contacting"], old["contacts"]) == (2, 1, 1)
    assert new["customer_months"] == pytest.approx(80 / MONTH_DAYS)
    assert old["customer_months"] == pytest.approx((62 + 21) / MONTH_DAYS)
    assert new["per_hundred"] == pytest.approx(100 * 3 / (80 / MONTH_DAYS))
    assert any(note.startswith("2 contacts of buyers") for note in answer.notes)


def test_who_left_and_came_back_was_no_customer_meanwhile() -> None:
    """Gone after 10: Ann is there on days 0 to 10 and 40 to 50, 22 days; her contact on day 20 came while she was gone."""
    story = "ann ? 10 @0  ann Ticket Opened @20  ann ? 10 @40  ann Ticket Opened @45  zoe ? 10 @60"
    answer = Service(new_days=5).answer(told(story, Settings(gone_after=10)))
    new, old = answer.table.to_pylist()
    assert (new["customer_months"], old["customer_months"]) == pytest.approx((6 / MONTH_DAYS, 17 / MONTH_DAYS))
    assert (new["contacts"], old["contacts"]) == (0, 1)
    assert any(note.startswith("1 contact of buyers") for note in answer.notes)


def test_no_contact_at_all_is_not_certainly_none() -> None:
    """None in 10 months: the upper limit of a count of 0 is 3.7 by Byar's approximation."""
    found = Contacts(pa.array(["ann", "ben"]), *(np.zeros((2, 2)) for _ in range(4)), outside=0)
    found.days[:, 0] = 5 * MONTH_DAYS
    row = row_of(found, 0, None)
    assert (row["per_hundred"], row["per_hundred_low"]) == (0, 0)
    assert row["per_hundred_high"] == pytest.approx(100 * count_interval(0)[1] / 10)
    assert 35 < row["per_hundred_high"] < 40


def timed() -> Timelines:
    """Forty buyers: a contact of 10 or 20 minutes each when new, every second one another of 30 later."""
    rows: list[tuple[str, str, int, str | None]] = []
    for place in range(40):
        who = f"c{place:02}"
        rows += [(who, "Order Completed", 0, None), (who, "Ticket Opened", 3, "10" if place % 2 else "20")]
        rows += [(who, "Order Completed", 40, None), *([(who, "Ticket Opened", 50, "30")] if place % 2 else [])]
        rows += [(who, "Support Ticket Closed", 4, "99")]
    table = pa.table(
        {
            "customer_id": [row[0] for row in rows], "event": [row[1] for row in rows],
            "revenue": [9.0 if row[1] == "Order Completed" else None for row in rows],
            "time": pa.array([START + timedelta(days=row[2]) for row in rows], pa.timestamp("us", tz="UTC")),
            "support_minutes": [row[3] for row in rows],
        }
    )  # fmt: skip
    return Timelines.from_arrow(table, Settings(gone_after=60, properties=("support_minutes",)))


def test_minutes_are_compared_where_they_are_known() -> None:
    """New: 40 contacts of 15 minutes each in 40 x 30 days. Existing: 20 of 30 in 40 x 21 days. Closing is no contact."""
    answer = Service(new_days=30).answer(timed())
    new, old = answer.table.to_pylist()
    assert (new["contacts"], old["contacts"]) == (40, 20)
    assert new["minutes"] == pytest.approx(100 * 40 * 15 / (40 * 30 / MONTH_DAYS))
    assert old["minutes"] == pytest.approx(100 * 20 * 30 / (40 * 21 / MONTH_DAYS))
    both = answer.extra["compare"].to_pylist()[1]
    assert both["more"] == pytest.approx(new["minutes"] - old["minutes"])
    assert both["more_low"] < both["more"] < both["more_high"]
    assert new["minutes_low"] < new["minutes"] * (1 - 0.05)
    assert "In minutes:" in answer.words


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
