"""Guesses that would quietly make wrong money or wrong people: one small file for each, with what must come out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from holdfast.events.dates import date_form, evidence, instants
from holdfast.events.numbers import parse_numbers
from holdfast.events.options import ImportOptions
from holdfast.events.plan import ImportPlan, plan_import
from holdfast.events.reading import read_events
from holdfast.events.schema import EVENTS
from holdfast.settings import Settings

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SHOP = Settings(currency="GBP")


@pytest.fixture
def planned(tmp_path: Path) -> Any:
    def plan(text: str, **mapping: str) -> ImportPlan:
        path = tmp_path / "export.csv"
        path.write_text(text, encoding="utf-8")
        return plan_import(path, SHOP, mapping=mapping, options=ImportOptions())

    return plan


def rows(plan: ImportPlan) -> list[dict[str, Any]]:
    return pa.Table.from_batches(list(read_events(plan, SHOP, now=NOW).events), EVENTS).to_pylist()


def money(plan: ImportPlan) -> list[tuple[str, str | None, Decimal]]:
    return [(one["event"], one["order_id"], one["revenue"]) for one in rows(plan)]


def test_dashes_that_stand_for_no_pence_are_no_minus() -> None:
    read = parse_numbers(pa.array(["12,-", "12,–", "1.250,—", "CHF 12,--", "12,00-", "-12,-"]), ",")
    assert read.values.to_pylist() == [12, 12, 1250, 12, -12, -12]


def test_one_order_that_stands_twice_by_accident_is_no_file_of_lines(planned: Any) -> None:
    orders = [f"{number},c{number % 7},2024-01-{number % 28 + 1:02d},10.00\n" for number in range(100)]
    plan = planned("order_id,customer_id,date,total\n" + "".join([*orders, orders[5]]))
    assert plan.shape.value == "orders"
    assert any("--shape" in said for said in plan.warnings)
    assert {one[2] for one in money(plan)} == {Decimal(10)}  # as lines, order 5 would have 20.00


def test_money_given_back_under_the_order_s_own_number_is_a_refund(planned: Any) -> None:
    plan = planned("order_id,customer_id,date,total\n1,ann,2024-01-01,50.00\n2,ben,2024-01-02,20.00\n1,ann,2024-01-05,-50.00\n")
    assert money(plan) == [
        ("Order Completed", "1", Decimal(50)),
        ("Order Completed", "2", Decimal(20)),
        ("Order Refunded", "1", Decimal(50)),
    ]


def test_lines_taken_back_later_under_the_order_s_own_number_are_its_refund(planned: Any) -> None:
    """Ann returns her cup a day later; Ben's discount stands with his order. As one sum Ann's order would be one of 0.00."""
    plan = planned(
        "order,customer,date,product,quantity,price\n1,ann,2024-01-05 10:00,cup,1,10.00\n1,ann,2024-01-06 10:00,cup,-1,10.00\n"
        "2,ben,2024-01-05 10:00,cup,1,10.00\n2,ben,2024-01-05 10:01,discount,-1,2.00\n"
    )
    assert money(plan) == [
        ("Order Completed", "1", Decimal(10)),
        ("Order Completed", "2", Decimal(8)),
        ("Order Refunded", "1", Decimal(10)),
    ]
    assert plan.shape.value == "lines"


def test_an_id_that_never_repeats_is_the_order_not_the_customer(planned: Any) -> None:
    plan = planned("id,created_at,total\n" + "".join(f"{n},2024-01-{n % 28 + 1:02d},10.00\n" for n in range(30)))
    assert plan.mapping["order"] == "id"
    assert "customer" not in plan.mapping


def test_two_people_of_one_name_are_told_apart_by_their_mail(planned: Any) -> None:
    plan = planned(
        "Order,Customer Name,Email,Date,Total\n1,Jo Smith,a@x.com,2024-01-01,1.00\n2,Jo Smith,b@x.com,2024-01-02,1.00\n"
    )
    assert plan.mapping["customer"] == "Email"


def test_amazon_prices_are_of_the_whole_line(tmp_path: Path) -> None:
    head = "amazon-order-id\tpurchase-date\torder-status\tsku\tquantity\tcurrency\titem-price\tbuyer-email\n"
    path = tmp_path / "amazon.txt"
    path.write_text(head + "026-1\t2024-01-05T10:00:00+00:00\tShipped\tT1\t2\tGBP\t10.00\tx@m.example\n"
                    "026-1\t2024-01-05T10:00:00+00:00\tShipped\tT2\t1\tGBP\t4.00\tx@m.example\n")  # fmt: skip
    plan = plan_import(path, SHOP)
    assert money(plan) == [("Order Completed", "026-1", Decimal(14))]
    assert rows(plan)[0]["customer_id"] == "x@m.example"


def test_an_event_id_that_repeats_is_a_kind_of_event_and_loses_nothing(planned: Any) -> None:
    clicks = "".join(f"u{n % 5},{n % 3},click,2024-01-01T10:{n:02d}:00Z\n" for n in range(50))
    text = "user_id,event_id,event_name,timestamp\n" + clicks
    plan = planned(text)
    assert "event_id" not in plan.mapping
    assert len({one["event_id"] for one in rows(plan)}) == 50
    assert any("only the first of each" in said for said in planned(text, event_id="event_id").warnings)


def test_purchases_that_would_not_count_as_orders_are_said(tmp_path: Path) -> None:
    path = tmp_path / "ga4.jsonl"
    path.write_text(
        '{"event_timestamp":1704448800000000,"event_name":"purchase","user_id":"u1","user_pseudo_id":"p.1",'
        '"ecommerce":{"transaction_id":"T1","purchase_revenue":12.5}}\n'
        '{"event_timestamp":1704448900000000,"event_name":"page_view","user_id":null,"user_pseudo_id":"p.1"}\n'
    )
    plan = plan_import(path, SHOP)
    assert (plan.mapping["order"], plan.mapping["revenue"]) == ("ecommerce.transaction_id", "ecommerce.purchase_revenue")
    assert any("called purchase" in said for said in plan.warnings)
    alone = plan_import(path, SHOP, options=ImportOptions(event="Order Completed"))
    assert not any("called" in said for said in alone.warnings)


def test_ids_that_a_spreadsheet_has_cut_are_said(planned: Any) -> None:
    plan = planned("order_id,customer_id,date,total\n4.51E+12,1,2024-01-01,5.00\n4.52E+12,2,2024-01-02,5.00\n")
    assert any("4.51E+12" in said and "spreadsheet" in said for said in plan.warnings)


def test_customers_who_differ_only_in_capitals_are_said(planned: Any) -> None:
    plan = planned("order_id,email,date,total\n1,Ann@x.com,2024-01-01,5.00\n2,ann@x.com,2024-01-02,5.00\n")
    assert any("capital" in said for said in plan.warnings)


def test_a_name_written_with_and_without_combining_accents_is_one_customer(planned: Any) -> None:
    plan = planned("order_id,customer,date,total\n1,Jos\u00e9,2024-01-01,5.00\n2,Jose\u0301,2024-01-02,5.00\n")
    assert {one["customer_id"] for one in rows(plan)} == {"Jos\u00e9"}


def test_whole_numbers_of_a_frame_keep_their_digits() -> None:
    """Missing values make floats of ids; 12345678901 must not become 1.2345678901e+10."""
    day = pd.Timestamp("2024-01-01")
    frame = pd.DataFrame({"customer": [12345678901.0, 17850.0, float("nan")], "date": [day] * 3, "total": [1.5, 2e10, 0.00012]})
    found = rows(plan_import(frame, SHOP))
    assert [(one["customer_id"], one["revenue"]) for one in found] == [
        ("12345678901", Decimal("1.5")),
        ("17850", Decimal("20000000000")),
        (None, Decimal("0.0001")),
    ]


def test_a_header_with_a_line_end_inside_quotes_and_one_with_strange_blanks(planned: Any) -> None:
    plan = planned('"Order\nID",Customer,Date,"Total\n(GBP)"\n1,ann,2024-01-01,5.00\n2,ben,2024-01-02,6.00\n')
    assert money(plan) == [("Order Completed", "1", Decimal(5)), ("Order Completed", "2", Decimal(6))]
    plan = planned("order_id,customer\u2028,date,total\n1,ann,2024-01-01,5.00\n2,ben,2024-01-02,6.00\n")
    assert len(rows(plan)) == 2


def test_lines_above_the_header_are_passed_over_and_said(planned: Any) -> None:
    above = '"Includes Amazon Marketplace, and others"\n"All amounts in GBP"\n\n'
    plan = planned(above + '"date/time","order id","sku","quantity","total"\n'
                   '"1 Jan 2024 10:00:00 UTC","026-1","T1","1","10.00"\n'
                   '"2 Jan 2024 10:00:00 UTC","026-2","T1","1","11.00"\n')  # fmt: skip
    assert money(plan) == [("Order Completed", "026-1", Decimal(10)), ("Order Completed", "026-2", Decimal(11))]
    assert plan.facts["above"].value == "2 lines"


def test_a_header_with_a_name_too_many_is_no_title(planned: Any) -> None:
    """All rows are refused, rather than read by guessing which column is which."""
    plan = planned("order,customer,date,total,colour\n1,ann,2024-01-05,5.00\n2,ben,2024-01-06,6.00\n3,ben,2024-01-07,6.00\n")
    assert rows(plan) == []
    assert plan.mapping["customer"] == "customer"


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("1er mars 2024", "2024-03-01 00:00"),
        ("3 de enero de 2024", "2024-01-03 00:00"),
        ("15 AOÛT 2023", "2023-08-15 00:00"),
        ("Jan 5, 2024 10:00:00 PM PST", "2024-01-06 06:00"),
        ("5 Jul 2024 10:00:00 CEST", "2024-07-05 08:00"),
        ("March 2nd, 2024", "2024-03-02 00:00"),
    ],
)
def test_dates_as_shops_of_four_languages_write_them(text: str, utc: str) -> None:
    column = pa.array([text])
    read, bad = instants(column, date_form(evidence(column)).form, "UTC")
    assert not bad[0].as_py(), text
    assert f"{read[0].as_py():%Y-%m-%d %H:%M}" == utc


def test_numbers_that_all_begin_above_twelve_may_be_years() -> None:
    years = pa.array([f"24-01-{day:02d}" for day in range(1, 29)])
    assert date_form(evidence(years)).ambiguous
    days = pa.array([f"{day:02d}-01-24" for day in range(1, 29)])
    assert not date_form(evidence(days)).ambiguous
