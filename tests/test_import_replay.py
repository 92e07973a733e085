"""Lines that were refused, mended and replayed: they complete their order, once; a correction still replaces it."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest
from imported import bring, events, lines, mended, orders, refunded, waiting
from shells import holdfast

from holdfast.events.schema import ORDER
from holdfast.settings import Settings
from holdfast.workspace import Workspace


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "shop", Settings(zone="UTC", currency="EUR"))


ANN = """
    1001,Ann,2024-03-01 10:00,cup,2,4.00,red
    1001,Ann,2024-03-01 10:00,tea,1,3o.00,red
    1001,Ann,2024-03-01 10:00,jam,3,1.05,red
    1002,Ben,2024-03-02 10:00,cup,1,4.00,blue
"""


def test_replayed_line_completes_its_order(shop: Workspace) -> None:
    """Ann's order of 8.00 + 30.00 + 3.15, the tea refused for its price: 11.15 first, 41.15 after the replay."""
    first = lines(shop, "march.csv", ANN)
    assert (first.rows, first.refused) == (2, 1)
    assert orders(shop) == [Decimal("4"), Decimal("11.15")]
    replay = bring(shop, mended(waiting(shop), price="30.00"))
    assert (replay.rows, replay.refused, replay.counts["orders_completed"]) == (1, 0, 1)
    assert orders(shop) == [Decimal("4"), Decimal("41.15")]
    whole = max(events(shop, ORDER), key=lambda one: one["sequence"])
    assert whole["what"] == [("cup", 2), ("jam", 3), ("tea", 1)]
    assert (whole["order_id"], whole["customer_id"], whole["revenue"]) == ("1001", "Ann", Decimal("41.15"))
    assert json.loads(whole["properties"])["colour"] == "red"
    assert not shop.refusals()


def test_replaying_twice_changes_nothing(shop: Workspace) -> None:
    lines(shop, "march.csv", ANN)
    copy = shop.path.parent / "mended by hand.jsonl"
    copy.write_bytes(mended(waiting(shop), price="30.00").read_bytes())
    bring(shop, waiting(shop))
    again = bring(shop, copy)
    assert (again.rows, again.known) == (0, 1)
    assert orders(shop) == [Decimal("4"), Decimal("41.15")]


def test_lines_mended_in_two_steps(shop: Workspace) -> None:
    """Two of three lines refused, one mended now and one later; the time is the earliest of the three."""
    lines(
        shop,
        "march.csv",
        """1001,Ann,2024-03-01 10:05,cup,2,4.00,red
           1001,Ann,2024-03-01 10:00,tea,1,x,red
           1001,Ann,2024-03-01 10:09,jam,3,y,red""",
    )
    path = waiting(shop)
    rows = path.read_text().splitlines()
    path.write_text("\n".join([rows[0].replace('"x"', '"30.00"'), rows[1]]) + "\n")
    assert bring(shop, path).refused == 1
    assert orders(shop) == [Decimal("38")]
    assert bring(shop, mended(waiting(shop), price="1.05")).refused == 0
    assert orders(shop) == [Decimal("41.15")]
    latest = events(shop, ORDER)[-1]
    assert latest["what"] == [("cup", 2), ("tea", 1), ("jam", 3)]
    assert latest["time"] == dt.datetime(2024, 3, 1, 10, 0, tzinfo=dt.UTC)


def test_file_mended_and_imported_whole_leaves_nothing_to_replay(shop: Workspace) -> None:
    """Ann mends the price in the file itself; the refusals that still wait add nothing to the whole order."""
    lines(shop, "march.csv", ANN)
    path = mended(waiting(shop), price="30.00")
    lines(shop, "mended.csv", ANN.replace("3o.00", "30.00"))
    replay = bring(shop, path)
    assert (replay.rows, replay.known) == (0, 1)
    assert orders(shop) == [Decimal("4"), Decimal("41.15")]


def test_equal_line_that_was_refused_is_added(shop: Workspace) -> None:
    """Two equal lines in one order, one of them refused: after the replay there are two."""
    lines(shop, "march.csv", "1,Ann,2024-03-01,cup,1,4.00,\n1,Ann,2024-03-01,cup,1,4.0o,")
    bring(shop, mended(waiting(shop), price="4.00"))
    assert orders(shop) == [Decimal("8")]


