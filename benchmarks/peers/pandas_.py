"""pandas, as an analyst writes it: a frame sorted by customer and time, categories for texts, groupby and merge."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.engine import SHARED, Rows, by_segment

__all__ = ["Peer"]

EPOCH_MONTH = 1970 * 12 + 1
DAY = 86_400_000


class Peer:
    """pandas; all of the data are in memory."""

    questions = SHARED

    def __init__(self, name: str, folder: Path) -> None:
        self.file = folder / "events.parquet"

    def load(self, parquet: Path) -> None:
        """Work out local dates, sort, and keep the frame as Parquet."""
        raw = pd.read_parquet(parquet)
        local = raw["time"].dt.tz_convert("Europe/London")
        frame = pd.DataFrame(
            {
                "customer": raw["customer_id"].astype("int32"),
                "event": raw["event"].astype("category"),
                "ms": raw["time"].astype("int64"),
                "day": (local.dt.tz_localize(None).dt.normalize().to_numpy("datetime64[D]").astype("int32")),
                "month": (local.dt.year * 12 + local.dt.month - EPOCH_MONTH).astype("int16"),
                "number": raw["order_id"].fillna(0).astype("int64"),
                "cents": (pd.to_numeric(raw["revenue"]).fillna(0) * 100).round().astype("int64"),
            }
        )
        frame.sort_values(["customer", "ms"], ignore_index=True).to_parquet(self.file)

    def open(self) -> None:
        """Read the frame."""
        self.frame = pd.read_parquet(self.file)

    def ask(self, question: str) -> pd.DataFrame:
        """Answer with the method of that name."""
        answer: pd.DataFrame = getattr(self, question)()
        return answer

    def rows(self, question: str, answer: pd.DataFrame) -> Rows:
        """The frame's rows."""
        rows: Rows = list(answer.itertuples(index=False, name=None))
        return by_segment(rows) if question == "rfm" else rows

    def _orders(self) -> pd.DataFrame:
        frame = self.frame
        orders = frame.loc[frame["event"] == "Order Completed", ["customer", "day", "month", "number", "cents"]]
        back = frame[frame["event"] == "Order Refunded"].groupby("number")["cents"].sum().rename("back")
        joined = orders.merge(back, left_on="number", right_index=True, how="left")
        net = joined["cents"] - joined["back"].fillna(0).astype("int64")
        return joined.assign(cents=net)[joined["back"].isna() | (net > 0)]

    def first_orders(self) -> pd.DataFrame:
        """Monthly cohorts by first order."""
        return _grid(self._orders()[["customer", "month"]].rename(columns={"month": "period"}))

    def any_event(self) -> pd.DataFrame:
        """Weekly cohorts by first event."""
        return _grid(pd.DataFrame({"customer": self.frame["customer"], "period": (self.frame["day"] + 3) // 7}))

    def rfm(self) -> pd.DataFrame:
        """Scores by quintiles, and their sums."""
        one = self._orders().groupby("customer").agg(last=("day", "max"), frequency=("day", "size"), money=("cents", "sum"))
        one["recency"] = self.frame["day"].max() - one["last"]
        scores = {name: _rank(one[name]) for name in ("recency", "frequency", "money")}
        one = one.assign(r=6 - scores["recency"], f=scores["frequency"], m=scores["money"])
        sums = one.groupby(["r", "f", "m"]).agg(n=("money", "size"), orders=("frequency", "sum"), cents=("money", "sum"))
        return sums.reset_index()

    def bridge(self) -> pd.DataFrame:
        """The base at the first day of each month and how it changed."""
        orders = self._orders()
        born = orders.groupby("customer")["day"].min()
        low, high = int(self.frame["month"].min()), int(self.frame["month"].max())
        starts = np.array([np.datetime64(month, "M").astype("datetime64[D]").astype(int) for month in range(low, high + 2)])
        marks = np.minimum(starts, self.frame["day"].max() + 1)
        bases = [pd.Index(orders.loc[orders["day"].between(mark - 90, mark - 1), "customer"].unique()) for mark in marks]
        rows = []
        for place, (before, after) in enumerate(pairwise(bases)):
            came = born[after.difference(before)]
            fresh = int((came >= marks[place]).sum())
            rows.append((low + place, len(before), fresh, len(came) - fresh, len(before.difference(after)), len(after)))
        return pd.DataFrame(rows)

    def transitions(self) -> pd.DataFrame:
        """Pairs of neighbours of one customer."""
        same = self.frame["customer"].eq(self.frame["customer"].shift(-1))
        pairs = pd.DataFrame({"event": self.frame["event"], "next": self.frame["event"].shift(-1)})[same]
        return pairs.groupby(["event", "next"], observed=True).size().reset_index()

    def funnel(self) -> pd.DataFrame:
        """The latest start of a chain at each step, carried forward within a customer."""
        names = ("Product Viewed", "Product Added", "Order Completed")
        frame = self.frame.loc[self.frame["event"].isin(names), ["customer", "event", "ms"]]
        start, depth = frame["ms"].astype("float64").where(frame["event"] == names[0]), (frame["event"] == names[0]).astype(int)
        for place, name in enumerate(names[1:]):
            before = start.groupby(frame["customer"]).ffill()
            reached = (frame["event"] == name) & (frame["ms"] - before <= DAY)
            start, depth = before.where(reached), depth.mask(reached, place + 2)
        most = depth.groupby(frame["customer"]).max()
        return pd.DataFrame([(step, int((most >= step).sum())) for step in (1, 2, 3)])

    def tree(self) -> pd.DataFrame:
        """Places counted from the first start, and neighbours."""
        frame = self.frame[["customer", "event", "ms"]]
        begun = frame[frame["event"] == "Checkout Started"].groupby("customer")["ms"].min()
        after = frame[frame["ms"] >= frame["customer"].map(begun)]
        same = after["customer"].eq(after["customer"].shift(-1))
        following = after["event"].astype("str").shift(-1).where(same, "(drop-off)")
        links = pd.DataFrame(
            {"step": after.groupby("customer").cumcount(), "event": after["event"].astype("str"), "next": following}
        )
        return links[links["step"] < 5].groupby(["step", "event", "next"]).size().reset_index()


def _grid(pairs: pd.DataFrame) -> pd.DataFrame:
    pairs = pairs.drop_duplicates()
    cohort = pairs.groupby("customer")["period"].transform("min").astype("int64")
    grid = pd.DataFrame({"cohort": cohort, "k": pairs["period"] - cohort})
    return grid.groupby(["cohort", "k"]).size().reset_index()


def _rank(values: pd.Series) -> pd.Series:
    bounds = np.floor(np.round(values.quantile([0.2, 0.4, 0.6, 0.8]).to_numpy(), 4))
    return 1 + sum((values > bound).astype(int) for bound in bounds)
