"""Buying histories as the models of buying want them: how often again, when last, how long watched; identical ones grouped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.errors import UsageError

__all__ = ["Histories"]


@dataclass(frozen=True)
class Histories:
    """Histories (x, t_x, T), each once, with how many customers share it.

    x          int64 [rows]: repeat occasions
    t_x        float64 [rows]: from the first occasion to the last, in units; 0 where x is 0
    T          float64 [rows]: from the first occasion to the end of watching, in units
    customers  int64 [rows]: how many have this history
    place      int64 [customers]: the row of each customer, in the order in which they were given
    unit_days  days of a unit (7: weeks)
    """

    x: npt.NDArray[np.int64]
    t_x: npt.NDArray[np.float64]
    T: npt.NDArray[np.float64]
    customers: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    unit_days: float = 7.0

    @staticmethod
    def of(x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike, *, unit_days: float = 7.0) -> Histories:
        """Group the histories of customers; UsageError where one cannot be.

        x, t_x, T  [customers], t_x and T in units of `unit_days` days
        """
        table = np.column_stack([np.asarray(part, np.float64) for part in (x, t_x, T)])
        _check(table)
        order = np.lexsort((table[:, 2], table[:, 1], table[:, 0]))
        laid = table[order]
        first = np.ones(len(laid), np.bool_)
        first[1:] = (laid[1:] != laid[:-1]).any(axis=1)
        place = np.empty(len(laid), np.int64)
        place[order] = np.cumsum(first) - 1
        rows = laid[first]
        counts = np.bincount(place, minlength=len(rows)).astype(np.int64)
        return Histories(rows[:, 0].astype(np.int64), rows[:, 1].copy(), rows[:, 2].copy(), counts, place, unit_days)

    def __len__(self) -> int:
        return len(self.x)

    def in_units(self, unit_days: float) -> Histories:
        """These histories; UsageError where their unit is not the one that is wanted: a grain is never changed in silence."""
        if self.unit_days != unit_days:
            raise UsageError(
                f"the model was fitted in units of {unit_days:g} days, the histories are in units of {self.unit_days:g}",
                f"make the histories with unit_days={unit_days:g}",
            )
        return self

    @property
    def people(self) -> int:
        """How many customers."""
        return len(self.place)


def _check(table: npt.NDArray[np.float64]) -> None:
    x, t_x, T = table.T
    if not np.isfinite(table).all() or (table < 0).any() or (x != np.floor(x)).any():
        raise UsageError("a history is no history", "x counts occasions, t_x and T are times, none of them below 0")
    if (t_x > T).any() or ((x > 0) != (t_x > 0)).any():
        raise UsageError("a history contradicts itself", "t_x lies between 0 and T, and is 0 just where x is 0")
