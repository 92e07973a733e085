"""How customers were lost, and why: contract end, unsubscribed, lapse, and the reason given (mission rows 2.2 and 3.1)."""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import START, told

from holdfast.analyses.bridge import Bridge
from holdfast.analyses.losses import Losses
from holdfast.analyses.losses_walk import KINDS
from holdfast.charts.stacked import stacked_bars
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Contract, Settings
from holdfast.timelines import walk
from holdfast.timelines.timelines import Timelines

ORDER = "Order Completed"
Event = tuple[str, str, int, str | None]


def happened(rows: list[Event], settings: Settings | None = None, name: str = "reason") -> Timelines:
    """Timelines of (customer, event, day, reason); day 0 is 1 January 2024, at noon."""
    people, events, days, reasons = zip(*rows, strict=True)
    stamps = pa.array([START + timedelta(days=day) for day in days], pa.timestamp("us", "UTC"))
    frame = pa.table({"customer_id": people, "event": events, "time": stamps, name: pa.array(reasons, pa.string())})
    return Timelines.from_arrow(frame, settings or Settings())


def losses(timelines: Timelines, **asked: Any) -> list[tuple[Any, ...]]:
    """Period, kind, event, reason and customers of each row."""
    table = Losses(**asked).answer(timelines).table.to_pylist()
    return [tuple(row[name] for name in ("period", "kind", "event", "reason", "customers")) for row in table]


CONTRACTS: list[Event] = [
    ("ann", "Subscription Started", 5, None), ("ann", "Subscription Paused", 35, None),
    ("ben", "Subscription Started", 6, None), ("ben", "Subscription Cancelled", 40, "competitor"),
    ("ben", "Account Closed", 41, None), ("ben", "Subscription Ended", 42, None),
    ("cleo", "Subscription Started", 7, None), ("cleo", "Subscription Ended", 33, "price"),
    ("cleo", "Subscription Started", 50, None), ("cleo", "Subscription Ended", 80, None),
    ("dan", "Subscription Started", 8, None), ("dan", "Subscription Ended", 45, None), ("dan", "Survey", 70, "friction"),
    ("eve", "Subscription Started", 99, None),
]  # fmt: skip


def test_contracts_end_by_the_event_that_closed_them_and_a_pause_is_no_loss() -> None:
    """February loses Ben, whose cancellation comes before two further endings, and Dan, who tells why only in March. Cleo ends
    and starts again within February; March loses her, with the reason that she gave then still the last known."""
    shop = happened(
        CONTRACTS, Settings(base="contract", contract=Contract(end=("Subscription Ended", "Subscription Cancelled")))
    )
    assert losses(shop) == [
        ("2024-02", "contract end", "Subscription Cancelled", "competitor", 1),
        ("2024-02", "contract end", "Subscription Ended", "(not known)", 1),
        ("2024-03", "contract end", "Subscription Ended", "price", 1),
    ]
    answer = Losses().answer(shop)
    assert answer.people(period="2024-02", reason="competitor").ids == ("ben",)
    assert answer.people(period="2024-02").ids == ("ben", "dan")
    assert answer.words == (
        "Of the 1 customer lost in 2024-03, 100.0 % (20.7 to 100.0) by the end of a contract. Reasons: price 1; not known 0."
    )


BUYERS: list[Event] = [
    ("ann", ORDER, 5, None), ("ann", ORDER, 30, None), ("ann", ORDER, 60, None), ("ann", ORDER, 95, None),
    ("ben", ORDER, 5, None), ("ben", "Unsubscribed", 12, "competitor"),
    ("cleo", "Unsubscribed", 2, None), ("cleo", ORDER, 10, "friction"),
    ("dan", ORDER, 15, None), ("dan", "Email Unsubscribed", 16, "price"), ("dan", "Subscription Ended", 31, "friction"),
    ("eve", ORDER, 8, None), ("eve", "Unsubscribed", 60, "competitor"),
    ("fred", ORDER, 19, None), ("fred", "Subscription Ended", 21, None), ("fred", "Subscription Started", 22, None),
]  # fmt: skip


def test_buyers_unsubscribe_end_a_contract_or_lapse() -> None:
    """gone_after 40: all but Ann are there on 1 February (day 31) and gone on 1 March (day 60). Ben unsubscribed; Cleo did so
    before her order, which is no leaving; Dan unsubscribed and ended a contract, the more definite; Eve says so only on
    1 March; Fred took his contract up again. Ann never pauses for more than 35 days."""
    shop = happened(BUYERS)
    assert losses(shop, gone_after=40) == [
        ("2024-02", "contract end", "Subscription Ended", "friction", 1),
        ("2024-02", "unsubscribed", "Unsubscribed", "competitor", 1),
        ("2024-02", "lapse", None, "(not known)", 2),
        ("2024-02", "lapse", None, "friction", 1),
    ]
    answer = Losses(gone_after=40).answer(shop)
    row = answer.table.to_pylist()[2]
    assert (row["share"], row["n"]) == (0.4, 5)
    assert (round(row["low"], 4), round(row["high"], 4)) == (0.1176, 0.7693)
    assert answer.people(period="2024-02", kind="lapse").ids == ("cleo", "eve", "fred")
    assert answer.people(period="2024-02", reason="friction").ids == ("cleo", "dan")
    assert answer.people(period="2024-02", kind="unsubscribed").ids == ("ben",)
    assert answer.people(period="2024-02", kind="unsubscribed", reason="friction").ids == ()
    assert "Reasons: friction 2, competitor 1; not known 2." in answer.words
    assert any("fewer than 30" in note for note in answer.notes)


