"""What the stages say in words: how far customers came, where most fell out, what follows the first order; and the remarks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from holdfast.analyses.definitions import counted, long_date, percent
from holdfast.settings import STAGES

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.analyses.gone_after import Resolved
    from holdfast.analyses.stages.tables import Counts

__all__ = ["REVIEW_DAYS", "TEXT", "notes", "review_rule", "words"]

REVIEW_DAYS = 90
"""After so many days the map should be looked over again: ways change with the seasons and the shop."""

TEXT = (
    "Each event has a stage by the stage map; the first order is the purchase, every later one loyalty, and events after "
    "purchase or of loyalty have a stage only once there is an order. A customer stands in the stage of her latest staged "
    "event; going back counts as a transition. Reached: ever in the stage, of all customers in scope. Fallen out: in the "
    "stage at the as-of, without a staged event for gone_after days; a share of those in it. Days in a stage: Kaplan-Meier "
    "over all stays, the open ones censored. A transition's share is of the customers who were ever in the stage it leaves. "
    "Touchpoints: events in the days before and after an order, among orders with all those days within the data. Shares "
    "with Wilson 95 % intervals."
)


def words(stages: pa.Table, touchpoints: pa.Table, orders: Sequence[str], days: int, gone_after: int) -> str:
    """Two or three sentences; of several segments, who bought of each.

    orders  names of the events that are orders
    """
    rows = stages.to_pylist()
    if not any(row["reached"] for row in rows if row["stage"] in STAGES):
        return "Nobody did anything that has a stage."
    bought = [row for row in rows if row["stage"] == "purchase"]
    if len(bought) > 1:
        largest = sorted(bought, key=lambda row: -row["n"])[:4]
        told = ", ".join(f"{row['segment']} {percent(row['share'])}" for row in largest)
        return f"Bought: {told}."
    at = {row["stage"]: row for row in rows}
    first = next(name for name in STAGES if at[name]["reached"])
    said = (
        f"Of {counted(at['purchase']['n'], 'customer')}, {at[first]['reached']:,} reached {first}, "
        f"{at['purchase']['reached']:,} bought, {percent(*(at['purchase'][key] for key in ('share', 'low', 'high')))}, and "
        f"{at['loyalty']['reached']:,} came to loyalty."
    )
    worst = max((at[name] for name in STAGES), key=lambda row: row["fell_out"])
    if worst["fell_out"]:
        said += (
            f" Most fell out in {worst['stage']}: {worst['fell_out']:,} of the {worst['current']:,} there did nothing for "
            f"{gone_after} days."
        )
    return said + _after(touchpoints.to_pylist(), orders, days)


def _after(rows: list[dict[str, Any]], orders: Sequence[str], days: int) -> str:
    """What follows the first order most: another one, reviews, support."""
    later = [row for row in rows if (row["order"], row["side"]) == ("first", "after")]
    steps = [row for row in later if row["stage"] in STAGES[3:]][:4]
    if not steps:
        return ""
    told = ", ".join(f"{'again ' if row['event'] in orders else ''}{row['event']} {percent(row['share'])}" for row in steps)
    return f" In the {days} days after the first order: {told}."


def notes(
    counts: Sequence[Counts], named: dict[str, tuple[str, ...]], resolved: Resolved, small: int, review: tuple[Any, Any]
) -> tuple[str, ...]:
    """Events without a stage, stages without events, touchpoints not observable, small groups, when to look the map over.

    named  the events of the data by stage · review  when the map was last looked over, and how many days before the as-of
    """
    found = []
    if named["none"]:
        told = ", ".join(named["none"][:8]) + (", …" if len(named["none"]) > 8 else "")
        found.append(f"without a stage: {told}; the table [stages] of holdfast.toml can give them one")
    empty = [name for name in STAGES[:4] if not named[name]]
    if empty:
        found.append(f"no event of the data stands for {', '.join(empty)}")
    if any(one.sums["reached"][3] and not one.sums["near"][:, 0].all() for one in counts):
        found.append("some touchpoints are not observable: no order has all those days within the data; take fewer days")
    found.append(resolved.why)
    if any(0 < value < small for one in counts for value in one.sums["reached"][: len(STAGES)]):
        found.append(f"some stages were reached by fewer than {small} customers: read their shares with their intervals")
    when, ago = review
    if when is None:
        found.append("nobody has noted yet when this stage map was looked over: look, and set stages_reviewed in holdfast.toml")
    elif ago > REVIEW_DAYS:
        found.append(f"the stage map was last looked over on {long_date(when)}, {ago:,} days before: time for a review")
    return tuple(found)


def review_rule(when: date | None, ago: int | None) -> str:
    """The date of the last review for a definition's rules."""
    if when is None or ago is None:
        return "never"
    return f"{when} ({ago:,} days before)" if ago >= 0 else f"{when}"
