"""What is recognised of a file, as stories with literals: separators, encodings, numbers, dates, zones, columns."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from holdfast.errors import SettingsError, UnknownName
from holdfast.events.dates import date_form, evidence, instants
from holdfast.events.numbers import decimal_sign, parse_numbers, to_minor
from holdfast.events.options import ImportOptions, options_from
from holdfast.events.plan import ImportPlan, plan_import
from holdfast.events.reading import read_events
from holdfast.events.schema import EVENTS
from holdfast.settings import Settings

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
BERLIN = Settings(zone="Europe/Berlin", currency="EUR")


def rows_of(source: Any, settings: Settings = BERLIN, **keys: Any) -> list[dict[str, Any]]:
    plan = source if isinstance(source, ImportPlan) else plan_import(source, settings, **keys)
    return pa.Table.from_batches(list(read_events(plan, settings, now=NOW).events), EVENTS).to_pylist()


def times(texts: list[str], form: str | None = None, zone: str = "Europe/Berlin") -> list[str | None]:
    column = pa.array(texts)
    read, _ = instants(column, form or date_form(evidence(column), zone).form, zone)
    return [
        None if one is None else one.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f").removesuffix(".000000")
        for one in read.to_pylist()
    ]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2024-07-01 12:00:00"], ["2024-07-01 10:00:00"]),
        (["2024-01-05T12:00:00+02:00", "2024-01-05T12:00:00Z"], ["2024-01-05 10:00:00", "2024-01-05 12:00:00"]),
        (["2024-01-05 12:00:00 -0500"], ["2024-01-05 17:00:00"]),
        (["2024-01-05T12:00:00.25Z"], ["2024-01-05 12:00:00.250000"]),
        (["2024-01-05 12:00:00.25", "nonsense"], ["2024-01-05 11:00:00.250000", None]),
        (["31/01/2024 14:05", "01/02/2024 14:05"], ["2024-01-31 13:05:00", "2024-02-01 13:05:00"]),
        (["01/31/2024 2:05 PM", "02/01/2024 12:05 AM"], ["2024-01-31 13:05:00", "2024-01-31 23:05:00"]),
        (["3.4.2024"], ["2024-04-02 22:00:00"]),
        (["19970101"], ["1996-12-31 23:00:00"]),
        (["1704448800"], ["2024-01-05 10:00:00"]),
        (["1704448800123"], ["2024-01-05 10:00:00.123000"]),
        (["5 janv. 2024", "5 déc. 2024"], ["2024-01-04 23:00:00", "2024-12-04 23:00:00"]),
        (["5. März 2024"], ["2024-03-04 23:00:00"]),
        (["Jan 5, 2024 10:00 AM"], ["2024-01-05 09:00:00"]),
        (["2024-02-29", "2023-02-29", "x"], ["2024-02-28 23:00:00", None, None]),
    ],
)
def test_times_as_people_write_them(texts: list[str], expected: list[str | None]) -> None:
    assert times(texts) == expected


def test_the_two_nights_on_which_the_clock_is_changed() -> None:
    """Berlin 2024: 02:30 on 31 March never happened (read as 03:00 summer time); 02:30 on 27 October happened twice (the
    first)."""
    assert times(["2024-03-31 02:30:00", "2024-10-27 02:30:00"]) == ["2024-03-31 01:00:00", "2024-10-27 00:30:00"]


def test_day_first_is_decided_from_all_values_and_said_where_it_stays_open() -> None:
    open_ = date_form(evidence(pa.array(["01/02/2024", "03/04/2024"])), "Europe/Berlin")
    assert (open_.form, open_.ambiguous) == ("dmy", True)
    assert date_form(evidence(pa.array(["01/02/2024"])), "America/New_York").form == "mdy"
    sure = date_form(evidence(pa.array(["01/02/2024"] * 999 + ["13/02/2024"])), "America/New_York")
    assert (sure.form, sure.ambiguous) == ("dmy", False)


@pytest.mark.parametrize(
    ("text", "sign", "expected"),
    [
        ("10.05", ".", "10.05"), ("1,234.50", ".", "1234.50"), ("1.234,50", ",", "1234.50"), ("1 234,5", ",", "1234.5"),
        ("(5.00)", ".", "-5.00"),
        ("5-", ".", "-5"), ("€ 12", ".", "12"), ("12,50 EUR", ",", "12.5"), ("1e-05", ".", "0.00001"), ("−3", ".", "-3"),
        ("1'000", ".", "1000"),
        (".5", ".", "0.5"), ("1,5", ".", None), ("=A1", ".", None), ("nan", ".", None), ("", ".", None), ("1,23,456", ".",
        None),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, sign: str, expected: str | None) -> None:
    read = parse_numbers(pa.array([text]), sign)
    assert read.values.to_pylist() == [None if expected is None else Decimal(expected)]
    assert read.bad.to_pylist() == [expected is None]


def test_money_is_rounded_half_even_at_four_decimals_and_counted() -> None:
    minor, rounded = to_minor(parse_numbers(pa.array(["10.05", "0.00005", "0.00015", "0.0000500000001"])).values)
    assert (minor.to_pylist(), rounded) == ([100_500, 0, 2, 1], 3)


@pytest.mark.parametrize(
    ("texts", "sign", "open_"),
    [(["1,50"], ",", False), (["1.50"], ".", False), (["1.234,5"], ",", False), (["1,234"], ".", True)],
)
def test_the_decimal_sign_is_the_last_of_two(texts: list[str], sign: str, open_: bool) -> None:
    guess = decimal_sign(pa.array(texts))
    assert (guess.sign, guess.ambiguous) == (sign, open_)


def test_a_german_export_is_read_without_a_word(tmp_path: Path) -> None:
    """Ann orders for 1.234,50 € on 31 January, in a file that a German Excel saved."""
    path = tmp_path / "bestellungen.csv"
    path.write_bytes(
        "Kundennummer;Bestellnummer;Bestelldatum;Gesamtbetrag;Ort\nAnn;7;31.01.2024 14:05;1.234,50 €;Köln\n".encode("cp1252")
    )
    plan = plan_import(path, BERLIN)
    assert plan.mapping == {
        "time": "Bestelldatum",
        "customer": "Kundennummer",
        "order": "Bestellnummer",
        "revenue": "Gesamtbetrag",
    }
    assert (plan.facts["encoding"].value, plan.facts["separator"].value, plan.decimal.value, plan.dates.value) == (
        "cp1252",
        ";",
        ",",
        "dmy",
    )
    one = rows_of(plan)[0]
    assert (one["customer_id"], one["order_id"], one["revenue"], one["properties"]) == (
        "Ann",
        "7",
        Decimal("1234.50"),
        '{"Ort": "Köln"}',
    )
    assert one["time"] == dt.datetime(2024, 1, 31, 13, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
            "time=InvoiceDate & customer=CustomerID & order=InvoiceNo & product=StockCode & "
            "product_name=Description & quantity=Quantity & price=UnitPrice",
        ),
        (
            "Name,Email,Financial Status,Created at,Currency,Total,Lineitem quantity,Lineitem name,Lineitem "
            "price,Lineitem sku",
            "time=Created at & customer=Email & product=Lineitem sku & product_name=Lineitem name & "
            "quantity=Lineitem quantity & price=Lineitem price & revenue=Total & currency=Currency & order=Name",
        ),
        (
            "Order Number,Order Date,Customer User ID,Order Total Amount,Order Currency",
            "time=Order Date & customer=Customer User ID & order=Order Number & revenue=Order Total Amount & "
            "currency=Order Currency",
        ),
        (
            "id,Created (UTC),Amount,Currency,Customer ID",
            "time=Created (UTC) & customer=Customer ID & revenue=Amount & currency=Currency",
        ),
        (
            "event_date,event_timestamp,event_name,user_pseudo_id,user_id",
            "time=event_timestamp & customer=user_id & anonymous=user_pseudo_id & event=event_name",
        ),
        (
            "messageId,anonymousId,userId,type,event,timestamp,properties.revenue,properties.order_id",
            "event_id=messageId & time=timestamp & customer=userId & anonymous=anonymousId & event=event & "
            "type=type & order=properties.order_id & revenue=properties.revenue",
        ),
        (
            "numéro client,date commande,montant total,n° commande",
            "time=date commande & customer=numéro client & order=n° commande & revenue=montant total",
        ),
        (
            "cliente,fecha,importe,pedido,cantidad,precio,producto",
            "time=fecha & customer=cliente & order=pedido & product=producto & quantity=cantidad & price=precio & "
            "revenue=importe",
        ),
    ],
)  # fmt: skip
def test_the_usual_column_names_are_known(header: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    names = header.split(",")
    path.write_text(
        header
        + "\n"
        + ",".join(
            "2024-01-05" if "date" in n.lower() or "creat" in n.lower() or "time" in n or "fecha" in n else "1" for n in names
        )
    )
    mapping = plan_import(path, BERLIN).mapping
    assert [f"{role}={column}" for role, column in mapping.items()] == sorted(
        expected.split(" & "), key=lambda pair: list(mapping).index(pair.split("=")[0])
    )


def test_every_guess_can_be_overridden_and_an_unknown_column_names_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("who,when,how much,paid\nann,01/02/2024,1,2\n")
    plan = plan_import(
        path,
        BERLIN,
        mapping={"customer": "who", "time": "when", "revenue": "paid"},
        options=ImportOptions(dates="mdy", zone="UTC"),
    )
    one = rows_of(plan)[0]
    assert (one["customer_id"], one["time"].isoformat(), one["revenue"]) == ("ann", "2024-01-02T00:00:00+00:00", Decimal(2))
    with pytest.raises(UnknownName, match="whom"):
        plan_import(path, BERLIN, mapping={"customer": "whom"})
    with pytest.raises(UnknownName, match="customer"):
        plan_import(path, BERLIN, mapping={"custommer": "who"})
    with pytest.raises(SettingsError, match="zone"):
        plan_import(path, BERLIN, mapping={"time": "when"}, options=ImportOptions(zone="Europe/Nowhere"))


def test_mapping_and_options_are_remembered_in_a_table() -> None:
    mapping, options = options_from({"mapping": {"customer": "who"}, "dates": "dmy", "duplicates": "drop"})
    assert mapping == {"customer": "who"}
    assert (options.dates, options.duplicates) == ("dmy", "drop")
    with pytest.raises(UnknownName, match="dates"):
        options_from({"datess": "dmy"})


FRAME = {"customer_id": [17850.0, 17850.0, None], "order_date": ["2024-01-05 12:00:00"] * 3, "amount": [10.05, 0.1, 7.0]}


@pytest.mark.parametrize(
    "make",
    [pd.DataFrame, pl.DataFrame, pa.table, lambda data: pa.table(data).to_reader(), "relation"],
    ids=["pandas", "polars", "arrow", "reader", "duckdb"],
)
def test_frames_of_other_libraries_are_read_alike(make: Any) -> None:
    """Customer 17850.0 is 17850, 10.05 stays 10.05, a missing customer stays in."""
    if make == "relation":
        connection = duckdb.connect()
        connection.register("t", pa.table(FRAME))
        frame = connection.sql("select * from t")
    else:
        frame = make(FRAME)
    rows = rows_of(frame)
    assert [row["customer_id"] for row in rows] == ["17850", "17850", None]
    assert [row["revenue"] for row in rows] == [Decimal("10.05"), Decimal("0.1"), Decimal(7)]
    assert rows[0]["time"] == dt.datetime(2024, 1, 5, 11, tzinfo=dt.UTC)


def test_another_currency_is_converted_by_its_rate_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(
        "customer,date,amount,currency\nann,2024-01-05,10.00,USD\nben,2024-01-05,10.00,EUR\ncleo,2024-01-05,10.00,XYZ\n"
    )
    settings = Settings(currency="EUR", rates=(("USD", 0.9),))
    reading = read_events(plan_import(path, settings), settings, now=NOW)
    events = pa.Table.from_batches(list(reading.events))
    assert events["revenue"].to_pylist() == [Decimal("9.0000"), Decimal("10.0000")]
    assert [(one.row, one.reason) for one in reading.refusals] == [(4, "currency_unknown")]


@pytest.mark.parametrize(
    ("amount", "code"), [("$5.10", "USD"), ("£5.10", "GBP"), ("5.10 CHF", "CHF"), ("€5.10", "EUR"), ("5.10", "EUR")]
)
def test_amounts_that_carry_a_currency_are_in_it(amount: str, code: str, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(f"customer,date,total\nann,2024-01-05,{amount}\n")
    assert plan_import(path, BERLIN).currency.value == code
    assert plan_import(path, BERLIN, options=ImportOptions(currency="EUR")).currency.value == "EUR"
