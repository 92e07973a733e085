"""Cancellations whose order came with an earlier file: tied to it, once, to the cent."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imported import bring, events, lines, refunded

from holdfast import datasets
from holdfast.events.schema import ORDER, REFUND
from holdfast.settings import Settings
from holdfast.workspace import Workspace


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "shop", Settings(zone="UTC", currency="EUR"))


# Ben buys ten cups in two orders in January, and one jar of jam.
JANUARY = """
    1,Ben,2024-01-05 10:00,cup,6,4.00,
    1,Ben,2024-01-05 10:00,jam,1,1.05,
    2,Ben,2024-01-20 10:00,cup,4,5.00,
    3,Ann,2024-01-21 10:00,cup,9,4.00,
"""
# In February he returns three cups, then four, with the jam and a cup that nobody sold him.
FIRST = "C1,Ben,2024-02-03 10:00,cup,-3,5.00,"
SECOND = """
    C2,Ben,2024-02-10 10:00,cup,-4,5.00,
    C2,Ben,2024-02-10 10:00,jam,-1,1.05,
    C2,Ben,2024-02-10 10:00,hat,-1,7.00,
"""
FEBRUARY = FIRST + SECOND
# C1 takes 3 of order 2. C2 takes the one cup left of order 2, three cups and the jam of order 1; the hat stays untied.
BACK = {"2": Decimal("20"), "1": Decimal("16.05"), None: Decimal("7")}


def test_cancellation_of_an_order_of_an_earlier_file(shop: Workspace) -> None:
    lines(shop, "january.csv", JANUARY)
    record = lines(shop, "february.csv", FEBRUARY)
    assert refunded(shop) == BACK
    assert (record.rows, record.known) == (4, 0)
    counts = record.counts
    assert (counts["refunds"], counts["refunds_tied"], counts["refunds_untied"]) == (4, 3, 1)
    assert (counts["refunds_tied_earlier"], counts["events"]) == (3, 4)
    found = {(one["order_id"], one["revenue"]): one["what"] for one in events(shop, REFUND)}
    assert found == {
        ("2", Decimal("15")): [("cup", 3)],
        ("2", Decimal("5")): [("cup", 1)],
        ("1", Decimal("16.05")): [("cup", 3), ("jam", 1)],
        (None, Decimal("7")): [("hat", 1)],
    }


def test_in_two_steps_what_is_back_already_does_not_count_twice(shop: Workspace) -> None:
    lines(shop, "january.csv", JANUARY)
    lines(shop, "early.csv", FIRST)
    lines(shop, "late.csv", SECOND)
    assert refunded(shop) == BACK


def test_one_import_of_all_gives_the_same_events(shop: Workspace, tmp_path: Path) -> None:
    lines(shop, "january.csv", JANUARY)
    lines(shop, "february.csv", FEBRUARY)
    other = Workspace.create(tmp_path / "other", shop.settings)
    lines(other, "all.csv", JANUARY + FEBRUARY)
    for name in (ORDER, REFUND):
        assert {one["event_id"] for one in events(shop, name)} == {one["event_id"] for one in events(other, name)}


@pytest.mark.parametrize(
    "again", [FEBRUARY, JANUARY + FEBRUARY, SECOND, FIRST, JANUARY + FEBRUARY + "\n9,Ben,2024-03-01,cup,1,1,"]
)
def test_overlapping_files_take_nothing_back_twice(shop: Workspace, again: str) -> None:
    """February once more, under another name, as part of a longer export or only in part: no second refund."""
    lines(shop, "january.csv", JANUARY)
    lines(shop, "february.csv", FEBRUARY)
    record = lines(shop, "again.csv", again)
    assert record.rows == (1 if "\n9," in again else 0)
    assert len(events(shop, REFUND)) == 4
    assert refunded(shop) == BACK


def test_february_before_january_is_not_added_again_by_the_whole(shop: Workspace) -> None:
    """The wrong order: what was untied stays untied, and the money is taken back once."""
    lines(shop, "february.csv", FEBRUARY)
    lines(shop, "all.csv", JANUARY + FEBRUARY)
    assert refunded(shop) == {None: Decimal("43.05")}
    assert len(events(shop, ORDER)) == 3


def test_killed_before_its_record_the_import_still_counts_what_was_tied(shop: Workspace) -> None:
    """The events are in the lake, the record is not written: the next try writes it, with the same figures."""
    lines(shop, "january.csv", JANUARY)
    first = lines(shop, "february.csv", FEBRUARY)
    (shop.path / "imports" / f"{first.fingerprint}.json").unlink()
    second = lines(shop, "february.csv", FEBRUARY)
    assert (second.rows, second.counts["refunds_tied"], second.counts["refunds_untied"]) == (0, 3, 1)
    assert refunded(shop) == BACK


def test_orders_of_the_file_itself_come_first(shop: Workspace) -> None:
    """Ben buys 2 cups in February and returns 5: both of February's, then 3 of the latest in January."""
    lines(shop, "january.csv", JANUARY)
    lines(shop, "february.csv", "4,Ben,2024-02-01,cup,2,4.00,\nC5,Ben,2024-02-02,cup,-5,4.00,")
    assert refunded(shop) == {"4": Decimal("8"), "2": Decimal("12")}


