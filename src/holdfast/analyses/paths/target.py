"""Whose customers are meant: from the cell of a table to what a walk looks for along each path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from holdfast.analyses.paths import loops
from holdfast.analyses.paths.layout import ARROW, BACK, GOES_ON, MORE
from holdfast.analyses.paths.tables import NO_PATH, OTHER_PATHS
from holdfast.analyses.paths.walk import LinksStep
from holdfast.errors import UnknownName, UsageError

__all__ = ["target_of"]

NO_KEY = np.uint64(0)


def target_of(step: LinksStep, cell: dict[str, Any]) -> loops.Target | Literal["idle"]:
    """What the paths of the wanted customers hold; UnknownName and UsageError name what there is."""
    if "path" in cell:
        if cell.keys() & {"layer", "from", "to", "node"}:
            raise UsageError("a path stands by itself", 'give path="A > B > C" alone, or with segment')
        if cell["path"] == OTHER_PATHS:
            return loops.Target(loops.OTHER_SEQUENCE, 0, NO_KEY)
        return loops.Target(loops.A_SEQUENCE, 0, np.uint64(loops.sequence_key(_entries(step, str(cell["path"])))))
    if "node" in cell:
        if cell["node"] == NO_PATH:
            return "idle"
        layer = _layer(step, cell)
        return loops.Target(loops.A_NODE, layer * step.shown.size + _slot(step, layer, cell["node"]), NO_KEY)
    if cell.keys() & {"from", "to", "layer"}:
        return loops.Target(loops.A_LINK, _link(step, cell), NO_KEY)
    return loops.Target(loops.ANY_PATH, 0, NO_KEY)


def _layer(step: LinksStep, cell: dict[str, Any]) -> int:
    """The place of the layer that is meant."""
    layout = step.ways.layout
    last = layout.first + layout.layers - 1
    layer = cell.get("layer")
    if not isinstance(layer, int) or not layout.first <= layer <= last:
        raise UsageError(f"layer cannot be {layer!r}", f"give {layout.first} to {last}")
    return layer - layout.first


def _slot(step: LinksStep, layer: int, name: Any) -> int:
    """The slot of a name at a layer."""
    names = step.shown.names[layer] if layer < step.ways.layout.layers else ()
    if not name or name not in names:
        raise UnknownName("step shown there", str(name), filter(None, names))
    return names.index(name)


def _link(step: LinksStep, cell: dict[str, Any]) -> int:
    """The flat cell of a link, in the first segment."""
    if not {"from", "to"} <= cell.keys():
        raise UsageError("a link has a layer, a from and a to", 'give layer=1, **{"from": …, "to": …}, or layer and node')
    layer = _layer(step, cell)
    layout, size = step.ways.layout, step.shown.size
    here = _slot(step, layer, cell["from"])
    anchors = layout.anchor_layers
    later = next((place for place in anchors if place > layer), None)
    skips = (
        step.jumps > 1 and later is not None and later > layer + 1 and cell["to"] in _anchor_names(step, anchors.index(later))
    )
    onto = later if skips and later is not None else layer + 1
    there = _slot(step, onto, cell["to"]) + (size if skips else 0)
    return (layer * size + here) * step.jumps * size + there


def _anchor_names(step: LinksStep, anchor: int) -> set[str]:
    layout = step.ways.layout
    return {layout.labels[node] for node in layout.anchors[anchor]}


def _entries(step: LinksStep, text: str) -> Any:
    """The entries of a whole path in words; a name that holds " > " itself is found as the longest that fits."""
    layout = step.ways.layout
    at = {name: place for place, name in enumerate(layout.what) if place < len(layout.labels) or name in (MORE, GOES_ON, BACK)}
    parts = text.split(ARROW)
    found: list[int] = []
    while parts:
        size = _longest(parts, at)
        if size == 0:
            raise UnknownName("step", parts[0], at)
        found.append(at[ARROW.join(parts[:size])])
        parts = parts[size:]
    return np.array(found, np.int64)


def _longest(parts: Sequence[str], known: dict[str, int]) -> int:
    """How many parts make the longest known name; 0 when none does."""
    return next((size for size in range(len(parts), 0, -1) if ARROW.join(parts[:size]) in known), 0)
