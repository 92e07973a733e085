"""Recommend: small shops by hand, and the laws that every list keeps (MISSION 1.6, 2.10, 3.14)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imported import bring
from shells import holdfast
from sold import SCHEMA, events, sold

from holdfast import datasets
from holdfast.analyses.recommend import Recommend
from holdfast.analyses.recommend.noise import not_products
from holdfast.analyses.recommend.offers import _alike
from holdfast.analyses.recommend.quality import scored
from holdfast.analyses.recommend.ranking import best_of
from holdfast.analyses.recommend.together import Pairs
from holdfast.analyses.traits import Traits
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines import walk
from holdfast.timelines.order_lines import OrderLines
from holdfast.timelines.timelines import Timelines
from holdfast.timelines.zone import date_of, day_of
from holdfast.workspace import Workspace

STORY = """
    ann a1 soap,towel @0    ann a2 soap @10   ann a3 soap,towel @20
    ben b1 soap,towel @1    ben b2 lamp @15
    cleo c1 soap,towel @2   cleo c2 lamp @12
    dan d1 soap @18
    eve e1 @19
"""
"""Eve's order says nothing of what was in it."""


def asked(story: str = STORY, **choices: Any) -> Any:
    shop, lines = sold(story)
    return shop.ask(Recommend(lines=lines, **choices))


