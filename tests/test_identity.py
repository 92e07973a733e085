"""Who is who: anonymous and known ids, joined when read. A story is events of (hour, customer, device) and alias events."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lake_people import alias, batches, event

from holdfast.events.identity import AliasMap, Evidence
from holdfast.events.schema import EVENTS


def numbered(events):
    """The events with their place as arrival sequence, as the lake gives it."""
    return [{**row, "sequence": place} for place, row in enumerate(events)]


def evidence(events, size=3):
    return Evidence.of(batches(events, size))


def joined(*events):
    return AliasMap.of(evidence(numbered(events)))


def told(aliases):
    sources, targets = aliases.pairs()
    return dict(zip(sources.to_pylist(), targets.to_pylist(), strict=True))


def test_device_belongs_to_the_customer_it_was_seen_with():
    aliases = joined(event(1, None, "phone"), event(2, "Ann", "phone"))
    assert told(aliases) == {"anon:phone": "Ann"}
    assert aliases.resolve("anon:phone") == "Ann"
    assert aliases.resolve("Ann") == "Ann"
    assert aliases.resolve("anon:nobody") == "anon:nobody"


def test_shared_device_belongs_to_the_first_by_time_not_by_arrival():
    """Ben's row arrives first, Ann's sighting is older."""
    assert told(joined(event(9, "Ben", "tablet"), event(2, "Ann", "tablet"))) == {"anon:tablet": "Ann"}


def test_same_second_is_decided_by_sequence():
    assert told(joined(event(2, "Ben", "tablet"), event(2, "Ann", "tablet"))) == {"anon:tablet": "Ben"}


def test_anonymous_id_like_a_customer_id_is_another_person():
    aliases = joined(event(1, "17"), event(2, None, "17"), event(3, "Ann", "17"))
    assert told(aliases) == {"anon:17": "Ann"}
    assert aliases.resolve("17") == "17"


def test_alias_joins_two_known_ids_and_the_newer_is_kept():
    assert told(joined(event(1, "ann@old"), alias(2, "ann@old", "Ann"))) == {"ann@old": "Ann", "anon:ann@old": "Ann"}


def test_chain_of_aliases_ends_at_its_last_id():
    aliases = joined(alias(5, "b", "c"), alias(1, "a", "b"), event(2, "a", "phone"))
    assert {name: aliases.resolve(name) for name in ("a", "b", "c", "anon:phone")} == dict.fromkeys(
        ["a", "b", "c", "anon:phone"], "c"
    )
    assert aliases.members("a") == {"a", "b", "c", "anon:a", "anon:b", "anon:phone"}


def test_circle_of_aliases_keeps_the_last():
    aliases = joined(alias(1, "a", "b"), alias(2, "b", "a"))
    assert (aliases.resolve("a"), aliases.resolve("b")) == ("a", "a")


def test_same_email_never_joins_two_known_ids():
    mails = [event(1, "Ann", kind="identify", email="a@x.org"), event(2, "Ann2", kind="identify", email="a@x.org")]
    assert told(joined(*mails)) == {}


def test_unmerge_takes_a_join_back_and_a_later_alias_restores_it():
    story = [alias(1, "Ann2", "Ann"), alias(5, "Ann2", "Ann", unmerge="true")]
    assert joined(*story).resolve("Ann2") == "Ann2"
    assert joined(*story, alias(9, "Ann2", "Ann")).resolve("Ann2") == "Ann"


def test_unmerge_counts_by_time_not_by_arrival():
    """The unmerge arrives first but is older than the alias: the alias stands."""
    assert joined(alias(5, "Ann2", "Ann", unmerge="true"), alias(7, "Ann2", "Ann")).resolve("Ann2") == "Ann"


def test_unmerge_names_the_pair_either_way_round():
    assert joined(alias(1, "Ann2", "Ann"), alias(5, "Ann", "Ann2", unmerge="true")).resolve("Ann2") == "Ann2"


def test_unmerged_device_falls_to_the_next_customer_it_was_seen_with():
    story = [event(1, "Ann", "tablet"), event(2, "Ben", "tablet"), alias(5, "tablet", "Ann", unmerge="true")]
    assert joined(*story).resolve("anon:tablet") == "Ben"
    assert joined(*story, event(9, "Ann", "tablet")).resolve("anon:tablet") == "Ben"
    assert joined(*story, alias(9, "tablet", "Ann"), alias(10, "tablet", "Ben", unmerge="true")).resolve("anon:tablet") == "Ann"


def test_touched_are_both_sides_of_what_changed_hands():
    """A late older sighting moves the tablet from Ben to Ann; Cleo's phone stays hers."""
    before = joined(event(5, "Ben", "tablet"), event(5, "Cleo", "phone"))
    after = joined(event(5, "Ben", "tablet"), event(5, "Cleo", "phone"), event(1, "Ann", "tablet"))
    assert AliasMap.touched(before, after) == {"Ann", "Ben"}
    assert AliasMap.left(before, after) == {"Ben"}
    assert AliasMap.touched(after, after) == frozenset()
    assert AliasMap.touched(AliasMap(), after) == {"anon:tablet", "Ann", "anon:phone", "Cleo"}


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"previousId": null}', '{"previousId": "Ann"}'])
def test_alias_that_says_nothing_joins_nothing(text):
    rows = [{**event(1, "Ann", kind="alias"), "properties": text}]
    assert len(AliasMap.of(Evidence.of(pa.Table.from_pylist(rows, EVENTS).to_batches()))) == 0


