"""The products of an order or refund, taken apart and put together again; numbers keep the digits they were written with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from holdfast.events.schema import MONEY_UNITS

__all__ = ["ProductLine", "appended", "line_amounts", "product_lines", "written"]

_WHOLE = 10_000
"""A piece in ten-thousandths."""


@dataclass(frozen=True)
class ProductLine:
    """One product of a list.

    product   its product_id, None where it has none
    key       product_id, else name: what makes two lines speak of the same thing
    quantity  in ten-thousandths of a piece, None where it is not stated
    price     of a piece, None where it is not stated
    found     the object as it was decoded, numbers as the text they were written with
    """

    product: str | None
    key: str
    quantity: int | None
    price: Decimal | None
    found: dict[str, object]

    def fields(self) -> dict[str, str]:
        """Key → value as JSON text, in the order written."""
        return {
            key: str(value) if type(value) is _Digits else json.dumps(value, ensure_ascii=False)
            for key, value in self.found.items()
        }


class _Digits(str):
    """A JSON number as it is written."""


def product_lines(products: str | None) -> list[ProductLine]:
    """The lines of a JSON list of products; what is no such list has none."""
    try:
        found = json.loads(products or "[]", parse_float=_Digits, parse_int=_Digits)
    except ValueError:
        return []
    return [_line(one) for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def written(lines: Iterable[tuple[ProductLine, int]]) -> str | None:
    """The JSON list of some lines, each with the quantity given (ten-thousandths); None of none."""
    texts = []
    for line, quantity in lines:
        digits = f"{quantity // _WHOLE}.{quantity % _WHOLE:04d}".rstrip("0").rstrip(".")
        fields = {**line.fields(), "quantity": digits}
        texts.append("{" + ", ".join(f"{json.dumps(name, ensure_ascii=False)}: {text}" for name, text in fields.items()) + "}")
    return f"[{', '.join(texts)}]" if texts else None


def appended(first: str | None, second: str | None) -> str | None:
    """Two JSON lists of products as one, the texts of their lines untouched."""
    inner = [body for one in (first, second) if one is not None and (body := one.strip()[1:-1].strip())]
    return f"[{', '.join(inner)}]" if inner else None


def line_amounts(lines: list[ProductLine], total: int) -> list[int]:
    """The money of each line in ten-thousandths; together exactly `total`.

    quantity × price where that adds up to the total; else (a discount, another currency) the total in that proportion, or by
    quantity where prices are missing.
    """
    priced = [_amount(line) for line in lines]
    weights = [one for one in priced if one is not None]
    if len(weights) < len(lines) or not sum(weights):
        weights = [max(line.quantity or 0, 1) for line in lines]
    whole, given, shares = sum(weights), 0, []
    for so_far in _sums(weights):
        due = total * so_far // whole
        shares.append(due - given)
        given = due
    return shares


def _sums(weights: list[int]) -> Iterable[int]:
    so_far = 0
    for one in weights:
        so_far += one
        yield so_far


def _amount(line: ProductLine) -> int | None:
    if line.price is None or line.quantity is None:
        return None
    exact = abs(line.price) * abs(line.quantity) * MONEY_UNITS / _WHOLE
    return int(exact.to_integral_value(ROUND_HALF_EVEN))


def _line(found: dict[str, object]) -> ProductLine:
    product, name = found.get("product_id"), found.get("name")
    quantity = _number(found.get("quantity"))
    return ProductLine(
        product=None if product is None else str(product),
        key=str(name if product is None else product),
        quantity=None if quantity is None else int((quantity * _WHOLE).to_integral_value(ROUND_HALF_EVEN)),
        price=_number(found.get("price")),
        found=found,
    )


def _number(value: object) -> Decimal | None:
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