def test_which_events_unsubscribe_is_a_setting() -> None:
    shop = happened(BUYERS, Settings(unsubscribe=("Email Unsubscribed",), contract=Contract(end=("Cancelled",))))
    assert losses(shop, gone_after=40)[0][:3] == ("2024-02", "unsubscribed", "Email Unsubscribed")
    assert Losses(gone_after=40).answer(shop).people(period="2024-02", kind="unsubscribed").ids == ("dan",)


def test_the_reason_may_have_another_name_and_any_case() -> None:
    shop = happened(BUYERS, name="Churn Reason")
    assert ("2024-02", "lapse", None, "friction", 1) in losses(shop, gone_after=40, reason="churn reason")
    assert {row[3] for row in losses(shop, gone_after=40)} == {"(not known)"}
    assert any("no property reason" in note for note in Losses(gone_after=40).answer(shop).notes)
    with pytest.raises(UnknownName, match="Churn Reason"):
        Losses(gone_after=40, reason="why").answer(shop)


def test_unknown_names_are_refused_with_the_valid_ones() -> None:
    answer = Losses(gone_after=40).answer(happened(BUYERS))
    with pytest.raises(UnknownName, match="lapse"):
        answer.people(period="2024-02", kind="lapsed")
    with pytest.raises(UnknownName, match="competitor"):
        answer.people(period="2024-02", reason="competitors")
    with pytest.raises(UsageError):
        Losses(gone_after=0)


def test_nobody_lost_is_said() -> None:
    answer = Losses(gone_after=90).answer(told("ann a1 5 @1  ann a2 5 @20"))
    assert (answer.table.num_rows, answer.words) == (0, "Nobody was lost in these periods.")
    assert answer.figure() is not None


def test_of_many_parts_the_largest_are_drawn_and_the_rest_is_one() -> None:
    figure = stacked_bars(
        [("a", "big", 9), ("a", "mid", 5), ("b", "mid", 1), ("b", "small", 2), ("b", "tiny", 1)], title="t", most=2
    )
    assert [(bar.name, list(bar.y)) for bar in figure.data] == [("big", [9, 0]), ("mid", [5, 1]), ("other", [0, 3])]


EVENTS = (ORDER, ORDER, ORDER, "Subscription Started", "Subscription Ended", "Unsubscribed", "Page Viewed")
shops = st.lists(
    st.tuples(
        st.sampled_from(["p0", "p1", "p2", "p3", "p4"]), st.sampled_from(EVENTS), st.integers(0, 200),
        st.sampled_from([None, None, "competitor", "friction"]),
    ), min_size=1, max_size=50,
)  # fmt: skip
bases = st.sampled_from([Settings(), Settings(active=(ORDER, "Page Viewed")), Settings(base="contract")])


@given(
    shops,
    bases,
    st.integers(1, 60),
    st.sampled_from(["day", "week", "month", "quarter"]),
    st.sampled_from([None, "2024-03-20"]),
)
@settings(max_examples=80)
def test_kinds_and_reasons_add_up_to_the_lost_of_the_bridge(
    rows: list[Event], base: Settings, gone: int, unit: Any, as_of: str | None
) -> None:
    shop = happened(
        [("p0", "Subscription Started", 0, "friction"), ("p0", ORDER, 0, None), ("p9", ORDER, 210, None), *rows], base
    )
    answer = Losses(period=unit, gone_after=gone, as_of=as_of).answer(shop)
    bridge = Bridge(period=unit, gone_after=gone, as_of=as_of).answer(shop)
    found = answer.table.to_pylist()
    for period in bridge.table.to_pylist():
        own = [row for row in found if row["period"] == period["period"]]
        assert sum(row["customers"] for row in own) == period["lost"]
        assert all(row["n"] == period["lost"] for row in own)
    for row in found[-6:]:
        cell = {name: row[name] for name in ("period", "kind", "reason")} | {"event": row["event"] or ""}
        assert len(answer.people(**cell)) == row["customers"]
        lost = bridge.people(period=row["period"], what="lost").ids
        assert answer.people(period=row["period"]).ids == lost
        assert sorted(one for kind in KINDS for one in answer.people(period=row["period"], kind=kind).ids) == list(lost)
    if base.base == "contract":
        assert {row["kind"] for row in found} <= {"contract end"}


@given(shops, st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_how_customers_are_cut_into_shards_changes_nothing(rows: list[Event], chance: Any) -> None:
    shop = happened([("p0", ORDER, 0, "price"), *rows])
    whole = Losses(gone_after=20, by="reason").answer(shop).table
    before = walk.EVENTS_A_SHARD
    walk.EVENTS_A_SHARD = chance.randint(10, 30)
    try:
        assert Losses(gone_after=20, by="reason").answer(shop).table.equals(whole)
    finally:
        walk.EVENTS_A_SHARD = before


def test_the_step_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spark sends steps to its executors."""
    shop = happened(BUYERS)
    whole = Losses(gone_after=40).answer(shop).table
    monkeypatch.setattr(shop, "walk", lambda step: walk.walk_columns(shop.source, pickle.loads(pickle.dumps(step))))
    assert Losses(gone_after=40).answer(shop).table.equals(whole)
