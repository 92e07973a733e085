"""Starting quickly: pandas stays outside.

Arrow imports pandas, when it is installed, the first time a list becomes a column, to see whether it is a Series: a third of a
second, and no verb of the command line uses pandas.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["leave_pandas_out"]


class _NoPandas(MetaPathFinder):
    """Says of pandas that it is not installed."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002 - the protocol's signature
        if name == "pandas":
            raise ModuleNotFoundError("the command line runs without pandas", name="pandas")
        return None


def leave_pandas_out() -> None:
    """From now on, in this process, pandas cannot be imported; one that is there already stays."""
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _NoPandas())
