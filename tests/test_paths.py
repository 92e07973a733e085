"""Paths: after a start, before an end, between anchors; flows are conserved; every number opens to its people."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shells import holdfast
from ways import clicks, slow_paths

from holdfast.analyses.answer import Answer
from holdfast.analyses.paths import Paths
from holdfast.analyses.paths import question as paths
from holdfast.analyses.paths.walk import NamesStep
from holdfast.analyses.steps import Naming
from holdfast.charts.palette import KEPT, LOST, SOFT
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.walk import Shard, added, walk_columns

FOUR = """
    ann home@0 cart@10 cart@15 pay@40 Order@60
    ben home@0 cart@20 home@50
    cleo search@0 home@7
    dan mail@0
"""


def links(answer: Answer, *names: str) -> dict[Any, Any]:
    rows = answer.table.to_pylist()
    return {(row["layer"], row["from"], row["to"]): tuple(row[name] for name in names or ("count",)) for row in rows}


def test_after_a_start_by_hand():
    """Ann, Ben and Cleo come to home; Ann's second click on cart is a loop; Dan never does."""
    answer = clicks(FOUR).ask(Paths("home", steps=2))
    assert links(answer, "count", "customers", "n", "from_count", "median_seconds") == {
        (0, "home", "cart"): (2, 2, 4, 3, 15.0), (0, "home", "(drop-off)"): (1, 1, 4, 3, None),
        (1, "cart", "pay"): (1, 1, 4, 2, 30.0), (1, "cart", "home"): (1, 1, 4, 2, 30.0),
        (2, "pay", "(goes on)"): (1, 1, 4, 1, None), (2, "home", "(drop-off)"): (1, 1, 4, 1, None),
    }  # fmt: skip
    first = answer.table.to_pylist()[0]
    assert (first["share"], first["onward_rate"], first["p90_seconds"]) == (0.5, 2 / 3, 19.0)
    assert answer.words.startswith("3 of 4 customers (75.0 % (30.1 to 95.4)) came to home. What came next: cart (66.7 %")
    assert answer.people(layer=1, **{"from": "cart", "to": "pay"}).ids == ("ann",)
    assert answer.people(layer=0, node="home").ids == ("ann", "ben", "cleo")
    assert answer.people(layer=0, **{"from": "home", "to": "(drop-off)"}).ids == ("cleo",)
    assert answer.people(node="(no path)").ids == ("dan",)
    assert answer.people().ids == ("ann", "ben", "cleo")
    whole = {row["path"]: (row["count"], row["with_order"]) for row in answer.extra["paths"].to_pylist()}
    assert whole == {"home": (1, 0), "home > cart > home": (1, 0), "home > cart > pay > (goes on)": (1, 0)}
    assert answer.people(path="home > cart > home").ids == ("ben",)


def test_an_order_is_no_weak_step():
    answer = clicks("ann a@0 Order@1\nben a@0 Order@1\ncleo a@0").ask(Paths("a"))
    assert "Orders apart, most fall out after a at step 0: 1, 33.3 %" in answer.words


def test_loops_kept():
    answer = clicks(FOUR).ask(Paths("home", steps=2, loops="kept"))
    assert links(answer)[1, "cart", "cart"] == (1,)


def test_what_led_to_an_end_reads_backwards():
    answer = clicks(FOUR).ask(Paths(end="Order Completed", steps=2))
    assert links(answer, "count", "median_seconds") == {
        (-3, "(goes back)", "cart"): (1, None), (-2, "cart", "pay"): (1, 30.0), (-1, "pay", "Order Completed"): (1, 20.0),
    }  # fmt: skip
    home = clicks(FOUR).ask(Paths(end="home", steps=2))
    assert links(home) == {
        (-2, "(begins)", "search"): (1,), (-1, "search", "home"): (1,), (-1, "(begins)", "home"): (2,),
    }  # fmt: skip
    assert home.people(layer=-1, **{"from": "(begins)", "to": "home"}).ids == ("ann", "ben")
    assert home.extra["paths"].to_pylist()[0]["path"] == "home"


