"""What the follower has seen already, as sorted hashes: an event of a known customer costs a look-up in memory, no more.

16 bytes an id. Made of the database when the process starts; whatever is not in it is simply looked up there again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["Firsts", "hashes"]

Longs = npt.NDArray[np.int64]


def hashes(texts: Sequence[str]) -> Longs:
    """A 64-bit hash of each text, the same within this process."""
    return np.fromiter(map(hash, texts), np.int64, len(texts))


class Firsts:
    """The first instant that was noted of each hash."""

    def __init__(self) -> None:
        self._hashes: Longs = np.empty(0, np.int64)
        self._times: Longs = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._hashes)

    @staticmethod
    def of(parts: Iterable[tuple[Longs, Longs]]) -> Firsts:
        """Of hashes and times, part by part."""
        made, held = Firsts(), list(parts)
        if held:
            ids, times = np.concatenate([one for one, _ in held]), np.concatenate([one for _, one in held])
            held.clear()  # there may be millions
            made._hashes, made._times = _earliest(ids, times)
        return made

    def news(self, ids: Longs, times: Longs) -> npt.NDArray[np.bool_]:
        """Which of these are unknown, or earlier than what was noted."""
        if not len(self._hashes):
            return np.ones(len(ids), np.bool_)
        place = np.minimum(np.searchsorted(self._hashes, ids), len(self._hashes) - 1)
        found: npt.NDArray[np.bool_] = (self._hashes[place] != ids) | (times < self._times[place])
        return found

    def note(self, ids: Longs, times: Longs) -> None:
        """Take these in; of one that is there the earlier instant stays."""
        news = self.news(ids, times)
        if not news.any():
            return
        every, when = _earliest(ids[news], times[news])
        place = np.searchsorted(self._hashes, every)
        there = np.zeros(len(every), np.bool_)
        inside = place < len(self._hashes)
        there[inside] = self._hashes[place[inside]] == every[inside]
        self._times[place[there]] = when[there]
        self._hashes = np.insert(self._hashes, place[~there], every[~there])
        self._times = np.insert(self._times, place[~there], when[~there])


def _earliest(ids: Longs, times: Longs) -> tuple[Longs, Longs]:
    """Each hash once, ascending, with its earliest instant."""
    order = np.lexsort((times, ids))
    ids, times = ids[order], times[order]
    first = np.ones(len(ids), np.bool_)
    first[1:] = ids[1:] != ids[:-1]
    return (ids, times) if first.all() else (ids[first], times[first])
