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
from holdfast.analyses.statistics import Z95, count_interval, newcombe, wilson
from holdfast.events.schema import MONEY_UNITS

__all__ = ["COMPARE", "GROUPS", "SOURCES", "Bought", "chosen", "compared", "row_of", "words"]

GROUPS = ("referred", "others", "not known")
SHARES = ("bought", "again", "kept")

_NUMBERS: tuple[tuple[str, pa.DataType], ...] = (
    ("customers", pa.int64()),
    *((name, kind) for share in SHARES for name, kind in (
        (f"{share}_n", pa.int64()), (share, pa.int64()), (f"{share}_share", pa.float64()),
        (f"{share}_share_low", pa.float64()), (f"{share}_share_high", pa.float64()),
    )),
    ("value_n", pa.int64()),
    *((f"{name}{side}", pa.float64()) for name in ("value", "orders") for side in ("", "_low", "_high")),
    ("cost_n", pa.int64()), *((f"cost{side}", pa.float64()) for side in ("", "_low", "_high")),
)  # fmt: skip

SOURCES = pa.schema([("source", pa.string()), ("referred", pa.bool_()), *_NUMBERS])
GROUPED = pa.schema([("group", pa.string()), *_NUMBERS])
COMPARE = pa.schema(
    [
        *((name, pa.string()) for name in ("measure", "said")),
        *((name, pa.float64()) for name in ("referred", "others", "more", "more_low", "more_high", "times")),
    ]
)


