"""lifetimes: only its own summary (frequency, recency, T per customer), which stands beside RFM; its rows are its own.

Its summary counts days with a repeat order and knows no refunds, so its figures are compared with nobody's.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from lifetimes.utils import summary_data_from_transaction_data

from benchmarks.engine import Rows

__all__ = ["Peer"]


class Peer:
    """lifetimes on a pandas frame of orders."""

    questions = ("summary",)

    def __init__(self, name: str, folder: Path) -> None:
        self.file = folder / "orders.parquet"

    def load(self, parquet: Path) -> None:
        """Keep the orders, with local dates and amounts."""
        raw = pd.read_parquet(parquet, columns=["customer_id", "event", "time", "revenue"])
        orders = raw[raw["event"] == "Order Completed"]
        local = orders["time"].dt.tz_convert("Europe/London").dt.tz_localize(None)
        frame = pd.DataFrame({"customer": orders["customer_id"], "time": local, "money": pd.to_numeric(orders["revenue"])})
        frame.astype({"money": "float64"}).to_parquet(self.file)

    def open(self) -> None:
        """Read the frame."""
        self.frame = pd.read_parquet(self.file)

    def ask(self, question: str) -> pd.DataFrame:
        """Its summary."""
        summary: pd.DataFrame = summary_data_from_transaction_data(self.frame, "customer", "time", monetary_value_col="money")
        return summary

    def rows(self, question: str, answer: pd.DataFrame) -> Rows:
        """How many customers it summed up."""
        return [(len(answer), int(answer["frequency"].sum()))]
