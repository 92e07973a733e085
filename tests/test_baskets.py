"""Baskets of first and later orders: by hand, with the marks by which an order finds its lines (MISSION 1.2; SEMANTICS 17)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from imported import bring
from shells import holdfast, small_shop

from holdfast.analyses.baskets import Baskets
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.order_lines import OrderLines
from holdfast.timelines.timelines import Timelines
from holdfast.workspace import Workspace

START = datetime(2024, 1, 1, 12, tzinfo=UTC)
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("customer_id", "event", "order_id", "products")),
        ("revenue", pa.decimal128(18, 4)),
        ("time", pa.timestamp("us", tz="UTC")),
    ]
)
Told = tuple[str, str | None, int, str]

STORY: list[Told] = [
    ("ann", "a1", 0, "2 soap 1, 1 lamp 10"),
    ("ben", "b1", 1, "4 soap 1"),
    ("cleo", "c1", 2, "5 lamp 10"),
    ("cleo", "-c1", 3, "5 lamp 10"),
    ("dan", "d1", 5, ""),
    ("ann", "a2", 10, "1 lamp 10, 1 soap 1"),
    ("cleo", "c2", 20, "1 cup 3"),
]
"""Ann comes again. Cleo took her first order back in full: the cup is her first. Nobody knows what was in Dan's order of 10."""


