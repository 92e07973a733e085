"""Starting quickly: pandas and scipy stay outside until a verb needs them.

Arrow imports pandas, when it is installed, the first time a list becomes a column, to see whether it is a Series: a third of
a second. Numba imports scipy when it is installed: a quarter of a second. No verb of the command line uses pandas; scipy is let
in by those that fit models.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["leave_out", "let_in"]


class _Absent(MetaPathFinder):
    """Says of some packages that they are not installed."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002 - the protocol's signature
        if name in self.names:
            raise ModuleNotFoundError(f"the command line runs without {name}", name=name)
        return None


def leave_out(*names: str) -> None:
    """From now on, in this process, these packages cannot be imported; one that is there already stays."""
    absent = {name for name in names if name not in sys.modules}
    if absent:
        sys.meta_path.insert(0, _Absent(absent))


def let_in(name: str) -> None:
    """The package can be imported again; where it was never left out, nothing changes."""
    for finder in sys.meta_path:
        if isinstance(finder, _Absent):
            finder.names.discard(name)
