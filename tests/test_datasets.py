"""The packaged data are the sources' own: every figure below was counted in the published files, not in the packed ones."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pyarrow.compute as pc
import pytest

from holdfast import datasets
from holdfast.errors import UnknownName


def test_cdnow_is_the_whole_of_it():
    table = datasets.load("cdnow")
    assert table.column_names == ["customer_id", "date", "number_of_cds", "dollar_value"]
    assert table.num_rows == 69_659
    assert pc.count_distinct(table["customer_id"]).as_py() == 23_570
    assert pc.sum(table["number_of_cds"]).as_py() == 167_881
    assert pc.sum(table["dollar_value"]).as_py() == Decimal("2500315.63")
    assert table.slice(0, 1).to_pylist() == [
        {"customer_id": "00001", "date": date(1997, 1, 1), "number_of_cds": 1, "dollar_value": Decimal("11.77")}
    ]
    assert pc.max(table["date"]).as_py() == date(1998, 6, 30)


def test_online_retail_is_the_whole_of_it():
    table = datasets.load("online_retail")
    names = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
    assert table.column_names == names
    assert table.num_rows == 541_909
    assert pc.count_distinct(table["CustomerID"]).as_py() == 4_372
    assert table["CustomerID"].null_count == 135_080
    assert pc.count_distinct(table["InvoiceNo"]).as_py() == 25_900
    assert pc.sum(pc.starts_with(table["InvoiceNo"], "C")).as_py() == 9_288
    assert pc.sum(table["Quantity"]).as_py() == 5_176_450
    assert pc.count_distinct(table["Country"]).as_py() == 38
    assert pc.max(table["InvoiceDate"]).as_py() == datetime(2011, 12, 9, 12, 50)
    assert table["UnitPrice"][0].as_py() == Decimal("2.55")
    assert table.num_rows - table.group_by(names).aggregate([]).num_rows == 5_268


def test_online_retail_is_worth_what_it_was():
    table = datasets.load("online_retail")
    worth = pc.sum(pc.multiply(pc.cast(table["Quantity"], "int64"), pc.cast(pc.multiply(table["UnitPrice"], 1000), "int64")))
    assert worth.as_py() == 9_747_747_934  # thousandths of a pound: 9,747,747.934


def test_rfm_reference_is_the_whole_of_it():
    table = datasets.load("rfm_reference")
    assert table.num_rows == 4_906
    assert pc.count_distinct(table["customer_id"]).as_py() == 995
    assert pc.sum(table["revenue"]).as_py() == 464_158
    assert pc.max(table["order_date"]).as_py() == date(2006, 12, 30)


@pytest.mark.parametrize("name", datasets.NAMES)
def test_every_set_says_what_it_is(name):
    note, table = datasets.NOTES[name], datasets.load(name)
    assert note.rows == table.num_rows
    customers = table[{"online_retail": "CustomerID"}.get(name, "customer_id")]
    assert note.customers == pc.count_distinct(customers).as_py()
    assert note.licence
    assert note.attribution
    readme = (datasets.path(name).parent / "README.md").read_text(encoding="utf-8")
    assert f"`{name}`" in readme


def test_a_wrong_name_is_met_with_the_near_ones():
    with pytest.raises(UnknownName, match="online_retail"):
        datasets.load("online-retail")
