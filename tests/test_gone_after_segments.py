"""Silent days per product: each segment has its own curve, people and days (MISSION 4.22)."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from cohort_stories import told
from hypothesis import given, settings
from hypothesis import strategies as st
from shells import holdfast, small_shop
from shops import shop, shop_events

from holdfast.analyses.gone_after import GoneAfter, resolve_gone_after
from holdfast.analyses.scope import Condition
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines import walk
from holdfast.timelines.timelines import Timelines


def used_every(days: int, product: str, people: int, orders: int) -> str:
    """Customers of a product who order every so many days from 1 January 2024 on."""
    return "\n".join(
        f"{product}{place} " + ", ".join(f"{day(days * turn)} 9 @{product}" for turn in range(orders))
        for place in range(people)
    )


def day(place: int) -> str:
    return str(pa.scalar(19_723 + place, pa.date32()).as_py())


TWO = "\n".join(
    [
        used_every(7, "planner", 40, 3),
        used_every(30, "desk", 35, 4),
        f"zoe {day(100)} 9 @desk",
        f"dan {day(4)} 9 @rare, {day(99)} 9 @rare",
    ]
)
"""40 customers use the planner on days 0, 7, 14; 35 the desk on days 0, 30, 60, 90; Zoe came on day 100, the last; Dan's
product has nobody else."""


def suggested(timelines: Timelines, **asked: Any) -> dict[str, dict[str, Any]]:
    """segment → row of the suggestions, in their order."""
    found = timelines.ask(GoneAfter(**asked)).extra["suggestions"].to_pylist()
    return {row["segment"]: row for row in found}


def test_each_product_has_its_own_days() -> None:
    """Planner: 80 gaps of 7 days ended, 40 are open for 86. Desk: 105 of 30 days ended, 35 are open for 10 and Zoe's for 0.
    Rare: one of 95 days, too few to say. Together the 80 of 7 days are fewer than nine tenths: 30 days, which rare takes."""
    rows = suggested(told(TWO), by="country")
    assert list(rows) == ["planner", "desk", "rare"]
    columns = ("gone_after", "how", "horizon", "closed_gaps", "customers", "gone", "here")
    assert [rows["planner"][name] for name in columns] == [7, "suggested", 86, 80, 40, 40, 0]
    assert [rows["desk"][name] for name in columns] == [30, "suggested", 30, 105, 36, 0, 36]
    assert [rows["rare"][name] for name in columns] == [30, "fallback", None, 1, 1, 0, 1]
    assert rows["rare"]["note"] == "only 1 gap has ended, too few to suggest from; the 30 days of all customers are assumed"


def test_the_words_name_the_largest_first_and_the_notes_say_what_is_assumed() -> None:
    answer = told(TWO).ask(GoneAfter(by="country"))
    assert answer.words == (
        "Days of silence after which to count a customer as gone: planner 7, desk 30, rare 30 (assumed). "
        "40 of 77 customers have been silent for longer than their segment's days."
    )
    assert "rare (1 customer, 1 gap)" in answer.notes[0]
    assert answer.notes[-1].startswith("every other answer counts with the 30 days of all customers")
    assert answer.definition.rules["by"] == "country at first order"
    assert answer.definition.n == 77


def test_a_condition_asks_about_one_product() -> None:
    where = (Condition("country", ("planner",)),)
    rows, split = suggested(told(TWO), where=where), suggested(told(TWO), by="country")
    assert rows == {"everyone": {**split["planner"], "segment": "everyone"}}
    assert told(TWO).ask(GoneAfter(where=where)).words.startswith("Count a customer as gone after 7 days of silence")


def test_a_group_of_few_customers_does_not_suggest_however_often_they_order() -> None:
    """Three customers with 40 orders each have 117 gaps: habits of three people are no rule for a product."""
    story = TWO + "\n" + used_every(2, "toy", 3, 40)
    row = suggested(told(story), by="country")["toy"]
    assert (row["how"], row["closed_gaps"]) == ("fallback", 117)
    assert "only 3 customers to learn from" in row["note"]
    assert suggested(told(story, Settings(small_group=3)), by="country")["toy"]["gone_after"] == 2


def test_what_all_customers_count_with_is_as_it_was() -> None:
    """Whole shop: chosen days stand in for a segment that cannot say, the others suggest all the same."""
    timelines = told(TWO, Settings(gone_after=33))
    assert resolve_gone_after(timelines, timelines.as_of()).days == 33
    rows = suggested(timelines, by="country")
    assert [row["gone_after"] for row in rows.values()] == [7, 30, 33]
    assert suggested(told(TWO))["everyone"]["gone_after"] == 30


def test_who_moved_is_counted_where_she_stands_when_asked_for_now() -> None:
    """Mia began with the desk and is at the planner since: of the desk at her entry, of the planner now."""
    timelines = told(f"{TWO}\nmia {day(1)} 9 @desk, {day(8)} 9 @planner")
    for moment, planner, desk in (("entry", 40, 37), ("current", 41, 36)):
        rows = suggested(timelines, by="country", moment=moment)
        assert (rows["planner"]["customers"], rows["desk"]["customers"]) == (planner, desk)


def test_every_number_opens_to_its_people() -> None:
    answer = told(TWO).ask(GoneAfter(by="country"))
    rows = answer.extra["suggestions"].to_pylist()
    for row in rows:
        for what in ("gone", "here"):
            assert len(answer.people(what=what, segment=row["segment"])) == row[what]
    assert len(answer.people(what="gone")) == sum(row["gone"] for row in rows)
    assert answer.people(what="here", segment="rare").ids == ("dan",)
    with pytest.raises(UnknownName, match="rare"):
        answer.people(segment="rere")
    with pytest.raises(UsageError, match="moment"):
        told(TWO).ask(GoneAfter(moment="now"))  # type: ignore[arg-type]


def test_segments_are_drawn_as_a_curve_each_eight_at_most() -> None:
    figure = told(TWO).ask(GoneAfter(by="country")).figure()
    lines = [line for line in figure.data if line.mode == "lines"]
    assert [line.name for line in lines] == ["planner: 7 days", "desk: 30 days"]
    many = "\n".join(used_every(7 + place, f"product{place}x", 30, 3) for place in range(10))
    drawn = told(many).ask(GoneAfter(by="country")).figure().data
    assert sum(line.mode == "lines" for line in drawn) == 8


CURVE = ("day", "at_risk", "returned", "censored", "waiting", "share_returned")


def test_a_segment_is_the_whole_of_a_shop_that_holds_its_customers_alone() -> None:
    """Online Retail: the curve, days and counts of each country with 30 customers or more, and the curves of all others."""
    events, whole = shop_events(), shop()
    answer = whole.ask(GoneAfter(by="country", as_of="2011-12-09"))
    for row in answer.extra["suggestions"].to_pylist():
        members = [
            *answer.people(segment=row["segment"], what="gone").ids,
            *answer.people(segment=row["segment"], what="here").ids,
        ]
        assert len(members) == row["customers"]
        alone = events.filter(pc.is_in(events["customer_id"], pa.array(members)))
        own = Timelines.from_arrow(alone, whole.settings).ask(GoneAfter(as_of="2011-12-09"))
        part = answer.table.filter(pc.equal(answer.table["segment"], row["segment"])).select(CURVE)
        shorter = min(len(part), len(own.table))
        assert shorter > 0
        assert part.slice(0, shorter).equals(own.table.select(CURVE).slice(0, shorter))
        if row["how"] == "suggested":
            expected = {**own.extra["suggestions"].to_pylist()[0], "segment": row["segment"], "note": row["note"]}
            assert row == expected


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60), st.sampled_from("PQ")), min_size=1, max_size=29))
@settings(max_examples=40)
def test_gaps_of_segments_add_up_and_shards_change_nothing(moves: list[tuple[int, int, str]]) -> None:
    """29 gaps are too few for a horizon: every curve is whole. TWO, with horizons, is cut into shards as well."""
    timelines = told("\n".join(f"c{who} {day(place)} 9 @{product}" for who, place, product in moves))
    split, whole = timelines.ask(GoneAfter(by="country")), timelines.ask(GoneAfter())
    rows, (all_of_them,) = split.extra["suggestions"].to_pylist(), whole.extra["suggestions"].to_pylist()
    for name in ("closed_gaps", "customers"):
        assert sum(row[name] for row in rows) == all_of_them[name]
    for name in ("at_risk", "returned", "censored"):
        assert sum(split.table[name].to_pylist()) == sum(whole.table[name].to_pylist())


def test_shards_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = told(TWO).ask(GoneAfter(by="country"))
    monkeypatch.setattr(walk, "EVENTS_A_SHARD", 20)
    parts = told(TWO).ask(GoneAfter(by="country"))
    assert parts.table.equals(whole.table)
    assert parts.extra["suggestions"].equals(whole.extra["suggestions"])
    assert parts.people(what="gone").ids == whole.people(what="gone").ids


def test_the_verb_takes_by_and_where() -> None:
    split = holdfast("gone-after", "-w", small_shop(), "--by", "country")
    assert split.code == 0
    assert "Germany" in split.out
    assert holdfast("gone-after", "-w", small_shop(), "--by", "country", "--csv").out.startswith("segment,day,")
    assert holdfast("gone-after", "-w", small_shop(), "--where", "country=France", "--csv").out.startswith("day,at_risk,")
    gone = holdfast("gone-after", "-w", small_shop(), "--by", "country", "--people", "what=gone", "segment=Germany")
    assert (gone.code, gone.out.split()) == (0, ["ben", "dan"])
