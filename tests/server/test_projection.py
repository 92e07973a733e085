"""Profiles follow the lake: whatever the splitting, whatever is killed, the same customers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.events.identity import AliasMap
from holdfast.server.customers import consents, projection
from holdfast.server.customers.facts import facts_of, later
from holdfast.server.customers.models import (
    Account,
    AliasCall,
    Consent,
    Cursor,
    Customer,
    CustomerWord,
    KnownAs,
    Sighting,
    ids_of,
)
from holdfast.workspace import Workspace
from tests.server.lakes import happened, pour

pytestmark = pytest.mark.django_db


def shown() -> dict[str, Customer]:
    return {row.person: row for row in Customer.objects.filter(merged_into="")}


def test_who_identifies_herself_is_a_customer_with_her_traits(served):
    pour(served, [
        happened(1, "17", device="a"),
        happened(2, "17", kind="identify", **{"traits.email": "Ann@Example.com", "firstName": "Ann", "lastName": "Lee"}),
        happened(3, "17", kind="identify", **{"traits.email": "ann@new.example", "traits.city": "Leeds", "plan": "gold"}),
    ])  # fmt: skip
    assert projection.follow() == 3
    ann = shown()["17"]
    assert (ann.name, ann.email, ann.city) == ("Ann Lee", "ann@new.example", "Leeds")
    assert ann.traits["plan"] == "gold"
    assert ann.first_seen.isoformat() == "2026-01-02T12:00:00+00:00"
    assert projection.follow() == 0


def test_an_old_identify_that_comes_late_does_not_undo_a_newer_one(served):
    pour(served, [happened(9, "17", kind="identify", **{"traits.email": "new@example.com"})])
    projection.follow()
    pour(
        served, [happened(2, "17", kind="identify", **{"traits.email": "old@example.com", "traits.phone": "+44 20 7946 0000"})]
    )
    projection.follow()
    ann = shown()["17"]
    assert (ann.email, ann.phone) == ("new@example.com", "+44 20 7946 0000")
    assert ann.first_seen.day == 3


def test_who_was_anonymous_and_left_an_address_becomes_the_customer(served):
    pour(served, [happened(1, device="b", kind="identify", **{"traits.email": "ben@example.com"}), happened(2, device="c")])
    projection.follow()
    assert set(shown()) == {"anon:b"}
    pour(served, [happened(3, "ben", device="b")])
    projection.follow()
    assert set(shown()) == {"ben"}
    assert shown()["ben"].email == "ben@example.com"
    assert shown()["ben"].first_seen.day == 2
    assert ids_of("anon:b") == ["ben", "anon:b"]


def test_merge_and_unmerge_by_events(served):
    pour(served, [
        happened(1, "old", kind="identify", **{"traits.name": "Cleo", "traits.city": "Leeds"}),
        happened(2, "new", kind="identify", **{"traits.name": "Cleo Park"}),
        happened(3, "new", kind="alias", previousId="old"),
    ])  # fmt: skip
    projection.follow()
    assert set(shown()) == {"new"}
    assert (shown()["new"].name, shown()["new"].city) == ("Cleo Park", "Leeds")
    pour(served, [happened(4, "new", kind="alias", previousId="old", unmerge="true")])
    projection.follow()
    assert {row.person: (row.name, row.city) for row in shown().values()} == {
        "old": ("Cleo", "Leeds"),
        "new": ("Cleo Park", ""),
    }
    assert not KnownAs.objects.exists()


def test_firms_and_consents_are_told(served):
    pour(served, [
        happened(1, "17", kind="group", groupId="acme", **{"traits.name": "Acme Ltd", "traits.industry": "tools"}),
        happened(2, "17", kind="identify", **{"traits.accepts_marketing": "true"}),
        happened(3, "17", "Consent Changed", channel="email", state="no"),
        happened(4, "17", "Preferences Updated", topics='["news", "sales"]', frequency="Weekly"),
        happened(5, "17", **{"context.consent.categoryPreferences.Advertising": "false"}),
        happened(6, "17", "Order Completed", order_id="1", email="ann@example.com", country="Ireland"),
    ])  # fmt: skip
    projection.follow()
    assert Account.objects.get().name == "Acme Ltd"
    ann = shown()["17"]
    assert (ann.account, ann.email, ann.country) == ("acme", "ann@example.com", "Ireland")
    now = {(one.kind, one.name): one.state for one in consents.consents("17")}
    assert now == {
        ("channel", "email"): "no",
        ("topic", "news"): "yes",
        ("topic", "sales"): "yes",
        ("frequency", "all"): "weekly",
        ("purpose", "Advertising"): "no",
    }
    consents.record_consent("17", "channel", "email", "yes", source="page", who="agnes@example.com")
    assert consents.consents("17")[0].state == "yes"
    assert [one.state for one in consents.history("17") if one.kind == "channel"] == ["yes", "no", "yes"]


def test_a_known_customer_who_tells_nothing_new_costs_no_write(served, django_assert_max_num_queries):
    pour(served, [happened(day, f"c{day}") for day in range(1, 40)])
    projection.follow()
    pour(served, [happened(100 + day, f"c{day}") for day in range(1, 40)])
    with django_assert_max_num_queries(8):
        assert projection.follow() == 39


def test_who_is_erased_in_the_lake_goes_with_everything(served):
    pour(served, [
        happened(1, "ann", device="a", kind="identify", **{"traits.email": "ann@example.com", "traits.email_opt_in": "true"}),
        happened(2, "ben", device="b"),
        happened(3, "ann", kind="alias", previousId="ann-old"),
    ])  # fmt: skip
    projection.follow()
    served.erase(["ann"])
    pour(served, [happened(4, "dan")])
    projection.follow()
    assert set(Customer.objects.values_list("person", flat=True)) == {"ben", "dan"}
    assert not Consent.objects.exists()
    assert not AliasCall.objects.exists()
    assert set(Sighting.objects.values_list("customer", flat=True)) == {"ben"}
    assert set(KnownAs.objects.values_list("known_as", flat=True)) == {"anon:b"}
    assert Cursor.objects.get().erasures == 1


# ------------------------------------------------------------------------------------------------------------------ laws

IDS = st.sampled_from(["ann", "ben", "cleo"])
DEVICES = st.sampled_from(["a", "b", None])
TRAITS = st.dictionaries(
    st.sampled_from(["traits.email", "traits.city", "traits.email_opt_in"]), st.sampled_from(["x", "yes", "no"])
)


@st.composite
def stories(draw: Any) -> list[dict[str, Any]]:
    """Some events: page views, identifies, aliases and their undoing, in any order of time."""
    rows = []
    for number in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(["track", "identify", "identify", "alias", "group"]))
        day = draw(st.integers(0, 5))
        if kind == "alias":
            previous = draw(st.sampled_from(["ann", "ben", "cleo", "anon:a", "b"]))
            undo = {"unmerge": "true"} if draw(st.booleans()) else {}
            rows.append(happened(number, draw(IDS), kind="alias", day=day, previousId=previous, **undo))
        elif kind == "group":
            rows.append(
                happened(number, draw(IDS), kind="group", day=day, groupId=draw(st.sampled_from(["x", "y"])), name=str(day))
            )
        else:
            who = draw(st.one_of(IDS, st.none()))
            rows.append(happened(number, who, kind=kind, device=draw(DEVICES), day=day, **draw(TRAITS)))
    return rows


def everything() -> list[Any]:
    """All rows, without their numbers and without when they were made."""
    left = {"id", "created_at", "customer_id"}
    found: list[Any] = []
    for model in (Customer, Account, Consent, KnownAs, Sighting, AliasCall):
        rows = [{name: value for name, value in row.items() if name not in left} for row in model.objects.values()]
        found.append(sorted(json.dumps(row, default=str, sort_keys=True) for row in rows))
    found.append(sorted(CustomerWord.objects.values_list("customer__person", "word")))
    return found


class Killed(Exception):
    """The process dies here."""


def gone_through(lake: Any, place: Any, rows: int, kills: frozenset[int]) -> list[Any]:
    """All rows after a follower took the lake, so many events a transaction, killed in some of the transactions."""
    with transaction.atomic():
        for model in (Customer, Account, Consent, KnownAs, Sighting, AliasCall, Cursor):
            model.objects.all().delete()
        follower, number = projection.Projection(place), 0
        original = projection.statements.consents_told

        def dies(heard: Any) -> None:
            nonlocal number
            number += 1
            original(heard)
            if number in kills:
                raise Killed

        projection.statements.consents_told = dies
        try:
            while True:
                try:
                    follower.follow(lake, rows)
                    break
                except Killed:
                    follower = projection.Projection(place)
        finally:
            projection.statements.consents_told = original
        return everything()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(story=stories(), rows=st.integers(1, 5), kills=st.frozensets(st.integers(1, 6), max_size=3))
def test_no_splitting_and_no_kill_changes_the_rows(tmp_path_factory, story, rows, kills):
    place = tmp_path_factory.mktemp("lake")
    workspace = Workspace.create(place / "shop")
    pour(workspace, story)
    whole = gone_through(workspace.lake, place, 1_000, frozenset())
    assert gone_through(workspace.lake, place, rows, kills) == whole
    aliases = AliasMap.of(workspace.lake.evidence())
    theirs = dict(zip(aliases.sources.to_pylist(), aliases.targets.to_pylist(), strict=True))
    mine = dict(KnownAs.objects.values_list("known_as", "person"))
    with transaction.atomic():
        gone_through(workspace.lake, place, rows, kills)
        mine = dict(KnownAs.objects.values_list("known_as", "person"))
    assert mine == theirs


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.tuples(st.integers(0, 3), st.integers(0, 3), st.text(max_size=2)))))
def test_tellings_add_up_in_any_order(tellings):
    lists = [{name: list(one) for name, one in telling.items()} for telling in tellings]
    assert later(*lists) == later(*reversed(lists)) == later(*lists, *lists)


@given(st.text(), st.sampled_from(["identify", "group", "track"]), st.text())
def test_no_properties_break_the_reading(kind, event, text):
    facts_of(kind, event, text)
    facts_of("identify", event, json.dumps({text: [text], "traits.": None}))
