"""Stripe's amounts: whole numbers of the smallest unit of a currency.

Source: https://docs.stripe.com/currencies (zero-decimal, three-decimal, and the special cases ISK and UGX, which are sent with
two decimals).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

__all__ = ["amount"]

WITHOUT_DECIMALS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
THREE_DECIMALS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))


def amount(minor: Any, currency: Any) -> Decimal | None:
    """An amount in its currency: 1005 EUR is 10.05, 1005 JPY is 1005; None where there is none."""
    if not isinstance(minor, int) or isinstance(minor, bool):
        return None
    code = str(currency or "").upper()
    places = 0 if code in WITHOUT_DECIMALS else 3 if code in THREE_DECIMALS else 2
    return Decimal(minor).scaleb(-places)
