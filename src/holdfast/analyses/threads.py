"""One thread for small tasks: libraries whose threads wait for each other longer than they work."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, Literal

__all__ = ["one_thread"]

Work = Literal["searches", "trees", "clusters"]

_LOADED: dict[Work, str] = {"searches": "scipy.optimize", "trees": "sklearn.ensemble", "clusters": "sklearn.cluster"}


def one_thread(work: Work) -> Any:
    """A context in which libraries keep to one thread.

    work  "searches": linear algebra alone, of a few numbers by a few (on a busy machine thirty times as fast);
          "trees", "clusters": all that scikit-learn does
    """
    return _libraries(work).limit(limits=1, user_api="blas" if work == "searches" else None)


@cache
def _libraries(work: Work) -> Any:
    """The libraries that work needs, loaded: a limit holds for those that are there."""
    from threadpoolctl import ThreadpoolController

    import_module(_LOADED[work])
    return ThreadpoolController()