def test_between_a_start_and_an_end_what_is_cut_is_more():
    """Two steps are shown between; the goal stands at layer 4."""
    story = "ann a@0 x@1 y@2 z@4 w@9 b@10\nben a@0 b@5 c@6\ncleo a@0 x@1\ndan b@0 a@1 x@2 y@3 z@4\neve x@0"
    answer = clicks(story).ask(Paths("a", end="b", steps=2))
    assert links(answer, "count", "median_seconds") == {
        (0, "a", "x"): (3, 1.0), (0, "a", "b"): (1, 5.0), (1, "x", "y"): (2, 1.0), (1, "x", "(drop-off)"): (1, None),
        (2, "y", "(more)"): (2, 1.5), (3, "(more)", "b"): (1, 1.0), (3, "(more)", "(drop-off)"): (1, None),
    }  # fmt: skip
    assert answer.people(layer=0, **{"from": "a", "to": "b"}).ids == ("ben",)
    assert answer.people(layer=3, node="(more)").ids == ("ann", "dan")
    nodes = {(row["layer"], row["node"]): row for row in answer.extra["nodes"].to_pylist()}
    assert (nodes[4, "b"]["count"], nodes[4, "b"]["ends"], nodes[0, "(no path)"]["count"]) == (2, 2, 1)
    assert answer.people(path="a > x > y > (more) > b").ids == ("ann",)


def test_through_several_anchors_takes_the_first_of_each_after_the_one_before():
    story = "ann c@0 a@1 x@2 b@3 c@4 z@5\nben a@0 c@1 b@2\ncleo b@0 a@1"
    answer = clicks(story).ask(Paths(through=("a", "b", "c"), steps=1))
    assert links(answer) == {
        (0, "a", "x"): (1,), (0, "a", "c"): (1,), (0, "a", "(drop-off)"): (1,), (1, "x", "b"): (1,), (1, "c", "b"): (1,),
        (3, "b", "c"): (1,), (3, "b", "(drop-off)"): (1,), (6, "c", "z"): (1,), (7, "z", "(drop-off)"): (1,),
    }  # fmt: skip
    assert answer.people(layer=0, **{"from": "a", "to": "c"}).ids == ("ben",)
    assert "Of these went on to b 2 (66.7 % (20.8 to 93.9)), of these to c 1 (50.0 % (9.5 to 90.5))." in answer.words


def test_units_count_customers_sessions_and_every_occurrence():
    """Ann comes twice, an hour apart; the second session holds home twice."""
    story = "ann home@0 cart@60 home@3660 cart@3670 home@3680 mail@9000\nben mail@0"
    timelines = clicks(story)
    asked = {unit: timelines.ask(Paths("home", steps=1, unit=unit)) for unit in ("customers", "sessions", "transitions")}
    counted = {unit: {key[1:]: value for key, value in links(answer, "count", "n").items()} for unit, answer in asked.items()}
    assert counted == {
        "customers": {("home", "cart"): (1, 2), ("cart", "(goes on)"): (1, 2)},
        "sessions": {("home", "cart"): (2, 4), ("cart", "(drop-off)"): (1, 4), ("cart", "(goes on)"): (1, 4)},
        "transitions": {
            ("home", "cart"): (2, 3), ("home", "mail"): (1, 3), ("cart", "(goes on)"): (2, 3), ("mail", "(drop-off)"): (1, 3),
        },
    }  # fmt: skip
    assert asked["sessions"].people(node="(no path)").ids == ("ann", "ben")
    assert "not independent" in " ".join(asked["sessions"].notes)
    none = timelines.ask(Paths("home", steps=1, unit="sessions", gap_minutes=None))
    assert links(none, "count", "n") == {(0, "home", "cart"): (1, 2), (1, "cart", "(goes on)"): (1, 2)}


def test_pages_are_grouped_by_pattern():
    answer = clicks("ann /home@0 /product/7@1 /product/9@2 /pay@3").ask(
        Paths(naming=Naming(groups=("/product/*",), exclude=("/pay",)))
    )
    assert links(answer) == {(0, "/home", "/product/*"): (1,), (1, "/product/*", "(drop-off)"): (1,)}
    kept = clicks("ann /product/7@0 /product/9@1 /x@2").ask(Paths("/product/*", loops="kept"))
    assert links(kept)[0, "/product/7", "/product/9"] == (1,)


