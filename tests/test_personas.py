"""Personas: the six rules by hand, their laws, and the numbers that open to people."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import START, told

from holdfast.analyses.personas import Personas
from holdfast.analyses.personas.moves import NOT_YET, PersonaMoves
from holdfast.analyses.personas.rules import PERSONAS
from holdfast.analyses.personas.trait import LABELS, trait
from holdfast.analyses.scope import Condition
from holdfast.analyses.stickiness import Stickiness
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines
from holdfast.timelines.walk import Shard, added

STORY = """
    ann o1 100 @0 ann o2 40 @20
    ben o3 90 @1
    cleo o4 10 @2
    dan Page Viewed @3 dan Product Added @3
    eve Page Viewed @4 eve Page Viewed @4
    fay Page Viewed @5 fay Page Viewed @9
    gus o5 70 @6 -gus o5 70 @8
    hal Email Opened @7 hal Email Opened @7
"""
"""Ann orders twice. First orders are 100, 90 and 10 as of the end: the split is 90, so that Ben's order is of low value."""


def personas(timelines, as_of=None):
    made = trait("persona", timelines, timelines.as_of(as_of))
    codes = made.codes(Shard(timelines.source, 0, timelines.customers))
    ids = timelines.source.columns.ids().to_pylist()
    return {who: LABELS[code] for who, code in sorted(zip(ids, codes, strict=True))}


def test_eight_people_by_hand():
    timelines = told(STORY)
    bouncer, browser, abandoner, low, _, repeat = PERSONAS
    assert personas(timelines) == {
        "ann": repeat, "ben": low, "cleo": low, "dan": abandoner, "eve": browser, "fay": bouncer, "gus": abandoner,
        "hal": bouncer,
    }  # fmt: skip
    assert set(personas(timelines, "2024-01-07").values()) == {*PERSONAS[:5], LABELS[0]}


def test_any_question_can_be_split_by_persona():
    answer = told(STORY).ask(Stickiness(by="persona"))
    assert set(answer.table["segment"].to_pylist()) == set(PERSONAS) - {"one-time high value"}


def test_the_table_of_eight_people():
    """The data end on day 20; gone after 10 days. Ben (day 1) and Cleo are gone, Ann's second order is today."""
    answer = told(STORY, Settings(gone_after=10)).ask(Personas())
    rows = {row["persona"]: row for row in answer.table.to_pylist()}
    assert [row["customers"] for row in rows.values()] == [2, 1, 2, 2, 0, 1]
    assert {row["n"] for row in rows.values()} == {8}
    repeat, low = rows["repeat buyer"], rows["one-time low value"]
    assert (repeat["revenue"], repeat["orders"], repeat["aov"], repeat["days_since"]) == (140.0, 2, 70.0, 0)
    assert (repeat["revenue_share"], low["revenue_share"]) == (140 / 240, 100 / 240)
    assert (repeat["kept"], repeat["gone"], low["kept"], low["gone"]) == (1, 0, 0, 2)
    assert (low["days_since"], low["before_30"]) == (18, None)
    assert answer.definition.rules["split"] == "90.00 EUR (median first order)"
    assert "1 of the cart abandoners took back in full whatever they ordered" in answer.notes
    assert answer.people(persona="cart abandoner").ids == ("dan", "gus")
    assert answer.people(persona="one-time low value", what="gone").ids == ("ben", "cleo")
    assert [row["customers"] for row in told(STORY).ask(Personas(split=50)).table.to_pylist()] == [2, 1, 2, 1, 1, 1]


def test_moves_by_hand():
    """By day 6 Ann and Ben are of high value: the split of the end, 90, makes Ben low at both dates."""
    answer = told(STORY).ask(PersonaMoves("2024-01-07"))
    moves = {(row["before"], row["after"]): row["customers"] for row in answer.table.to_pylist() if row["customers"]}
    assert moves == {
        ("one-time high value", "repeat buyer"): 1, ("one-time low value", "one-time low value"): 2,
        ("cart abandoner", "cart abandoner"): 1, ("passive browser", "passive browser"): 1, ("bouncer", "bouncer"): 1,
        ("one-time low value", "cart abandoner"): 1, (NOT_YET, "bouncer"): 1,
    }  # fmt: skip
    assert answer.people(before="one-time low value", after="cart abandoner").ids == ("gus",)
    assert answer.people(before=NOT_YET).ids == ("hal",)


