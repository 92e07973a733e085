"""The life cycle as tables: states and pulse per period, the transition matrix, the same in money; and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.clustered import clustered
from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.lifecycle.walk import DORMANT, FROM, KEPT, LOST, MONEY, NEW, NOT_YET, RETURNED, STATES, TRANSITIONS
from holdfast.analyses.scope import money
from holdfast.analyses.statistics import count_ratio, wilson
from holdfast.events.schema import ORDER
from holdfast.timelines.walk import Tally

__all__ = ["POOLED", "Shown", "money_table", "money_words", "notes", "states_of", "states_table", "transitions_table", "words"]

POOLED = "all"
"""The period of a transition over all complete periods together."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shown:
    """Which periods are shown, of all since the data begin.

    labels    every period's label, the first one of the data first
    low, high the first and last one shown
    complete  whether each of all is over
    """

    labels: tuple[str, ...]
    low: int
    high: int
    complete: npt.NDArray[np.bool_]

    def over(self) -> range:
        """The shown periods that are over."""
        last = int(np.count_nonzero(self.complete[: self.high + 1])) - 1
        return range(self.low, last + 1)

    def state(self, place: int) -> str:
        """Whether a period is over, in the house's words."""
        return "complete" if self.complete[place] else "in progress"


def states_of(moves: Ints) -> Ints:
    """How many customers are in each state: int64 [periods, STATES] of one segment's moves; "not yet" stays 0."""
    out = np.zeros((len(moves), len(STATES)), np.int64)
    out[:, NEW] = moves[:, 0]
    out[:, KEPT] = moves[:, 1:4].sum(axis=1)
    out[:, RETURNED] = moves[:, 7:9].sum(axis=1)
    out[:, LOST] = moves[:, 4:7].sum(axis=1)
    out[:, DORMANT] = moves[:, 0].cumsum() - out[:, NEW : LOST + 1].sum(axis=1)
    return out


def _ways(moves: Ints, states: Ints) -> Ints:
    """Each transition's count: int64 [periods, TRANSITIONS]; those into silence follow from the states."""
    before = np.vstack([np.zeros((1, len(STATES)), np.int64), states[:-1]])
    asleep = np.column_stack([before[:, LOST] - moves[:, 7], before[:, DORMANT] - moves[:, 8]])
    return np.hstack([moves, asleep])


def _segments(tally: Tally, labels: tuple[str, ...]) -> list[tuple[str, int]]:
    """The segments with anyone in them; the only one always."""
    return [(label, code) for code, label in enumerate(labels) if len(labels) == 1 or tally.sums["moves"][code].any()]


def states_table(tally: Tally, labels: tuple[str, ...], shown: Shown) -> pa.Table:
    """A row per segment and period: how many in each state, their shares with intervals, and the pulse."""
    rows = []
    for label, code in _segments(tally, labels):
        states = states_of(tally.sums["moves"][code])
        for place in range(shown.low, shown.high + 1):
            counts = [int(value) for value in states[place]]
            before = int(states[place - 1, [NEW, KEPT, RETURNED]].sum()) if place else 0
            rows.append({"segment": label, "period": shown.labels[place], "state": shown.state(place), **_row(counts, before)})
    return pa.Table.from_pylist(rows, SCHEMA)


def _row(counts: list[int], before: int) -> dict[str, Any]:
    active = counts[NEW] + counts[KEPT] + counts[RETURNED]
    row: dict[str, Any] = {"active": active, "before": before}
    row |= {STATES[code]: counts[code] for code in (NEW, KEPT, RETURNED, LOST, DORMANT)}
    for code, whole in ((KEPT, before), (LOST, before), (NEW, active), (RETURNED, active)):
        name = f"{STATES[code]}_share"
        low, high = wilson(counts[code], whole)
        row |= {name: counts[code] / whole if whole else None, f"{name}_low": low, f"{name}_high": high}
    pulse = count_ratio(counts[NEW] + counts[RETURNED], counts[LOST])
    row |= dict(zip(("pulse", "pulse_low", "pulse_high"), pulse, strict=True))
    return row | {"note": "" if counts[LOST] else "nobody was lost: no pulse"}


