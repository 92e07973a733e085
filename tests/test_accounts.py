"""Firms as customers: two people of one firm, one of whom moves."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lake_people import alias, batches, event
from shells import holdfast

from holdfast import Settings, Timelines, datasets
from holdfast.analyses.customers import Customers
from holdfast.events.accounts import Belonging, of_accounts
from holdfast.events.identity import AliasMap
from holdfast.settings_file import read_settings, write_settings
from holdfast.workspace import Workspace


def group(hour, customer, account, device=None):
    """Segment's `group` call: from this hour on she belongs to that account."""
    return event(hour, customer, device, kind="group", groupId=account)


def told(timelines):
    """Firm → hours of its activity into 2024, in order."""
    columns = timelines.source.columns
    hours = (columns.second.astype(np.int64) - 1_704_067_200) // 3600
    cuts = zip(columns.ids().to_pylist(), columns.offsets[:-1], columns.offsets[1:], strict=True)
    return {name: hours[a:b][columns.code[a:b] > 0].tolist() for name, a, b in cuts}


def append(shop, *events):
    shop.lake.append(batches(events), batch=f"{shop.lake.version()}")


@pytest.fixture
def shop(tmp_path):
    return Workspace.create(tmp_path / "shop")


STORY = (
    event(1, "ann"),
    group(2, "ann", "acme"),
    group(2, "ben", "acme"),
    event(3, "ann"),
    event(4, "ben"),
    group(5, "ben", "bolt"),
    event(5, "ben"),
    event(6, "ann"),
    event(7, "ben", account="crane"),
    event(8, "cleo"),
)


def test_two_people_of_one_firm_one_of_whom_moves(shop):
    """Ann is of Acme, what she did before it is said included. Ben is of Acme until he moves to Bolt at hour 5; once he orders
    for Crane. Cleo is of no firm: her event is nobody's."""
    append(shop, *STORY)
    firms = shop.accounts.timelines
    assert told(firms) == {"acme": [1, 3, 4, 6], "bolt": [5], "crane": [7]}
    nobody = firms.source.columns.nobody.code
    assert (nobody > 0).sum() == 1
    assert told(shop.timelines) == {"ann": [1, 3, 6], "ben": [4, 5, 7], "cleo": [8]}


def test_firms_are_asked_what_customers_are_asked_and_open_to_firms(shop):
    append(shop, event(1, "ann", revenue="5", account_id="acme"), event(2, "ben", revenue="7", account_id="acme"))
    append(shop, event(3, "cleo", revenue="9", account_id="bolt"))
    answer = shop.accounts.ask(Customers())
    assert {row["customer"]: row["revenue"] for row in answer.table.to_pylist()} == {"acme": 12, "bolt": 9}
    assert answer.people().ids == ("acme", "bolt")
    assert len(set(shop.accounts.order_lines().orders["person"].to_pylist())) == 2


def test_a_later_call_brings_the_store_level(shop):
    append(shop, event(1, "ann"), event(2, "ben", account="bolt"))
    assert told(shop.accounts.timelines) == {"bolt": [2]}
    append(shop, group(3, "ann", "acme"))
    assert told(shop.accounts.timelines) == {"acme": [1], "bolt": [2]}
    assert told(shop.timelines) == {"ann": [1], "ben": [2]}


def test_a_device_belongs_to_the_firm_of_its_owner(shop):
    append(shop, event(1, None, "phone"), group(2, "ann2", "acme"), event(3, "ann", "phone"), alias(4, "ann2", "ann"))
    assert told(shop.accounts.timelines) == {"acme": [1, 3]}


def test_the_erased_are_no_longer_in_the_firm(shop):
    append(shop, *STORY)
    assert "bolt" in told(shop.accounts.timelines)
    shop.erase(["ben"])
    assert told(shop.accounts.timelines) == {"acme": [1, 3, 6]}


def test_firms_of_a_made_stream_are_those_of_its_account_column():
    """A workspace's firms are the same as timelines made with the account as the customer."""
    stream = datasets.made_stream(80, 2, 200)
    plain = Timelines.from_arrow(stream.drop_columns(["customer_id"]), Settings(), customer="account")
    truth = {name for name in datasets.made_truth(80, 2, 200)["account"].to_pylist() if name}
    assert set(plain.source.columns.ids().to_pylist()) == truth