def shopping(rows):
    """Timelines of (who, minute, event, order value, coupon, category)."""
    schema = pa.schema(
        [("customer_id", pa.string()), ("event", pa.string()), ("order_id", pa.string()), ("revenue", pa.decimal128(18, 4)),
         ("time", pa.timestamp("us", tz="UTC")), ("coupon", pa.string()), ("category", pa.string())]
    )  # fmt: skip
    made = [
        {
            "customer_id": who, "time": START + timedelta(minutes=minute), "event": event, "coupon": coupon,
            "category": category,
            "revenue": None if value is None else Decimal(value), "order_id": None if value is None else f"o{place}",
        }
        for place, (who, minute, event, value, coupon, category) in enumerate(rows)
    ]  # fmt: skip
    return Timelines.from_arrow(pa.Table.from_pylist(made, schema), Settings())


DAY = 1440
ORDER = "Order Completed"


def orders(who, days, coupons=None, categories=None, page_before=None):
    rows = []
    for place, day in enumerate(days):
        if page_before is not None:
            rows.append((who, day * DAY - page_before, "Page Viewed", None, None, None))
        coupon = coupons[place] if coupons else None
        rows.append((who, day * DAY, ORDER, 10, coupon, categories[place] if categories else None))
    return rows


def test_marks_by_hand():
    """Ann uses coupons on 2 of 4 orders. Ben orders after 1, 1 and 28 days, five minutes after he comes. Cleo does so after
    29 minutes. Dan's intervals are as Ben's, and every order is of another category. Eve comes every ten days. Fay's coupon
    is 0 once."""
    spread = (1, 2, 3, 31)
    timelines = shopping(
        [
            *orders("ann", (1, 11, 21, 31), ("SALE", None, "SALE", None)),
            *orders("ben", spread, page_before=5),
            *orders("cleo", spread, page_before=29),
            *orders("dan", spread, categories=("a", "b", "a", "b")),
            *orders("eve", (1, 11, 21, 31), page_before=5),
            *orders("fay", (1, 11), ("0", "SALE")),
        ]
    )
    answer = timelines.ask(Personas(cart=("Order *",)))
    marks = {row["mark"]: answer.people(mark=row["mark"]).ids for row in answer.extra["marks"].to_pylist()}
    assert marks == {"none": ("cleo", "eve", "fay"), "discount seeker": ("ann",), "impulse": ("ben", "dan")}
    assert [row["customers"] for row in answer.extra["marks"].to_pylist()] == [3, 1, 2]


def test_about_one_product_and_one_segment():
    timelines = shopping(
        [*orders("ann", (1, 2), categories=("Books", "Toys")), *orders("ben", (1,), categories=("Toys",)),
         ("cleo", 5, "Page Viewed", None, None, "Books"), ("dan", 5, "Page Viewed", None, None, None)]
    )  # fmt: skip
    answer = timelines.ask(Personas(about="category=Books"))
    assert {row["persona"]: row["customers"] for row in answer.table.to_pylist() if row["customers"]} == {
        "bouncer": 1,
        "repeat buyer": 1,
    }
    assert answer.people().ids == ("ann", "cleo")
    split = timelines.ask(Personas(by="category", moment="current"))
    assert split.people(segment="Toys", persona="repeat buyer").ids == ("ann",)
    with pytest.raises(UnknownName, match="Toys"):
        timelines.ask(Personas(about="category=Garden"))


def test_wrong_questions_name_what_is_right():
    timelines = told(STORY)
    with pytest.raises(UnknownName, match="repeat buyer"):
        Personas().people(timelines, persona="repeater")
    with pytest.raises(UnknownName, match="impulse"):
        Personas().people(timelines, mark="hasty")
    with pytest.raises(UsageError, match="kept"):
        Personas().people(timelines, what="lost")
    with pytest.raises(UnknownName, match="Product Added"):
        timelines.ask(Personas(cart=("Basket*",)))
    with pytest.raises(UsageError, match="turn them round"):
        timelines.ask(PersonaMoves("2024-01-10", "2024-01-09"))
    with pytest.raises(UsageError, match="amount of money"):
        timelines.ask(Personas(split=-1))


