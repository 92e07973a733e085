"""The rows of support for new and for existing customers, and the words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.clv import MONTH_DAYS
from holdfast.analyses.definitions import counted
from holdfast.analyses.ratios import Ratio, difference, ratio

__all__ = ["COMPARE", "WHO", "Contacts", "compared", "row_of", "words"]

WHO = ("new", "existing")
HUNDRED = 100.0

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
    often = ratio(asked, months / HUNDRED, least=0)
    each = ratio(found.minutes[:, place], found.known[:, place], least=0)
    row |= _spread("per_hundred", often) | _spread("minutes_each", each)
    timed = None if each.value is None or often.value is None else each.value
    row |= _spread("minutes", often, timed) | _spread("cost", often, contact_cost)
    return row


def _spread(name: str, one: Ratio, times: float | None = 1.0) -> dict[str, float | None]:
    """A ratio with its interval under a name, times a number; None without one."""
    parts = {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
    return {key: None if value is None or times is None else value * times for key, value in parts.items()}


def compared(found: Contacts) -> list[dict[str, Any]]:
    """New less existing: contacts per hundred customer months; the same customers are on both sides."""
    new, old = found.months(0) / HUNDRED, found.months(1) / HUNDRED
    more = difference(found.contacts[:, 1], old, found.contacts[:, 0], new)
    sides = [ratio(found.contacts[:, place], months, least=0).value for place, months in ((0, new), (1, old))]
    if more.value is None:
        return []
    times = sides[0] / sides[1] if sides[0] is not None and sides[1] else None
    return [
        {
            "measure": "contacts per 100 customer months", "new": sides[0], "existing": sides[1],
            "more": more.value, "more_low": more.low, "more_high": more.high, "times": times,
        }
    ]  # fmt: skip


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
    return (
        f"{told}: {row['new']:.1f} contacts per 100 months of a new customer against {row['existing']:.1f} of an existing "
        f"one{times}.{verdict}"
    )
