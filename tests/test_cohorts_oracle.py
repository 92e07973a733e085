"""Every cohort grid equals an independent DuckDB SQL computation, cell by cell, on Online Retail (with refunds) and CDNOW."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import cache

import pytest
from cohort_oracle import Oracle
from shops import cdnow, cdnow_events, shop, shop_events

from holdfast.analyses.cohorts import Cohorts

WINDOW = (date(2011, 2, 10), date(2011, 9, 20))


@cache
def oracle(name: str, by: str | None = None) -> Oracle:
    return Oracle(cdnow_events(), "America/New_York") if name == "cdnow" else Oracle(shop_events(True), "Europe/London", by)


def timelines(name: str):
    return cdnow() if name == "cdnow" else shop(True)


def begins(label: str) -> str:
    """The first day of a cohort, from its label."""
    if "-W" in label:
        year, week = label.split("-W")
        return date.fromisocalendar(int(year), int(week), 1).isoformat()
    if "-Q" in label:
        return f"{label[:4]}-{3 * int(label[-1]) - 2:02d}-01"
    return {4: f"{label}-01-01", 7: f"{label}-01", 10: label}[len(label)]


def compared(name: str, question: Cohorts, clock: str) -> int:
    """Compare every cell; gives how many were compared."""
    table = timelines(name).ask(question).table.to_pylist()
    rows = [row for row in table if row["cohort"] != "all"]
    width = 1 + max(row["period"] for row in rows)
    window = {} if question.window is None else {"first": question.window[0], "last": question.window[1]}
    where = (question.period, question.entry, clock)
    expected = oracle(name, question.by).cells(*where, question.returns, width, **window)
    assert {(row["segment"], begins(row["cohort"]), row["period"]) for row in rows} == set(expected)
    for row in rows:
        size, kept = expected[row["segment"], begins(row["cohort"]), row["period"]]
        assert row["size"] == size, row
        if row["state"] == "not observable":
            assert row["customers"] is None
            assert row["rate"] is None
        else:
            assert row["customers"] == kept, row
            assert row["rate"] == pytest.approx(kept / size, abs=1e-12)
    if question.measure != "customers":
        compare_money(rows, oracle(name, question.by).money(*where, **window), question.measure)
    return len(rows)


def compare_money(rows, expected, measure):
    running: dict[tuple[str, str], Decimal] = {}
    for row in rows:
        key = (row["segment"], row["cohort"])
        amount = expected.get((row["segment"], begins(row["cohort"]), row["period"]), Decimal(0))
        running[key] = running.get(key, Decimal(0)) + amount
        if row["value"] is not None:
            wanted = amount if measure == "revenue" else running[key]
            assert round(row["value"] * 10_000) == int(wanted * 10_000), row


@pytest.mark.parametrize("name", ["shop", "cdnow"])
@pytest.mark.parametrize("returns", ["on", "on or after", "on or before", "every"])
@pytest.mark.parametrize("period", ["month", "week", "quarter"])
def test_calendar_grids_equal_sql(name, period, returns):
    assert compared(name, Cohorts(period=period, returns=returns), "calendar") > 5


@pytest.mark.parametrize("name", ["shop", "cdnow"])
@pytest.mark.parametrize("returns", ["on", "on or after", "on or before", "every"])
def test_elapsed_grids_equal_sql(name, returns):
    assert compared(name, Cohorts(clock="elapsed", month="30 days", returns=returns), "30 days") > 10
    assert compared(name, Cohorts(clock="elapsed", returns=returns), "months") > 10


@pytest.mark.parametrize("returns", ["on", "on or after", "on or before", "every"])
@pytest.mark.parametrize("entry", ["first in window", "each period"])
def test_entry_modes_equal_sql(entry, returns):
    window = WINDOW if entry == "first in window" else None
    for clock, question in [("calendar", Cohorts()), ("30 days", Cohorts(clock="elapsed", month="30 days"))]:
        asked = Cohorts(entry=entry, returns=returns, window=window, clock=question.clock, month=question.month)
        assert compared("shop", asked, clock) > 10


def test_brackets_equal_sql():
    assert compared("shop", Cohorts(brackets=(1, 7, 30)), "brackets") == 13 * 3


def test_segments_by_country_equal_sql():
    assert compared("shop", Cohorts(by="country"), "calendar") > 500
    assert compared("shop", Cohorts(by="country", measure="revenue", entry="each period"), "calendar") > 500


@pytest.mark.parametrize("measure", ["revenue", "cumulative revenue"])
@pytest.mark.parametrize("clock", ["calendar", "30 days", "months"])
def test_money_equals_sql_to_the_cent(measure, clock):
    given = {
        "clock": "calendar" if clock == "calendar" else "elapsed",
        "month": "30 days" if clock == "30 days" else "calendar",
    }
    for name in ("shop", "cdnow"):
        assert compared(name, Cohorts(measure=measure, **given), clock) > 10


def test_all_first_ever_money_adds_up_to_what_was_bought():
    """Every order lies at or after its customer's entry; only money before it (early credit notes) is in no cell."""
    rows = cdnow().ask(Cohorts(measure="revenue", period="year")).table.to_pylist()
    total = sum(Decimal(str(row["value"])) for row in rows if row["cohort"] != "all" and row["value"] is not None)
    assert total == sum(value for value in cdnow_events()["revenue"].to_pylist())


def test_states_equal_the_calendar():
    """As of 9 December 2011, 12:50: November is over, December has begun, January 2012 has not."""
    for row in shop(True).ask(Cohorts()).table.to_pylist():
        if row["cohort"] == "all":
            continue
        year, month = map(int, row["cohort"].split("-"))
        place = 12 * year + month - 1 + row["period"]
        expected = "complete" if place <= 12 * 2011 + 10 else "in progress" if place == 12 * 2011 + 11 else "not observable"
        assert row["state"] == expected, row


def test_elapsed_states_close_with_the_last_member():
    """A cohort's 30-day window k is over once its last member's is: entry + (k + 1) × 30 days."""
    connection = oracle("shop").connection
    spans = connection.execute(
        "SELECT strftime(date_trunc('month', day), '%Y-%m'), min(sec), max(sec) FROM "
        "(SELECT * FROM orders QUALIFY row_number() OVER (PARTITION BY customer ORDER BY sec, arrival) = 1) GROUP BY ALL"
    ).fetchall()
    first, last = {row[0]: row[1] for row in spans}, {row[0]: row[2] for row in spans}
    until = connection.execute("SELECT max(sec) + 1 FROM events").fetchone()[0]
    month = int(timedelta(days=30).total_seconds())
    for row in shop(True).ask(Cohorts(clock="elapsed", month="30 days")).table.to_pylist():
        if row["cohort"] != "all":
            closed = last[row["cohort"]] + (row["period"] + 1) * month <= until
            begun = first[row["cohort"]] + row["period"] * month < until
            assert row["state"] == ("complete" if closed else "in progress" if begun else "not observable"), row
