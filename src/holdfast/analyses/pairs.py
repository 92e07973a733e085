"""Two segments side by side: which two, by one rule for every question that compares (`versus`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from holdfast.analyses.scope import TRAITS
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import NOT_KNOWN

__all__ = ["checked_pair", "groups_by_steps", "pair_of"]

USUAL = {"status": ("customer", "gone")}
"""Values that are compared unless others are named, by property."""


def checked_pair(versus: Any, by: str | None) -> None:
    """Raise UsageError unless versus is None, or two different values of a property that splits the customers."""
    if versus is None:
        return
    if by is None or isinstance(versus, str) or len(versus) != 2:
        raise UsageError(
            "two segments are compared by a property",
            "name it with by=, and two of its values with versus= (--by country --versus France,Germany)",
        )
    if versus[0] == versus[1]:
        raise UsageError(f"{versus[0]} is compared with itself", "name two different values")


def pair_of(labels: Sequence[str], n: Any, by: str | None, versus: tuple[str, str] | None) -> tuple[int, int] | None:
    """The codes (a, b) of the two segments to compare; None where there are no two with anyone in them.

    labels, n  the segments and their sizes, by code
    versus     the two that were named. None: of status the customers and the gone, of all else the two largest, those whose
               value is not known only where there is no other
    UnknownName for a value that does not exist.
    """
    if by is None:
        return None
    for name in versus or ():
        if name not in labels:
            raise UnknownName("segment", name, labels)
    wanted = versus or USUAL.get(by)
    if wanted is not None and set(wanted) <= set(labels):
        pair = labels.index(wanted[0]), labels.index(wanted[1])
        if n[pair[0]] and n[pair[1]]:
            return pair
        if versus is not None:
            return None
    ranked = sorted((code for code in range(len(labels)) if n[code]), key=lambda code: -int(n[code]))
    ranked.sort(key=lambda code: labels[code] == NOT_KNOWN)
    return (ranked[0], ranked[1]) if len(ranked) > 1 else None


def groups_by_steps(by: str | None) -> tuple[str, ...]:
    """The note that a comparison needs whose groups are made of what customers did; none for a property."""
    if by not in TRAITS:
        return ()
    return (f"{by} is worked out from what customers did: part of a difference is how the groups are defined",)
