"""Events under names of their own: said with --map-event or in holdfast.toml, proposed where a name looks like it."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest
from imported import bring, events, mended, orders, waiting
from shells import holdfast

from holdfast.errors import SettingsError
from holdfast.events.event_names import EVENT_WORDS, proposals
from holdfast.events.options import options_from
from holdfast.events.plan import plan_import
from holdfast.settings import Settings
from holdfast.workspace import Workspace

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
SIMPLE = DATA / "clickstream-simple-shop" / "simple-onlineshop_2020-05_MPL2.csv"
ECOM = DATA / "clickstream-retentioneering-ecom" / "ecom.csv.gz"
MEANT = (("add_to_cart", "Product Added"), ("purchase", "Order Completed"), ("back", "Order Refunded"))


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "shop", Settings())


def _clicks(shop: Workspace, *rows: str) -> Path:
    path = shop.path.parent / "clicks.csv"
    path.write_text("\n".join(["user_id,event,timestamp,order_id,revenue", *rows]) + "\n")
    return path


def test_a_purchase_that_means_an_order_is_one(shop: Workspace) -> None:
    """Ann adds and buys for 12, Ben buys without an amount, half of Ann's money comes back; Cleo only looks."""
    path = _clicks(
        shop,
        "ann,add_to_cart,2024-01-01 10:00,,",
        "ann, purchase ,2024-01-01 10:05,o1,12.00",
        "ben,purchase,2024-01-02 10:00,,",
        "ann,back,2024-01-05 10:00,o1,6.00",
        "cleo,look,2024-01-06 10:00,,",
    )
    record = bring(shop, path, events=MEANT)
    assert (record.rows, record.counts["orders"], record.counts["refunds"]) == (5, 2, 1)
    assert set(shop.timelines.meta.events[1:]) == {"Order Completed", "Order Refunded", "Product Added", "look"}
    assert orders(shop) == [Decimal("0"), Decimal("6")]
    assert events(shop, "Order Refunded")[0]["order_id"] == "o1"


def test_without_it_nothing_is_an_order_and_the_line_to_copy_is_proposed(shop: Workspace) -> None:
    path = _clicks(shop, "ann,add_to_cart,2024-01-01 10:00,,", "ann,purchase,2024-01-01 10:05,o1,12.00")
    plan = plan_import(path, shop.settings)
    assert plan.warnings == (
        '1 row called purchase does not count as an order; say what they mean with --map-event "purchase=Order Completed" '
        '"add_to_cart=Product Added"',
    )
    assert bring(shop, path).counts["orders"] == 0


def test_names_that_are_known_already_are_not_proposed_again() -> None:
    assert list(proposals({"Order Completed": 3, "Product Added": 2, "Anything": 1}, ())) == []
    assert list(proposals({"purchase": 3, "cart": 2}, (("purchase", "Order Completed"), ("cart", "Cart Viewed")))) == []
    assert list(proposals({"Product Viewed": 3, "product_view": 2}, ())) == []


def test_orders_under_two_names_are_said_though_one_is_right() -> None:
    (said,) = proposals({"Order Completed": 3, "purchase": 2}, ())
    assert said.startswith("2 rows called purchase do not count as orders")


def test_a_name_that_no_event_has_is_said() -> None:
    (said,) = proposals({"buy now": 3}, (("buynow", "Order Completed"),))
    assert said == "no event of the first rows is called buynow; they are called buy now"


def test_each_word_means_one_event() -> None:
    words = [word for some in EVENT_WORDS.values() for word in some.split()]
    assert len(words) == len(set(words))


def test_the_line_to_copy_stands_on_one_line_and_a_second_reading_beside_the_first_is_said(tmp_path: Path) -> None:
    path = tmp_path / "clicks.csv"
    path.write_text("user,event,time\nann,add_to_cart,2024-01-01 10:00\nann,purchase,2024-01-01 10:05\n", encoding="utf-8")
    first = holdfast("import", path, "-w", tmp_path / "shop", "--yes")
    line = '--map-event "purchase=Order Completed" "add_to_cart=Product Added"'
    assert any(one.strip() == line for one in first.out.splitlines())
    assert "side by side" not in first.out
    second = holdfast("import", path, "-w", tmp_path / "shop", "--yes", "--map-event", "purchase=Order Completed")
    assert second.code == 0
    assert "side by side" in " ".join(second.out.split())


def test_the_command_line_and_the_settings_file_say_the_same(shop: Workspace) -> None:
    path = _clicks(shop, "ann,add_to_cart,2024-01-01 10:00,,", "ann,purchase,2024-01-01 10:05,o1,12.00")
    other = shop.path.parent / "other"
    said = ("--map-event", "purchase=Order Completed", "add_to_cart=Product Added", "--yes")
    assert holdfast("import", str(path), "-w", str(other), *said).code == 0
    shop.save_import_options({"events": {"purchase": "Order Completed", "add_to_cart": "Product Added"}})
    assert holdfast("import", str(path), "-w", str(shop.path), "--yes").code == 0
    assert orders(Workspace.open(other)) == orders(Workspace.open(shop.path)) == [Decimal("12")]


def test_a_table_of_anything_else_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"\[import.events\] must be a table of name = event"):
        options_from({"events": ["purchase"]})


def test_a_refused_purchase_is_an_order_when_it_is_mended(shop: Workspace) -> None:
    path = _clicks(shop, "ann,purchase,2024-01-01 10:05,o1,12.oo", "ann,look,2024-01-02 10:05,,")
    assert bring(shop, path, events=MEANT).refused == 1
    mended(waiting(shop), revenue="12.00")
    told = holdfast("refusals", "replay", "-w", str(shop.path))
    assert told.code == 0, told.err
    assert orders(Workspace.open(shop.path)) == [Decimal("12")]


@pytest.mark.skipif(not SIMPLE.exists(), reason="the data is not here")
@pytest.mark.parametrize(
    ("path", "name", "rows"), [(SIMPLE, "payment_done", 704), (ECOM, "purchase", 470)], ids=["simple shop", "retentioneering"]
)
def test_the_orders_of_the_real_clickstreams(shop: Workspace, path: Path, name: str, rows: int) -> None:
    plan = plan_import(path, shop.settings)
    assert any(f'{rows} rows called {name} do not count as orders; say what they mean with --map-event "{name}=' in said
               for said in plan.warnings)  # fmt: skip
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    assert text.count(f",{name},".encode()) == rows
    assert bring(shop, path, events=((name, "Order Completed"),)).counts["orders"] == rows
    assert len(orders(shop)) == rows


def test_what_an_event_is_about_can_be_asked_of_it(shop: Workspace) -> None:
    """Pages of a category and views of a product keep their category and product; nothing of a row is lost."""
    path = shop.path.parent / "views.csv"
    path.write_text(
        "user_id,event,timestamp,product_id,category,price\n"
        "ann,Product List Viewed,2024-01-01 10:00,,books,\n"
        "ann,Product Viewed,2024-01-01 10:01,p7,books,4.50\n"
    )
    bring(shop, path)
    told = [
        (one["properties"], one["what"]) for name in ("Product List Viewed", "Product Viewed") for one in events(shop, name)
    ]
    assert told[0] == ('{"category": "books"}', [])
    assert told[1] == ('{"category": "books", "product_id": "p7", "price": "4.5"}', [("p7", 1)])
    assert set(shop.timelines.meta.properties) >= {"category", "price", "product_id"}
