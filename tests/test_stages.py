"""The stages by hand and as laws: stage of an event, stays, ways, touchpoints, and exactly the people behind them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import told

from holdfast.analyses.scope import Condition
from holdfast.analyses.stages import Stages
from holdfast.analyses.stages.loops import bin_of, bin_values
from holdfast.analyses.stages.map import DEFAULT, parse_stages, stage_map
from holdfast.analyses.stages.walk import SIDES
from holdfast.analyses.statistics import wilson
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import STAGES, Settings
from holdfast.timelines.walk import Shard

SHOP = """ann Page Viewed @0 ann Product Viewed @1 ann Cart Viewed @2 ann o1 10 @3 ann Order Delivered @5 ann o2 10 @10
ben Page Viewed @0 ben Product Viewed @4 cleo Order Delivered @1 cleo Login @2 dan o3 50 @2 -dan o3 50 @6
eve Page Viewed @8 eve o4 5 @9 eve Product Viewed @12 fay Login @40"""
ASKED = Stages(gone_after=29, days=10)


def stages_of(answer, *names):
    return {row["stage"]: tuple(row[name] for name in names) for row in answer.table.to_pylist()}


def ways_of(answer, *names):
    return {(row["from"], row["to"]): tuple(row[name] for name in names) for row in answer.extra["transitions"].to_pylist()}


def touches_of(answer, order, side, *names):
    rows = [row for row in answer.extra["touchpoints"].to_pylist() if (row["order"], row["side"]) == (order, side)]
    return {row["event"]: tuple(row[name] for name in names) for row in rows}


def test_six_people_by_hand():
    """Ann goes the whole way; Ben looks and stops; Cleo's delivery and Dan's order taken back have no stage; Eve goes back."""
    answer = told(SHOP).ask(ASKED)
    assert stages_of(answer, "reached", "n", "current", "fell_out") == {
        "awareness": (3, 6, 0, 0), "consideration": (3, 6, 2, 1), "evaluation": (1, 6, 0, 0), "purchase": (2, 6, 0, 0),
        "after purchase": (1, 6, 0, 0), "loyalty": (1, 6, 1, 1), "(no stage)": (3, 6, 3, None),
    }  # fmt: skip
    row = answer.table.to_pylist()[1]
    assert (row["share"], row["low"], row["high"]) == (0.5, *wilson(3, 6))
    assert (row["fell_out_share"], row["fell_out_share_low"], row["fell_out_share_high"]) == (0.5, *wilson(1, 2))
    people = {
        ("consideration", "reached"): ("ann", "ben", "eve"), ("consideration", "current"): ("ben", "eve"),
        ("consideration", "fell out"): ("ben",), ("loyalty", "fell out"): ("ann",), ("purchase", "reached"): ("ann", "eve"),
        ("(no stage)", "reached"): ("cleo", "dan", "fay"), ("(no stage)", "current"): ("cleo", "dan", "fay"),
    }  # fmt: skip
    assert {key: answer.people(stage=key[0], what=key[1]).ids for key in people} == people
    assert answer.words.startswith("Of 6 customers, 3 reached awareness, 2 bought, 33.3 % (")


def test_ways_and_days_by_hand():
    """Of awareness: 1, 4 and 1 days; of consideration: Ann 1 day, Ben and Eve still there after 36 and 28."""
    answer = told(SHOP).ask(ASKED)
    assert ways_of(answer, "n", "customers", "of") == {
        ("(start)", "awareness"): (3, 3, 6),
        ("awareness", "consideration"): (2, 2, 3),
        ("awareness", "purchase"): (1, 1, 3),
        ("consideration", "evaluation"): (1, 1, 3),
        ("consideration", "(still there)"): (2, 2, 3),
        ("evaluation", "purchase"): (1, 1, 1),
        ("purchase", "consideration"): (1, 1, 2),
        ("purchase", "after purchase"): (1, 1, 2),
        ("after purchase", "loyalty"): (1, 1, 1),
        ("loyalty", "(still there)"): (1, 1, 1),
    }
    days = stages_of(answer, "stays", "median_days", "p90_days")
    assert days["awareness"] == (3, pytest.approx(1, rel=1e-3), pytest.approx(4, rel=1e-3))
    assert days["consideration"] == (3, None, None)
    assert days["after purchase"] == (1, pytest.approx(5, rel=1e-3), pytest.approx(5, rel=1e-3))
    medians = ways_of(answer, "median_days")
    assert medians["awareness", "consideration"] == (pytest.approx(2.5, rel=1e-3),)
    assert medians["(start)", "awareness"] == (None,)
    assert answer.people(**{"from": "purchase", "to": "consideration"}).ids == ("eve",)
    assert answer.people(**{"from": "(start)", "to": "awareness"}).ids == ("ann", "ben", "eve")
    assert answer.people(**{"from": "consideration", "to": "(still there)"}).ids == ("ben", "eve")


def test_touchpoints_by_hand():
    """Ten days: before an order only Ann's second has them all within the data; after one, all three orders have."""
    answer = told(SHOP).ask(ASKED)
    assert touches_of(answer, "first", "before", "n") == {}
    assert touches_of(answer, "each", "before", "customers", "of", "n", "orders") == dict.fromkeys(
        ("Cart Viewed", "Order Completed", "Order Delivered", "Page Viewed", "Product Viewed"), (1, 1, 1, 1)
    )
    after = {"Order Completed": (1, 2, 0.5, "loyalty"), "Order Delivered": (1, 2, 0.5, "after purchase")}
    after |= {"Product Viewed": (1, 2, 0.5, "consideration")}
    assert touches_of(answer, "first", "after", "customers", "of", "share", "stage") == after
    assert touches_of(answer, "each", "after", "n", "orders", "per_order")["Order Delivered"] == (1, 3, 1 / 3)
    assert answer.people(order="first", side="after", event="Product Viewed").ids == ("eve",)
    assert answer.people(order="each", side="before", event="Page Viewed").ids == ("ann",)
    assert any("not observable" in note for note in answer.notes)
    assert touches_of(told(SHOP).ask(replace(ASKED, days=9)), "each", "before", "orders")["Page Viewed"] == (2,)


