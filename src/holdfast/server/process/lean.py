"""Children stay small: packages that nothing of ours uses stay outside, and memory that was used once is given back.

Arrow imports pandas, where it is installed, the first time a list becomes a column: a third of a second and 40 MB. Huey imports
the client of PostgreSQL whether it is used or not: 9 MB.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from holdfast.server.options import option

__all__ = ["give_back", "keep_out"]


class _Absent(MetaPathFinder):
    """Says of packages that they are not installed."""

    def __init__(self, absent: frozenset[str]) -> None:
        self._absent = absent

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002 - the protocol's signature
        """Refuse an absent package; of all others nothing is said."""
        if name in self._absent:
            raise ModuleNotFoundError(f"this process runs without {name}", name=name)
        return None


def keep_out() -> None:
    """From now on this process does not import what no child needs: pandas, and PostgreSQL's client where there is SQLite.

    What is left out by the manner of our own imports is not forbidden to whoever needs it after all.
    """
    sys.meta_path.insert(0, _Absent(frozenset({"pandas"} if option("DATABASE_URL") else {"pandas", "psycopg"})))


def give_back() -> None:
    """Give memory that is free back to the machine: Arrow's, and what the C library keeps for next time."""
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc alone has it
    if trim is not None:
        trim(0)