def test_whole_paths_by_segment_and_two_segments_side_by_side():
    story = "\n".join([f"a{k}/fr home@0 cart@1 Order@2" for k in range(40)] + [f"b{k}/uk home@0 mail@1" for k in range(60)])
    answer = clicks(story).ask(Paths("home", by="country", longest=9))
    top = {row["segment"]: (row["path"], row["count"], row["with_order"]) for row in answer.extra["paths"].to_pylist()}
    assert top == {"uk": ("home > mail", 60, 0), "fr": ("home > cart > Order Completed", 40, 40)}
    assert answer.words == (
        "The most frequent path of customers by country: uk home > mail (100.0 % (94.0 to 100.0)); "
        "fr home > cart > Order Completed (100.0 % (91.2 to 100.0))."
    )
    difference = answer.extra["difference"].to_pylist()
    assert (difference[0]["segment_a"], difference[0]["segment_b"]) == ("uk", "fr")
    cart = next(row for row in difference if row["to"] == "cart")
    assert (cart["customers_a"], cart["customers_b"], cart["difference"]) == (0, 40, -1.0)
    assert cart["high"] < -0.88
    assert cart["p"] <= cart["p_adjusted"] < 1e-9
    turned = clicks(story).ask(Paths("home", by="country", versus=("fr", "uk"))).extra["difference"].to_pylist()
    assert next(row for row in turned if row["to"] == "cart")["difference"] == 1.0
    assert len(answer.people(layer=0, segment="fr", **{"from": "home", "to": "cart"})) == 40
    assert len(answer.people(path="home > mail", segment="fr")) == 0
    for row in difference:
        for side in ("a", "b"):
            cell = {"layer": row["layer"], "from": row["from"], "to": row["to"], "segment": row[f"segment_{side}"]}
            assert len(answer.people(**cell)) == row[f"customers_{side}"]


def test_what_is_not_shown_is_other():
    story = "ann home@0 a@1 z@2\nben home@0 a@1\ncleo home@0 b@1 z@2\ndan home@0 c@1"
    answer = clicks(story).ask(Paths("home", steps=1, nodes=1, most_paths=1))
    assert links(answer) == {
        (0, "home", "a"): (2,), (0, "home", "(other)"): (2,), (1, "a", "(goes on)"): (1,), (1, "a", "(drop-off)"): (1,),
        (1, "(other)", "(goes on)"): (1,), (1, "(other)", "(drop-off)"): (1,),
    }  # fmt: skip
    assert answer.people(layer=1, node="(other)").ids == ("cleo", "dan")
    rest = answer.extra["paths"].to_pylist()[-1]
    assert (rest["path"], rest["count"], rest["customers"]) == ("(other paths)", 3, 3)
    assert len(answer.people(path="(other paths)")) == 3


def test_the_picture_says_what_the_table_says():
    """Drop-off is clay red, anchors and orders green; every link has its width; other tables show the same picture."""
    answer = clicks(FOUR).ask(Paths("home", steps=2))
    drawn = answer.figure().data[0]
    assert sorted(drawn.link.value) == sorted(row["count"] for row in answer.table.to_pylist())
    colours = dict(zip([text.partition(",")[0] for text in drawn.node.customdata], drawn.node.color, strict=True))
    assert (colours["home"], colours["(drop-off)"], colours["(goes on)"]) == (KEPT, LOST, SOFT)
    turned = clicks(FOUR).ask(Paths("home", steps=2, show="nodes"))
    assert turned.table == answer.extra["nodes"]
    assert turned.figure() == answer.figure()
    assert len(clicks(FOUR).ask(Paths(as_of="2020-01-01")).figure().data[0].link.value) == 0
    with pytest.raises(UsageError, match="two values"):
        clicks(FOUR).ask(Paths("home", show="difference"))