def test_a_shop_with_orders_only_has_buyers_only():
    answer = told("ann o1 5 @0 ann o2 5 @1 ben o3 9 @2").ask(Personas())
    assert answer.table["persona"].to_pylist() == list(PERSONAS[3:])
    assert any("orders only" in note for note in answer.notes)
    assert any("neither visits nor categories" in note for note in answer.notes)


EVENTS = ("Page Viewed", "Product Added", "Email Opened", ORDER)
LIVES = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.integers(0, 60 * DAY), st.sampled_from(EVENTS), st.integers(1, 40)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(LIVES, st.integers(0, 60), st.randoms())
def test_everybody_has_one_persona_and_moves_have_the_sizes_as_margins(lives, day, random):
    rows = [(who, minute, event, value if event == ORDER else None, None, None) for who, minute, event, value in lives]
    random.shuffle(rows)
    timelines = shopping(rows)
    answer = timelines.ask(Personas())
    table = answer.table.to_pylist()
    people = [answer.people(persona=row["persona"]).ids for row in table]
    assert [len(ids) for ids in people] == [row["customers"] for row in table]
    assert sorted(sum(people, ())) == sorted({who for who, *_ in lives})
    for what in ("before_30", "before_90", "kept", "gone"):
        for row in table:
            if row[what] is not None:
                assert len(answer.people(persona=row["persona"], what=what)) == row[what]
    step = Personas().step(timelines)
    parts = added([step(Shard(timelines.source, place, place + 1)) for place in range(timelines.customers)])
    for name, whole in timelines.walk(step).sums.items():
        assert np.array_equal(parts.sums[name], whole)
    first = START.date() + timedelta(days=day)
    if timelines.as_of(first).until >= timelines.as_of().until:
        return
    moves = timelines.ask(PersonaMoves(first))
    split = Personas().step(timelines).rule.split / 10_000
    before = {row["persona"]: row["customers"] for row in timelines.ask(Personas(as_of=first, split=split)).table.to_pylist()}
    for row in moves.extra["sizes"].to_pylist():
        assert row["before"] == before.get(row["persona"], 0)
        assert row["after"] == {one["persona"]: one["customers"] for one in table}.get(row["persona"], 0)
    for row in moves.table.to_pylist():
        assert len(moves.people(before=row["before"], after=row["after"])) == row["customers"]


@settings(max_examples=20, deadline=None)
@given(
    LIVES, st.sampled_from(((), ("Page Viewed",), ("P*",))), st.sampled_from((None, 0.0, 7.0)), st.sampled_from((None, 1, 60))
)
def test_whoever_is_asked_about_stands_in_exactly_one_persona(lives, cart, split, gap):
    """Under every argument, and split by any trait: the people of the personas are those in scope, each once."""
    rows = [(who, minute, event, value if event == ORDER else None, None, who) for who, minute, event, value in lives]
    timelines = shopping(rows)
    if cart and not any(fnmatchcase(name, cart[0]) for name in timelines.meta.events[1:]):
        cart = ()
    everybody = {who for who, *_ in lives}
    one = sorted(everybody)[0]
    own = {"cart": cart, "split": split, "gap_minutes": gap}
    for asked, scope in (
        ({}, everybody),
        ({"about": f"category={one}"}, {one}),
        ({"where": (category(one),)}, everybody - {one}),
    ):
        answer = timelines.ask(Personas(**own, **asked))
        people = [who for row in answer.table.to_pylist() for who in answer.people(persona=row["persona"]).ids]
        assert sorted(people) == sorted(scope)
        assert {row["n"] for row in answer.table.to_pylist()} == {len(scope)}
    for by in ("persona", "category", *(("status",) if ORDER in timelines.meta.events else ())):
        answer = timelines.ask(Personas(**own, by=by))
        table = answer.table.to_pylist()
        people = [who for row in table for who in answer.people(persona=row["persona"], segment=row["segment"]).ids]
        assert sorted(people) == sorted(everybody)
        assert sum({row["segment"]: row["n"] for row in table}.values()) == len(everybody)


def category(who):
    return Condition("category", (who,), negated=True)


def test_orders_without_money_are_said():
    timelines = shopping([("ann", 0, ORDER, None, None, None), ("ben", 5, ORDER, None, None, None)])
    assert any("carry no money" in note for note in timelines.ask(Personas()).notes)
    assert not any("carry no money" in note for note in told(STORY).ask(Personas()).notes)
