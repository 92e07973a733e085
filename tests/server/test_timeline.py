"""One timeline of everything: equal to what the lake has of a person, whatever is stored and whatever is tail."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from holdfast.events.identity import AliasMap
from holdfast.server.analyst.desk import Desk
from holdfast.server.customers import projection
from holdfast.server.customers.timeline import Shown, Wanted, details, timeline
from holdfast.timelines.merge import places_of
from holdfast.workspace import Workspace
from tests.server.lakes import happened, pour


def order(number: int, who: str, pounds: int, **more: Any) -> dict[str, Any]:
    products = json.dumps([{"product_id": "mug", "quantity": 2}])
    return happened(
        number,
        who,
        "Order Completed",
        order_id=f"o{number}",
        revenue=Decimal(pounds),
        currency="GBP",
        products=products,
        **more,
    )


@pytest.mark.django_db
def test_everything_of_ann_newest_first_with_money_and_what_it_was_about(served):
    pour(served, [
        happened(1, device="a", path="/"),
        happened(2, "ann", device="a", kind="identify", **{"traits.email": "ann@example.com"}),
        order(3, "ann", 30, country="Ireland"),
        order(4, "ben", 99),
    ])  # fmt: skip
    projection.follow()
    assert served.timelines.events == 4
    pour(served, [happened(5, "ann", "Order Refunded", order_id="o3", revenue=Decimal(10), currency="GBP")])
    projection.follow()
    shown = timeline("ann")
    assert [(row.event, row.amount, row.fresh) for row in shown.rows] == [
        ("Order Refunded", -10.0, True),
        ("Order Completed", 30.0, False),
        ("", None, False),
        ("Page Viewed", None, False),
    ]
    assert shown.names == {"Order Refunded": 1, "Order Completed": 1, "": 1, "Page Viewed": 1}
    assert [one.type for one in details("ann", shown.rows)] == ["track", "track", "identify", "track"]
    about = details("ann", shown.rows)[1]
    assert about.properties == {"country": "Ireland"}
    assert about.products[0]["product_id"] == "mug"
    assert timeline("anon:a").rows == shown.rows


@pytest.mark.django_db
def test_pages_and_filters(served):
    pour(served, [happened(n, "ann", "Page Viewed" if n % 3 else "Cart Viewed", day=n // 2) for n in range(20)])
    assert served.timelines.events == 20
    pour(served, [happened(n, "ann", "Page Viewed" if n % 3 else "Cart Viewed", day=n // 2) for n in range(20, 31)])
    seen, before = [], ""
    while True:
        shown = timeline("ann", Wanted(), before, 7)
        seen += shown.rows
        before = shown.next
        if not before:
            break
    assert len(seen) == 31
    assert [row.time_us for row in seen] == sorted((row.time_us for row in seen), reverse=True)
    carts = timeline("ann", Wanted(events=("Cart Viewed",)))
    assert carts.total == 11
    some = timeline("ann", Wanted(since=date(2026, 1, 4), until=date(2026, 1, 5)))
    assert {row.at.day for row in some.rows} == {4, 5}
    assert timeline("nobody").rows == ()
    assert timeline("ann", Wanted(), "nonsense").rows == timeline("ann").rows


def expected(workspace: Workspace, ids: frozenset[str]) -> list[tuple[int, str]]:
    """Time and name of all her events, by reading the whole lake."""
    rows = [row for batch in workspace.lake.scan() for row in batch.to_pylist()]
    theirs = [row for row in rows if (row["customer_id"] or f"anon:{row['anonymous_id']}") in ids]
    silent = ("identify", "group", "alias")
    named = [
        (int(row["time"].timestamp() * 1_000_000), row["sequence"], "" if row["type"] in silent else row["event"])
        for row in theirs
    ]
    return [(time, event) for time, _, event in sorted(named, reverse=True)]


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "ben", None]),
        st.sampled_from(["a", "b", None]),
        st.sampled_from(["track", "track", "identify", "alias"]),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=14,
)


ONE_INSTANT = [("ben", "a", "track", 0), ("ann", "a", "identify", 0), ("ben", "a", "track", 0), ("ann", "a", "alias", 1)]


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@example(told=ONE_INSTANT, cuts=[(3, "level")])
@given(told=EVENTS, cuts=st.lists(st.tuples(st.integers(1, 13), st.sampled_from(["level", "ask", ""])), max_size=4))
def test_the_timeline_is_what_the_lake_has_whatever_is_base_and_tail(tmp_path_factory, told, cuts):
    workspace = Workspace.create(tmp_path_factory.mktemp("lake") / "shop")
    desk = Desk(workspace.path)
    events = []
    for number, (who, device, kind, day) in enumerate(told):
        if kind == "alias":
            events.append(happened(number, "ann", kind="alias", day=day, previousId="ben"))
        else:
            events.append(happened(number, who, device=device, kind=kind, day=day))
    places = sorted({min(cut, len(events)) for cut, _ in cuts} | {0, len(events)})
    then = dict(cuts)
    for start, stop in pairwise(places):
        pour(workspace, events[start:stop])
        if then.get(stop) == "level":
            assert workspace.timelines is not None
        elif then.get(stop) == "ask":
            asked(desk, frozenset(["ann"]), 5)
    aliases = AliasMap.of(workspace.lake.evidence())
    for person in ("ann", "ben", "anon:a"):
        ids = aliases.members(person)
        rows = [(row.time_us, row.event) for row in asked(desk, ids, 5)]
        if len(places_of(desk.timelines().source.columns, pa.array(sorted(ids)))) > 1:
            # stored as two, merged in the tail: what came first within an instant is not known before the next level
            assert [time for time, _ in rows] == [time for time, _ in expected(workspace, ids)]
            assert sorted(rows) == sorted(expected(workspace, ids))
        else:
            assert rows == expected(workspace, ids)


def asked(desk: Desk, ids: frozenset[str], size: int) -> list[Any]:
    """All rows, page by page."""
    from holdfast.server.customers.told_timeline import errand

    rows, before = [], ""
    while True:
        shown: Shown = errand(desk, sorted(ids), Wanted(), before, size)
        rows += shown.rows
        before = shown.next
        if not before:
            return rows
