"""What the analyst has at hand, and what may be asked of it.

A room registers a function under a name in ERRANDS; it runs in the analyst's process with the desk first, and its arguments and
what it gives are plain values (they are pickled): text, numbers, lists, dictionaries, frozen dataclasses of those.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from holdfast.errors import UnknownName

if TYPE_CHECKING:
    from holdfast.timelines.timelines import Timelines
    from holdfast.workspace import Workspace

__all__ = ["ERRANDS", "Desk"]

ERRANDS: dict[str, str] = {
    "sources.plan": "holdfast.server.sources.planning:errand",
    "level": "holdfast.server.analyst.leveling:errand",
    "warm": "holdfast.server.analyst.warming:errand",
    "today.begin": "holdfast.server.today.kept:begin",
    "today.make": "holdfast.server.today.kept:make",
    "customers.figures": "holdfast.server.customers.figures:errand",
    "customers.timeline": "holdfast.server.customers.told_timeline:errand",
    "customers.details": "holdfast.server.customers.told_details:errand",
    "customers.details.make": "holdfast.server.customers.details_kept:make",
    "customers.traits": "holdfast.server.customers.told_traits:errand",
    "customers.traits.make": "holdfast.server.customers.told_traits:make",
    "customers.best": "holdfast.server.customers.figures:best_errand",
    "customers.foreseen": "holdfast.server.customers.foreseen:foreseen_errand",
    "customers.foreseen.make": "holdfast.server.customers.foreseen:make",
    "customers.forget": "holdfast.server.customers.forgetting:forget_errand",
    "customers.naming": "holdfast.server.customers.forgetting:naming_errand",
    "customers.liking": "holdfast.server.customers.foreseen:liking_errand",
    "insights.told": "holdfast.server.insights.errands:told",
    "insights.file": "holdfast.server.insights.errands:file",
    "insights.people": "holdfast.server.insights.errands:people",
    "insights.cancel": "holdfast.server.insights.errands:cancel",
}
"""Name → module:function. The function takes the desk and the arguments of the call."""


class Desk:
    """The workspace, opened once, with its timelines mapped and opened anew when there is a newer generation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: dict[Any, Any] = {}
        self._lock = RLock()
        self._timelines: tuple[str, Timelines] | None = None

    @property
    def workspace(self) -> Workspace:
        """The workspace with its settings as they are now."""
        from holdfast.workspace import Workspace

        return Workspace.open(self.folder)

    def timelines(self) -> Timelines:
        """The newest timelines on disk, mapped once a generation; built first where there are none.

        They can be up to a minute behind the lake (`level` brings them up): whoever asks never waits for a merge. Those of
        another zone, or with other properties, would give other numbers: they are built anew first.
        """
        from holdfast.timelines.timelines import Timelines
        from holdfast.workspace.stored import current_generation

        workspace = self.workspace
        folder = workspace.path / "timelines"
        with self._lock:
            generation = f"{current_generation(folder)} {workspace.settings!r}"
            if self._timelines is None or self._timelines[0] != generation:
                fresh = Timelines.open(folder, workspace.settings) if _same_shape(workspace) else workspace.timelines
                self._timelines = (f"{current_generation(folder)} {workspace.settings!r}", fresh)
            return self._timelines[1]

    def run(self, name: str, arguments: dict[str, Any]) -> Any:
        """Do what is asked. UnknownName for an errand that nobody registered."""
        if name not in ERRANDS:
            raise UnknownName("errand", name, ERRANDS)
        module, _, function = ERRANDS[name].partition(":")
        errand: Callable[..., Any] = getattr(import_module(module), function)
        return errand(self, **arguments)


def _same_shape(workspace: Workspace) -> bool:
    """Whether the stored timelines are of the zone and the properties that the settings say."""
    from holdfast.workspace.stored import made_of

    made, settings = made_of(workspace.path / "timelines"), workspace.settings
    return made is not None and (made.zone, made.properties) == (settings.zone, settings.properties)
