"""In the analyst: the last complete period of a table beside the one before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.report.markup import Markup
from holdfast.report.parts import table
from holdfast.report.values import Kind, kinds, shown, titled
from holdfast.server.insights.units import units_of

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer

__all__ = ["compared"]

MOST = 7
"""Numbers that are set side by side."""

_LEFT_OUT = ("low", "high", "n", "note")


def compared(answer: Answer) -> Markup:
    """A row a number: last complete period, the one before, the change; nothing where the table has no two of them."""
    rows = [row for row in _periods(answer) if row["state"] == "complete"][-2:]
    if len(rows) < 2 or len({row.get("segment") for row in rows}) > 1:
        return Markup("")
    before, last = rows
    names = [name for name in last if _is_number(last[name]) and name.rsplit("_", 1)[-1] not in _LEFT_OUT][:MOST]
    units = units_of(answer, answer.table)
    forms = dict(
        zip(
            last,
            kinds(list(last), [type(value) if value is not None else None for value in last.values()], units),
            strict=True,
        )
    )
    currency = answer.source.settings.currency
    body = [
        [
            titled(name), *(shown(row[name], forms[name], currency) for row in (last, before)),
            _change(last[name], before[name], forms[name], currency),
        ]
        for name in names
    ]  # fmt: skip
    return table(
        ("", str(last["period"]), str(before["period"]), "change"), body, ("text", "number", "number", "number"), name="small"
    )


def _periods(answer: Answer) -> list[dict[str, Any]]:
    """The rows of a table that has one row a period, oldest first."""
    found: list[dict[str, Any]] = []
    if not {"period", "state"} <= set(answer.table.column_names) or "cohort" in answer.table.column_names:
        return found
    found = answer.table.to_pylist()
    return found if len({row["period"] for row in found}) == len(found) else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _change(now: Any, before: Any, form: Kind, currency: str) -> str:
    """The change: points of a share, otherwise in the number's own unit with its sign."""
    if before is None:
        return "–"
    difference = now - before
    sign = "+" if difference > 0 else "−" if difference < 0 else "±"
    if form == "share":
        return f"{sign}{abs(100 * difference):.1f} points"
    return f"{sign}{shown(abs(difference), form, currency)}"