def test_overlap_that_holds_the_order_and_its_cancellation(shop: Workspace) -> None:
    """The second file begins with order 2 again: 5 cups back are its 4 and one of order 1, known only to the lake."""
    lines(shop, "january.csv", JANUARY)
    lines(shop, "later.csv", "2,Ben,2024-01-20 10:00,cup,4,5.00,\nC5,Ben,2024-02-02,cup,-5,4.00,")
    assert refunded(shop) == {"2": Decimal("16"), "1": Decimal("4")}


def test_corrected_order_counts_as_it_is_now(shop: Workspace) -> None:
    """Order 2 is corrected from four cups to one: of five cups back it can take one."""
    lines(shop, "january.csv", JANUARY)
    lines(shop, "corrected.csv", "2,Ben,2024-01-20 10:00,cup,1,5.00,")
    lines(shop, "february.csv", "C5,Ben,2024-02-02,cup,-5,4.00,")
    assert refunded(shop) == {"2": Decimal("4"), "1": Decimal("16")}


def test_corrected_order_in_the_file_of_its_cancellation(shop: Workspace) -> None:
    """The same in one file: what the lake says of order 2 is out of date, it holds one cup, not four."""
    lines(shop, "january.csv", JANUARY)
    lines(shop, "later.csv", "2,Ben,2024-01-20 10:00,cup,1,5.00,\nC5,Ben,2024-02-02,cup,-5,4.00,")
    assert refunded(shop) == {"2": Decimal("4"), "1": Decimal("16")}


def test_cancellation_that_names_its_order_leaves_less_for_the_next(shop: Workspace) -> None:
    """C5 names order 2 and takes all of its four cups; C6 names none and takes three cups of order 1."""
    lines(shop, "january.csv", JANUARY)
    path = shop.path.parent / "february.csv"
    path.write_text(
        "order,customer,date,product,quantity,price,original_order\n"
        "C5,Ben,2024-02-02,cup,-4,5.00,2\nC6,Ben,2024-02-03,cup,-3,4.00,\n"
    )
    bring(shop, path, shape="lines")
    assert refunded(shop) == {"2": Decimal("20"), "1": Decimal("12")}


def test_no_order_before_its_cancellation_and_none_of_another(shop: Workspace) -> None:
    lines(shop, "january.csv", JANUARY)
    lines(
        shop, "early.csv", "C5,Ben,2024-01-06 09:00,cup,-7,4.00,\nC6,Dan,2024-02-06,cup,-1,4.00,\nC7,,2024-02-06,cup,-1,4.00,"
    )
    assert refunded(shop) == {"1": Decimal("24"), None: Decimal("12")}


def test_thirds_of_a_cent_add_up(shop: Workspace) -> None:
    """Three pieces for 10.00 together, back to orders of one piece each: 3.3333 + 3.3333 + 3.3334."""
    lines(shop, "january.csv", "\n".join(f"{n},Ann,2024-01-0{n},cup,1,3.33," for n in (1, 2, 3)))
    path = shop.path.parent / "february.csv"
    path.write_text("order,customer,date,product,quantity,revenue\nC4,Ann,2024-02-01,cup,-3,-10.00\n")
    bring(shop, path, shape="lines")
    assert sum(refunded(shop).values()) == Decimal("10")
    assert sorted(refunded(shop).values()) == [Decimal("3.3333"), Decimal("3.3333"), Decimal("3.3334")]


def test_whole_orders_are_tied_by_their_number(shop: Workspace) -> None:
    one, two = shop.path.parent / "one.csv", shop.path.parent / "two.csv"
    one.write_text("order,customer,date,revenue\n1,Ann,2024-01-01,10.05\n2,Ann,2024-01-02,20\n")
    two.write_text("order,customer,date,revenue\n1,Ann,2024-02-01,-4.05\n7,Ann,2024-02-02,-1\n")
    bring(shop, one, shape="orders")
    record = bring(shop, two, shape="orders")
    assert refunded(shop) == {"1": Decimal("4.05"), None: Decimal("1")}
    assert (record.counts["refunds_tied"], record.counts["refunds_untied"]) == (1, 1)
    two.write_text(two.read_text() + "8,Ann,2024-02-03,3\n")
    assert bring(shop, two, shape="orders").rows == 1
    assert refunded(shop) == {"1": Decimal("4.05"), None: Decimal("1")}


