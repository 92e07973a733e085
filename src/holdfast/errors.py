"""Every error a user can meet, drawn as a tree.

    HoldfastError                  something is wrong and the message names the mend
    ├── UsageError                 the question or the call cannot be right (exit 2)
    │   ├── UnknownName            a name that does not exist; lists the nearest real ones
    │   └── SettingsError          holdfast.toml says something impossible
    ├── InputError                 a file or frame cannot be read at all (exit 1)
    ├── WorkspaceError             the folder is no workspace, or is damaged (exit 1)
    └── EngineMissing              an optional engine (Java, Spark, Chromium) is not installed (exit 1)

A single bad row is not an error: it is a *refusal*, a value (`holdfast.events.refusals`).
Anything else that escapes is a bug.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

__all__ = [
    "EngineMissing",
    "HoldfastError",
    "InputError",
    "SettingsError",
    "UnknownName",
    "UsageError",
    "WorkspaceError",
]


class HoldfastError(Exception):
    """Something is wrong and the message names the mend."""

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what if not mend else f"{what}\n  → {mend}")
        self.what = what
        self.mend = mend

    def __reduce__(self) -> tuple[Callable[..., HoldfastError], tuple[type[HoldfastError], str, str]]:
        """Pickled with what it says, so that it travels between processes whatever its class was made of."""
        return _again, (type(self), self.what, self.mend)


def _again(kind: type[HoldfastError], what: str, mend: str) -> HoldfastError:
    """The error as it was in the process where it was raised."""
    made = kind.__new__(kind)
    HoldfastError.__init__(made, what, mend)
    return made


class UsageError(HoldfastError):
    """The question or the call cannot be right."""


class UnknownName(UsageError):
    """A name that does not exist; the message lists the nearest real ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = get_close_matches(name, names, n=3, cutoff=0.5) or names[:12]
        mend = f"did you mean {', '.join(near)}?" if near else f"there is no {kind} yet"
        super().__init__(f"no {kind} is called {name!r}", mend)


class SettingsError(UsageError):
    """holdfast.toml says something impossible."""


class InputError(HoldfastError):
    """A file or frame cannot be read at all."""


class WorkspaceError(HoldfastError):
    """The folder is no workspace, or is damaged."""


class EngineMissing(HoldfastError):
    """An optional engine (Java, Spark, Chromium) is not installed."""