def events(story: list[Told]) -> pa.Table:
    rows = []
    for who, order, day, text in story:
        lines = [one.split() for one in text.split(", ")] if text else []
        products = [{"product_id": name, "quantity": float(pieces), "price": price} for pieces, name, price in lines]
        rows.append(
            {
                "customer_id": who, "event": "Order Refunded" if order and order.startswith("-") else "Order Completed",
                "order_id": order and order.lstrip("-"), "products": json.dumps(products) if products else None,
                "revenue": sum((Decimal(pieces) * Decimal(price) for pieces, _, price in lines), Decimal(0)) or Decimal(10),
                "time": START + timedelta(days=day),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, SCHEMA)


def asked(story: list[Told], settings: Settings | None = None, **choices: Any) -> Any:
    table = events(story)
    return Timelines.from_arrow(table, settings).ask(Baskets(lines=OrderLines.from_arrow(table), **choices))


def row(answer: Any, kind: str) -> dict[str, Any]:
    return next(one for one in answer.table.to_pylist() if one["kind"] == kind)


def test_first_orders_by_hand() -> None:
    """Ann 3 pieces for 12, Ben 4 for 4, Cleo 1 for 3, Dan's unknown; of three products the lamp is dearest: 10 of 19."""
    first = row(asked(STORY), "first")
    assert (first["orders"], first["customers"], first["with_lines"], first["revenue"]) == (4, 4, 3, 29.0)
    assert (first["items"], first["items_median"], first["products"]) == (pytest.approx(8 / 3), 3.0, pytest.approx(4 / 3))
    assert (first["unit_price"], first["premium_share"]) == (2.375, pytest.approx(10 / 19))
    # The standard error of the mean of 3, 4 and 1 is the root of 7/9.
    assert first["items_low"] == pytest.approx(0.938141, abs=1e-6)
    assert first["items_high"] == pytest.approx(4.395193, abs=1e-6)
    assert (first["premium_share_low"], first["premium_share_high"]) == (0.0, 1.0)


def test_later_orders_by_hand() -> None:
    answer = asked(STORY)
    later = row(answer, "later")
    assert (later["orders"], later["customers"], later["items"], later["unit_price"]) == (1, 1, 2.0, 5.5)
    assert (later["premium_share"], later["premium_share_low"], later["items_low"]) == (pytest.approx(10 / 11), None, None)
    apart = {one["measure"]: one for one in answer.extra["difference"].to_pylist()}
    assert apart["premium_share"]["difference"] == pytest.approx(10 / 11 - 10 / 19)
    assert (apart["premium_share"]["low"], apart["items"]["difference"]) == (None, pytest.approx(-2 / 3))


def test_the_difference_of_shares_takes_the_same_customers_together() -> None:
    """Ann 10 of 12, then 10 of 11; Ben 0 of 4, then 10 of 10: R 10/16 and 20/21.

    Linear forms: Ann (10 − 7.5)/16 and (10 − 220/21)/21, Ben (0 − 2.5)/16 and (10 − 200/21)/21; their differences are
    −0.1789257 and +0.1789257, with n = 2 the half width is 1.959964 × √(2 / 1 × 2 × 0.1789257²).
    """
    story: list[Told] = [*STORY[:2], ("ann", "a2", 10, "1 lamp 10, 1 soap 1"), ("ben", "b2", 11, "1 lamp 10")]
    share = asked(story, top=0.5).extra["difference"].to_pylist()[3]
    assert share["difference"] == pytest.approx(20 / 21 - 10 / 16)
    assert share["high"] - share["difference"] == pytest.approx(1.959963984540054 * 2 * 0.17892573696, abs=1e-8)
    assert share["difference"] - share["low"] == pytest.approx(share["high"] - share["difference"])


def test_the_ledger_keeps_the_order_that_was_taken_back() -> None:
    first = row(asked(STORY, Settings(refunds="ledger")), "first")
    assert (first["orders"], first["with_lines"], first["items"]) == (4, 3, 4.0)


def test_as_of_leaves_out_what_came_later() -> None:
    answer = asked(STORY, as_of="2024-01-02")
    assert [row(answer, kind)["orders"] for kind in ("first", "later", "all")] == [2, 0, 2]


def test_equal_prices_are_premium_together_and_what_is_left_out_is_no_product() -> None:
    story: list[Told] = [("ann", "a1", 0, "1 pen 2, 1 cup 2, 1 tea 1, 1 soap 1, 1 post 9"), ("ben", "b1", 1, "1 post 9")]
    answer = asked(story, without=("post",))
    assert row(answer, "first")["premium_share"] == pytest.approx(4 / 6)
    assert (row(answer, "first")["orders"], row(answer, "first")["with_lines"]) == (2, 1)
    assert answer.definition.rules["premium"] == "2 of 4 products, from 2.00 EUR a piece"
    assert answer.definition.rules["without"] == "post"


def test_who_is_left_out_still_decides_what_is_premium() -> None:
    table = events(STORY).append_column("land", pa.array(["fr", "de", "fr", "fr", "fr", "fr", "fr"]))
    shop = Timelines.from_arrow(table)
    answer = shop.ask(Baskets(lines=OrderLines.from_arrow(table), where=_land("de")))
    assert (row(answer, "all")["customers"], row(answer, "all")["premium_share"]) == (1, 0.0)
    assert answer.people(kind="first").ids == ("ben",)


def _land(value: str) -> Any:
    from holdfast.analyses.scope import parse_where

    return parse_where([f"land={value}"])


def test_orders_without_id_find_their_lines_by_customer_second_and_turn() -> None:
    """Two orders of Ann in one second, one without lines; Ben's in the same second."""
    story: list[Told] = [
        ("ann", None, 0, ""),
        ("ben", None, 0, "7 soap 1"),
        ("ann", None, 0, "2 soap 1"),
        ("ann", None, 4, "5 soap 1"),
    ]
    answer = asked(story)
    assert (row(answer, "first")["with_lines"], row(answer, "first")["items"]) == (1, 7.0)
    assert (row(answer, "later")["with_lines"], row(answer, "later")["items"]) == (2, 3.5)


def test_a_later_arrival_of_an_order_replaces_its_lines() -> None:
    story: list[Told] = [("ann", "a1", 0, "2 soap 1"), ("ann", "a1", 0, "9 soap 1"), ("ben", "a1", 0, "4 soap 1")]
    first = row(asked(story), "first")
    assert (first["orders"], first["items"]) == (2, 6.5)


def test_lines_of_one_person_under_two_ids_are_hers() -> None:
    table = events([("anna", "a1", 0, "2 soap 1"), ("ann", "a2", 3, "5 soap 1")])
    aliases = (pa.array(["anna"]), pa.array(["ann"]))
    shop = Timelines.build(table.to_batches(), aliases=aliases)
    answer = shop.ask(Baskets(lines=OrderLines.of(table.to_batches(), aliases)))
    assert (row(answer, "first")["items"], row(answer, "later")["items"]) == (2.0, 5.0)


@pytest.mark.parametrize("text", ["no json", "{}", "[1]", "[]", '[{"quantity": "x", "product_id": null}]'])
def test_what_is_no_list_of_products_does_no_harm(text: str) -> None:
    table = events([("ann", "a1", 0, ""), ("ben", "b1", 0, "1 soap 1")])
    products = pa.array([text, table["products"][1].as_py()])
    table = table.set_column(table.schema.get_field_index("products"), "products", products)
    answer = Timelines.from_arrow(table).ask(Baskets(lines=OrderLines.from_arrow(table)))
    assert (row(answer, "first")["orders"], row(answer, "first")["unit_price"]) == (2, 1.0)


def test_discounts_are_no_products_and_what_has_no_price_is_said() -> None:
    table = events([("ann", "a1", 0, "")])
    lines = [
        {"name": "soap", "quantity": 2}, {"product_id": 7, "price": 3.5}, {"product_id": "D", "quantity": 1, "price": -4},
        {"product_id": "back", "quantity": -1, "price": 2},
    ]  # fmt: skip
    table = table.set_column(3, "products", pa.array([json.dumps(lines)]))
    answer = Timelines.from_arrow(table).ask(Baskets(lines=OrderLines.from_arrow(table)))
    assert (row(answer, "all")["items"], row(answer, "all")["products"], row(answer, "all")["unit_price"]) == (3.0, 2.0, 3.5)
    assert "2 of 3 pieces have no price: they count as pieces, not as money" in answer.notes


def test_people_are_those_counted() -> None:
    answer = asked(STORY)
    for kind, names in (("first", ("ann", "ben", "cleo", "dan")), ("later", ("ann",)), ("all", ("ann", "ben", "cleo", "dan"))):
        assert answer.people(kind=kind).ids == names
        assert row(answer, kind)["customers"] == len(names)
    with pytest.raises(UnknownName, match="first, later"):
        answer.people(kind="second")


def test_what_cannot_be_asked_is_said() -> None:
    with pytest.raises(UsageError, match="top cannot be 25"):
        Baskets(top=25)
    with pytest.raises(UsageError, match="what was in an order"):
        Timelines.from_arrow(events(STORY)).ask(Baskets())


def test_the_answer_says_what_it_lacks_and_claims_no_cause() -> None:
    answer = asked(STORY)
    assert answer.words.startswith("Together with coming again: a later order holds 2.0 items on average, a first one 2.7")
    assert "1 of 5 orders have no product lines: they count as orders, not in what their products say" in answer.notes
    assert set(answer.to_dict()["question"]) == {"name", "as_of", "top", "without", "where", "moment"}
    assert [trace.orientation for trace in answer.figure().data] == ["h"]


def test_a_workspace_reads_its_own_lines(tmp_path: Any) -> None:
    shop = Workspace.create(tmp_path / "shop", Settings(zone="UTC", currency="EUR"))
    rows = ("a1,ann,2024-01-01,soap,2,1.00", "a1,ann,2024-01-01,lamp,1,10.00", "a2,ann,2024-02-01,lamp,2,10.00")
    text = "\n".join(["order,customer,date,product,quantity,price", *rows, ""])
    (tmp_path / "lines.csv").write_text(text)
    bring(shop, tmp_path / "lines.csv", shape="lines")
    answer = shop.baskets(top=0.5)
    assert [row(answer, kind)["items"] for kind in ("first", "later")] == [3.0, 2.0]
    assert [row(answer, kind)["premium_share"] for kind in ("first", "later")] == [pytest.approx(10 / 12), 1.0]
    told = holdfast("baskets", "-w", shop.path, "--top", "0.5", "--without", "lamp", "--json")
    assert json.loads(told.out)["question"]["without"] == ["lamp"]
    assert holdfast("baskets", "-w", shop.path, "--people", "kind=later").out.split()[-1] == "ann"


def test_a_shop_of_whole_orders_is_told_that_it_has_no_lines() -> None:
    told = holdfast("baskets", "-w", small_shop())
    assert told.code == 0
    assert "None of the 9 orders says which products it holds." in told.out