def test_on_the_command_line(tmp_path):
    clicked = tmp_path / "clicks.csv"
    rows = ["ann,home,10:00,fr", "ann,cart,10:01,fr", "ben,home,10:00,uk", "ben,mail,10:05,uk", "cleo,cart,10:00,uk"]
    clicked.write_text("customer,event,time,country\n" + "\n".join(rows).replace(",10:", ",2024-01-01 10:"))
    shop = tmp_path / "shop"
    assert holdfast("init", shop).code == 0
    assert holdfast("import", clicked, "-w", shop, "--yes").code == 0
    told = holdfast("paths", "-w", shop, "--from", "home", "--csv", "-")
    assert told.out.splitlines()[1].startswith("0,home,1,cart,1,1,3,0.333")
    assert holdfast("paths", "-w", shop, "--to", "cart|mail", "--people", "layer=-1", "from=home", "to=mail").out.split() == [
        "ben"
    ]
    for shown, word in (("links", "whole paths"), ("nodes", "drop rate"), ("paths", "home > mail"), ("difference", "uk")):
        told = holdfast("paths", "-w", shop, "--show", shown, "--by", "country")
        assert told.code == 0, told.err
        assert word in told.out
    assert holdfast("paths", "-w", shop, "--from", "cart", "--people", "node=(no path)").out.split() == ["ben"]


def test_durations_gathered_a_few_layers_at_a_time_are_the_same(monkeypatch):
    """What memory does not hold at once is walked for again."""
    story = "\n".join(f"c{k} a@0 b@{1 + k} c@{3 + 2 * k} d@{9 + 4 * k}" for k in range(100))
    question = Paths("a", steps=3, through=("c",))
    whole = clicks(story).ask(question)
    monkeypatch.setattr(paths, "DURATIONS_AT_ONCE", 1)
    assert clicks(story).ask(question).table == whole.table
    assert links(whole, "median_seconds", "p90_seconds")[0, "a", "b"] == pytest.approx((50.5, 90.1))


def test_wrong_questions_name_what_is_right():
    timelines = clicks(FOUR + "eve/fr home@0")
    for question, match in (
        (Paths("cartt"), "cart"),
        (Paths(by="town"), "country"),
        (Paths("home", by="country", versus=("fr", "uk")), "not known"),
    ):
        with pytest.raises(UnknownName, match=match):
            timelines.ask(question)
    for choices, match in (({"steps": 0}, "1 to 100"), ({"unit": "people"}, "sessions"), ({"versus": ("a", "b")}, "by=")):
        with pytest.raises(UsageError, match=match):
            Paths(**choices)
    answer = timelines.ask(Paths("home", steps=2))
    for cell, match in (
        ({"layer": 9, "node": "cart"}, "0 to 3"), ({"layer": 1, "node": "pay"}, "cart"), ({"layer": 1, "from": "cart"}, "to"),
        ({"path": "home > tea"}, "home"), ({"path": "home", "layer": 1}, "alone"), ({"step": 1}, "layer"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=match):
            answer.people(**cell)


def test_nobody_with_a_step():
    timelines = clicks(FOUR)
    assert timelines.ask(Paths(naming=Naming(exclude=("*",)))).words == "Nobody has done a step yet."
    assert timelines.ask(Paths(as_of="2020-01-01")).table.num_rows == 0


NAMES = ("a", "b", "c", "d", "e")
MOVES = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 50)), min_size=1, max_size=14)
ANCHORS = st.sampled_from(
    [{}, {"start": "a"}, {"start": ("a", "b")}, {"end": "c"}, {"end": ("c", "d")}, {"start": "a", "end": "b"},
     {"start": "a", "end": "a"}, {"start": ("a", "b"), "end": ("b", "c")}, {"through": ("a", "b", "c")},
     {"start": "a", "through": (("b", "c"),), "end": "a"}, {"through": ("a",), "end": ("b", "c")}]
)  # fmt: skip


