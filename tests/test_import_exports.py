"""Exports of Shopify, WooCommerce and Stripe, and other files as they come: read by their own names, money in the currency that
they name, and said what in them would count as an order although it may be none."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from shells import holdfast

from holdfast.events.plan import plan_import
from holdfast.settings import Settings

SHOPIFY = """Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,\
Refunded Amount,Cancelled at
#1001,ann@x.org,paid,USD,55.00,2024-01-05 10:00:00 -0500,1,Shirt,30.00,0.00,
#1001,ann@x.org,,,,2024-01-05 10:00:00 -0500,2,Socks,10.00,,
#1002,ben@x.org,refunded,USD,20.00,2024-02-05 10:00:00 -0500,1,Cap,20.00,20.00,2024-02-06 10:00:00 -0500
"""
WOO_HEAD = "Order ID,Order Status,Order Date,Email (Billing),Order Total Amount,SKU,Item Name,Quantity,Item Cost\n"
STRIPE = """id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Invoice ID
ch_1,2024-01-05 23:30,20.00,0.00,usd,Paid,cus_ann,in_1
ch_2,2024-02-05 09:12,20.00,0.00,usd,Failed,cus_ben,in_2
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def said_of(told) -> dict[str, int]:
    return dict(json.loads(told.out)["table"]["rows"])


def test_a_new_workspace_counts_in_the_currency_that_the_file_names(tmp_path):
    """A dollar shop's first import: not one row is refused for want of a rate, and the sample says so beforehand."""
    told = holdfast("import", written(tmp_path, "orders.csv", SHOPIFY), "-w", tmp_path / "shop", "--yes", "--json")
    assert "will be refused" not in told.err
    assert (said_of(told)["orders"], said_of(told)["rows refused"]) == (2, 0)
    assert tomllib.loads((tmp_path / "shop" / "holdfast.toml").read_text("utf-8"))["currency"] == "USD"
    revenue = json.loads(holdfast("sql", "select sum(revenue) from events", "-w", tmp_path / "shop", "--json").out)
    assert float(revenue["table"]["rows"][0][0]) == 75.0


def test_a_workspace_that_is_there_keeps_its_currency_and_says_what_it_lacks(tmp_path):
    holdfast("init", tmp_path / "shop", "--currency", "EUR")
    told = holdfast("import", written(tmp_path, "orders.csv", STRIPE), "-w", tmp_path / "shop", "--yes", "--json")
    assert said_of(told)["rows refused"] == 2
    assert "the currency has no rate in the settings: 'USD'" in told.err.replace("\n", " ")
    assert "[rates]" in told.err


def test_what_may_be_no_sale_is_said_before_anything_is_written(tmp_path):
    settings = Settings(currency="USD")
    shopify = " ".join(plan_import(written(tmp_path, "shopify.csv", SHOPIFY), settings).warnings)
    assert "Financial Status is refunded (1)" in shopify
    assert "1 rows give money back under Refunded Amount" in shopify
    assert "1 rows have a date under Cancelled at" in shopify
    stripe = " ".join(plan_import(written(tmp_path, "stripe.csv", STRIPE), settings).warnings)
    assert "Status is Failed (1)" in stripe
    assert "Amount Refunded" not in stripe


def test_a_total_on_every_line_of_an_order_is_noticed(tmp_path):
    lines = "".join(
        f"{order},completed,2024-01-0{order},ann@x.org,44,S{item},Tea,1,22\n" for order in range(1, 7) for item in range(2)
    )
    path = written(tmp_path, "woo.csv", WOO_HEAD + lines)
    plan = plan_import(path, Settings())
    assert plan.mapping["customer"] == "Email (Billing)"
    assert any("same on every line of 6 of 6 orders" in one and "--map revenue=-" in one for one in plan.warnings)
    assert not any("every line" in one for one in plan_import(path, Settings(), mapping={"revenue": "-"}).warnings)


def test_times_under_a_name_that_says_utc_are_utc(tmp_path):
    path = written(tmp_path, "stripe.csv", STRIPE)
    berlin = Settings(zone="Europe/Berlin", currency="USD")
    assert plan_import(path, berlin).zone.value == "UTC"
    renamed = written(tmp_path, "other.csv", STRIPE.replace(" (UTC)", ""))
    assert plan_import(renamed, berlin).zone.value == "Europe/Berlin"


def test_without_header_the_column_that_never_repeats_is_the_order(tmp_path):
    rows = "".join(f"{order}\tcust{order % 5}\t2024-01-{order + 1:02d} 12:00:00\t{order}.50\n" for order in range(20))
    mapping = plan_import(written(tmp_path, "bare.tsv", rows), Settings()).mapping
    assert (mapping["order"], mapping["customer"], mapping["revenue"]) == ("column1", "column2", "column4")
    people_first = "".join(f"cust{order % 5}\t2024-01-{order + 1:02d}\t{order}.50\n" for order in range(20))
    assert plan_import(written(tmp_path, "people.tsv", people_first), Settings()).mapping["customer"] == "column1"
