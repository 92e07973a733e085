"""Who needs attention now: groups that do not overlap, people behind each, money that adds up."""

from __future__ import annotations

import pytest
from people import told
from shops import shop

from holdfast.analyses.attention import GROUPS, Attention
from holdfast.analyses.bridge import Bridge
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings


def groups(answer):
    return {row["group"]: row["customers"] for row in answer.table.to_pylist()}


def test_who_complained_and_did_not_order_since_is_unhappy():
    """Ann complained and ordered again; Ben complained after his last order; Cleo never; Dan complained long ago.

    ann a1 10 @0 · ann Complaint Sent @90 · ann a2 10 @95
    ben b1 10 @0 · ben b2 10 @60 · ben Complaint Sent @95
    cleo c1 10 @0 · cleo c2 10 @96
    dan d1 10 @0 · dan Complaint Sent @20 · dan d2 10 @10
    """
    story = told(
        test_who_complained_and_did_not_order_since_is_unhappy.__doc__.split("\n\n")[1],
        Settings(gone_after=200),
    )
    asked = Attention(as_of="2024-04-09")
    assert asked.people(story, group="unhappy").ids == ("ben",)
    assert Attention(complaint_days=90, as_of="2024-04-09").people(story, group="unhappy").ids == ("ben", "dan")


def test_one_order_counts_once_half_of_those_who_came_back_would_have():
    """Three came back after 10, 20 and 30 days: half of them by day 20. Eve's one order is 24 days old, Fay's 4.

    ann a1 10 @0 · ann a2 10 @10 · ben b1 10 @0 · ben b2 10 @20 · cleo c1 10 @0 · cleo c2 10 @30
    eve e1 10 @15 · fay f1 10 @35
    """
    story = told(
        test_one_order_counts_once_half_of_those_who_came_back_would_have.__doc__.split("\n\n")[1],
        Settings(gone_after=200),
    )
    asked = Attention(as_of="2024-02-09")
    assert asked.answer(story).definition.rules["second order expected within"] == "20 days"
    assert asked.people(story, group="single").ids == ("eve",)
    assert "single" not in groups(Attention(as_of="2024-02-04").answer(story))


@pytest.fixture(scope="module")
def real():
    return Attention(limit=10_000).answer(shop())


def test_behind_each_number_stand_just_so_many_people_and_nobody_twice(real):
    seen: set[str] = set()
    for row in real.table.to_pylist():
        ids = real.people(group=row["group"]).ids
        assert len(ids) == row["customers"]
        assert not seen & set(ids)
        seen |= set(ids)
    assert sum(groups(real).values()) == len(seen) <= real.definition.n


def test_what_is_at_stake_adds_up_from_the_people(real):
    listed = real.extra["customers"].to_pylist()
    for row in real.table.to_pylist():
        own = [one["at_stake"] for one in listed if one["group"] == row["group"]]
        assert len(own) == row["customers"]
        assert sum(own) == pytest.approx(row["at_stake"] or 0.0)
    assert [one["at_stake"] for one in listed] == sorted((one["at_stake"] for one in listed), reverse=True)


def _not_here(real):
    """Who is no customer of now."""
    gone = Bridge(as_of=real.definition.as_of)
    here = set(gone.people(shop(), period="2011-12", what="end").ids)
    return set(shop().source.columns.ids().to_pylist()) - here


def test_the_unhappy_are_told_by_plain_events(real):
    """Oracle: the orders and refunds themselves, customer by customer."""
    shown = set(real.people(group="unhappy").ids)
    columns = shop().source.columns
    end = int(columns.day.max())
    names, ids = columns.meta.events, columns.ids().to_pylist()
    expected = set()
    for place, who in enumerate(ids):
        rows = range(columns.offsets[place], columns.offsets[place + 1])
        back = [int(columns.day[i]) for i in rows if names[columns.code[i]] == "Order Refunded"]
        bought = [int(columns.day[i]) for i in rows if names[columns.code[i]] == "Order Completed"]
        if back and back[-1] > end - 30 and (not bought or bought[-1] < back[-1]):
            expected.add(who)
    assert expected <= shown | _not_here(real)


def test_names_that_do_not_exist_are_refused():
    story = told("ann a1 10 @0")
    with pytest.raises(UnknownName):
        Attention().people(story, group="angry")
    with pytest.raises(UsageError):
        Attention(complaint_days=0)
    assert [group.name for group in GROUPS] == ["unhappy", "quiet", "falling", "single", "best"]
