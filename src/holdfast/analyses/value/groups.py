"""Who belongs together: tenths by value, bands of P(alive), months of the first order, sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.timelines.periods import Periods, Unit

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta

__all__ = ["ALIVE_BANDS", "SOURCES", "Group", "alive_band", "cohorts", "in_doubt", "source_property", "tenths"]

Numbers = npt.NDArray[np.float64]

ALIVE_BANDS = ("0.8 and more", "0.5 to 0.8", "0.2 to 0.5", "below 0.2")
"""Bands of P(alive), the surest first."""

ALIVE_CUTS = (0.8, 0.5, 0.2)

IN_DOUBT = (0.1, 0.8)
"""P(alive) of those worth asking after: below, a customer is almost surely gone; from there on she most probably is here."""

SOURCES = (
    *("acquisition_source", "first_source", "source", "utm_source", "referrer", "referral", "referred", "channel"),
    *("utm_medium", "medium", "utm_campaign", "campaign"),
)
"""Properties that say where a customer came from, the most telling first."""


@dataclass(frozen=True)
class Group:
    """A way to put customers into groups.

    name    of the column and of the cell · labels  of the groups, by code
    codes   int [customers], -1: in none
    """

    name: str
    labels: tuple[Any, ...]
    codes: npt.NDArray[Any]


def tenths(value: Numbers) -> Group:
    """Tenths by value, 1 the best. Equal values stand in the same tenth, that of the first of them."""
    order = np.sort(value)[::-1]
    first = np.searchsorted(-order, -value, side="left")
    codes = (10 * first // max(len(value), 1)).astype(np.int64)
    return Group("decile", tuple(range(1, 11)), codes)


def alive_band(alive: Numbers) -> npt.NDArray[np.int64]:
    """The code in `ALIVE_BANDS` of each P(alive)."""
    return np.asarray(sum((alive < cut).astype(np.int64) for cut in ALIVE_CUTS))


def in_doubt(alive: Numbers) -> npt.NDArray[np.bool_]:
    """Who may be gone and may be here."""
    return np.asarray((alive >= IN_DOUBT[0]) & (alive < IN_DOUBT[1]))


def cohorts(first: npt.NDArray[Any], unit: Unit, week_start: int) -> Group:
    """Customers by the period of their first order."""
    if not len(first):
        return Group("cohort", (), np.zeros(0, np.int64))
    periods = Periods.covering(unit, int(first.min()), int(first.max()), week_start)
    return Group("cohort", tuple(periods.labels()), periods.of_day()[first].astype(np.int64))


def source_property(meta: Meta) -> str | None:
    """The property of the data that says where a customer came from; None where none does."""
    known = {name.lower(): name for name in reversed(tuple(meta.properties))}
    return next((known[name] for name in SOURCES if name in known), None)