_SHARES = tuple(
    f"{name}{side}"
    for name in ("kept_share", "lost_share", "new_share", "returned_share", "pulse")
    for side in ("", "_low", "_high")
)
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "period", "state")),
        *((name, pa.int64()) for name in ("active", "before", "new", "kept", "returned", "lost", "dormant")),
        *((name, pa.float64()) for name in _SHARES),
        ("note", pa.string()),
    ]
)


def transitions_table(tally: Tally, labels: tuple[str, ...], shown: Shown) -> pa.Table:
    """From each state to each, over all complete periods together and per period: n, share of the state before, customers."""
    rows = []
    for label, code in _segments(tally, labels):
        moves = tally.sums["moves"][code]
        states = states_of(moves)
        ways = _ways(moves, states)
        over = list(shown.over())
        before = np.vstack([np.zeros((1, len(STATES)), np.int64), states[:-1]])
        whole = ways[over].sum(axis=0)
        pooled = _matrix(label, POOLED, whole, before[over].sum(axis=0), tally.sums["customers"][code])
        rows += [row | limits for row, limits in zip(pooled, _pooled_limits(tally, code, whole), strict=True)]
        for place in range(shown.low, shown.high + 1):
            rows += _matrix(label, shown.labels[place], ways[place], before[place], ways[place])
    return pa.Table.from_pylist(rows, WAYS)


def _pooled_limits(tally: Tally, code: int, ways: Ints) -> list[dict[str, float | None]]:
    """low and high of each way over all periods: of shares whose trials come several from each customer."""
    xx, xy = tally.sums["squares"][code]
    yy, customers = tally.sums["crowd"][code][:, FROM]
    of = np.bincount(FROM, ways, len(STATES))[FROM]
    found = clustered(ways, of, xx, xy, yy, customers)
    known = (of > 0) & (FROM != NOT_YET)
    limits = zip(known.tolist(), found.low.tolist(), found.high.tolist(), strict=True)
    return [{"low": low if there else None, "high": high if there else None} for there, low, high in limits]


def _matrix(label: str, period: str, ways: Any, before: Any, customers: Any) -> list[dict[str, Any]]:
    rows = []
    for place, (start, end) in enumerate(TRANSITIONS):
        n, of = int(ways[place]), None if start == NOT_YET else int(before[start])
        low, high = wilson(n, of) if of is not None else (None, None)
        rows.append(
            {
                "segment": label, "period": period, "from": STATES[start], "to": STATES[end], "n": n, "of": of,
                "share": n / of if of else None, "low": low, "high": high, "customers": int(customers[place]),
            }
        )  # fmt: skip
    return rows


WAYS = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "period", "from", "to")),
        *((name, pa.int64()) for name in ("n", "of")),
        *((name, pa.float64()) for name in ("share", "low", "high")),
        ("customers", pa.int64()),
    ]
)


def money_table(tally: Tally, labels: tuple[str, ...], shown: Shown) -> pa.Table:
    """A row per segment and period: start + new + returned + expansion - contraction - lost = end, in money."""
    rows = []
    for label, code in _segments(tally, labels):
        for place in range(shown.low, shown.high + 1):
            sums = (money(int(value)) for value in tally.sums["money"][code, place])
            named = dict(zip(MONEY, sums, strict=True))
            rows.append({"segment": label, "period": shown.labels[place], "state": shown.state(place), **named})
    kinds = [*((name, pa.string()) for name in ("segment", "period", "state")), *((name, pa.float64()) for name in MONEY)]
    return pa.Table.from_pylist(rows, pa.schema(kinds))