def test_lake_without_events_is_not_looked_at(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first import, and one without refunds, read nothing of the lake's orders."""
    monkeypatch.setattr("holdfast.events.lake_lookup._asked", lambda *_: pytest.fail("the lake was read"))
    lines(shop, "january.csv", JANUARY + FEBRUARY)
    lines(shop, "march.csv", "8,Ben,2024-03-05 10:00,cup,6,4.00,")


# ---------------------------------------------------------------------- laws

DAY = dt.date(2024, 1, 1)


@st.composite
def shops(draw: st.DrawFn) -> tuple[list[tuple[int, str]], list[int]]:
    """Lines with their day, orders and cancellations of three customers, and up to two days at which the file is cut."""
    rows: list[tuple[int, str]] = []
    for number in range(draw(st.integers(2, 12))):
        day, who = draw(st.integers(0, 30)), draw(st.sampled_from(["Ann", "Ben", "Cleo"]))
        back = draw(st.booleans())
        for product in draw(st.lists(st.sampled_from(["cup", "tea", "jam"]), min_size=1, max_size=3, unique=True)):
            quantity, cents = draw(st.integers(1, 6)), draw(st.integers(1, 2000))
            sign, name = ("-", f"C{number}") if back else ("", str(number))
            when = dt.datetime.combine(DAY, dt.time(9)) + dt.timedelta(days=day, minutes=number)
            rows.append((day, f"{name},{who},{when},{product},{sign}{quantity},{Decimal(cents) / 100},"))
    return rows, sorted(draw(st.lists(st.integers(0, 31), min_size=1, max_size=2)))


def net(shop: Workspace) -> dict[tuple[str, str | None], Decimal]:
    """Revenue less refunds by customer and order; untied refunds stand under None."""
    found: dict[tuple[str, str | None], Decimal] = defaultdict(Decimal)
    for sign, name in ((1, ORDER), (-1, REFUND)):
        for one in events(shop, name):
            found[one["customer_id"], one["order_id"]] += sign * one["revenue"]
    return dict(found)


def pieces(rows: list[tuple[int, str]], cuts: list[int]) -> list[str]:
    edges = [-1, *cuts, 99]
    some = ["\n".join(row for day, row in rows if low <= day < high) for low, high in pairwise(edges)]
    return [one for one in some if one]


@settings(max_examples=12)
@given(shops())
def test_pieces_give_what_the_whole_gives(made: tuple[list[tuple[int, str]], list[int]]) -> None:
    rows, cuts = made
    with TemporaryDirectory() as folder:
        whole, cut = (Workspace.create(Path(folder) / name / "shop", Settings(zone="UTC")) for name in ("whole", "cut"))
        lines(whole, "all.csv", "\n".join(row for _, row in rows))
        for place, piece in enumerate(pieces(rows, cuts)):
            lines(cut, f"{place}.csv", piece)
        expected = net(whole)
        assert net(cut) == expected
        assert {e["event_id"] for e in events(cut, REFUND)} == {e["event_id"] for e in events(whole, REFUND)}
        lines(cut, "all.csv", "\n".join(row for _, row in rows))
        lines(whole, "last.csv", pieces(rows, cuts)[-1])
        assert net(cut) == net(whole) == expected


def test_online_retail_in_two_files(tmp_path: Path) -> None:
    """Cut at 1 June 2011: the same 26,863 events as in one file, 3,849 refunds tied and 2,288 not, 918,936.61 taken back."""
    table = datasets.load("online_retail")
    early = pc.less(table["InvoiceDate"], pa.scalar(dt.datetime(2011, 6, 1)))
    made: list[set[Any]] = []
    for parts in ([table], [table.filter(early), table.filter(pc.invert(early))]):
        shop = Workspace.create(tmp_path / f"{len(parts)}" / "shop", Settings(zone="Europe/London", currency="GBP"))
        records = [bring(shop, part, source="retail", shape="lines") for part in parts]
        assert sum(one.counts["refunds_tied"] for one in records) == 3849
        assert sum(one.counts["refunds_untied"] for one in records) == 2288
        stored = pa.Table.from_batches(list(shop.lake.scan(["event_id", "event", "revenue"])))
        assert pc.sum(stored.filter(pc.equal(stored["event"], REFUND))["revenue"]).as_py() == Decimal("918936.61")
        made.append(set(stored["event_id"].to_pylist()))
    assert made[0] == made[1]
    assert len(made[0]) == 26_863
