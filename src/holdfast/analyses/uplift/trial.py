"""A trial: who was drawn into which arm, what was known of them before, and what they did afterwards.

Whether it comes from a table or from timelines, every figure of uplift is worked out from this one value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["CONTROL", "MOST_LEVELS", "OTHER", "Feature", "Known", "Outcome", "Trial", "feature_of_texts"]

CONTROL = 0
"""The code of the control arm."""

MOST_LEVELS = 20
"""A text feature keeps so many values, the most frequent; the others are one more."""

OTHER = "(other)"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """What happened afterwards, a value a customer.

    kind  "share": 0 or 1 · "mean": any number, such as money
    """

    name: str
    values: Floats
    kind: Literal["share", "mean"]

    @staticmethod
    def of(name: str, values: npt.ArrayLike) -> Outcome:
        """An outcome; a share when all its values are 0 or 1."""
        found = np.asarray(values, np.float64)
        return Outcome(name, found, "share" if np.isin(found, (0.0, 1.0)).all() else "mean")


@dataclass(frozen=True)
class Feature:
    """What was known before, a value a customer.

    values  float64: the number, not-a-number where it is not known; with labels: the place of the value among them
    labels  the values of a text feature; empty for numbers
    """

    name: str
    values: Floats
    labels: tuple[str, ...] = ()

    @property
    def constant(self) -> bool:
        """Whether it is the same for all, so that it says nothing."""
        known = self.values[~np.isnan(self.values)]
        return len(known) == 0 or (len(known) == len(self.values) and bool((known == known[0]).all()))

    def columns(self) -> dict[str, Floats]:
        """The columns that stand for it: a number (its median where it is not known, and a column that says so), or a column
        of 0 and 1 for each value of a text."""
        if self.labels:
            return {f"{self.name} = {label}": (self.values == code).astype(float) for code, label in enumerate(self.labels)}
        gone = np.isnan(self.values)
        if not gone.any():
            return {self.name: self.values}
        filled = np.where(gone, np.median(self.values[~gone]), self.values)
        return {self.name: filled, f"{self.name} not known": gone.astype(float)}


def feature_of_texts(name: str, codes: npt.NDArray[Any], labels: tuple[str, ...]) -> Feature:
    """A text feature of codes into labels, with at most `MOST_LEVELS` values and one for all others.

    codes  int [customers], each a place in labels
    """
    counts = np.bincount(codes, minlength=len(labels))
    ranked = sorted(range(len(labels)), key=lambda code: (-counts[code], labels[code]))
    kept = [code for code in ranked[:MOST_LEVELS] if counts[code]]
    place = np.full(len(labels), len(kept), np.int64)
    place[kept] = np.arange(len(kept))
    rest = (OTHER,) if counts.sum() > counts[kept].sum() else ()
    return Feature(name, place[codes].astype(np.float64), (*(labels[code] for code in kept), *rest))


@dataclass(frozen=True, eq=False)
class Trial:
    """A randomised trial; two are the same only if they are one.

    arms      the names of the arms, control first
    arm       int [customers]: each one's arm, a place in `arms`
    outcomes, features   what came after, what was known before; each with a value a customer
    ids       the customers (Arrow text), or None where they have no names
    left_out  (reason, how many) of those that could not be used
    notes     what should be said of the reading
    before    whether the features are surely of the time before the mail, as those worked out from events are
    """

    arms: tuple[str, ...]
    arm: npt.NDArray[np.int64]
    outcomes: tuple[Outcome, ...]
    features: tuple[Feature, ...] = ()
    ids: Any = None
    left_out: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    before: bool = False

    def __len__(self) -> int:
        return len(self.arm)

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """How many are in each arm."""
        return np.bincount(self.arm, minlength=len(self.arms)).astype(np.int64)

    def pair(self, arm: int) -> npt.NDArray[np.int64]:
        """The places of those in one arm and in the control arm, in their order."""
        return np.flatnonzero((self.arm == arm) | (self.arm == CONTROL))

    def outcome(self, name: str) -> Outcome:
        """The outcome of that name."""
        return next(one for one in self.outcomes if one.name == name)

    def without(self, names: set[str], note: str = "") -> Trial:
        """The same without some features, and with a note why."""
        kept = tuple(one for one in self.features if one.name not in names)
        return replace(self, features=kept, notes=(*self.notes, *([note] if note else [])))


@dataclass(frozen=True)
class Known:
    """The features of some customers as models want them.

    columns  names of the columns of `straight` · straight  float64 [customers, columns]: numbers alone, nothing unknown
    trees    float64 [customers, features]: texts as codes, not-a-number where it is not known
    texts    bool [features]: which of them are codes
    """

    columns: tuple[str, ...]
    straight: Floats
    trees: Floats
    texts: npt.NDArray[np.bool_]

    @staticmethod
    def of(features: tuple[Feature, ...]) -> Known:
        """The features of all customers; at least one feature."""
        columns = {name: values for one in features for name, values in one.columns().items()}
        return Known(
            tuple(columns), np.column_stack(list(columns.values())), np.column_stack([one.values for one in features]),
            np.array([bool(one.labels) for one in features]),
        )  # fmt: skip

    def at(self, places: npt.NDArray[Any]) -> Known:
        """Those at some places, or where a mask is true."""
        return replace(self, straight=self.straight[places], trees=self.trees[places])
