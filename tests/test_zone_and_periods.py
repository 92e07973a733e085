"""Local days and periods of the calendar (SEMANTICS 1 and 2), against zoneinfo and the calendar on the wall."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.errors import SettingsError, UsageError
from holdfast.timelines.periods import Periods
from holdfast.timelines.zone import Zone, date_of, day_of

ZONES = [
    "UTC",
    "Europe/London",
    "America/New_York",
    "Asia/Kolkata",
    "America/Havana",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Beirut",
]


@given(st.sampled_from(ZONES), st.integers(0, 2**31 - 1))
@settings(max_examples=400, deadline=None)
def test_local_days_are_those_of_zoneinfo(name: str, second: int) -> None:
    expected = day_of(datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(name)).date())
    if expected >= 0:
        assert Zone.named(name).days(np.array([second]))[0] == expected


@pytest.mark.parametrize("name", ZONES)
def test_midnight_is_the_first_instant_of_its_day(name: str) -> None:
    zone = Zone.named(name)
    for day in range(day_of(date(2011, 1, 1)), day_of(date(2012, 3, 1))):
        first = zone.midnight(day)
        assert zone.day_at(first) >= day > zone.day_at(first - 1)


def test_across_a_daylight_saving_night_the_next_day_is_day_one() -> None:
    """Europe/London, 27 March 2011, has 23 hours: from Saturday 23:30 to Monday 00:10 are 23 h 40 min and two days."""
    zone = Zone.named("Europe/London")
    saturday = int(datetime(2011, 3, 26, 23, 30, tzinfo=ZoneInfo("Europe/London")).timestamp())
    monday = int(datetime(2011, 3, 28, 0, 10, tzinfo=ZoneInfo("Europe/London")).timestamp())
    assert (monday - saturday) // 86_400 == 0
    assert zone.day_at(monday) - zone.day_at(saturday) == 2


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="IANA"):
        Zone.named("Europe/Atlantis")


def test_the_periods_of_a_year_end() -> None:
    first, last = day_of(date(2010, 12, 29)), day_of(date(2011, 1, 10))
    assert Periods.covering("month", first, last).labels() == ["2010-12", "2011-01"]
    assert Periods.covering("quarter", first, last).labels() == ["2010-Q4", "2011-Q1"]
    assert Periods.covering("year", first, last).labels() == ["2010", "2011"]
    assert Periods.covering("week", first, last).labels() == ["2010-W52", "2011-W01", "2011-W02"]
    assert Periods.covering("week", first, last, week_start=7).labels() == [
        "week of 2010-12-26",
        "week of 2011-01-02",
        "week of 2011-01-09",
    ]


@given(
    st.sampled_from(["day", "week", "month", "quarter", "year"]),
    st.dates(date(1971, 1, 1), date(2100, 1, 1)),
    st.integers(0, 800),
    st.integers(1, 7),
)
@settings(max_examples=100, deadline=None)
def test_every_day_lies_in_exactly_one_period(unit: str, first: date, days: int, week_start: int) -> None:
    last = first + timedelta(days=days)
    periods = Periods.covering(unit, day_of(first), day_of(last), week_start)  # type: ignore[arg-type]
    table = periods.of_day()
    for day in range(day_of(first), day_of(last) + 1):
        assert periods.starts[table[day]] <= day < periods.starts[table[day] + 1]
    if unit == "week":
        assert {date_of(int(start)).isoweekday() for start in periods.starts} == {week_start}


def test_a_period_is_over_when_its_last_day_is() -> None:
    periods = Periods.covering("month", day_of(date(2011, 1, 1)), day_of(date(2011, 3, 31)))
    assert periods.closed(day_of(date(2011, 3, 1))).tolist() == [True, True, False]
    assert periods.closed(day_of(date(2011, 2, 28))).tolist() == [True, False, False]


def test_an_unknown_period_names_the_span() -> None:
    periods = Periods.covering("month", day_of(date(2011, 1, 1)), day_of(date(2011, 3, 31)))
    assert periods.find("2011-02") == 1
    with pytest.raises(UsageError, match="2011-01 to 2011-03"):
        periods.find("2012-01")
    with pytest.raises(UsageError, match="choose one of"):
        Periods.covering("fortnight", 0, 1)  # type: ignore[arg-type]
