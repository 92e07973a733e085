"""Real data in the package, so that a first answer takes three lines and the tests have something true to stand on.

    from holdfast import Timelines, datasets
    shop = Timelines.from_arrow(datasets.load("cdnow"), customer="customer_id", time="date", revenue="dollar_value")

Rows, their order and the names of the columns are the source's own; NOTES says where each set comes from and under what terms.
`made_stream` draws a stream of events whose truth is known (`made_truth`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.datasets.made_stream import MadeStream, made_stream, made_truth
from holdfast.errors import UnknownName

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["NAMES", "NOTES", "MadeStream", "Note", "load", "made_stream", "made_truth", "path"]


@dataclass(frozen=True)
class Note:
    """What a data set is and whom to thank.

    title        what it holds
    rows         lines in the file
    customers    different customers named in it
    zone         IANA zone of its local times, as far as the source tells
    currency     ISO 4217 code of its money
    licence      terms as the source states them
    attribution  the citation to carry along
    traps        what has misled people in it
    """

    title: str
    rows: int
    customers: int
    zone: str
    currency: str
    licence: str
    attribution: str
    traps: str


NOTES: dict[str, Note] = {
    "cdnow": Note(
        title="CDNOW: all purchases, January 1997 to June 1998, of everyone who first bought in the first quarter of 1997",
        rows=69_659,
        customers=23_570,
        zone="America/New_York",
        currency="USD",
        licence="published for research by Fader and Hardie (brucehardie.com); no formal licence stated",
        attribution="Fader, P. S. and Hardie, B. G. S. (2001), Forecasting Repeat Sales at CDNOW: A Case Study, "
        "Interfaces 31(3), S94-S107; data set at brucehardie.com/datasets",
        traps="several orders of one customer on one day are several lines; 80 lines are worth 0.00; no order numbers",
    ),
    "online_retail": Note(
        title="Online Retail: invoice lines of a British gift wholesaler, 1 December 2010 to 9 December 2011",
        rows=541_909,
        customers=4_372,
        zone="Europe/London",
        currency="GBP",
        licence="Creative Commons Attribution 4.0 International (CC BY 4.0)",
        attribution="Chen, D. (2015), Online Retail, UCI Machine Learning Repository, doi 10.24432/C5BW33; "
        "packed as Parquet for Holdfast, values unchanged",
        traps="invoices that start with C are cancellations, often without a matching order; 135,080 lines name no customer; "
        "5,268 lines are exact copies; postage, fees and manual adjustments are stock codes; some prices are 0 or negative; "
        "December 2011 has nine days",
    ),
    "rfm_reference": Note(
        title="RFM reference: made-up orders, 2001 to 2006, that the R package rfm explains its scores with",
        rows=4_906,
        customers=995,
        zone="UTC",
        currency="USD",
        licence="MIT",
        attribution="Aravind Hebbali (2017-2018), rfm: Recency, Frequency and Monetary Value Analysis; data set "
        "rfm_data_orders",
        traps="names and addresses are invented; one line is one order",
    ),
}

NAMES: tuple[str, ...] = tuple(NOTES)


def path(name: str) -> Path:
    """Where a data set's Parquet file lies.

    name  one of NAMES; UnknownName lists them otherwise
    """
    if name not in NOTES:
        raise UnknownName("data set", name, NOTES)
    return Path(__file__).parent / f"{name}.parquet"


def load(name: str) -> pa.Table:
    """A data set as an Arrow table, columns and rows as in the source.

    name  one of NAMES; UnknownName lists them otherwise
    """
    import pyarrow.parquet as pq

    return pq.read_table(path(name))
