"""The first run on a machine compiles the walks, a question's first run its own; each is said, so that nobody wonders."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["compiled_before", "say_first_run"]

_FIRST = "first run: compiling the walks for this machine; this happens once and takes about a minute"
_NEXT = "first time of this question: compiling its walk for this machine; this happens once and takes some seconds"


def say_first_run() -> None:
    """One line on stderr when no walk has been compiled on this machine yet; otherwise when the first one has to be."""
    if compiled_before():
        _say_when_compiling()
    else:
        _say(_FIRST)


@cache
def _say_when_compiling() -> None:
    """Say it at the first walk that numba compiles in this process; nothing where all are in its cache."""
    from numba.core import event

    said = cache(lambda: _say(_NEXT))

    class Once(event.Listener):
        """Says it once."""

        def on_start(self, event: Any) -> None:  # noqa: ARG002
            said()

        def on_end(self, event: Any) -> None:
            """Nothing is said when it is over."""

    event.register("numba:compile", Once())  # type: ignore[no-untyped-call]


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def compiled_before() -> bool:
    """Whether numba's cache holds a walk of this package for this Python: a look at file names, nothing is imported."""
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    home = Path(__file__).parent.parent
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        return any(Path(chosen).glob(f"*/*.{python}*.nbi"))
    if any(home.glob(f"*/__pycache__/*.{python}*.nbi")):
        return True
    elsewhere = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "numba"
    return any(elsewhere.glob(f"*/*.{python}*.nbi"))
