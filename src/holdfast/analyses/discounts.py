"""Which properties of an order tell of a discount, and which of their values say that there was one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta

__all__ = ["DISCOUNTS", "discount_properties", "discount_values"]

DISCOUNTS = (
    *("coupon", "coupon_code", "coupon_id", "coupon_name", "discount", "discounts", "discount_code", "discount_amount"),
    *("promo", "promo_code", "promotion", "promotion_id", "promotion_code", "voucher", "voucher_code"),
)
"""Usual names of such properties; only their letters and digits are compared, whatever their case."""

NO_DISCOUNT = frozenset(("", "false", "no", "none", "null", "n/a", "-"))


def discount_properties(meta: Meta, names: Sequence[str] = DISCOUNTS) -> tuple[str, ...]:
    """The kept properties that tell of a discount, under one of those names."""
    wanted = {_bare(name) for name in names}
    return tuple(name for name in meta.properties if _bare(name) in wanted)


def discount_values(meta: Meta, name: str) -> npt.NDArray[np.bool_]:
    """By value code of the property: whether it says that there was a discount: known, and neither 0 nor a word for none."""
    return np.array([place > 0 and _tells(value) for place, value in enumerate(meta.properties[name])], np.bool_)


def _bare(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _tells(value: str) -> bool:
    text = value.strip().lower()
    try:
        return float(text) != 0 and not math.isnan(float(text))
    except ValueError:
        return text not in NO_DISCOUNT