def told_row(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The row that the words tell about: of the last complete period with a pulse, else the last with anyone active."""
    some = [row for row in rows if row["active"] or row["lost"]]
    over = [row for row in some if row["state"] == "complete"]
    with_pulse = [row for row in over if row["pulse"] is not None]
    return max(with_pulse or over or some, key=lambda row: str(row["period"]), default=None)


def words(table: pa.Table) -> str:
    """The answer in one or two sentences."""
    rows = table.to_pylist()
    row = told_row(rows)
    if row is None:
        return "Nobody was active yet, so there is no life cycle to tell."
    if len({other["segment"] for other in rows}) > 1:
        same = [other for other in rows if other["period"] == row["period"] and other["pulse"] is not None]
        largest = sorted(same, key=lambda other: -other["active"])[:4]
        told = ", ".join(f"{other['segment']} {other['pulse']:.2f}" for other in largest)
        return f"New and returned for each one lost in {row['period']}: {told or 'nobody was lost'}."
    first = (
        f"In {row['period']}, {counted(row['active'], 'customer was', 'customers were')} active: {row['new']:,} new, "
        f"{row['kept']:,} kept, {row['returned']:,} returned."
    )
    if row["pulse"] is None:
        return f"{first} Nobody was lost, so there is no pulse."
    share = percent(row["lost_share"], row["lost_share_low"], row["lost_share_high"])
    return (
        f"{first} Of the {row['before']:,} active in the period before, {share} stayed away: {_pulse(row)} new or returned for "
        "each one lost."
    )


def money_words(table: pa.Table, currency: str) -> str:
    """The same in money, in one or two sentences."""
    rows = [row for row in table.to_pylist() if row["start"] or row["end"]]
    over = [row for row in rows if row["state"] == "complete"] or rows
    if not over:
        return "No money moved yet."
    period = max(row["period"] for row in over)
    same = [row for row in over if row["period"] == period]
    if len({row["segment"] for row in rows}) > 1:
        largest = sorted(same, key=lambda row: -row["end"])[:4]
        return f"Money in {period}: " + ", ".join(f"{row['segment']} {row['end']:,.2f} {currency}" for row in largest) + "."
    row = same[0]
    less = row["kept_before"] - row["kept_now"]
    now = (
        f"{row['end']:,.2f} {currency} in {period}: {row['new']:,.2f} of new customers, {row['kept_now']:,.2f} of kept ones, "
        f"{row['returned']:,.2f} of returned ones."
    )
    if not row["start"]:
        return now
    return (
        f"{now} Of the {row['start']:,.2f} before, {row['lost']:,.2f} went with those lost, "
        f"and the kept spent {abs(less):,.2f} {'less' if less > 0 else 'more'}."
    )


def _pulse(row: dict[str, Any]) -> str:
    high = "no upper limit" if row["pulse_high"] is None else f"{row['pulse_high']:.2f}"
    return f"{row['pulse']:.2f} ({row['pulse_low']:.2f} to {high})"


def notes(table: pa.Table, shown: Shown, small: int, show: str, events: Sequence[str]) -> tuple[str, ...]:
    """What to bear in mind.

    table   the states per period · small  groups under this n are marked · show  which table is shown
    events  names of the events in the data: without orders there is no money
    """
    found = []
    if shown.low == 0:
        found.append("in the first periods all are new: whoever came before the data begin is not known")
    if any(0 < active < small for active in table["active"].to_pylist()):
        found.append(f"some periods have fewer than {small} active customers: read their shares with their intervals")
    if not shown.complete[shown.high]:
        found.append("the last period is in progress: who has not come yet still stands as lost or dormant")
    if show == "transitions" and shown.over():
        found.append(
            'in the transitions of period "all" a customer counts once a period: their intervals follow customers, not periods'
        )
    if ORDER not in events:
        found.append("there are no orders in the data: the states have no money")
    return tuple(found)
