"""Starting quickly: pandas and scipy stay outside.

Arrow imports pandas, when it is installed, the first time a list becomes a column, to see whether it is a Series: a third of
a second, and no verb of the command line uses pandas. Numba imports scipy, when it is installed, to look at its version: a
quarter of a second. Who needs it lets it in: scikit-learn, and our own models.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["start_lean"]

_ABSENT: dict[str, tuple[str, ...]] = {"pandas": (), "scipy": ("sklearn", "holdfast.analyses.models")}
"""What is left out, and the packages whose import lets it in."""


class _Lean(MetaPathFinder):
    """Says of some packages that they are not installed, until a package that needs them is imported."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002 - the protocol's signature
        if name in _ABSENT and not any(needs in sys.modules for needs in _ABSENT[name]):
            raise ModuleNotFoundError(f"the command line runs without {name}", name=name)
        return None


def start_lean() -> None:
    """From now on, in this process, these packages cannot be imported; one that is there already stays."""
    sys.meta_path.insert(0, _Lean())