def test_the_map_reads_the_usual_names():
    named = {
        "awareness": ("Page Viewed", "home", "promo_page", "Email Opened", "main", "Promotion Viewed", "Screen Viewed"),
        "consideration": (
            *("Products Searched", "Product List Viewed", "catalog", "search", "product_view", "filter_results", "products"),
            *("product1", "Product Viewed", "Product Clicked", "view_item"),
        ),
        "evaluation": (
            *("Product Added", "Cart Viewed", "cart", "add_to_cart", "wishlist_add", "Product Added to Wishlist", "compare"),
            *("Checkout Started", "Checkout Step Completed", "Coupon Applied", "payment_details", "shipping_details"),
            *("payment_card", "delivery_choice", "payment_error"),
        ),
        "purchase": ("Order Completed", "purchase", "payment_done"),
        "after purchase": ("Order Delivered", "Order Refunded", "review_page", "support_chat", "Ticket Opened", "refund_asked"),
        "loyalty": ("Product Shared", "Product Reviewed", "Referral Sent", "Points Earned"),
        "none": ("account_page", "error_page", "Login"),
    }
    story = " ".join(f"ann {name} @1" for names in named.values() for name in names)
    meta = told(story.replace("ann ", "ann X")).meta
    meta = replace(meta, events=("", *(name.removeprefix("X") for name in meta.events[1:])))
    found = stage_map(meta).named(meta)
    assert {stage: set(names) for stage, names in found.items()} == {stage: set(names) for stage, names in named.items()}
    assert {stage for stage, _ in DEFAULT} == set(STAGES)