def test_firms_on_the_command_line(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(
        "order_id,customer_id,account,date,total\n1,ann,acme,2024-01-01,5\n2,ben,acme,2024-01-05,7\n3,cleo,bolt,2024-02-01,9\n"
    )
    folder = str(tmp_path / "shop")
    assert holdfast("import", str(path), "-w", folder, "--yes").code == 0
    told = holdfast("customers", "-w", folder, "--accounts", "--csv", "-")
    assert [row.split(",")[0] for row in told.out.splitlines()] == ["customer", "acme", "bolt"]
    people = holdfast("customers", "-w", folder, "--accounts", "--people", "customer=acme")
    assert people.out.splitlines() == ["acme"]
    said = holdfast("repeat", "-w", folder, "--accounts")
    assert "a customer is a firm here" in said.out
    alone = holdfast("customers", "acme", "-w", folder, "--accounts")
    assert alone.code == 2


def test_a_shop_without_firms_says_so(shop):
    append(shop, event(1, "ann", revenue="5"))
    said = holdfast("repeat", "-w", str(shop.path), "--accounts")
    assert said.code == 1
    assert "no event belongs to a firm" in said.err


def test_group_calls_of_segments_library_are_read(tmp_path):
    path = tmp_path / "calls.jsonl"
    path.write_text(
        '{"type":"group","userId":"ann","groupId":"acme","traits":{"name":"Acme Ltd"},"timestamp":"2024-01-02T10:00:00Z"}\n'
        '{"type":"track","userId":"ann","event":"Login","timestamp":"2024-01-01T10:00:00Z","properties":{"page":"/"}}\n'
        '{"type":"track","userId":"ben","event":"Login","timestamp":"2024-01-01T11:00:00Z","context":{"groupId":"bolt"}}\n'
    )
    folder = str(tmp_path / "shop")
    assert holdfast("import", str(path), "-w", folder, "--yes").code == 0
    assert set(told(Workspace.open(folder).accounts.timelines)) == {"acme", "bolt"}


PEOPLE, FIRMS = ("ann", "ben", "cleo"), ("acme", "bolt")
MOVES = st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 30), st.sampled_from((None, *FIRMS))), max_size=25)


@settings(max_examples=60, deadline=None)
@given(MOVES, st.integers(1, 7), st.randoms(use_true_random=False))
def test_belonging_is_what_a_walk_over_each_person_says_in_any_order(moves, size, random):
    """None is an event, a firm a call; the order of reading changes nothing."""
    rows = [event(hour, who) if firm is None else group(hour, who, firm) for who, hour, firm in moves]
    rows = [{**row, "sequence": place} for place, row in enumerate(rows)]
    expected = [_by_hand(row, rows) for row in rows if row["type"] == "track"]
    shuffled = list(rows)
    random.shuffle(shuffled)
    belonging = Belonging.of(batches(shuffled, size), AliasMap())
    found = pa.Table.from_batches(of_accounts(batches(rows, size), belonging, AliasMap())) if rows else None
    got = [] if found is None else [row["customer_id"] for row in found.to_pylist() if row["type"] == "track"]
    assert got == expected


def _by_hand(row, rows):
    calls = sorted((one for one in rows if one["type"] == "group" and one["customer_id"] == row["customer_id"]),
                   key=lambda one: (one["time"], one["sequence"]))  # fmt: skip
    before = [one for one in calls if one["time"] <= row["time"]]
    chosen = before[-1] if before else calls[0] if calls else None
    return None if chosen is None else chosen["properties"].split('"')[3]


def test_the_report_of_firms_says_that_it_is_one(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(
        "order_id,customer_id,account,date,total\n1,ann,acme,2024-01-01,5\n2,ben,acme,2024-03-05,7\n3,cleo,bolt,2024-02-01,9\n"
    )
    folder = tmp_path / "shop"
    assert holdfast("import", str(path), "-w", str(folder), "--yes").code == 0
    told = holdfast("report", "-w", str(folder), "--accounts")
    assert told.code == 0, told.err
    assert "customers here are firms" in (folder / "report-accounts.html").read_text("utf-8")


def test_what_firms_like_is_read_from_the_products_of_their_orders(tmp_path):
    """Categories stand in the products alone: Ann and Ben buy toys for Acme, Cleo buys books for Bolt."""
    bought = (("ann", "acme", "Toys"), ("ben", "acme", "Toys"), ("cleo", "bolt", "Books"))
    calls = [
        {"type": "track", "userId": who, "event": "Order Completed", "timestamp": f"2024-01-0{day}T10:00:00Z",
         "properties": {"order_id": f"{who}{day}", "revenue": 5, "account": firm,
                        "products": [{"product_id": "p", "category": kind}]}}
        for who, firm, kind in bought for day in (1, 2, 3)
    ]  # fmt: skip
    path, folder = tmp_path / "calls.jsonl", str(tmp_path / "shop")
    path.write_text("\n".join(map(json.dumps, calls)))
    assert holdfast("import", str(path), "-w", folder, "--yes").code == 0
    cell = ("--people", "kind=category", "value=Toys", "what=touched")
    assert holdfast("taste", "-w", folder, "--accounts", *cell).out.split() == ["acme"]
    settings_file = tmp_path / "shop" / "holdfast.toml"
    write_settings(settings_file, replace(read_settings(settings_file), small_group=1))
    card = Workspace.open(folder).accounts.persona_card("repeat buyer")
    assert card.people(part="category", item="Books").ids == ("bolt",)
    told_on = holdfast(
        "personas", "--card", "repeat buyer", "-w", folder, "--accounts", "--people", "part=category", "item=Toys"
    )
    assert told_on.out.split() == ["acme"]
