"""The rows of support for new and for existing customers, and the words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.clv import MONTH_DAYS
from holdfast.analyses.definitions import counted
from holdfast.analyses.ratios import Ratio, difference, product, ratio
from holdfast.analyses.statistics import count_interval

__all__ = ["COMPARE", "WHO", "Contacts", "compared", "row_of", "words"]

WHO = ("new", "existing")
HUNDRED = 100.0
CONTACTS_ROW, MINUTES_ROW = "contacts per 100 customer months", "minutes per 100 customer months"

SUPPORT = pa.schema(
    [
        ("who", pa.string()),
        *((name, pa.int64()) for name in ("customers", "contacting", "contacts")),
        ("customer_months", pa.float64()),
        *((name, pa.float64()) for name in ("per_hundred", "per_hundred_low", "per_hundred_high")),
        ("timed", pa.int64()),
        *((name, pa.float64()) for name in ("minutes_each", "minutes_each_low", "minutes_each_high")),
        *((name, pa.float64()) for name in ("minutes", "minutes_low", "minutes_high", "cost", "cost_low", "cost_high")),
    ]
)
COMPARE = pa.schema(
    [
        ("measure", pa.string()),
        *((name, pa.float64()) for name in ("new", "existing", "more", "more_low", "more_high", "times")),
    ]
)


@dataclass(frozen=True)
class Contacts:
    """Customers with what they asked of support; arrays [customers, 2]: as new and as existing ones.

    outside  contacts before a first order or after a customer was gone, and of those who never bought
    """

    ids: Any
    days: npt.NDArray[np.float64]
    contacts: npt.NDArray[np.float64]
    minutes: npt.NDArray[np.float64]
    known: npt.NDArray[np.float64]
    outside: int

    def months(self, place: int) -> npt.NDArray[np.float64]:
        """Months that each was of that kind."""
        return self.days[:, place] / MONTH_DAYS


def row_of(found: Contacts, place: int, contact_cost: float | None) -> dict[str, Any]:
    """The numbers of new (0) or existing (1) customers.

    contact_cost  money of one contact; None: not told
    """
    months, asked = found.months(place), found.contacts[:, place]
    row: dict[str, Any] = {
        "who": WHO[place], "customers": int(np.count_nonzero(months)), "contacting": int(np.count_nonzero(asked)),
        "contacts": int(asked.sum()), "customer_months": float(months.sum()), "timed": int(found.known[:, place].sum()),
    }  # fmt: skip
    often = _often(asked, months / HUNDRED)
    each = ratio(found.minutes[:, place], found.known[:, place], least=0)
    row |= _spread("per_hundred", often) | _spread("minutes_each", each)
    row |= _spread("minutes", product(asked, months / HUNDRED, found.minutes[:, place], found.known[:, place]))
    return row | _spread("cost", often, contact_cost)


def _often(asked: npt.NDArray[np.float64], hundreds: npt.NDArray[np.float64]) -> Ratio:
    """Contacts per hundred months; with none at all as many as chance might hide."""
    found = ratio(asked, hundreds, least=0)
    return found if found.value != 0 else Ratio(0.0, 0.0, count_interval(0)[1] / float(hundreds.sum()))


def _spread(name: str, one: Ratio, times: float | None = 1.0) -> dict[str, float | None]:
    """A ratio with its interval under a name, times a number; None without one."""
    parts = {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
    return {key: None if value is None or times is None else value * times for key, value in parts.items()}


def compared(found: Contacts) -> list[dict[str, Any]]:
    """New less existing: contacts, and minutes where they are known, per hundred customer months; the same customers are on
    both sides."""
    new, old = found.months(0) / HUNDRED, found.months(1) / HUNDRED
    more = difference(found.contacts[:, 1], old, found.contacts[:, 0], new)
    if more.value is None:
        return []
    each = [ratio(found.contacts[:, at], of, least=0) for at, of in ((0, new), (1, old))]
    rows = [_line(CONTACTS_ROW, each[0], each[1], more)]
    sides = [product(found.contacts[:, at], of, found.minutes[:, at], found.known[:, at]) for at, of in ((0, new), (1, old))]
    one, other = sides
    if one.value is not None and other.value is not None:
        rows.append(_line(MINUTES_ROW, one, other, _apart(one, other)))
    return rows


def _apart(one: Ratio, other: Ratio) -> Ratio:
    """One less the other by the square root of their squared halves, as if they were apart."""
    assert one.value is not None
    assert other.value is not None
    if one.high is None or other.high is None:
        return Ratio(one.value - other.value, None, None)
    half = math.hypot(one.high - one.value, other.high - other.value)
    return Ratio(one.value - other.value, one.value - other.value - half, one.value - other.value + half)


def _line(measure: str, one: Ratio, other: Ratio, more: Ratio) -> dict[str, Any]:
    times = one.value / other.value if one.value is not None and other.value else None
    return {
        "measure": measure, "new": one.value, "existing": other.value,
        "more": more.value, "more_low": more.low, "more_high": more.high, "times": times,
    }  # fmt: skip


def words(rows: list[dict[str, Any]], differences: list[dict[str, Any]], names: tuple[str, ...]) -> str:
    """The answer in two sentences."""
    if not names:
        return "Nothing in the data is a contact with support: bring in tickets, chats or calls, or name such events."
    new, old = rows
    if not new["customers"]:
        return "Nobody has ordered yet, so there are no customers who could ask for support."
    told = f"{counted(new['contacts'], 'contact')} of customers in their first days, {old['contacts']:,} of existing ones"
    if not differences:
        return f"{told}. Nobody has been a customer for longer yet."
    row = differences[0]
    times = "" if row["times"] is None else f", {row['times']:.1f} times as many"
    sure = row["more_low"] is not None and (row["more_low"] > 0 or row["more_high"] < 0)
    verdict = "" if sure else " The difference is no more than chance may give."
    for timed in differences[1:]:
        verdict += f" In minutes: {timed['new']:,.0f} against {timed['existing']:,.0f}."
    return (
        f"{told}: {row['new']:.1f} contacts per 100 months of a new customer against {row['existing']:.1f} of an existing "
        f"one{times}.{verdict}"
    )
