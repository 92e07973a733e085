"""Steps: which events are steps, what each is called, where a session begins, and when a loop is one step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast import Timelines
from holdfast.analyses.steps import Naming, no_visits, node_places, steps_of
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.walk import Shard

START = datetime(2024, 1, 1, 12, tzinfo=UTC)


def visits(*rows: tuple[str, float, str, str | None]) -> Timelines:
    """Timelines of (who, minute, event, path)."""
    who, minute, event, path = zip(*rows, strict=True)
    times = pa.array([START + timedelta(minutes=each) for each in minute], pa.timestamp("us", tz="UTC"))
    return Timelines.from_arrow(
        pa.table({"customer_id": who, "time": times, "event": event, "path": pa.array(path, pa.string())})
    )


def told(timelines: Timelines, naming: Naming, gap: float | None = 30, loops="kept") -> dict[str, list[str]]:
    """Each customer's steps by name; a session begins with a bar."""
    nodes = naming.nodes(timelines.meta)
    steps = steps_of(Shard(timelines.source, 0, timelines.customers), nodes, timelines.as_of().until, gap, loops)
    ids = timelines.source.columns.ids().to_pylist()
    return {
        who: [
            ("|" if steps.fresh[at] else "") + nodes.labels[steps.node[at]]
            for at in range(steps.offsets[place], steps.offsets[place + 1])
        ]
        for place, who in enumerate(ids)
    }


ANN = visits(
    ("ann", 0, "Page Viewed", "/"),
    ("ann", 1, "Page Viewed", "/product/7"),
    ("ann", 2, "Page Viewed", "/product/8"),
    ("ann", 3, "Product Added", None),
    ("ann", 33, "Page Viewed", "/product/8"),
    ("ann", 33.1, "Order Completed", None),
    ("ben", 5, "Heartbeat", "/"),
    ("ben", 6, "Page Viewed", "/help"),
)


def test_steps_are_named_by_event():
    assert told(ANN, Naming())["ann"] == [
        *("|Page Viewed", "Page Viewed", "Page Viewed", "Product Added", "|Page Viewed", "Order Completed"),
    ]  # 30 minutes without a step: a new session


def test_a_step_is_named_by_a_property_where_the_event_has_one_and_else_by_its_event():
    assert told(ANN, Naming(by="path"))["ann"] == [
        *("|/", "/product/7", "/product/8", "Product Added", "|/product/8", "Order Completed"),
    ]


def test_pages_are_grouped_by_pattern_and_loops_collapse_within_a_session():
    naming = Naming(by="path", groups=("/product/*",))
    assert told(ANN, naming, loops="collapsed")["ann"] == [
        "|/",
        "/product/*",
        "Product Added",
        "|/product/*",
        "Order Completed",
    ]


def test_what_is_left_out_has_not_happened_by_event_or_by_value():
    assert told(ANN, Naming(by="path", exclude=("Heartbeat", "/help"))) == {
        "ann": ["|/", "/product/7", "/product/8", "Product Added", "|/product/8", "Order Completed"],
        "ben": [],
    }
    assert told(ANN, Naming(only=("Page Viewed",)), gap=None)["ann"] == ["|Page Viewed", *["Page Viewed"] * 3]


def test_without_a_gap_all_is_one_session():
    assert told(ANN, Naming(), gap=None)["ann"][4] == "Page Viewed"


def test_what_comes_at_or_after_the_as_of_is_no_step():
    nodes = Naming().nodes(ANN.meta)
    until = int(START.timestamp()) + 60
    steps = steps_of(Shard(ANN.source, 0, ANN.customers), nodes, until, 30)
    assert [nodes.labels[node] for node in steps.node] == ["Page Viewed"]


def test_names_that_are_not_there_are_answered_with_those_that_are():
    with pytest.raises(UnknownName, match="Page Viewed"):
        Naming(only=("Page View",)).nodes(ANN.meta)
    with pytest.raises(UnknownName, match="path"):
        Naming(by="pth").nodes(ANN.meta)
    nodes = Naming(by="path").nodes(ANN.meta)
    assert [nodes.labels[place] for place in node_places(nodes, ["/product/*", "Product Added"])] == [
        *("/product/7", "/product/8", "Product Added"),
    ]
    with pytest.raises(UnknownName, match="/product/7"):
        node_places(nodes, ["/products/7"])


