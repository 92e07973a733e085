"""Packs the real data of src/holdfast/datasets from the sources' own files, without loss: python tools/pack_datasets.py FOLDER.

FOLDER holds cdnow/CDNOW_master.txt.gz, online-retail/online_retail.csv.gz and rfm-reference/rfm_data_orders.csv as they were
published (the workbook of Online Retail exported as CSV). Order and names of rows and columns stay; texts of numbers and
dates become numbers and dates.
"""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

PACKED = Path(__file__).parents[1] / "src" / "holdfast" / "datasets"
SMALLEST = {"compression": "zstd", "compression_level": 22, "store_decimal_as_integer": True, "data_page_size": 1 << 22}


def online_retail(folder: Path) -> None:
    """541,909 invoice lines; the export wrote the whole-number customer ids as 17850.0."""
    texts = pacsv.read_csv(
        folder / "online-retail" / "online_retail.csv.gz",
        convert_options=pacsv.ConvertOptions(
            column_types={name: pa.string() for name in ("InvoiceNo", "StockCode", "Description", "Country")}
            | {"UnitPrice": pa.decimal128(9, 3), "Quantity": pa.int32(), "CustomerID": pa.float64()},
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    table = texts.set_column(6, "CustomerID", pc.cast(texts["CustomerID"], pa.int32()))
    table = table.set_column(4, "InvoiceDate", pc.cast(table["InvoiceDate"], pa.timestamp("s")))
    pq.write_table(
        table,
        PACKED / "online_retail.parquet",
        row_group_size=table.num_rows,
        use_dictionary=["StockCode", "Description", "Quantity", "UnitPrice", "CustomerID", "Country"],
        column_encoding={"InvoiceNo": "DELTA_BYTE_ARRAY", "InvoiceDate": "DELTA_BINARY_PACKED"},
        **SMALLEST,
    )


def cdnow(folder: Path) -> None:
    """69,659 lines of 23,570 customers: fixed-width text with a heading."""
    lines = gzip.decompress((folder / "cdnow" / "CDNOW_master.txt.gz").read_bytes()).decode().splitlines()
    heading, *rows = [line.split() for line in lines if line.strip()]
    text = "\n".join(",".join(row) for row in rows).encode()
    types = {"customer_id": pa.string(), "date": pa.string(), "number_of_cds": pa.int32(), "dollar_value": pa.decimal128(8, 2)}
    assert heading == list(types), heading
    table = pacsv.read_csv(
        io.BytesIO(text),
        read_options=pacsv.ReadOptions(column_names=heading),
        convert_options=pacsv.ConvertOptions(column_types=types),
    )
    days = pc.cast(pc.strptime(table["date"], "%Y%m%d", "s"), pa.date32())
    pq.write_table(table.set_column(1, "date", days), PACKED / "cdnow.parquet", **SMALLEST)


def rfm_reference(folder: Path) -> None:
    """4,906 orders of the R package rfm."""
    table = pacsv.read_csv(folder / "rfm-reference" / "rfm_data_orders.csv")
    pq.write_table(table, PACKED / "rfm_reference.parquet", **SMALLEST)


if __name__ == "__main__":
    for pack in (online_retail, cdnow, rfm_reference):
        pack(Path(sys.argv[1]))
