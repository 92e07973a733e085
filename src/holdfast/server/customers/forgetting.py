"""The analyst lets go of what it holds of single people, since one of them was erased, and says whether it still names her.

customers.forget   errand: the kept files are deleted, what is mapped or in memory is let go
customers.naming   errand: what the desk holds, or keeps packed on the disk, that still names one of some ids
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.server.customers import details_kept, foreseen, told_traits
from holdfast.server.customers.tail import KEY as TAIL

if TYPE_CHECKING:
    from holdfast.server.analyst.desk import Desk

__all__ = ["forget_errand", "naming_errand"]

WORKS = "insights.works"
"""What is at work stays, without the people that were held at hand; all else that the desk keeps is, or can be, of people."""


def forget_errand(desk: Desk) -> int:
    """Let go of everything; how many files and things in memory that were."""
    gone = foreseen.forget(desk.folder) + told_traits.forget(desk.folder)
    works = desk.kept.get(WORKS)
    if works is not None:
        with works.lock:
            works.found.clear()
    return gone + sum(desk.kept.pop(key, None) is not None for key in [*desk.kept] if key != WORKS)


def naming_errand(desk: Desk, ids: list[str]) -> list[str]:
    """What the desk holds that names one of these ids."""
    found = [name for name, held in _tables(desk).items() if any(table.row(one) for table in held for one in ids)]
    tail, works = desk.kept.get(TAIL), desk.kept.get(WORKS)
    if tail is not None and tail.of(ids).num_rows:
        found.append(TAIL)
    if works is not None and any(one in people for people in [*works.found.values()] for one in ids):
        found.append(WORKS)
    if details_kept.naming(desk.folder, ids):
        found.append("customers.details")
    return found


def _tables(desk: Desk) -> dict[str, Any]:
    foretold, traits = desk.kept.get(foreseen.KEY), desk.kept.get(told_traits.KEY)
    return {foreseen.KEY: [] if foretold is None else foretold[1].values(), told_traits.KEY: [] if traits is None else [traits]}
