"""Buying histories as the models of buying want them: how often again, when last, how long watched; identical ones grouped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.errors import UsageError

__all__ = ["Histories"]

Numbers = npt.NDArray[np.float64]


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
        told = np.asarray(x, np.float64), np.asarray(t_x, np.float64) + 0.0, np.asarray(T, np.float64) + 0.0
        _check(*told)
        order, first = _grouped(*told)
        ranks = np.cumsum(first) - 1
        place = np.empty(len(order), np.int64)
        place[order] = ranks
        counts = np.bincount(ranks, minlength=int(first.sum())).astype(np.int64)
        kept = order[first]
        return Histories(told[0][kept].astype(np.int64), told[1][kept], told[2][kept], counts, place, unit_days)

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

    def every(self, rows: int) -> Histories:
        """Each so manieth row, with its customers: an even part, as rows are laid by rising x. Its `place` is empty."""
        some = slice(None, None, rows)
        return Histories(
            self.x[some].copy(), self.t_x[some].copy(), self.T[some].copy(), self.customers[some].copy(), self.place[:0],
            self.unit_days,
        )  # fmt: skip

    @property
    def people(self) -> int:
        """How many customers."""
        return int(self.customers.sum())


def _check(x: Numbers, t_x: Numbers, T: Numbers) -> None:
    if not all(np.isfinite(part).all() and (part >= 0).all() for part in (x, t_x, T)) or (x != np.floor(x)).any():
        raise UsageError("a history is no history", "x counts occasions, t_x and T are times, none of them below 0")
    if (t_x > T).any() or ((x > 0) != (t_x > 0)).any():
        raise UsageError("a history contradicts itself", "t_x lies between 0 and T, and is 0 just where x is 0")


def _grouped(x: Numbers, t_x: Numbers, T: Numbers) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """An order in which equal histories stand together, by rising x, and where each begins, whatever order they came in.

    They are sorted by one number each, x before a mixture of the bits: one sort instead of three. Should two histories mix to
    the same number, they are sorted in full.
    """
    mixed = _mixed(x, t_x, T)
    order = np.argsort(mixed)
    first = _begins(order, x, t_x, T)
    if int(first.sum()) != _distinct(mixed[order]):
        order = np.lexsort((T, t_x, x))
        first = _begins(order, x, t_x, T)
    return order, first


def _begins(order: npt.NDArray[np.int64], *parts: Numbers) -> npt.NDArray[np.bool_]:
    first = np.zeros(len(order), np.bool_)
    first[:1] = True
    for part in parts:
        laid = part[order]
        first[1:] |= laid[1:] != laid[:-1]
    return first


def _distinct(laid: npt.NDArray[np.uint64]) -> int:
    """How many numbers there are in sorted numbers."""
    return int(np.count_nonzero(laid[1:] != laid[:-1])) + min(len(laid), 1)


def _mixed(x: Numbers, t_x: Numbers, T: Numbers) -> npt.NDArray[np.uint64]:
    """x (up to 4,095) in the upper 12 bits, below it the mixed bits of all three."""
    mixed = x.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for part in (t_x, T):
        mixed ^= part.view(np.uint64)
        mixed ^= mixed >> np.uint64(32)
        mixed *= np.uint64(0xD6E8FEB86659FD93)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(0xD6E8FEB86659FD93)
    mixed >>= np.uint64(12)
    mixed |= np.minimum(x, 4095).astype(np.uint64) << np.uint64(52)
    return mixed
