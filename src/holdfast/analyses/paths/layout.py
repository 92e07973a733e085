"""How a path is laid out: its anchors, the layer at which each of its steps stands, which names a layer shows (SEMANTICS 22).

A path is a list of (layer, what). `what` is a node, or one of five markers behind the nodes:

    (more)       steps between two anchors that are not shown one by one
    (drop-off)   after the last step: nothing followed, or the next anchor was not reached
    (goes on)    after the last layer: more steps followed
    (begins)     read backwards, before the first step: nothing came before
    (goes back)  read backwards, before the first layer: earlier steps are not shown
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["ARROW", "BACK", "BEGINS", "DROP_OFF", "GOES_ON", "MARKERS", "MORE", "OTHER", "SHAPES", "Layout", "Shape", "Shown"]

Shape = Literal["onward", "closed", "backward"]
SHAPES: tuple[Shape, ...] = ("onward", "closed", "backward")

MORE, DROP_OFF, GOES_ON, BEGINS, BACK = MARKERS = ("(more)", "(drop-off)", "(goes on)", "(begins)", "(goes back)")
OTHER = "(other)"
ARROW = " > "


@dataclass(frozen=True)
class Layout:
    """Where the steps of a path stand.

    labels   the nodes' names
    anchors  int32 nodes of each anchor, in the order in which they must be reached; none: a path begins with any step
    shape    "onward": up to `steps` steps follow the last anchor; "closed": the path ends with the last anchor;
             "backward": up to `steps` steps that led to the one anchor
    steps    how many steps are shown between two anchors, and after or before the outer one
    """

    labels: tuple[str, ...]
    anchors: tuple[npt.NDArray[np.int32], ...]
    shape: Shape
    steps: int

    @property
    def what(self) -> tuple[str, ...]:
        """The names of nodes and markers, by number."""
        return self.labels + MARKERS

    @property
    def anchor_layers(self) -> tuple[int, ...]:
        """The place of each anchor's layer."""
        if self.shape == "backward":
            return (self.steps + 1,)
        return tuple(place * (self.steps + 2) for place in range(len(self.anchors)))

    @property
    def layers(self) -> int:
        """How many layers, the markers' included."""
        if self.shape == "backward":
            return self.steps + 2
        last = max(len(self.anchors) - 1, 0) * (self.steps + 2)
        return last + 1 + (self.steps + 1 if self.shape == "onward" else 0)

    @property
    def first(self) -> int:
        """The number of the first layer: 0, or below when read backwards, where the anchor is 0."""
        return -(self.steps + 1) if self.shape == "backward" else 0

    def is_anchor(self) -> npt.NDArray[np.uint8]:
        """uint8 [anchors, nodes]: 1 where the node is meant by the anchor; all ones when there is no anchor."""
        if not self.anchors:
            return np.ones((1, len(self.labels)), np.uint8)
        table = np.zeros((len(self.anchors), len(self.labels)), np.uint8)
        for place, nodes in enumerate(self.anchors):
            table[place, nodes] = 1
        return table


@dataclass(frozen=True)
class Shown:
    """Which names each layer shows; the rest of a layer is "(other)".

    slot   int16 [layers, nodes and markers]: the place of each at a layer
    names  per layer, the name by slot ("" where a layer shows fewer names than another)
    """

    slot: npt.NDArray[np.int16]
    names: tuple[tuple[str, ...], ...]

    @property
    def size(self) -> int:
        """How many slots a layer has."""
        return len(self.names[0])

    @staticmethod
    def top(layout: Layout, counts: npt.NDArray[np.int64], most: int) -> Shown:
        """The `most` names that most paths have at each layer (ties in alphabetical order), and every anchor.

        counts  int64 [layers, nodes and markers]
        """
        chosen = [_chosen(layout, place, row[: len(layout.labels)], most) for place, row in enumerate(counts)]
        room = max(map(len, chosen))
        slot = np.full(counts.shape, room, np.int16)
        slot[:, len(layout.labels) :] = room + 1 + np.arange(len(MARKERS))
        names = []
        for place, nodes in enumerate(chosen):
            slot[place, nodes] = np.arange(len(nodes))
            shown = [layout.labels[node] for node in nodes]
            names.append((*shown, *[""] * (room - len(nodes)), OTHER, *MARKERS))
        return Shown(slot, tuple(names))


def _chosen(layout: Layout, place: int, counts: Any, most: int) -> list[int]:
    """The nodes that a layer shows."""
    if place in layout.anchor_layers:
        return [int(node) for node in layout.anchors[layout.anchor_layers.index(place)]]
    order = np.lexsort((np.arange(len(counts)), -counts))[:most]
    return [int(node) for node in order if counts[node] > 0]