def test_a_property_with_too_many_values_says_how_to_keep_it():
    many = visits(*[("ann", place, "Page Viewed", f"/product/{place}") for place in range(1_001)])
    with pytest.raises(UsageError, match=r'properties = \["path"\]'):
        Naming(by="path").nodes(many.meta)


def test_a_name_with_brackets_means_itself():
    timelines = visits(("ann", 0, "Quiz [new]", None), ("ann", 1, "email_opened [A]", None), ("ann", 2, "Quiz n", None))
    assert told(timelines, Naming(exclude=("Quiz [new]",))) == {"ann": ["|email_opened [A]"]}
    assert told(timelines, Naming(groups=("Quiz [new]",))) == {"ann": ["|Quiz [new]", "email_opened [A]", "Quiz [new]"]}
    assert told(timelines, Naming(exclude=no_visits(timelines.meta))) == {"ann": ["|Quiz [new]", "Quiz n"]}


def test_an_event_called_other_is_not_the_rest():
    """A real event (other) among three that fold, and a real (drop-off) in the middle of a path."""
    from holdfast.analyses.paths import Paths
    from holdfast.analyses.sessions import Sessions
    from holdfast.analyses.transitions import Transitions

    events = ["home", "(other)", "(drop-off)", "cart", "(start)", "(all pages)", "(no path)"]
    timelines = visits(*[("ann", place, event, None) for place, event in enumerate(events)], ("ben", 0, "(other)", None))
    edges = {(row["from"], row["to"]): row["count"] for row in timelines.ask(Transitions()).table.to_pylist()}
    assert edges["home", '"(other)"'] == edges['"(other)"', '"(drop-off)"'] == edges['"(drop-off)"', "cart"] == 1
    assert edges['"(other)"', "(drop-off)"] == 1
    folded = timelines.ask(Transitions(most=1))
    assert {row["node"] for row in folded.extra["nodes"].to_pylist()} == {'"(other)"', "(other)"}
    assert folded.people(node='"(other)"').ids == ("ann", "ben")
    assert folded.people(node="(other)").ids == ("ann",)
    tree = timelines.ask(Paths('"(other)"', steps=1))
    assert {(row["from"], row["to"]) for row in tree.table.to_pylist()} == {
        ('"(other)"', '"(drop-off)"'), ('"(other)"', "(drop-off)"), ('"(drop-off)"', "(goes on)"),
    }  # fmt: skip
    assert tree.people(layer=0, **{"from": '"(other)"', "to": "(drop-off)"}).ids == ("ben",)
    assert timelines.ask(Sessions()).table["landing"].to_pylist() == ['"(other)"', "home"]


def test_a_gap_of_nothing_is_refused():
    for gap in (-1, 0.001, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="such as 30"):
            told(ANN, Naming(), gap=gap)
    assert told(ANN, Naming(), gap=0) == told(ANN, Naming(), gap=None)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "ben"]),
        st.integers(0, 200),
        st.sampled_from("ABC"),
        st.sampled_from([None, "/a", "/b/1", "/b/2"]),
    ),
    min_size=1,
    max_size=25,
    unique_by=lambda row: row[:2],
)


@given(EVENTS, st.sampled_from([None, 5, 30]), st.sampled_from(["kept", "collapsed"]), st.sampled_from([(), ("C",), ("/b/*",)]))
def test_steps_equal_a_plain_reading(rows, gap, loops, exclude):
    """Oracle: the definition, said over Python lists."""
    naming = Naming(by="path", groups=("/b/*",), exclude=exclude)
    if all(path is None for *_, path in rows):
        return
    expected: dict[str, list[str]] = {who: [] for who, *_ in rows}
    for who in expected:
        last, before = None, None
        for _, minute, event, path in sorted((row for row in rows if row[0] == who), key=lambda row: row[1]):
            if any(fnmatchcase(event, pattern) for pattern in exclude):
                continue
            name = "/b/*" if path and path.startswith("/b/") else path or event
            if any(fnmatchcase(name, pattern) for pattern in exclude):
                continue
            begins = before is None or (gap is not None and minute - before >= gap)
            before = minute
            if loops == "collapsed" and name == last and not begins:
                continue
            last = name
            expected[who].append(("|" if begins else "") + name)
    assert told(visits(*rows), naming, gap, loops) == expected
