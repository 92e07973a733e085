"""Merging and taking it back: shown at once, in the lake a moment later, the same in both."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import UsageError
from holdfast.events.identity import AliasMap, Evidence
from holdfast.server.customers import merging, projection
from holdfast.server.customers.consents import consents, record_consent
from holdfast.server.customers.models import AliasCall, Customer, ids_of
from holdfast.server.customers.resolving import Said, Seen, pairs
from holdfast.server.customers.search import found
from holdfast.server.intake.inbox import inbox
from holdfast.server.people.models import AuditEntry
from tests.server.lakes import START, happened, pour


@pytest.fixture
def two(served):
    inbox().done(2**40)  # on PostgreSQL one inbox serves all tests
    pour(served, [
        happened(1, "cleo-1", kind="identify", **{"traits.email": "cleo@example.com", "traits.name": "Cleo Park"}),
        happened(2, "cleo-2", device="c", kind="identify", **{"traits.email": "Cleo@Example.com", "traits.city": "Leeds"}),
        happened(3, "dan", kind="identify", **{"traits.phone": "+44 20 7946 0000"}),
    ])  # fmt: skip
    projection.follow()
    return served


def arrived() -> list[dict]:
    """What waits in the inbox."""
    return [json.loads(row.body) for row in inbox().take(0, 100)]


def digested(workspace) -> None:
    """What waits in the inbox, in the lake."""
    events = []
    for number, call in enumerate(arrived()):
        day = (merging.datetime.fromisoformat(call["timestamp"]) - START).total_seconds() / 86_400
        row = happened(1_000 + number, call["userId"], kind="alias", day=day, **call["properties"])
        events.append(row | {"time": merging.datetime.fromisoformat(call["timestamp"])})
    pour(workspace, events)


@pytest.mark.django_db
def test_a_merge_is_shown_at_once_and_stays_when_the_lake_has_it(two, people):
    merging.merge("cleo-1", "cleo-2", people["max"])
    for _ in range(2):
        cleo = Customer.objects.get(person="cleo-2")
        assert (cleo.name, cleo.city) == ("Cleo Park", "Leeds")
        assert Customer.objects.get(person="cleo-1").merged_into == "cleo-2"
        assert {"cleo-2", "cleo-1", "anon:c"} <= set(ids_of("cleo-1"))
        assert [hit.person for hit in found("cleo-1")] == ["cleo-2"]
        assert [one.previous for one in merging.merges("cleo-2")] == ["cleo-1"]
        if not AliasCall.objects.filter(sequence__lt=2**62).exists():
            digested(two)
            projection.follow()
    assert AliasCall.objects.count() == 1
    assert AuditEntry.objects.get().action == "customer.merge"


@pytest.mark.django_db
def test_taken_back_both_are_as_before(two, people):
    merging.merge("cleo-1", "cleo-2", people["max"])
    merging.unmerge("cleo-2", "cleo-1", people["max"])
    assert Customer.objects.filter(merged_into="").count() == 3
    assert Customer.objects.get(person="cleo-2").name == ""
    assert merging.merges("cleo-2") == []
    digested(two)
    projection.follow()
    assert Customer.objects.filter(merged_into="").count() == 3
    assert [call["properties"].get("unmerge") for call in arrived()] == [None, "true"]


@pytest.fixture
def chain(served, people):
    """a was merged with b, then b with c; each has an address."""
    inbox().done(2**40)
    names = ("a", "b", "c")
    pour(served, [happened(n, one, kind="identify", email=f"{one}.old@example.com") for n, one in enumerate(names)])
    projection.follow()
    merging.merge("a", "b", people["max"])
    merging.merge("b", "c", people["max"])
    return served


@pytest.mark.django_db
@pytest.mark.parametrize(("taken", "groups"), [("a", ["a", "bc"]), ("b", ["ab", "c"])])
def test_in_a_chain_the_link_is_taken_back_that_is_named(chain, people, taken, groups):
    """The page of c lists a and b; whichever is taken apart there leaves, in the web and in the timelines."""

    def together():
        return [
            "".join(sorted(one for one in "abc" if ids_of(one)[0] == whole)) for whole in sorted({ids_of(o)[0] for o in "abc"})
        ]

    assert [one.previous for one in merging.merges("c")] == ["b", "a"]
    assert together() == ["abc"]
    merging.unmerge("c", taken, people["max"])
    assert sorted(together()) == sorted(groups)
    digested(chain)
    projection.follow()
    assert sorted(together()) == sorted(groups)
    assert chain.timelines.customers == 2


@pytest.mark.django_db
@pytest.mark.usefixtures("chain")
def test_a_merged_customer_is_found_by_all_her_addresses():
    for one in ("a", "b", "c"):
        assert [hit.person for hit in found(f"{one}.old@example.com")] == ["c"]


@pytest.mark.django_db
def test_a_yes_after_a_merge_holds_though_another_merge_follows(two, people):
    """cleo-1 forbade mail; merged it stays so; she allows it; merged once more with Dan, who said nothing, it stays allowed."""
    record_consent("cleo-1", "channel", "email", "no", source="page", at=START)
    merging.merge("cleo-1", "cleo-2", people["max"])
    assert [one.state for one in consents("cleo-2")] == ["no"]
    record_consent("cleo-2", "channel", "email", "yes", source="page")
    merging.merge("cleo-2", "dan", people["max"])
    assert [one.state for one in consents("dan")] == ["yes"]


@pytest.mark.django_db
def test_what_was_forbidden_while_they_were_one_stays_forbidden_to_both(two, people):
    """cleo-1 allowed mail; merged she forbids it on the page; taken apart nobody knows who it was, so neither gets mail."""
    record_consent("cleo-1", "channel", "email", "yes", source="page", at=START)
    record_consent("cleo-2", "channel", "sms", "no", source="page", at=START)
    merging.merge("cleo-1", "cleo-2", people["max"])
    record_consent("cleo-2", "channel", "email", "no", source="page", who="agnes@example.com")
    merging.unmerge("cleo-2", "cleo-1", people["max"])
    assert [(one.name, one.state) for one in consents("cleo-1")] == [("email", "no")]
    assert [(one.name, one.state) for one in consents("cleo-2")] == [("email", "no"), ("sms", "no")]


@pytest.mark.django_db
@pytest.mark.usefixtures("two")
def test_what_cannot_be_merged_is_refused(people):
    with pytest.raises(UsageError):
        merging.merge("dan", "dan", people["max"])
    with pytest.raises(UsageError):
        merging.merge("dan", "nobody", people["max"])
    with pytest.raises(UsageError):
        merging.unmerge("dan", "cleo-1", people["max"])
    assert arrived() == []


@pytest.mark.django_db
@pytest.mark.usefixtures("two")
def test_likely_doubles_are_listed_and_never_merged():
    double = merging.doubles()
    assert [(one.by, one.shared, [row.person for row in one.customers]) for one in double] == [
        ("email", "cleo@example.com", ["cleo-1", "cleo-2"])
    ]
    assert Customer.objects.filter(merged_into="").count() == 3


IDS = st.sampled_from(["a", "b", "c", "anon:a", "anon:d"])
KNOWN = st.sampled_from(["a", "b", "c", "d"])
SAID = st.lists(st.tuples(st.integers(0, 4), IDS, KNOWN, st.booleans()), max_size=8)
SEEN = st.lists(st.tuples(st.sampled_from("abd"), KNOWN, st.integers(0, 4)), max_size=6, unique_by=lambda one: one[:2])


@given(said=SAID, seen=SEEN)
def test_the_web_says_who_is_who_as_the_timelines_do(said, seen):
    calls = [Said(time, number, *rest) for number, (time, *rest) in enumerate(said) if rest[0] != rest[1]]
    sightings = [Seen(device, customer, time, 100 + number) for number, (device, customer, time) in enumerate(seen)]
    theirs = AliasMap.of(evidence(calls, sightings))
    expected = dict(zip(theirs.sources.to_pylist(), theirs.targets.to_pylist(), strict=True))
    mine = {one: whole for one, whole in pairs(sightings, calls).items() if one != whole}
    assert mine == expected


def evidence(calls, sightings) -> Evidence:
    import pyarrow as pa

    from holdfast.events.identity import SIGHTINGS, Statement

    rows = [
        {"anonymous_id": s.anonymous, "customer_id": s.customer, "time": s.time_us, "sequence": s.sequence} for s in sightings
    ]
    statements = tuple(sorted(Statement(*call) for call in calls))
    return Evidence(pa.Table.from_pylist(rows, SIGHTINGS).sort_by([("anonymous_id", "ascending")]), statements)
