"""All traits as one table, and the verbs that show and write them."""

from __future__ import annotations

import csv
import json

import pyarrow.parquet as pq
import pytest
from shells import holdfast, small_shop
from shops import shop

from holdfast.analyses.scope import TRAITS, parse_where
from holdfast.analyses.traits import ON_DEMAND, Traits
from holdfast.errors import UnknownName, UsageError
from holdfast.workspace import Workspace


def test_every_customer_stands_once_with_every_trait_that_can_be_told():
    answer = shop().ask(Traits())
    assert answer.table.num_rows == shop().customers
    assert answer.table["customer_id"].to_pylist() == sorted(answer.table["customer_id"].to_pylist())
    assert {"rfm", "signs", "due", "favourite_hour", "favourite_day"} <= set(answer.table.column_names)
    assert not {"discount", "favourite_category"} & set(answer.table.column_names)
    assert any(note.startswith("no discount:") for note in answer.notes)
    # What due, next_order and unusual_on stand on is learned once; others take longer: they stand here when they are named.
    assert {"next_order", "next_order_band", "unusual_on", "unusual_on_band"} <= set(answer.table.column_names)
    assert {name.removesuffix("_band") for name in answer.table.column_names}.isdisjoint(ON_DEMAND)
    assert set(ON_DEMAND) == {"cluster", "next_items", "p_alive", "reason", "risk", "value", "value_at_risk"} < set(TRAITS)
    assert any("“name” says so, such as cluster" in note for note in answer.notes)
    assert {name.removesuffix("_band") for name in answer.table.column_names[1:]} <= set(TRAITS)
    totals: dict[str, int] = {}
    for row in answer.extra["summary"].to_pylist():
        totals[row["trait"]] = totals.get(row["trait"], 0) + row["customers"]
    assert set(totals.values()) == {shop().customers}


@pytest.mark.parametrize("name", ["rfm", "signs", "due", "favourite_hour", "favourite_day"])
def test_a_value_of_a_trait_opens_to_its_people_and_selects_them_elsewhere(name):
    from holdfast.analyses.stickiness import Stickiness

    answer = shop().ask(Traits(names=(name,)))
    for row in answer.extra["summary"].to_pylist():
        people = answer.people(trait=name, value=row["value"])
        assert len(people) == row["customers"]
        chosen = shop().ask(Stickiness(where=parse_where([f"{name}={row['value']}"])))
        assert chosen.definition.n == row["customers"]


def test_a_trait_that_was_asked_for_says_why_it_cannot_be_told():
    with pytest.raises(UsageError, match="coupon"):
        shop().ask(Traits(names=("discount",)))
    with pytest.raises(UnknownName, match="rfm"):
        shop().ask(Traits(names=("rfn",)))
    with pytest.raises(UnknownName, match="overdue"):
        Traits().people(shop(), trait="due", value="over")


def test_the_verbs_show_write_and_open(tmp_path):
    place = small_shop()
    shown = holdfast("traits", "-w", place)
    assert shown.code == 0
    assert "rfm" in shown.out
    table, columns = tmp_path / "traits.csv", tmp_path / "traits.parquet"
    assert holdfast("traits", "-w", place, "--csv", str(table), "--parquet", str(columns)).code == 0
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    kept = pq.read_table(columns).to_pylist()
    assert rows == [{name: "" if value is None else str(value) for name, value in row.items()} for row in kept]
    assert len(rows) == Workspace.open(place).traits().table.num_rows
    told = json.loads(holdfast("traits", "-w", place, "--json").out)
    assert len(told["table"]["rows"]) == len(rows)
    assert holdfast("taste", "-w", place).code == 0
    assert holdfast("slipping", "-w", place).code == 0
    due = holdfast("traits", "-w", place, "--people", "trait=due", "--people", f"value={rows[0]['due']}")
    assert rows[0]["customer_id"] in due.out
    taste = json.loads(holdfast("taste", "-w", place, "--json").out)
    assert "customer" in taste["table"]["columns"]
    assert Workspace.open(place).taste().table.num_rows == Workspace.open(place).taste(limit=10).table.num_rows
    assert Workspace.open(place).early_signs().table.num_rows >= 0


def test_a_condition_on_a_value_that_a_trait_does_not_have_names_the_nearest():
    with pytest.raises(UnknownName, match="Champion"):
        shop().ask(Traits(("due",), where=parse_where(["rfm=Champion"])))
    told = holdfast("bridge", "-w", small_shop(), "--where", "rfm=Champion")
    assert told.code == 2
    assert "did you mean Champions?" in told.err