def lists(answer: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in answer.table.to_pylist():
        found.setdefault(row["customer"], []).append(row["item"])
    return found


def test_each_customer_gets_what_she_has_and_then_what_is_new_to_her():
    """Ann has soap three times and a towel twice; Ben and Cleo all three products; Dan soap, with which towels go; of Eve
    nothing is known: four have soap, three a towel, two a lamp."""
    answer = asked()
    assert lists(answer)["ann"] == ["soap", "towel", "lamp"]
    assert lists(answer)["dan"] == ["soap", "towel", "lamp"]
    assert lists(answer)["eve"] == ["soap", "towel", "lamp"]
    kinds = {(row["customer"], row["item"]): row["kind"] for row in answer.table.to_pylist()}
    assert kinds["ann", "soap"] == kinds["dan", "soap"] == "again"
    assert kinds["dan", "towel"] == "new"
    assert kinds["eve", "soap"] == "popular"
    assert answer.definition.n == 5


def test_reasons_are_told_in_words():
    """Ann's soap: days 0, 10 and 20, the last day; Dan's soap goes with a towel for 3 of its 4 customers."""
    reasons = {(row["customer"], row["item"]): row["reason"] for row in asked().table.to_pylist()}
    assert reasons["ann", "soap"] == "bought 3 times, every 10 days, last today"
    assert reasons["ann", "towel"] == "bought twice, 20 days apart, last today"
    assert reasons["dan", "towel"] == "bought by 3 of the 4 customers of soap"
    assert reasons["eve", "towel"] == "bought by 3 customers in the last 30 days"
    assert reasons["dan", "soap"] == "bought once, 2 days ago; 1 of its 4 customers came again for it"


def test_one_customer_and_one_kind():
    answer = asked(customer="dan", kind="new", top=1)
    assert lists(answer) == {"dan": ["towel"]}
    assert answer.words == "dan would like next: towel."
    assert lists(asked(kind="again"))["dan"] == ["soap"]
    assert "eve" not in lists(asked(kind="again"))
    with pytest.raises(UnknownName, match="zoe"):
        asked(customer="zoe")


def test_half_a_list_is_new():
    """Of four places two are for what she had (soap, towel), two for what she had not."""
    story = "ann a1 soap,towel,cup,mat @0  ben b1 soap,towel,lamp,rug,bowl @1  cleo c1 soap,towel,lamp,rug @2"
    kinds = [row["kind"] for row in asked(story, kind="half", top=4).table.to_pylist() if row["customer"] == "ann"]
    assert sorted(kinds) == ["again", "again", "new", "new"]


def test_what_she_returned_is_never_recommended_to_her():
    """Ann took the lamp back alone, Ben his whole order: neither gets a lamp, and Ben no rug; Cleo may have both."""
    story = """
        ann a1 soap,lamp @0   -ann a1 lamp @3
        ben b1 lamp,rug @0    -ben b1 @2     ben b2 soap @5
        cleo c1 soap @1       dan d1 soap,lamp,rug @4
    """
    found = lists(asked(story))
    assert "lamp" not in found["ann"]
    assert "rug" in found["ann"]
    assert found["ben"] == ["soap"]
    assert {"lamp", "rug"} <= set(found["cleo"])


def test_what_is_out_of_the_catalogue_is_not_offered():
    story = "ann a1 old,soap @0  ben b1 soap,lamp @50  cleo c1 soap,old @1  dan d1 lamp @55"
    assert "old" in lists(asked(story, catalogue_days=60))["ben"]
    answer = asked(story, catalogue_days=30)
    assert all("old" not in items for items in lists(answer).values())
    assert answer.definition.rules["catalogue"] == "sold in the last 30 days"
    assert all(set(items) <= {"lamp"} for items in lists(asked(story, available=("lamp", "none"))).values())


def test_postage_and_fees_are_no_products():
    assert not_products(["21034", "85123A", "22086", "POST", "M", "C2", "BANK CHARGES", *map(str, range(10_000, 10_060))]) == (
        "BANK CHARGES", "C2", "M", "POST",
    )  # fmt: skip
    assert not_products(["soap", "lamp", "postage"], exclude=("lamp",)) == ("lamp", "postage")
    assert not_products([*map(str, range(120)), "x"]) == ("x",), "a small catalogue counts its products"
    ids, names = ["23574", "22086"], ["PACKING CHARGE", "PAPER CHAIN KIT"]
    assert not_products(ids, names=names) == ("23574",), "a number may be no product by its name"
    answer = asked(STORY.replace("a2 soap", "a2 soap,postage"), exclude=("towel",))
    assert answer.definition.rules["no products"] == "postage, towel"
    assert {item for items in lists(answer).values() for item in items} == {"soap", "lamp"}


def test_bought_together_by_hand():
    """Soap and towel are in one order of Ann (twice), Ben and Cleo: 3 of the 4 customers of soap, 3 of 3 of the towel, which
    otherwise 3 of the 4 customers with known products have: a lift of 1 and of 1."""
    table = asked(show="items", least=1).table.to_pylist()
    rows = {(row["item"], row["with_item"]): row for row in table}
    assert set(rows) == {("soap", "towel"), ("towel", "soap")}
    one = rows["soap", "towel"]
    assert (one["customers"], one["orders"], one["n"], one["share"], one["lift"]) == (3, 4, 4, 0.75, 1.0)
    assert rows["towel", "soap"]["share"] == 1.0
    assert rows["towel", "soap"]["low"] == pytest.approx(0.4385, abs=1e-4)
    assert asked(show="items", least=1).people(item="soap", with_item="towel").ids == ("ann", "ben", "cleo")
    assert asked(show="items", least=4).table.num_rows == 0


def test_bought_next_by_hand():
    """Within 14 days after the first soap (windows of Ann, Ben, Cleo and not of Dan have closed): a lamp by Ben and Cleo, 2 of
    3; Ann's towel on day 20 is too late. After the first towel likewise; after the lamp nothing. Of all 6 closed firsts 4 were
    followed by a lamp: usual 2/3, lift 1."""
    answer = asked(show="next", least=1, window_days=14)
    rows = {(row["item"], row["next_item"]): row for row in answer.table.to_pylist()}
    assert set(rows) == {("soap", "lamp"), ("towel", "lamp"), ("towel", "soap")}
    assert (rows["soap", "lamp"]["customers"], rows["soap", "lamp"]["n"]) == (2, 3)
    assert rows["soap", "lamp"]["lift"] == pytest.approx(1.0)
    assert rows["towel", "soap"]["customers"] == 1, "Ann's second order"
    assert answer.people(item="soap", next_item="lamp").ids == ("ben", "cleo")


def test_a_step_to_premium_by_hand():
    """Cups are 10, mugs 12, the fine cup 20: of the seven customers of cups three have the fine one. The
    interval of 3 of 7 is wide, so that a step shows only where it is sure: with twenty of each it is."""
    few = "".join(f"a{i} o{i} cup:10:c,mug:12:c,pot:11:c,fine:20:c @1 " for i in range(20))
    some = "".join(f"b{i} p{i} cup:10:c @1 " for i in range(5)) + "".join(f"z{i} q{i} rug:30:r @2 " for i in range(60))
    answer = asked(few + some, show="premium", least=5)
    rows = {(row["item"], row["premium"]): row for row in answer.table.to_pylist()}
    step = rows["cup", "fine"]
    assert (step["customers"], step["have_both"], step["n"], step["price"], step["premium_price"]) == (5, 20, 25, 10, 20)
    assert step["lift"] == pytest.approx((20 / 25) / (20 / 85))
    assert answer.people(item="cup", premium="fine").ids == ("b0", "b1", "b2", "b3", "b4")
    assert all(row["premium"] == "fine" for row in rows.values()), "only within the category, only the dearest"


def test_without_category_and_brand_a_step_goes_to_a_like_name():
    """Mug and fine mug share a word of two; the pot shares none with either."""
    one, other = np.array([0, 0]), np.array([1, 2])
    assert _alike(("MUG", "FINE MUG", "POT"), Pairs(one, other, one, one, one, np.zeros(2))).tolist() == [True, False]


def test_cross_selling_by_category_by_hand():
    story = "".join(f"a{i} o{i} cup:10:tea,can:9:coffee @1 " for i in range(20))
    story += "".join(f"b{i} p{i} cup:10:tea @1 " for i in range(4)) + "".join(f"z{i} q{i} rug:30:floor @2 " for i in range(40))
    answer = asked(story, show="cross-sell", least=5)
    rows = {(row["have"], row["offer"]): row for row in answer.table.to_pylist()}
    assert set(rows) == {("tea", "coffee"), ("coffee", "tea")}
    assert (rows["tea", "coffee"]["customers"], rows["tea", "coffee"]["n"]) == (4, 24)
    assert answer.people(have="tea", offer="coffee").ids == ("b0", "b1", "b2", "b3")
    assert rows["coffee", "tea"]["customers"] == 0 == len(answer.people(have="coffee", offer="tea"))


def test_the_premium_share_by_tenure():
    """Ann's first order is cheap (10 of 10), her second, 50 days later, premium (40 of 50)."""
    story = "ann a1 cup @0  ann a2 cup,gold:40 @50  ben b1 mug @1  cleo c1 pan @2"
    tenure = {row["tenure"]: row for row in asked(story, show="premium").extra["tenure"].to_pylist()}
    assert (tenure["first order"]["customers"], tenure["first order"]["premium_share"]) == (3, 0.0)
    assert (tenure["1-90 days"]["customers"], tenure["1-90 days"]["premium_share"]) == (1, 0.8)
    assert tenure["over a year"]["customers"] == 0
    assert tenure["over a year"]["premium_share"] is None
    assert asked(story, show="premium").people(tenure="1-90 days").ids == ("ann",)


def test_recall_and_ndcg_by_hand():
    """She buys products 1 and 3; the list 3, 2, 1 holds both: recall 1, nDCG (1 + 1/2) / (1 + 1/log2(3)). The list 0, 2 holds
    neither. With eleven bought, ten in the list are all there could be."""
    truth = np.zeros((3, 12), np.bool_)
    truth[0, [1, 3]] = truth[1, [1, 3]] = True
    truth[2, :11] = True
    codes = np.full((3, 10), -1, np.int64)
    codes[0, :3], codes[1, :2], codes[2] = [3, 2, 1], [0, 2], np.arange(10)
    recall, ndcg = scored(codes, truth)
    assert recall.tolist() == [1.0, 0.0, 1.0]
    assert ndcg.tolist() == pytest.approx([1.5 / (1 + 1 / np.log2(3)), 0.0, 1.0])


def test_without_products_it_says_what_to_do():
    shop, _ = sold(STORY)
    answer = shop.ask(Recommend())
    assert answer.table.num_rows == 0
    assert "not what was in them" in answer.words
    assert "shop.recommend()" in answer.notes[0]


def test_events_that_name_a_product_stand_in_for_lines():
    table = events("ann a1 @0  ann a2 @3  ben b1 @1  cleo c1 @2").append_column("product_id", [["11", "22", "11", "11"]])
    shop = Timelines.from_arrow(table.drop_columns(["products"]), Settings(properties=("product_id",)))
    answer = shop.ask(Recommend())
    assert lists(answer)["ben"] == ["11", "22"]
    assert "stand on the events Order Completed" in " ".join(answer.notes)


def test_products_that_are_only_viewed_are_said_to_be_touched():
    table = events("ann a1 @0  ann a2 @3  ben b1 @1  cleo c1 @2").append_column("product_id", [["11", "22", "11", "11"]])
    table = table.set_column(table.schema.get_field_index("event"), "event", [["Product Viewed"] * 4])
    shop = Timelines.from_arrow(table.drop_columns(["products"]), Settings(properties=("product_id",)))
    answer = shop.ask(Recommend())
    assert {row["reason"].split()[0] for row in answer.table.to_pylist()} == {"touched"}
    assert "open with something touched before" in answer.words
    assert any("touched before, not bought" in note for note in answer.notes)


def test_too_little_past_says_so():
    assert any("nothing could be chosen by the past" in note for note in asked().notes)
    assert "too short" in asked(show="quality").words
    assert any("fewer than 30 customers" in note for note in asked().notes)


def test_wrong_choices_are_refused():
    for wrong in ({"show": "everything"}, {"kind": "best of"}, {"top": 0}, {"least": 0}, {"premium_top": 1.0}):
        with pytest.raises(UsageError):
            Recommend(**wrong)
    for cell in ({"item": "sofa"}, {"kind": "old"}, {"tenure": "long"}, {"item": "soap", "of": "new"}):
        with pytest.raises((UnknownName, UsageError)):
            asked().people(**cell)


def test_only_these_customers_get_lists_but_all_teach():
    table = events(STORY).append_column(
        "country", [["FR" if who == "dan" else "DE" for who in events(STORY)["customer_id"].to_pylist()]]
    )
    shop = Timelines.from_arrow(table.drop_columns(["products"]), Settings(properties=("country",)))
    from holdfast.analyses.scope import parse_where

    answer = shop.ask(Recommend(lines=OrderLines.from_arrow(table), where=parse_where(["country=FR"])))
    assert lists(answer) == {"dan": ["soap", "towel", "lamp"]}
    assert answer.people().ids == ("dan",)
    with pytest.raises(UsageError, match="ann is not among"):
        shop.ask(Recommend(lines=OrderLines.from_arrow(table), where=parse_where(["country=FR"]), customer="ann"))


ORDERS = st.lists(
    st.tuples(
        st.sampled_from("abcdefg"), st.lists(st.sampled_from(["p10", "p11", "p12", "p13", "p14"]), max_size=3, unique=True),
        st.integers(0, 99), st.booleans(),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


def _story(orders: list[tuple[str, list[str], int, bool]]) -> str:
    told = []
    for place, (who, products, day, back) in enumerate(orders):
        told.append(f"{who} o{place} {','.join(products)} @{day}")
        if back:
            told.append(f"-{who} o{place} @{day + 1}")
    return "\n".join(told)


@settings(max_examples=15, deadline=None)
@given(ORDERS, st.sampled_from(["best", "half", "again", "new"]), st.integers(1, 4), st.integers(5, 60))
def test_laws_of_lists(orders, kind, top, days):
    """Nothing twice, nothing returned, nothing out of the catalogue; as many people behind a number as it says."""
    shop, lines = sold(_story(orders))
    answer = shop.ask(Recommend(lines=lines, kind=kind, top=top, catalogue_days=days, limit=0))
    back = {(who, item) for who, items, _, taken in orders if taken for item in items}
    end = max(day + back for _, _, day, back in orders)
    sold_on = {
        item: [day for _, items, day, taken in orders if item in items and not taken]
        for item in ("p10", "p11", "p12", "p13", "p14")
    }
    has = {(who, item) for who, items, _, taken in orders if not taken for item in items} - back
    for who, items in lists(answer).items():
        assert len(items) == len(set(items)) <= top
        for item in items:
            assert (who, item) not in back
            assert max(sold_on[item], default=-100) > end - days
    for row in answer.table.to_pylist():
        assert (row["kind"] == "again") == ((row["customer"], row["item"]) in has)
    for row in answer.extra["offers"].to_pylist() if "offers" in answer.extra else []:
        assert len(answer.people(item=row["item"], kind=row["kind"])) == row["customers"]
    for show, keys in (("items", ("item", "with_item")), ("next", ("item", "next_item")), ("cross-sell", ("have", "offer"))):
        pairs = shop.ask(Recommend(lines=lines, show=show, least=1, limit=0, window_days=20))
        for row in pairs.table.to_pylist()[:4]:
            assert len(pairs.people(**{key: row[key] for key in keys})) == row["customers"]
            assert row["low"] <= row["share"] <= row["high"]


def test_every_count_of_a_pair_opens_to_its_people():
    """Soap and towel: three had both, four had soap. After soap a lamp within 14 days: three windows have closed. Cups and the
    fine cup: five have the one alone, twenty both, twenty-five cups at all."""
    together = asked(show="items", least=1)
    assert together.people(item="soap", with_item="towel", what="n").ids == ("ann", "ben", "cleo", "dan")
    after = asked(show="next", least=1, window_days=14)
    assert after.people(item="soap", next_item="lamp", what="n").ids == ("ann", "ben", "cleo")
    few = "".join(f"a{i} o{i} cup:10:c,fine:20:c @1 " for i in range(20))
    some = "".join(f"b{i} p{i} cup:10:c @1 " for i in range(5)) + "".join(f"z{i} q{i} rug:30:r @2 " for i in range(60))
    step = asked(few + some, show="premium", least=5, premium_top=0.75)
    assert [len(step.people(item="cup", premium="fine", what=what)) for what in ("customers", "have_both", "n")] == [5, 20, 25]
    cross = asked(few + some.replace("rug:30:r", "rug:30:r,fine:20:d"), show="cross-sell", least=1)
    for row in cross.table.to_pylist():
        for what in ("customers", "have_both", "n"):
            assert len(cross.people(have=row["have"], offer=row["offer"], what=what)) == row[what]
    with pytest.raises(UnknownName, match="customers, n"):
        together.people(item="soap", with_item="towel", what="lift")
    with pytest.raises(UsageError, match="what=n names no number"):
        together.people(item="soap", what="n")


def test_what_lists_open_with_and_what_is_popular_open_to_their_people():
    """Of late: soap by Ann, Ben, Cleo and Dan. Lists: all four open with what they have, Eve's with what is popular."""
    answer = asked()
    rows = {row["opening"]: row["customers"] for row in answer.extra["opening"].to_pylist()}
    assert rows == {"again": 4, "new": 0, "popular": 1, "due": 0}
    assert answer.people(opening="popular").ids == ("eve",)
    for row in answer.extra["popular"].to_pylist():
        assert len(answer.people(item=row["item"], what="customers_of_late")) == row["customers_of_late"]
    for opening, customers in rows.items():
        assert len(answer.people(opening=opening)) == customers
    with pytest.raises(UnknownName, match="due"):
        answer.people(opening="old")


@settings(max_examples=8, deadline=None)
@given(ORDERS, st.randoms())
def test_order_of_arrival_changes_nothing(orders, random):
    """Each event keeps its own second, so that arrival alone is shuffled."""
    table = events(_story(orders))
    seconds = table["time"].cast("int64").to_numpy() + np.arange(len(table)) * 1_000_000
    table = table.set_column(
        table.schema.get_field_index("time"), SCHEMA.field("time"), pa.array(seconds).cast(SCHEMA.field("time").type)
    )
    places = list(range(len(table)))
    random.shuffle(places)
    answers = []
    for one in (table, table.take(places)):
        shop = Timelines.from_arrow(one.drop_columns(["products"]))
        answers.append(shop.ask(Recommend(lines=OrderLines.from_arrow(one), limit=0)).table)
    assert answers[0].equals(answers[1])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_the_best_of_scores_is_that_of_a_plain_sort(seed, top):
    random = np.random.default_rng(seed)
    scores = random.integers(0, 4, (3, 9)).astype(np.float32)
    may = random.random((3, 9)) < 0.7
    codes, _ = best_of(scores, may, top)
    for row in range(3):
        plain = sorted((int(j) for j in np.flatnonzero(may[row])), key=lambda j: (-scores[row, j], j))[:top]
        assert [code for code in codes[row].tolist() if code >= 0] == plain


@cache
def stream() -> tuple[pa.Table, Timelines, OrderLines]:
    table = datasets.made_stream(600)
    return table, Timelines.from_arrow(table), OrderLines.from_arrow(table)


def test_nothing_after_the_split_is_known():
    """Lists as of a day are the same whether the later part of the data is there or not; those that are judged are these."""
    table, whole, lines = stream()
    day = date_of(day_of(whole.as_of().last) - 60)
    before = table.filter(
        pc.less(table["time"], pa.scalar(datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)))
    )
    earlier = Timelines.from_arrow(before)
    for kind in ("best", "new"):
        there = whole.ask(Recommend(as_of=day, lines=lines, limit=0, kind=kind))
        alone = earlier.ask(Recommend(as_of=day, lines=OrderLines.from_arrow(before), limit=0, kind=kind))
        assert there.table.num_rows > 500
        assert there.table.equals(alone.table)
    recipe = whole.ask(Recommend(as_of=day, lines=lines)).extra["recipe"]
    judged = whole.ask(Recommend(show="quality", test_days=60, lines=lines))
    untold = Recommend(as_of=day, test_days=60, lines=lines)
    assert judged.extra["recipe"].equals(whole.ask(untold).extra["recipe"])
    assert recipe.num_rows == judged.extra["recipe"].num_rows


def test_shards_change_nothing(monkeypatch):
    _, whole, lines = stream()
    one = whole.ask(Recommend(lines=lines, limit=0)).table
    monkeypatch.setattr(walk, "EVENTS_A_SHARD", 3_000)
    many = Timelines(whole.source.columns, whole.settings, threads=3)
    assert many.ask(Recommend(lines=lines, limit=0)).table.equals(one)


def test_the_customers_of_every_table_are_people():
    """On the made stream: offers, cross-selling, quality."""
    _, whole, lines = stream()
    listed = whole.ask(Recommend(lines=lines))
    for row in listed.extra["offers"].to_pylist()[:5]:
        assert len(listed.people(item=row["item"], kind=row["kind"])) == row["customers"]
    for show, keys in (("cross-sell", ("have", "offer")), ("quality", ("of", "method"))):
        answer = whole.ask(Recommend(show=show, lines=lines))
        assert answer.table.num_rows
        for row in answer.table.to_pylist():
            assert len(answer.people(**{key: row[key] for key in keys})) == row.get("customers", row["n"])


def test_the_trait_next_items_stands_on_events_that_name_a_product():
    """Ann ordered 11 twice, a wait of 10 days, 30 days ago: due. Ben ordered 11 alone, once; Zoe nothing."""
    table = pa.concat_tables(
        [
            events("ann a1 @0  ann a2 @10  ben b1 @35  cleo c1 @35  cleo c2 @40").append_column(
                "product_id", [["11", "11", "11", "11", "22"]]
            ),
            events("zoe z1 @39").append_column("product_id", [pa.array([None], pa.string())]),
        ]
    )
    shop = Timelines.from_arrow(table.drop_columns(["products"]), Settings(properties=("product_id",)))
    rows = {row["customer_id"]: row for row in shop.ask(Traits(("next_items",))).table.to_pylist()}
    assert (rows["ann"]["next_items"], rows["ann"]["next_items_band"]) == ("11 · 22", "again due")
    assert (rows["ben"]["next_items"], rows["ben"]["next_items_band"]) == ("11 · 22", "again")
    assert rows["zoe"]["next_items_band"] == "popular only"
    assert shop.ask(Traits()).people(trait="next_items", value="again due").ids == ("ann",)


def test_the_trait_says_where_the_lists_are_when_events_name_no_product():
    shop, _ = sold(STORY)
    with pytest.raises(UsageError, match="holdfast recommend"):
        shop.ask(Traits(("next_items",)))


def test_the_command_line_says_what_the_workspace_says(tmp_path):
    path = tmp_path / "lines.csv"
    rows = ["customer_id,order_id,time,product_id,quantity,price"]
    for one in events(STORY).to_pylist():
        for line in json.loads(one["products"] or "[]"):
            when = f"{one['time']:%Y-%m-%d %H:%M:%S}"
            rows.append(f"{one['customer_id']},{one['order_id']},{when},{line['product_id']},1,{line['price']}")
    path.write_text("\n".join(rows))
    shop = Workspace.create(tmp_path / "shop")
    bring(shop, path, shape="lines")
    done = holdfast("recommend", "-w", tmp_path / "shop", "--customer", "dan", "--csv")
    assert [row.split(",")[2] for row in done.out.splitlines()[1:]] == ["soap", "towel", "lamp"]
    people = holdfast("recommend", "-w", tmp_path / "shop", "--people", "item=soap", "with_item=towel")
    assert people.out.split() == ["ann", "ben", "cleo"]
    assert shop.recommend(show="items", least=1).table.num_rows == 2
    (tmp_path / "may.txt").write_text("lamp\n")
    offered = holdfast("recommend", "-w", tmp_path / "shop", "--show", "offers", "--available", tmp_path / "may.txt", "--csv")
    assert {row.split(",")[0] for row in offered.out.splitlines()[1:]} == {"lamp"}