def test_evidence_survives_the_disk(tmp_path):
    found = evidence(numbered([event(1, "Ann", "phone"), alias(2, "x", "Ann"), alias(3, "x", "Ann", unmerge="true")]))
    found.write(tmp_path / "evidence.parquet")
    again = Evidence.read(tmp_path / "evidence.parquet")
    assert again.sightings.equals(found.sightings)
    assert again.statements == found.statements


people = st.sampled_from(["Ann", "Ben", "Cleo", "Dan"])
devices = st.sampled_from(["phone", "tablet", "Ann", "laptop"])
hours = st.integers(0, 6)
rows = st.one_of(
    st.builds(event, hours, people, devices),
    st.builds(event, hours, st.none(), devices),
    st.builds(alias, hours, st.one_of(people, devices), people),
    st.builds(
        lambda hour, previous, customer: alias(hour, previous, customer, unmerge="true"),
        hours,
        st.one_of(people, devices),
        people,
    ),
)


@given(st.lists(rows, max_size=25), st.randoms(use_true_random=False), st.integers(1, 5))
def test_order_of_reading_changes_nothing(events, chance, size):
    """Law: with times and sequences given, the map is the same whatever the order of rows and the size of batches."""
    events = numbered(events)
    shuffled = chance.sample(events, len(events))
    assert told(AliasMap.of(evidence(shuffled, size))) == told(AliasMap.of(evidence(events)))


@given(st.lists(rows, max_size=25), st.integers(0, 25))
def test_evidence_adds_up(events, cut):
    """Law: the evidence of two parts, added, gives the map of the whole."""
    events = numbered(events)
    parts = evidence(events[:cut]) + evidence(events[cut:])
    assert told(AliasMap.of(parts)) == told(AliasMap.of(evidence(events)))


@given(st.lists(rows, max_size=25))
def test_map_leads_to_people_in_one_step(events):
    """Law: nobody is joined with someone who is joined with a third; no id is its own source."""
    aliases = told(joined(*events))
    assert not set(aliases) & set(aliases.values())


def slow(events):
    """Oracle: every event's person, by the rules of the module's docstring read literally, one row at a time."""
    ordered = sorted(numbered(events), key=lambda row: (row["time"], row["sequence"]))
    seen = {}
    for row in ordered:
        if row["type"] != "alias" and row["customer_id"] and row["anonymous_id"]:
            seen.setdefault(row["anonymous_id"], row["customer_id"])
    return [row["customer_id"] or seen.get(row["anonymous_id"], f"anon:{row['anonymous_id']}") for row in numbered(events)]


@given(st.lists(st.one_of(st.builds(event, hours, people, devices), st.builds(event, hours, st.none(), devices)), max_size=30))
def test_persons_without_aliases_equal_the_slow_reading(events):
    aliases = joined(*events)
    assert [aliases.resolve(row["customer_id"] or f"anon:{row['anonymous_id']}") for row in events] == slow(events)