@dataclass(frozen=True)
class Bought:
    """What customers bought, a value each; see `BoughtStep`.

    end    local day index of the as-of · days  the first days whose money counts and within which "again" is looked at
    gone   days after which a customer is gone
    staying  bool: whether her contract runs at the as-of; None: no contract base
    """

    ids: Any
    source: npt.NDArray[np.int32]
    told: npt.NDArray[np.int32]
    first: npt.NDArray[np.int32]
    second: npt.NDArray[np.int32]
    last: npt.NDArray[np.int32]
    orders: npt.NDArray[np.int32]
    early: npt.NDArray[np.int64]
    end: int
    days: int
    gone: int
    staying: npt.NDArray[np.bool_] | None = None

    @property
    def by_orders(self) -> bool:
        """Whether a source is known of buyers alone: then it says nothing of who orders at all."""
        known, buyer = self.source > 0, self.first >= 0
        return bool(known.any() and not (known & ~buyer).any() and not buyer.all())

    @property
    def late(self) -> int:
        """Buyers whose source was told only after the day of their first order."""
        return int(((self.first >= 0) & (self.told > self.first)).sum())

    def who(self, what: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Who is looked at for a share, and who of them did it."""
        buyer = self.first >= 0
        if what == "bought":
            return np.ones(len(buyer), np.bool_), buyer
        if what == "again":
            seen = buyer & (self.end - self.first >= self.days)
            return seen, seen & (self.second >= 0) & (self.second - self.first < self.days)
        if self.staying is not None:
            return buyer, buyer & self.staying
        seen = buyer & (self.end - self.first >= self.gone)
        return seen, seen & (self.end - self.last < self.gone)


def row_of(bought: Bought, inside: npt.NDArray[np.bool_], spent: float | None, paid: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """The numbers of some customers.

    spent  money spent on winning them; None: not told · paid  bool: those it was spent on
    """
    row: dict[str, Any] = {"customers": int(inside.sum())}
    for share in SHARES:
        looked, did = bought.who(share)
        n, k = int((looked & inside).sum()), int((did & inside).sum())
        low, high = wilson(k, n)
        row |= {f"{share}_n": n, share: k, f"{share}_share": k / n if n else None}
        row |= {f"{share}_share_low": low, f"{share}_share_high": high}
    known = bought.who("again")[0] & inside
    row["value_n"] = int(known.sum())
    row |= _spread("value", _values(bought, inside)) | _spread("orders", bought.orders[known].astype(np.float64))
    return row | _cost(int((bought.who("bought")[1] & inside & paid).sum()), spent)


def _spread(name: str, values: npt.NDArray[np.float64]) -> dict[str, float | None]:
    mean, half = _mean(values)
    return {
        name: mean,
        f"{name}_low": None if half is None else mean - half,
        f"{name}_high": None if half is None else mean + half,
    }


def _cost(buyers: int, spent: float | None) -> dict[str, Any]:
    """Money by buyers, with the interval of their count."""
    if spent is None or not buyers:
        return {"cost_n": None if spent is None else buyers, "cost": None, "cost_low": None, "cost_high": None}
    low, high = count_interval(buyers)
    return {"cost_n": buyers, "cost": spent / buyers, "cost_low": spent / high, "cost_high": spent / low if low else None}


def _values(bought: Bought, inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """The money of the first days of each buyer who has been known for so long."""
    looked, _ = bought.who("again")
    return bought.early[looked & inside] / MONEY_UNITS


def _mean(values: npt.NDArray[np.float64]) -> tuple[Any, float | None]:
    if not len(values):
        return None, None
    return float(values.mean()), float(Z95 * values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else None


def compared(bought: Bought, sides: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]], days: int) -> list[dict[str, Any]]:
    """Referred less others: shares with Newcombe's interval, the money with Welch's.

    sides  bool by customer: referred, others
    """
    rows = []
    names = {"bought": "ordered at all", "again": f"ordered again within {days} days", "kept": "still a customer"}
    if bought.by_orders:
        del names["bought"]
    for share, name in names.items():
        looked, did = bought.who(share)
        counts = [int(who.sum()) for side in sides for who in (did & side, looked & side)]
        found = newcombe(*counts)
        if found is not None:
            one, other = counts[0] / counts[1], counts[2] / counts[3]
            rows.append(_line(name, one, other, *found))
    values = [_values(bought, side) for side in sides]
    if all(len(one) > 1 for one in values):
        means = [float(one.mean()) for one in values]
        half = Z95 * math.sqrt(sum(float(one.var(ddof=1)) / len(one) for one in values))
        less = means[0] - means[1]
        rows.append(_line(f"money of the first {days} days", means[0], means[1], less, less - half, less + half))
    return rows


def _line(measure: str, one: float, other: float, less: float, low: float, high: float) -> dict[str, Any]:
    return {
        "measure": measure, "said": _said(measure, one, other, (less, low, high)), "referred": one, "others": other,
        "more": less, "more_low": low, "more_high": high, "times": one / other if other else None,
    }  # fmt: skip


def _said(measure: str, one: float, other: float, less: tuple[float, float, float]) -> str:
    """A line of the comparison in words: shares in points, money as it is."""
    if measure.startswith("money"):
        said = f"{one:,.2f} against {other:,.2f}: {less[0]:+,.2f} ({less[1]:+,.2f} to {less[2]:+,.2f})"
    else:
        more, low, high = (100 * part for part in less)
        said = f"{percent(one)} against {percent(other)}: {more:+.1f} points ({low:+.1f} to {high:+.1f})"
    return said.replace("-", "−")


def chosen(bought: Bought, source: Source, group: str | None, name: str | None) -> npt.NDArray[np.bool_]:
    """The customers of a group and of a source; everyone without either."""
    inside = np.ones(len(bought.source), np.bool_)
    if name is not None:
        inside &= bought.source == source.labels.index(name)
    if group is not None:
        inside &= source.groups.get(group, np.zeros(len(source.labels), np.bool_))[bought.source]
    return inside


def words(rows: list[dict[str, Any]], differences: list[dict[str, Any]], source: Source) -> str:
    """The answer in a few sentences."""
    count = {row["group"]: row["customers"] for row in rows}
    if not count["referred"]:
        return f"None of {counted(sum(count.values()), 'customer')} came by referral, as {source.name} tells it."
    came, unknown = counted(count["referred"], "customer"), count.get("not known", 0)
    told = f"{came} came by referral, as {source.name} tells it, {count['others']:,} otherwise"
    told += f", of {unknown:,} it is not known. " if unknown else ". "
    if not differences:
        return f"{told}There is nobody to lay beside them."
    parts = []
    for row in differences:
        if row["measure"].startswith("money"):
            times = "" if row["times"] is None else f", {100 * (row['times'] - 1):+.0f} %"
            parts.append(f"{row['measure']}: {row['referred']:,.2f} against {row['others']:,.2f}{times}")
        else:
            parts.append(f"{row['measure']}: {percent(row['referred'])} against {percent(row['others'])}")
    return told + "Together with referral: " + "; ".join(parts) + "." + _verdict(differences)


def _verdict(differences: list[dict[str, Any]]) -> str:
    """Which of the differences is more than chance would give."""
    sure = [row["measure"] for row in differences if row["more_low"] > 0 or row["more_high"] < 0]
    if not sure:
        return " No difference is more than chance may give."
    if len(sure) == len(differences):
        return ""
    return f" More than chance would give: {', '.join(sure)} only."
