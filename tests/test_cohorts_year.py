"""Who is still a customer a year on, told with people and against SQL."""

from __future__ import annotations

import pytest
from cohort_oracle import Oracle
from cohort_stories import told
from people import told as events
from shops import cdnow, cdnow_events, shop

from holdfast.analyses.cohorts.year import OneYear
from holdfast.settings import Contract, Settings

CONTRACT = Settings(base="contract", contract=Contract(("Started",), ("Ended",)), gone_after=40)

STORY = """
    ann   2010-01-01 1, 2010-06-01 1, 2011-01-01 1
    ben   2010-01-01 1, 2010-12-31 1
    cleo  2010-02-01 1
    dan   2011-01-15 1
"""


def test_a_year_by_hand():
    """As of 1 February 2011. Known for 365 days: Ann (ordered on day 365), Ben (day 364 only), Cleo (exactly 365 days ago).

    Gone after 60 days: only Cleo, on her day 61. Of three at risk then (Dan has been seen for 17 days) one left: 2 in 3 are
    customers at every later day.
    """
    answer = told(STORY).ask(OneYear(gone_after=60, as_of="2011-02-01"))
    row = answer.table.to_pylist()[0]
    assert (row["n"], row["customers"], row["everyone"]) == (3, 1, 4)
    assert row["rate"] == pytest.approx(1 / 3)
    assert row["still"] == pytest.approx(2 / 3)
    assert answer.people().ids == ("ann",)
    assert answer.people(count="n").ids == ("ann", "ben", "cleo")
    assert answer.extra["lifetime"].to_pydict()["at_risk"] == [3]
    assert answer.words.startswith("33.3 % (6.1 to 79.2) of 3 customers known for 365 days ordered on day 365 or later.")


def test_it_says_what_to_lay_beside_the_claim_and_what_survival_counts():
    notes = shop().ask(OneYear()).notes
    assert any("3 in 10" in note and "first figure" in note for note in notes)
    assert any("first silence" in note for note in notes)
    contracts = events("ann Started @0  ann o1 10 @0  ann o2 10 @400", CONTRACT).ask(OneYear())
    assert "“survival”" in contracts.notes[-1]
    assert "of orders" in contracts.notes[-1]


def test_nobody_known_for_a_year_is_null_not_0():
    answer = told(STORY).ask(OneYear(gone_after=60, as_of="2010-12-31"))
    row = answer.table.to_pylist()[0]
    assert (row["n"], row["customers"], row["rate"], row["still"]) == (0, 0, None, None)
    assert answer.words == "Of 3 customers nobody has been known for 365 days yet."


def test_who_has_just_joined_does_not_hold_the_curve_up():
    """Ten customers order once each, one a month from January; gone after 60 days. Nobody stays a customer for longer, so on
    day 61 the share is 0. (Were lifetimes to end with the last order, the two latest joiners would make it 20 % for ever.)
    """
    story = "\n".join(f"c{month} 2010-{month:02}-01 1" for month in range(1, 11))
    answer = told(story).ask(OneYear(days=61, gone_after=60, as_of="2010-10-15"))
    row = answer.table.to_pylist()[0]
    assert (row["customers"], row["n"], row["still"]) == (0, 8, 0.0)
    curve = answer.extra["lifetime"].to_pydict()
    assert (curve["day"], curve["at_risk"], curve["left"]) == ([61], [8], [8])
    assert answer.definition.title == "Who is still a customer 61 days on"


def test_cdnow_equals_sql():
    connection = Oracle(cdnow_events(), "America/New_York").connection
    n, kept, everyone = connection.execute(
        "SELECT count(*) FILTER (seen >= 365), count(*) FILTER (seen >= 365 AND last - first >= 365), count(*) FROM "
        "(SELECT min(day) AS first, max(day) AS last, (SELECT max(day) FROM tagged) - min(day) AS seen "
        "FROM orders GROUP BY customer)"
    ).fetchone()
    row = cdnow().ask(OneYear()).table.to_pylist()[0]
    assert (row["n"], row["customers"], row["everyone"]) == (n, kept, everyone)
    assert n > 20_000
    assert len(cdnow().ask(OneYear()).people()) == kept
