"""How values are written for people: counts with thousands, shares as percent, money with its sign, days as days.

The kind of a column follows from its name, so that every table of every analysis is written in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Literal

from holdfast.durations import span

__all__ = ["Kind", "cents_shown", "cleaned", "kinds", "money", "percent", "probability", "short_money", "shown", "titled"]

Kind = Literal["text", "count", "share", "money", "days", "seconds", "p", "number"]

SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "UAH": "₴", "PLN": "zł ", "CHF": "CHF "}
"""Signs that stand before an amount; other currencies are written by their code."""

_SHARE = (
    "rate",
    "share",
    "crr",
    "still",
    "churn",
    "nrr",
    "grr",
    "stickiness",
    "survival",
    "survived",
    "waiting",
    "percent",
    "coverage",
    "probability",
    "rise",
    "recall",
    "ndcg",
    "better",
)
_MONEY = ("revenue", "money", "amount", "value", "monetary", "clv", "ltv", "aov", "spend", "profit", "worth")
_DAYS = ("days", "recency", "median_gap", "gap")
_SECONDS = "seconds"
_BOUNDS = ("low", "high")


def kinds(
    columns: Sequence[str], types: Sequence[type | None] = (), told: Mapping[str, Kind] = MappingProxyType({})
) -> list[Kind]:
    """The kind of each column, by its name; `low` and `high` are of the kind of the number before them.

    types  the Python type of the column's values where known: whole numbers without a telling name are counts
    told   column → its kind, where the name does not tell it
    """
    found: list[Kind] = []
    last: Kind = "share"
    for place, column in enumerate(columns):
        known = types[place] if place < len(types) else None
        if column in told:
            found.append(last := told[column])
            continue
        if known is str or known is date or known is datetime or known is bool:
            found.append("text")
            continue
        words = column.lower().split("_")
        kind: Kind = last if words[-1] in _BOUNDS else _kind(column.lower(), words, known)
        found.append(kind)
        if words[-1] not in _BOUNDS and not (kind == "count" and known is int and column in ("n", "size")):
            last = kind
    return found


def _kind(name: str, words: list[str], known: type | None) -> Kind:
    if "p" in (words[0], words[-1]):
        return "p"
    if any(word in _DAYS for word in words):
        return "days"
    if words[-1] == _SECONDS:
        return "seconds"
    if known is int:
        return "count"
    if name in _SHARE or any(word in _SHARE for word in words):
        return "share"
    if name in _MONEY or any(word in _MONEY for word in words):
        return "money"
    return "number" if known in (float, None) else "text"


def shown(value: Any, kind: Kind = "text", currency: str = "", *, cents: bool | None = None) -> str:
    """A value as a person reads it; not known is –. `cents` as for `money`."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return cleaned(str(value))
    if kind == "share":
        return percent(value)
    if kind == "seconds":
        return span(value)
    if kind == "p":
        return probability(value)
    if kind == "money":
        return money(value, currency, cents=cents)
    if kind == "text":
        return cleaned(str(value))
    if isinstance(value, int) or float(value).is_integer():
        return _signed(f"{int(value):,}")
    if kind == "days" and abs(value) < 0.05:
        return span(value * 86_400)
    return _signed(f"{value:,.1f}" if kind in ("days", "count") else f"{value:,.2f}")


def probability(p: float) -> str:
    """The p of a test: < 0.001, 0.012, 0.35, 1.00."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share 0 to 1 as percent: 38.2 %."""
    return "–" if share is None or not math.isfinite(share) else _signed(f"{100 * share:.{digits}f}\u00a0%")


def cents_shown(amounts: Iterable[Any]) -> bool:
    """Whether a column of amounts is written with cents: when all are below ten thousand."""
    return all(abs(amount) < 10_000 for amount in amounts if isinstance(amount, int | float) and math.isfinite(amount))


def money(amount: float | None, currency: str = "", *, cents: bool | None = None) -> str:
    """An amount with its currency: £1,234.50; `cents` None: without them from ten thousand on."""
    if amount is None or not math.isfinite(amount):
        return "–"
    with_cents = abs(amount) < 10_000 if cents is None else cents
    figures = f"{abs(amount):,.2f}" if with_cents else f"{abs(amount):,.0f}"
    return ("−" if amount < 0 else "") + _with_sign(figures, currency)


def short_money(amount: float | None, currency: str = "") -> str:
    """An amount in few figures: £8.4k, £6.9m."""
    if amount is None or not math.isfinite(amount):
        return "–"
    size = abs(amount)
    if size >= 999_500:
        figures = f"{size / 1e6:.3g}m"
    elif size >= 999.5:
        figures = f"{size / 1e3:.3g}k"
    else:
        figures = f"{size:.0f}" if size >= 100 else f"{size:.2f}"
    return ("−" if amount < 0 else "") + _with_sign(figures, currency)


def titled(column: str) -> str:
    """A column's name as a heading: orders_per_customer → orders per customer, median_seconds → median time."""
    return column.removesuffix(f"_{_SECONDS}").replace("_", " ") + (" time" if column.endswith(f"_{_SECONDS}") else "")


def cleaned(text: str) -> str:
    """Text from a file without what could move a cursor or hide: control and direction characters become �."""
    return "".join("�" if (ord(sign) < 32 or 127 <= ord(sign) < 160 or sign in _HIDING) else sign for sign in text)


_HIDING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def _with_sign(figures: str, currency: str) -> str:
    if not currency:
        return figures
    sign = SIGNS.get(currency)
    return f"{sign}{figures}" if sign else f"{figures}\u00a0{currency}"


def _signed(figures: str) -> str:
    return figures.replace("-", "−", 1) if figures.startswith("-") else figures