@settings(max_examples=150)
@given(
    people=st.lists(MOVES, min_size=1, max_size=6), anchors=ANCHORS,
    unit=st.sampled_from(("customers", "sessions", "transitions")),
    loops=st.sampled_from(("kept", "collapsed")), steps=st.integers(1, 3), nodes=st.integers(1, 4),
    gap=st.sampled_from((None, 1 / 2)),
)  # fmt: skip
def test_paths_equal_a_plain_count_and_flow_is_conserved(people, anchors, unit, loops, steps, nodes, gap):
    told: dict[str, list[tuple[str, int]]] = {"everything": [(name, 20 * at) for at, name in enumerate(NAMES)]}
    for place, moves in enumerate(people):
        second, own = 0, []
        for name, wait in moves:
            second += wait
            own.append((name, second))
        told[f"c{place}"] = own
    timelines = clicks("\n".join(f"{who} " + " ".join(f"{name}@{at}" for name, at in own) for who, own in told.items()))
    sets = [
        set((one,) if isinstance(one, str) else one)
        for one in (
            *([anchors["start"]] if "start" in anchors else []),
            *anchors.get("through", ()),
            *([anchors["end"]] if "end" in anchors else []),
        )
    ]
    shape = "onward" if "end" not in anchors else "closed" if len(anchors) > 1 else "backward"
    question = Paths(**anchors, unit=unit, loops=loops, steps=steps, nodes=nodes, gap_minutes=gap, most_paths=99)
    answer = timelines.ask(question)
    seconds = None if gap is None else 30
    slow = slow_paths(told, anchors=sets, shape=shape, steps=steps, nodes=nodes, gap=seconds, loops=loops, unit=unit)
    rows = answer.table.to_pylist()
    keys = ("layer", "from", "to_layer", "to")
    quick = {
        tuple(row[k] for k in keys): (row["count"], row["customers"], row["median_seconds"], row["p90_seconds"]) for row in rows
    }
    assert quick.keys() == slow["links"].keys()
    for key, (count, who, median, p90) in slow["links"].items():
        assert quick[key][:2] == (count, len(who))
        assert quick[key][2:] == pytest.approx((median, p90)) if median is not None else quick[key][2:] == (None, None)
        assert set(answer.people(layer=key[0], **{"from": key[1], "to": key[3]}).ids) == who
    every = {(row["layer"], row["node"]): row for row in answer.extra["nodes"].to_pylist()}
    none = every.pop((0, "(no path)"), None)
    assert (none["count"] if none else 0, set(answer.people(node="(no path)").ids)) == slow["idle"]
    assert {key: (row["count"], row["customers"]) for key, row in every.items()} == {
        k: (c, len(w)) for k, (c, w) in slow["nodes"].items()
    }
    for (layer, name), row in every.items():
        assert row["came"] + row["begins"] == row["count"] == row["onward"] + row["goes_on"] + row["ends"] + row["drop_off"]
        assert set(answer.people(layer=layer, node=name).ids) == slow["nodes"][layer, name][1]
    whole = {row["path"]: (row["count"], row["customers"]) for row in answer.extra["paths"].to_pylist()}
    assert whole == {text: (count, len(who)) for text, (count, who) in slow["paths"].items()}
    for text, (_, who) in slow["paths"].items():
        assert set(answer.people(path=text).ids) == who
    assert all(row["n"] == slow["n"] for row in rows)


@settings(max_examples=20)
@given(people=st.lists(MOVES, min_size=2, max_size=6), unit=st.sampled_from(("customers", "sessions", "transitions")))
def test_shards_and_order_of_arrival_change_nothing(people, unit):
    lines = [f"c{k} " + " ".join(f"{name}@{7 * at}" for at, (name, _) in enumerate(moves)) for k, moves in enumerate(people)]
    one, other = clicks("\n".join(lines)), clicks("\n".join(reversed(lines)))
    question = Paths(unit=unit, steps=2, nodes=2, most_paths=3)
    first, second = one.ask(question), other.ask(question)
    assert first.table == second.table
    assert first.extra["paths"] == second.extra["paths"]
    step = pickle.loads(pickle.dumps(NamesStep(question.ways(one))))  # our own step, as Spark sends it
    whole = walk_columns(one.source, step)
    parts = added([step(Shard(one.source, at, at + 1)) for at in range(one.customers)])
    for name in ("names", "units"):
        assert (parts.sums[name] == whole.sums[name]).all()
