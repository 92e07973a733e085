"""What stands among products and is none: postage, fees, discounts, manual adjustments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["WORDS", "not_products"]

NUMBERED = 0.9
"""Where at least this share of the ids has two digits or is a number, one that has fewer and is none is no product."""

WORDS = frozenset(
    {
        *("postage", "post", "shipping", "delivery", "carriage", "freight", "handling", "packing"),
        *("fee", "fees", "bank charges", "charge", "commission", "insurance", "tax", "vat"),
        *("discount", "coupon", "voucher", "manual", "adjustment", "adjust", "rounding", "deposit", "tip", "donation"),
        *("sample", "samples", "test", "gift wrap", "giftwrap"),
    }
)
"""Ids that are no products in any shop, in lower case."""


ENDINGS = frozenset({"charge", "charges", "surcharge", "postage", "shipping", "fee", "fees", "next day carriage"})
"""What a name in words ends with that is no product's, such as PACKING CHARGE."""


def not_products(ids: Iterable[str], exclude: Sequence[str] = (), names: Sequence[str] = ()) -> tuple[str, ...]:
    """Which of the ids are taken for no product, sorted: those in `exclude`, those that are one of WORDS, and, where nearly all
    ids have digits, those with fewer than two (POST, M, BANK CHARGES, C2).

    names  in words, one an id, where they are known: those that are one of WORDS or end like ENDINGS are none either
    """
    known = list(ids)
    # A catalogue of few products may count them 1, 2, 3: whole numbers are ids of their own kind.
    bare = {one for one in known if sum(letter.isdigit() for letter in one) < 2 and not one.isdigit()}
    found = {one for one in known if one in exclude or one.strip().lower() in WORDS}
    if len(known) - len(bare) >= NUMBERED * len(known):
        found |= bare
    found |= {one for one, name in zip(known, names, strict=False) if _named(name.strip().lower())}
    return tuple(sorted(found))


def _named(name: str) -> bool:
    return name in WORDS or any(name == ending or name.endswith(f" {ending}") for ending in ENDINGS)
