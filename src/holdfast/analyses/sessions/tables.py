"""The tables of sessions: landing pages and their bounce, exit pages, lengths, and the trend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.clustered import Shares, clustered

if TYPE_CHECKING:
    from holdfast.timelines.periods import Periods

__all__ = ["ALL_PAGES", "BANDS", "Counted", "exit_table", "landing_table", "length_table", "period_table"]

ALL_PAGES = "(all pages)"
BANDS = (
    *((size, str(size)) for size in range(1, 6)),
    *((6, "6 to 10"), (11, "11 to 20"), (21, "21 to 50"), (51, "51 and more")),
)
"""Bands of steps a session: from how many on, and the label."""

SESSIONS, HITS, CUSTOMERS, HIT_CUSTOMERS, STEPS, HITS2, CROSSED, SQUARED, ALL_CROSSED = 0, 1, 2, 3, 5, 6, 7, 8, 9


@dataclass(frozen=True)
class Counted:
    """What the walk by landing page counted.

    pages, segments  labels · sums  int64 [segments, pages and all, SUMS] · n  customers with a session, by segment
    """

    pages: tuple[str, ...]
    segments: tuple[str, ...]
    sums: npt.NDArray[np.int64]
    n: npt.NDArray[np.int64]

    def average(self, group: int) -> Shares:
        """The bounce rate of all sessions of a segment, in an array of one."""
        return hit_rate(self.sums[group, -1:])


def hit_rate(sums: npt.NDArray[np.int64]) -> Shares:
    """Hits among sessions, for each row of sums."""
    return clustered(*(sums[:, at] for at in (HITS, SESSIONS, HITS2, CROSSED, SQUARED, CUSTOMERS)))


def share_of_all(sums: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> Shares:
    """Sessions among all sessions, for each row of sums; `whole` is the row of all."""
    size = np.ones(len(sums), np.int64)
    return clustered(
        *(sums[:, SESSIONS], whole[SESSIONS] * size, sums[:, SQUARED], sums[:, ALL_CROSSED]),
        *(whole[SQUARED] * size, whole[CUSTOMERS] * size),
    )


LANDINGS = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "landing")),
        *((name, pa.int64()) for name in ("sessions", "customers", "bounces", "customers_bounced")),
        *((name, pa.float64()) for name in ("bounce_rate", "low", "high", "share", "share_low", "share_high")),
        ("share_n", pa.int64()),
        *((name, pa.float64()) for name in ("mean_steps", "median_steps", "median_seconds", "above_average")),
    ]
)


def landing_table(counted: Counted, steps: npt.NDArray[np.float64], seconds: npt.NDArray[np.float64]) -> pa.Table:
    """A row per segment and landing page, the most traffic first.

    steps, seconds  float64 [segments, pages]: medians
    """
    parts = []
    for group in _some(counted):
        rows, whole = counted.sums[group, :-1], counted.sums[group, -1]
        at = _busiest(rows)
        rate, share = hit_rate(rows[at]), share_of_all(rows[at], whole)
        average = whole[HITS] / whole[SESSIONS]
        values = [
            *([counted.segments[group]] * len(at), [counted.pages[place] for place in at]),
            *(rows[at, column] for column in (SESSIONS, CUSTOMERS, HITS, HIT_CUSTOMERS)),
            *(rate.share, rate.low, rate.high, share.share, share.low, share.high, np.full(len(at), whole[SESSIONS])),
            *(rows[at, STEPS] / rows[at, SESSIONS], steps[group, at], seconds[group, at]),
            rows[at, HITS] - average * rows[at, SESSIONS],
        ]
        parts.append(typed(LANDINGS, values))
    return pa.concat_tables(parts) if parts else LANDINGS.empty_table()


EXITS = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "page")),
        *((name, pa.int64()) for name in ("sessions", "customers", "exits", "customers_exited")),
        *((name, pa.float64()) for name in ("exit_rate", "low", "high")),
    ]
)


def exit_table(counted: Counted, sums: npt.NDArray[np.int64]) -> pa.Table:
    """A row per segment and page: the sessions that saw it, and how many of them ended with it; most exits first."""
    parts = []
    for group in _some(counted):
        rows = sums[group]
        at = np.flatnonzero(rows[:, SESSIONS])
        at = at[np.argsort(-rows[at, HITS], kind="stable")]
        rate = hit_rate(rows[at])
        values = [
            *([counted.segments[group]] * len(at), [counted.pages[place] for place in at]),
            *(rows[at, column] for column in (SESSIONS, CUSTOMERS, HITS, HIT_CUSTOMERS)),
            *(rate.share, rate.low, rate.high),
        ]
        parts.append(typed(EXITS, values))
    return pa.concat_tables(parts) if parts else EXITS.empty_table()


LENGTHS = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "length")),
        *((name, pa.int64()) for name in ("sessions", "customers")),
        *((name, pa.float64()) for name in ("share", "low", "high")),
        ("n", pa.int64()),
    ]
)


def length_table(counted: Counted, sums: npt.NDArray[np.int64]) -> pa.Table:
    """A row per segment and band of steps a session: sessions, customers, share of all sessions."""
    parts = []
    for group in _some(counted):
        rows, whole = sums[group, :-1], sums[group, -1]
        share = share_of_all(rows, whole)
        values = [
            *([counted.segments[group]] * len(BANDS), [label for _, label in BANDS], rows[:, SESSIONS], rows[:, CUSTOMERS]),
            *(share.share, share.low, share.high, np.full(len(BANDS), whole[SESSIONS])),
        ]
        parts.append(typed(LENGTHS, values))
    return pa.concat_tables(parts) if parts else LENGTHS.empty_table()


PERIODS = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "landing", "period", "state")),
        *((name, pa.int64()) for name in ("sessions", "customers", "bounces", "customers_bounced")),
        *((name, pa.float64()) for name in ("bounce_rate", "low", "high")),
    ]
)


def period_table(counted: Counted, sums: npt.NDArray[np.int64], periods: Periods, day: int) -> pa.Table:
    """A row per segment, page (all first, then by traffic) and period.

    sums  int64 [segments, periods * (pages + 1), SUMS] · day  the first open local day
    """
    states = ["complete" if closed else "in progress" for closed in periods.closed(day)]
    parts = []
    for group in _some(counted):
        rows = sums[group].reshape(len(periods), len(counted.pages) + 1, -1)
        for place in (len(counted.pages), *_busiest(counted.sums[group, :-1])):
            mine = rows[:, place]
            rate = hit_rate(mine)
            label = (*counted.pages, ALL_PAGES)[place]
            values = [
                *([text] * len(periods) for text in (counted.segments[group], label)),
                *(periods.labels(), states, *(mine[:, column] for column in (SESSIONS, CUSTOMERS, HITS, HIT_CUSTOMERS))),
                *(rate.share, rate.low, rate.high),
            ]
            parts.append(typed(PERIODS, values))
    return pa.concat_tables(parts) if parts else PERIODS.empty_table()


def _some(counted: Counted) -> list[int]:
    return [group for group in range(len(counted.segments)) if counted.n[group]]


def _busiest(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The pages with a session, the most first."""
    at = np.flatnonzero(rows[:, SESSIONS])
    return at[np.argsort(-rows[at, SESSIONS], kind="stable")]


def typed(schema: pa.Schema, values: list[Any]) -> pa.Table:
    """The table of these columns; not-a-number is null."""
    made = [pa.array(value, item.type, from_pandas=True) for item, value in zip(schema, values, strict=True)]
    return pa.table(made, schema=schema)
