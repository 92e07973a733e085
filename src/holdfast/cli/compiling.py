"""The first run on a machine compiles the walks; it is said once, so that nobody wonders."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["compiled_before", "say_first_run"]


def say_first_run() -> None:
    """One line on stderr when no walk has been compiled on this machine yet."""
    if not compiled_before():
        print(
            "first run: compiling the walks for this machine; this happens once and takes about a minute",
            file=sys.stderr,
            flush=True,
        )


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
