"""What the silent days of each segment look like as tables, words and notes (`gone_after` walks and suggests)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.definitions import counted

if TYPE_CHECKING:
    from holdfast.analyses.gone_after import Curve, Resolved

__all__ = ["Group", "curves", "figure_rows", "notes", "suggestions", "words"]

TOLD = 4
"""Segments that the words name."""


@dataclass(frozen=True)
class Group:
    """One segment's curve and what it suggests.

    waits  gaps that have ended
    """

    label: str
    curve: Curve
    waits: int
    found: Resolved

    @property
    def customers(self) -> int:
        """Those with a counting event: each has one open wait."""
        return int(self.curve.censored.sum())

    @property
    def gone(self) -> int:
        """Those silent for longer than the suggested days."""
        return int(self.curve.censored[self.found.days + 1 :].sum())


CURVE = pa.schema(
    [
        ("segment", pa.string()),
        *((name, pa.int64()) for name in ("day", "at_risk", "returned", "censored")),
        *((name, pa.float64()) for name in ("waiting", "share_returned", "share_of_expected")),
        ("gone_after", pa.int64()),
    ]
)
SUGGESTIONS = pa.schema(
    [
        ("segment", pa.string()),
        ("gone_after", pa.int64()),
        ("how", pa.string()),
        *((name, pa.int64()) for name in ("horizon", "closed_gaps", "customers", "gone", "here")),
        ("note", pa.string()),
    ]
)


def curves(groups: Sequence[Group]) -> pa.Table:
    """A row per segment and day of waiting, up to the horizon; without one, up to the longest wait."""
    return pa.concat_tables([_curve(group) for group in groups]) if groups else CURVE.empty_table()


def _curve(group: Group) -> pa.Table:
    curve, found = group.curve, group.found
    known = np.flatnonzero(curve.at_risk > 0)
    last = found.horizon if found.horizon is not None else int(known[-1]) if len(known) else -1
    part = slice(0, last + 1)
    returned = 1 - curve.waiting[part]
    expected = returned[-1] if len(returned) and returned[-1] > 0 else None
    columns = (
        [group.label] * (last + 1), np.arange(last + 1), curve.at_risk[part], curve.ended[part], curve.censored[part],
        curve.waiting[part], returned, [None] * (last + 1) if expected is None else returned / expected,
        [found.days] * (last + 1),
    )  # fmt: skip
    return pa.table([pa.array(column, kind.type) for column, kind in zip(columns, CURVE, strict=True)], schema=CURVE)


def suggestions(groups: Sequence[Group], used: Resolved) -> pa.Table:
    """A row per segment; `note` says why its days are assumed, or that few are watched for long enough."""
    rows = []
    for group in groups:
        gone, found = group.gone, group.found
        near = f"hardly anyone is seen waiting longer than {found.horizon} days" if _near(group, used) else ""
        rows.append(
            {
                "segment": group.label, "gone_after": found.days, "how": found.how, "horizon": found.horizon,
                "closed_gaps": group.waits, "customers": group.customers, "gone": gone, "here": group.customers - gone,
                "note": found.why if found.how == "fallback" else near,
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, SUGGESTIONS)


def _near(group: Group, used: Resolved) -> bool:
    """Whether the segment cannot be watched for as long as all customers are given."""
    return group.found.horizon is not None and group.found.horizon < used.days


def words(groups: Sequence[Group]) -> str:
    """The suggestion; of several segments those of the largest."""
    if len(groups) > 1:
        return _of_several(groups)
    group = groups[0]
    found = group.found
    if found.how == "fallback":
        of_those = f"{counted(group.customers, 'customer')}, {counted(group.waits, 'gap')}"
        return f"There is too little to tell from ({of_those}): {found.days} days are assumed."
    return (
        f"Count a customer as gone after {found.days} days of silence: 9 in 10 of those who come back within "
        f"{found.horizon} days have come back by then. {group.gone:,} of {group.customers:,} customers have been silent longer."
    )


def _of_several(groups: Sequence[Group]) -> str:
    told = [f"{group.label} {group.found.days}{_assumed(group)}" for group in groups[:TOLD]]
    more = "" if len(groups) <= TOLD else f", and {counted(len(groups) - TOLD, 'smaller segment')}"
    gone, everyone = sum(group.gone for group in groups), sum(group.customers for group in groups)
    return (
        f"Days of silence after which to count a customer as gone: {', '.join(told)}{more}. "
        f"{gone:,} of {everyone:,} customers have been silent for longer than their segment's days."
    )


def _assumed(group: Group) -> str:
    return " (assumed)" if group.found.how == "fallback" else ""


def notes(groups: Sequence[Group], used: Resolved, scoped: bool) -> tuple[str, ...]:
    """Which segments could not say, which are watched only for a short while, and what other answers use.

    used    the days that every other answer counts with · scoped  whether the question was about segments or some customers
    """
    said = []
    silent = [group for group in groups if group.found.how == "fallback"]
    if len(groups) == 1:
        said += [group.found.why for group in silent]
    elif silent:
        why = f"too few customers or ended gaps to suggest from, so the {used.days} days of all customers are assumed"
        told = [f"{group.label} ({counted(group.customers, 'customer')}, {counted(group.waits, 'gap')})" for group in silent]
        said.append(f"{why}: {_named(told, 6)}")
    near = [f"{group.label} {group.found.horizon}" for group in groups if scoped and _near(group, used)]
    if near:
        said.append(f"hardly anyone is seen waiting longer than these days, so later returns are not counted: {_named(near)}")
    if used.how == "chosen":
        said.append(f"the settings say {used.days} days, and that is what every answer uses")
    elif scoped:
        said.append(f"every other answer counts with the {used.days} days of all customers, unless “gone after” says otherwise")
    return tuple(said)


def _named(names: list[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def figure_rows(table: pa.Table, told: pa.Table, most: int = 8) -> list[dict[str, Any]]:
    """The curves to draw, of the largest segments that could say (of all, where none could): name, days, shares, at."""
    rows = told.to_pylist()
    chosen = ([row for row in rows if row["how"] == "suggested"] or rows)[:most]
    by_name: dict[str, dict[str, Any]] = {
        row["segment"]: {"name": row["segment"], "days": [], "shares": [], "at": row["gone_after"]} for row in chosen
    }
    columns = (table[name].to_pylist() for name in ("segment", "day", "share_of_expected"))
    for segment, day, share in zip(*columns, strict=True):
        if segment in by_name:
            by_name[segment]["days"].append(day)
            by_name[segment]["shares"].append(share)
    return list(by_name.values())