def test_a_map_of_ones_own_comes_first():
    own = (("evaluation", ("login",)), ("none", ("Cart *",)))
    answer = told(SHOP).ask(replace(ASKED, stages=own))
    assert answer.people(stage="evaluation").ids == ("cleo", "fay")
    assert answer.definition.rules["stage map"] == "own and default"
    of_settings = told(SHOP, Settings(stages=own)).ask(ASKED)
    assert of_settings.table == answer.table
    assert any("without a stage: Cart Viewed" in note for note in answer.notes)
    assert parse_stages(["evaluation=login", "none = Cart *, Visit"]) == (
        ("evaluation", ("login",)),
        ("none", ("Cart *", "Visit")),
    )
    with pytest.raises(UnknownName, match="evaluation"):
        parse_stages(["buying=x"])
    for wrong in ("evaluation", "evaluation="):
        with pytest.raises(UsageError, match="write it as"):
            parse_stages([wrong])
    with pytest.raises(UnknownName, match="stage"):
        told(SHOP).ask(Stages(stages=(("buying", ("x",)),)))


def test_an_order_by_another_name_is_an_order():
    answer = told("ann Purchase @1 ann Purchase @4 ann Chat Opened @5 ben Chat Opened @2").ask(Stages(days=1))
    assert stages_of(answer, "reached")["loyalty"] == (1,)
    assert answer.people(stage="after purchase").ids == ("ann",)
    assert answer.people(stage="(no stage)").ids == ("ben",)
    assert "again" not in answer.words
    later = told("ann Purchase @1 ann Purchase @4 ann Login @20").ask(Stages(days=5))
    assert "again Purchase 100.0 %" in later.words


def test_the_map_asks_to_be_looked_over():
    """The data end on 10 February 2024 (day 40)."""
    assert any("nobody has noted" in note for note in told(SHOP).ask(ASKED).notes)
    fresh = told(SHOP, Settings(stages_reviewed="2024-01-01")).ask(ASKED)
    assert fresh.definition.rules["map reviewed"] == "2024-01-01 (40 days before)"
    assert not any("look" in note for note in fresh.notes)
    stale = told(SHOP).ask(replace(ASKED, reviewed="2023-09-01"))
    assert any("1 September 2023, 162 days before" in note for note in stale.notes)
    with pytest.raises(UsageError, match="no date"):
        told(SHOP).ask(replace(ASKED, reviewed="soon"))


def test_wrong_questions_name_what_is_right():
    answer = told(SHOP).ask(ASKED)
    for cell, words in (
        ({"stage": "buying"}, "purchase"), ({"stage": "loyalty", "what": "lost"}, "fell out"),
        ({"from": "loyalty", "to": "(start)"}, "still there"), ({"event": "Visit"}, "Login"),
        ({"event": "Login", "side": "beside"}, "before"), ({"place": 1}, "stage"),
    ):  # fmt: skip
        with pytest.raises(UnknownName, match=words):
            answer.people(**cell)
    with pytest.raises(UsageError, match="no stage is named"):
        answer.people()
    with pytest.raises(UsageError, match="two ends"):
        answer.people(**{"from": "loyalty"})
    with pytest.raises(UsageError, match="whole days"):
        Stages(days=0)
    with pytest.raises(UsageError, match="touchpoints"):
        Stages(show="paths")


def test_each_table_can_come_first_and_is_drawn():
    whole = told(SHOP).ask(ASKED)
    assert whole.figure().layout.title.text
    for show in ("transitions", "touchpoints"):
        answer = told(SHOP).ask(replace(ASKED, show=show))
        assert answer.table == whole.extra[show]
        assert answer.extra["stages"] == whole.table
        assert answer.figure().layout.title.text
    nothing = told("ann Login @1").ask(Stages())
    assert "Nobody did anything" in nothing.words
    assert nothing.figure().layout.title.text
    assert told("ann Login @1").ask(Stages(show="touchpoints")).figure().layout.title.text


