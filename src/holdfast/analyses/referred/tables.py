"""The rows of referred customers beside others, the differences, and the words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.referred.sources import Source
from holdfast.analyses.statistics import Z95, newcombe, wilson
from holdfast.events.schema import MONEY_UNITS

__all__ = ["COMPARE", "GROUPS", "SOURCES", "Bought", "chosen", "compared", "row_of", "words"]

GROUPS = ("referred", "others")
SHARES = ("bought", "again", "kept")

_NUMBERS: tuple[tuple[str, pa.DataType], ...] = (
    ("customers", pa.int64()),
    *((name, kind) for share in SHARES for name, kind in (
        (f"{share}_n", pa.int64()), (share, pa.int64()), (f"{share}_share", pa.float64()),
        (f"{share}_share_low", pa.float64()), (f"{share}_share_high", pa.float64()),
    )),
    ("value_n", pa.int64()),
    *((name, pa.float64()) for name in ("value", "value_low", "value_high", "orders", "cost")),
)  # fmt: skip

SOURCES = pa.schema([("source", pa.string()), ("referred", pa.bool_()), *_NUMBERS])
GROUPED = pa.schema([("group", pa.string()), *_NUMBERS])
COMPARE = pa.schema(
    [
        ("measure", pa.string()),
        *((name, pa.float64()) for name in ("referred", "others", "more", "more_low", "more_high", "times")),
    ]
)


@dataclass(frozen=True)
class Bought:
    """What customers bought, a value each; see `BoughtStep`.

    end    local day index of the as-of · days  the first days whose money counts and within which "again" is looked at
    gone   days after which a customer is gone
    """

    ids: Any
    source: npt.NDArray[np.int32]
    first: npt.NDArray[np.int32]
    second: npt.NDArray[np.int32]
    last: npt.NDArray[np.int32]
    orders: npt.NDArray[np.int32]
    early: npt.NDArray[np.int64]
    end: int
    days: int
    gone: int

    def who(self, what: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Who is looked at for a share, and who of them did it."""
        buyer = self.first >= 0
        if what == "bought":
            return np.ones(len(buyer), np.bool_), buyer
        if what == "again":
            seen = buyer & (self.end - self.first >= self.days)
            return seen, seen & (self.second >= 0) & (self.second - self.first < self.days)
        seen = buyer & (self.end - self.first >= self.gone)
        return seen, seen & (self.end - self.last < self.gone)


def row_of(bought: Bought, inside: npt.NDArray[np.bool_], spent: float | None) -> dict[str, Any]:
    """The numbers of some customers.

    spent  money spent on winning them; None: not told
    """
    row: dict[str, Any] = {"customers": int(inside.sum())}
    for share in SHARES:
        looked, did = bought.who(share)
        n, k = int((looked & inside).sum()), int((did & inside).sum())
        low, high = wilson(k, n)
        row |= {f"{share}_n": n, share: k, f"{share}_share": k / n if n else None}
        row |= {f"{share}_share_low": low, f"{share}_share_high": high}
    value = _values(bought, inside)
    mean, half = _mean(value)
    row |= {"value_n": len(value), "value": mean}
    row |= {"value_low": None if half is None else mean - half, "value_high": None if half is None else mean + half}
    buyers = row["bought"]
    row["orders"] = float(bought.orders[inside].sum() / buyers) if buyers else None
    row["cost"] = spent / buyers if spent is not None and buyers else None
    return row


def _values(bought: Bought, inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """The money of the first days of each buyer who has been known for so long."""
    looked, _ = bought.who("again")
    return bought.early[looked & inside] / MONEY_UNITS


def _mean(values: npt.NDArray[np.float64]) -> tuple[Any, float | None]:
    if not len(values):
        return None, None
    return float(values.mean()), float(Z95 * values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else None


def compared(bought: Bought, sent: npt.NDArray[np.bool_], days: int) -> list[dict[str, Any]]:
    """Referred less others: shares with Newcombe's interval, the money with Welch's."""
    rows = []
    names = {"bought": "ordered at all", "again": f"ordered again within {days} days", "kept": "still a customer"}
    for share, name in names.items():
        looked, did = bought.who(share)
        counts = [int(who.sum()) for side in (sent, ~sent) for who in (did & side, looked & side)]
        found = newcombe(*counts)
        if found is not None:
            one, other = counts[0] / counts[1], counts[2] / counts[3]
            rows.append(_line(name, one, other, *found))
    values = [_values(bought, side) for side in (sent, ~sent)]
    if all(len(one) > 1 for one in values):
        means = [float(one.mean()) for one in values]
        half = Z95 * math.sqrt(sum(float(one.var(ddof=1)) / len(one) for one in values))
        less = means[0] - means[1]
        rows.append(_line(f"money of the first {days} days", means[0], means[1], less, less - half, less + half))
    return rows


def _line(measure: str, one: float, other: float, less: float, low: float, high: float) -> dict[str, Any]:
    return {
        "measure": measure, "referred": one, "others": other, "more": less, "more_low": low, "more_high": high,
        "times": one / other if other else None,
    }  # fmt: skip


def chosen(bought: Bought, source: Source, group: str | None, name: str | None) -> npt.NDArray[np.bool_]:
    """The customers of a group or of a source; everyone without either."""
    if name is not None:
        return np.asarray(bought.source == source.labels.index(name))
    if group is None:
        return np.ones(len(bought.source), np.bool_)
    sent = source.sent[bought.source]
    return sent if group == "referred" else ~sent


def words(rows: list[dict[str, Any]], differences: list[dict[str, Any]], source: Source) -> str:
    """The answer in two sentences."""
    referred, others = rows
    if not referred["customers"]:
        return f"None of {counted(others['customers'], 'customer')} came by referral, as {source.name} tells it."
    came = counted(referred["customers"], "customer")
    told = f"{came} came by referral, as {source.name} tells it, {others['customers']:,} otherwise. "
    parts = []
    for row in differences:
        if row["measure"].startswith("money"):
            times = "" if row["times"] is None else f", {100 * (row['times'] - 1):+.0f} %"
            parts.append(f"{row['measure']}: {row['referred']:,.2f} against {row['others']:,.2f}{times}")
        else:
            parts.append(f"{row['measure']}: {percent(row['referred'])} against {percent(row['others'])}")
    sure = [row for row in differences if row["more_low"] > 0 or row["more_high"] < 0]
    verdict = "" if sure else " No difference is more than chance may give."
    return told + "Together with referral: " + "; ".join(parts) + "." + verdict