def test_line_without_product_is_a_line_still(shop: Workspace) -> None:
    """Alone, the refused row looks like a whole order; it comes from a file of lines, so it completes order 1."""
    path = shop.path.parent / "march.csv"
    path.write_text("order,customer,date,total\n1,Ann,2024-03-01,8.00\n1,Ann,2024-03-01,3o.00\n2,Ben,2024-03-01,5.00\n")
    assert bring(shop, path).read_as["shape"] == "lines"
    bring(shop, mended(waiting(shop), total="30.00"))
    assert orders(shop) == [Decimal("5"), Decimal("38")]


def test_line_without_customer_finds_the_one_of_its_order(shop: Workspace) -> None:
    """Shopify names the customer on the first line of an order only; the second was refused."""
    lines(shop, "march.csv", "1,Ann,2024-03-01,cup,2,4.00,\n1,,2024-03-01,tea,1,3o.00,")
    bring(shop, mended(waiting(shop), price="30.00"), shape="lines")
    assert orders(shop) == [Decimal("38")]
    assert events(shop, ORDER)[-1]["customer_id"] == "Ann"


def test_whole_order_that_was_refused_goes_in_as_it_is(shop: Workspace) -> None:
    """Of two rows of order 1 in a file of whole orders the later was refused: mended, it is the correction that it was."""
    path = shop.path.parent / "march.csv"
    path.write_text("order,customer,date,total\n1,Ann,2024-03-01,8.00\n1,Ann,2024-03-01,9.o0\n")
    bring(shop, path, shape="orders")
    replay = bring(shop, mended(waiting(shop), total="9.00"), shape="orders")
    assert (replay.rows, replay.counts["orders_completed"]) == (1, 0)
    assert orders(shop) == [Decimal("9")]


def test_correction_after_a_replay_replaces_and_can_be_completed_again(shop: Workspace) -> None:
    """The cups cost 5.00, not 4.00: the corrected export replaces the order; its tea is refused again and replayed again."""
    lines(shop, "march.csv", ANN)
    bring(shop, mended(waiting(shop), price="30.00"))
    lines(shop, "corrected.csv", ANN.replace("cup,2,4.00", "cup,2,5.00"))
    assert orders(shop) == [Decimal("4"), Decimal("13.15")]
    bring(shop, mended(waiting(shop), price="30.00"))
    assert orders(shop) == [Decimal("4"), Decimal("43.15")]


def test_later_arrival_of_a_whole_order_replaces_it(shop: Workspace) -> None:
    """No replay: the same order number in a later file is a correction."""
    lines(shop, "one.csv", "1,Ann,2024-03-01,cup,2,4.00,\n1,Ann,2024-03-01,tea,1,9.00,")
    lines(shop, "two.csv", "1,Ann,2024-03-01,cup,1,4.00,")
    assert orders(shop) == [Decimal("4")]


def test_replayed_line_of_a_cancellation(shop: Workspace) -> None:
    """Both cups and the jar of jam go back; the jam's line was refused and comes later: two refunds, 9.05 together."""
    lines(shop, "march.csv", "1,Ann,2024-03-01,cup,2,4.00,\n1,Ann,2024-03-01,jam,1,1.05,")
    lines(shop, "april.csv", "C2,Ann,2024-04-01,cup,-2,4.00,\nC2,Ann,2024-04-01,jam,-1,1.o5,")
    assert refunded(shop) == {"1": Decimal("8")}
    replay = bring(shop, mended(waiting(shop), price="1.05"))
    assert replay.counts["refunds_tied_earlier"] == 1
    assert refunded(shop) == {"1": Decimal("9.05")}
    lines(shop, "april again.csv", "C2,Ann,2024-04-01,cup,-2,4.00,\nC2,Ann,2024-04-01,jam,-1,1.05,")
    assert refunded(shop) == {"1": Decimal("9.05")}


def test_replay_from_the_shell_reads_dates_as_the_file_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refused line alone says 03/04/2024; its file had the 25th of a month in it: day first, the 3rd of April."""
    monkeypatch.chdir(tmp_path)
    rows = ["1,Ann,03/04/2024,2o", "2,Ben,25/04/2024,9.50"]
    Path("orders.csv").write_text("\n".join(["order,customer,date,total", *rows]) + "\n")
    assert holdfast("import", "orders.csv", "--yes", "-w", "shop", "--zone", "America/New_York").code == 0
    shop = Workspace.open("shop")
    mended(waiting(shop), total="20")
    assert holdfast("refusals", "replay", "-w", "shop").code == 0
    assert [one["time"].date() for one in events(shop, ORDER)] == [dt.date(2024, 4, 25), dt.date(2024, 4, 3)]