def test_where_and_by_choose_people():
    answer = told(SHOP, Settings(gone_after=32)).ask(replace(ASKED, where=(Condition("status", ("customer",)),)))
    assert stages_of(answer, "reached", "n")["loyalty"] == (1, 2)
    split = told(SHOP, Settings(gone_after=32)).ask(replace(ASKED, by="status"))
    assert split.people(stage="purchase", segment="customer").ids == ("ann", "eve")
    assert "Bought: never a customer 0.0 %, customer 100.0 %" in split.words
    assert {bar.name for bar in split.figure().data} == {"never a customer (4)", "customer (2)"}


@pytest.mark.parametrize("precision", [6, 8, 10])
def test_lengths_of_stay_keep_their_first_bits(precision):
    values = bin_values(precision)
    for seconds in (0, 1, 2**precision - 1, 2**precision, 5_000, 86_400, 2**26 - 1, 2**31, 2**32 - 1):
        assert abs(values[bin_of(seconds, precision)] - seconds) <= (0 if seconds < 2**precision else seconds / 2**precision)
    places = [bin_of(seconds, precision) for seconds in range(5_000)]
    assert all(0 <= after - before <= 1 for before, after in pairwise(places))


NAMES = ("Page Viewed", "Product Viewed", "Cart Viewed", "Order Delivered", "Referral Sent", "Login", "ORDER")
STAGE_OF = {"Page Viewed": 0, "Product Viewed": 1, "Cart Viewed": 2, "Order Delivered": 4, "Referral Sent": 5}


def staged(own: list[tuple[int, str]]) -> list[tuple[int, int]]:
    """(day, stage) of one customer's staged events, straight from the rules."""
    out, orders = [], 0
    for at, name in own:
        if name == "ORDER":
            orders += 1
            out.append((at, 3 if orders == 1 else 5))
        elif name in STAGE_OF and (STAGE_OF[name] < 3 or orders):
            out.append((at, STAGE_OF[name]))
    return out


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(NAMES)), min_size=1, max_size=12), min_size=1, max_size=5),
    st.integers(1, 25),
)
def test_everything_equals_lists_read_by_hand(story: list[list[tuple[int, str]]], days: int) -> None:
    people = {f"c{place}": sorted(own, key=lambda event: event[0]) for place, own in enumerate(story)}
    lines = [f"{who} {'? 5' if name == 'ORDER' else name} @{at}" for who, own in people.items() for at, name in own]
    timelines = told(" ".join([*lines, "zoe Login @41"]))
    answer = timelines.ask(Stages(days=days, gone_after=15))
    _stages_agree(answer, people)
    _touches_agree(answer, people, days, min(at for own in people.values() for at, _ in own))
    step, _ = answer.question.step(timelines)
    whole = timelines.walk(step).sums
    parts = step(Shard(timelines.source, 0, 1)) + step(Shard(timelines.source, 1, timelines.customers))
    assert all((parts.sums[name] == value).all() for name, value in whole.items())


def _stages_agree(answer: Any, people: dict[str, list[tuple[int, str]]]) -> None:
    reached, current, fell = defaultdict(set), defaultdict(set), defaultdict(set)
    moves: Counter[tuple[str, str]] = Counter()
    movers = defaultdict(set)
    for who, own in {**people, "zoe": [(41, "Login")]}.items():
        path = staged(own)
        stage = STAGES[path[-1][1]] if path else "(no stage)"
        current[stage].add(who)
        if path and 41 - path[-1][0] >= 15:
            fell[stage].add(who)
        before = "(start)"
        for _, place in path:
            reached[STAGES[place]].add(who)
            if STAGES[place] != before:
                moves[before, STAGES[place]] += 1
                movers[before, STAGES[place]].add(who)
                before = STAGES[place]
        if path:
            moves[before, "(still there)"] += 1
            movers[before, "(still there)"].add(who)
        else:
            reached["(no stage)"].add(who)
    for row in answer.table.to_pylist():
        stage = row["stage"]
        assert answer.people(stage=stage).ids == tuple(sorted(reached[stage]))
        assert answer.people(stage=stage, what="current").ids == tuple(sorted(current[stage]))
        assert (row["reached"], row["current"]) == (len(reached[stage]), len(current[stage]))
        if row["fell_out"] is not None:
            assert answer.people(stage=stage, what="fell out").ids == tuple(sorted(fell[stage]))
            assert row["fell_out"] == len(fell[stage])
    ways = ways_of(answer, "n", "customers")
    assert ways == {way: (n, len(movers[way])) for way, n in moves.items()}
    for way, who in movers.items():
        assert answer.people(**{"from": way[0], "to": way[1]}).ids == tuple(sorted(who))
    for stage in STAGES:  # flow is conserved: into a stage as often as out of it or still there
        assert sum(n for (_, end), n in moves.items() if end == stage) == sum(
            n for (start, _), n in moves.items() if start == stage
        )


def _touches_agree(answer: Any, people: dict[str, list[tuple[int, str]]], days: int, first: int) -> None:
    counts: Counter[tuple[str, str, str]] = Counter()
    who_near, orders, with_orders = defaultdict(set), Counter(), defaultdict(set)
    for who, own in people.items():
        bought = [place for place, (_, name) in enumerate(own) if name == "ORDER"]
        for order, side in SIDES:
            for place in bought[:1] if order == "first" else bought:
                at = own[place][0]
                if at - days < first if side == "before" else at + days > 41:
                    continue
                orders[order, side] += 1
                with_orders[order, side].add(who)
                near = own[:place] if side == "before" else own[place + 1 :]
                for when, name in near:
                    if abs(when - at) <= days:
                        counts[order, side, name] += 1
                        who_near[order, side, name].add(who)
    rows = answer.extra["touchpoints"].to_pylist()
    found = {(row["order"], row["side"], row["event"]): (row["n"], row["customers"], row["of"], row["orders"]) for row in rows}
    assert found == {
        (order, side, "Order Completed" if name == "ORDER" else name): (
            *(n, len(who_near[order, side, name])),
            *(len(with_orders[order, side]), orders[order, side]),
        )
        for (order, side, name), n in counts.items()
    }
    for order, side, name in who_near:
        event = "Order Completed" if name == "ORDER" else name
        assert answer.people(order=order, side=side, event=event).ids == tuple(sorted(who_near[order, side, name]))


def test_the_stage_now_is_a_trait():
    """Split by stage, everyone in a segment stands in that stage."""
    answer = told(SHOP).ask(replace(ASKED, by="stage"))
    here = {row["segment"]: row["stage"] for row in answer.table.to_pylist() if row["current"]}
    assert here == {"(not known)": "(no stage)", "consideration": "consideration", "loyalty": "loyalty"}
    assert answer.people(stage="purchase", segment="consideration").ids == ("eve",)
    before = told(SHOP).ask(replace(ASKED, by="stage", as_of="2024-01-04"))
    assert before.people(stage="purchase", segment="purchase").ids == ("ann", "dan")  # Dan takes his order back on day 6


def test_an_earlier_as_of_equals_data_that_end_there():
    early = told(SHOP).ask(replace(ASKED, as_of="2024-01-10"))
    alone = told(
        "ann Page Viewed @0 ann Product Viewed @1 ann Cart Viewed @2 ann o1 10 @3 ann Order Delivered @5 ben Page Viewed @0 "
        "ben Product Viewed @4 cleo Order Delivered @1 cleo Login @2 dan o3 50 @2 -dan o3 50 @6 eve Page Viewed @8 eve o4 5 @9"
    ).ask(replace(ASKED, as_of="2024-01-10"))
    assert early.table == alone.table
    assert early.extra == alone.extra
