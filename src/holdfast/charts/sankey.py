"""A Sankey: what flows from layer to layer, drawn true to width; drop-off clay red, orders and anchors green, the rest grey."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import INK, KEPT, LOST, NEW, SERIES, SOFT, themed
from holdfast.durations import span

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["sankey"]

ROOM, GAP, THICK = 430, 15, 13
"""Pixels: what the flow has of a picture's height, usually; between two nodes of a layer; of a node."""

TOP = 0.95
"""Share of the plot's height that the flow fills; above it stand the numbers of the layers."""

LETTERS, LETTERS_ACROSS, SHARE, SHORTEST, TINY = 22, 135, 10, 7, 0.03
"""The longest name written with its share; letters that stand side by side in a picture; what a share, the node and a space
take of them; the shortest name worth its share; the share of the largest node below which a node goes without a name where
layers stand close (the hover text has it)."""

FADE = 0.36
PLAIN = SERIES[9]
_COLOURS = {
    "(drop-off)": LOST, "(goes on)": SOFT, "(more)": SOFT, "(other)": SOFT, "(begins)": NEW, "(goes back)": SOFT,
    "Order Completed": KEPT,
}  # fmt: skip
_LAST = ("(other)", "(more)", "(goes on)", "(begins)", "(goes back)", "(drop-off)")
"""What stands below the names of a layer, in this order."""

Node = tuple[int, str]


@dataclass(frozen=True)
class _Placed:
    """Nodes with how much flows through them, and the centre of each: share of the width, share of the height from above."""

    nodes: list[Node]
    size: dict[Node, int]
    at: dict[Node, tuple[float, float]]


def sankey(rows: list[dict[str, Any]], *, anchors: Collection[str], unit: str, title: str, subtitle: str = "") -> go.Figure:
    """The flow from layer to layer.

    rows     links with layer, from, to_layer, to, count, n, share, low, high, onward_rate, median_seconds
    anchors  names in green, besides orders · unit  what is counted, for the hover text
    """
    import plotly.graph_objects as go

    placed = _place(rows)
    order = {node: place for place, node in enumerate(placed.nodes)}
    ends = [((row["layer"], row["from"]), (row["to_layer"], row["to"])) for row in rows]
    n = max((row["n"] for row in rows), default=0)
    figure = go.Figure()
    figure.add_sankey(
        arrangement="fixed",
        node={
            "label": [""] * len(placed.nodes),
            "x": [placed.at[node][0] for node in placed.nodes],
            "y": [placed.at[node][1] for node in placed.nodes],
            "color": [_colour(name, anchors) for _, name in placed.nodes],
            "pad": GAP, "thickness": THICK, "align": "left", "line": {"width": 0},
            "customdata": [_node_hover(node, placed.size[node], n, unit) for node in placed.nodes],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
        link={
            "source": [order[one] for one, _ in ends], "target": [order[other] for _, other in ends],
            "value": [row["count"] for row in rows],
            "color": [_faded(LOST if other[1] == "(drop-off)" else _colour(other[1], anchors)) for _, other in ends],
            "customdata": [_link_hover(row, unit) for row in rows], "hovertemplate": "%{customdata}<extra></extra>",
        },
        domain={"x": [0, 1], "y": [0, TOP]},
    )  # fmt: skip
    _write_names(figure, placed, _labels(placed, anchors, n))
    return themed(figure, title=title, subtitle=subtitle)


def _write_names(figure: go.Figure, placed: _Placed, labels: dict[Node, str]) -> None:
    """Write each node's name to its right, and the numbers of the layers above.

    Plotly would write the last layer's names to the left, into those of the layer before.
    """
    notes = []
    for node in placed.nodes:
        across, down = placed.at[node]
        notes.append({
            "x": across, "y": TOP * (1 - down), "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "middle",
            "xshift": THICK / 2 + 1, "showarrow": False, "text": labels[node], "font": {"size": 11.5, "color": INK},
            "borderpad": 0,
        })  # fmt: skip
    for layer in sorted({layer for layer, _ in placed.nodes}):
        across = next(placed.at[node][0] for node in placed.nodes if node[0] == layer)
        notes.append({
            "x": across, "y": 1, "xref": "paper", "yref": "paper", "yanchor": "bottom", "xanchor": "left", "xshift": -THICK / 2,
            "showarrow": False, "text": f"{layer:+d}" if layer else "0", "font": {"size": 11, "color": SOFT},
        })  # fmt: skip
    # all at once: plotly checks every annotation again each time one is added
    figure.update_layout(annotations=notes)


def _place(rows: list[dict[str, Any]]) -> _Placed:
    """Layers from left to right; in each the largest above, drop-off at the bottom, a gap between."""
    into: dict[Node, int] = defaultdict(int)
    out: dict[Node, int] = defaultdict(int)
    for row in rows:
        out[row["layer"], row["from"]] += row["count"]
        into[row["to_layer"], row["to"]] += row["count"]
    size = {node: max(into[node], out[node]) for node in [*out, *into]}
    layers: dict[int, list[Node]] = defaultdict(list)
    for node in sorted(size, key=lambda node: (node[0], _rank(node[1]), -size[node], node[1])):
        layers[node[0]].append(node)
    scale = min((ROOM - GAP * (len(one) - 1)) / sum(size[node] for node in one) for one in layers.values()) if layers else 1.0
    first, last = (min(layers), max(layers)) if layers else (0, 0)
    at = {}
    for layer, nodes in layers.items():
        down = 0.0
        for node in nodes:
            tall = size[node] * max(scale, 0.0)
            across = 0.008 + 0.86 * (layer - first) / max(last - first, 1)
            at[node] = (across, min(max((down + tall / 2) / ROOM, 0.002), 0.998))
            down += tall + GAP
    return _Placed([node for nodes in layers.values() for node in nodes], size, at)


def _rank(name: str) -> int:
    return _LAST.index(name) + 1 if name in _LAST else 0


def _colour(name: str, anchors: Collection[str]) -> str:
    return KEPT if name in anchors else _COLOURS.get(name, PLAIN)


def _faded(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{FADE if colour in (LOST, KEPT) else 0.6 * FADE})"


def _labels(placed: _Placed, anchors: Collection[str], n: int) -> dict[Node, str]:
    """Each node's name and share; where layers stand close, shortened names of anchors and of what is not tiny."""
    layers = [layer for layer, _ in placed.nodes] or [0]
    room = int(LETTERS_ACROSS / max(max(layers) - min(layers), 1)) - SHARE
    if room >= SHORTEST:
        letters = min(room, LETTERS)
        return {node: f"{_short(node[1], letters)} {100 * placed.size[node] / max(n, 1):.1f} %" for node in placed.nodes}
    tiny = TINY * max(placed.size.values())
    large = {node for node in placed.nodes if node[1] in anchors or placed.size[node] >= tiny}
    return {node: _short(node[1], max(room + SHARE - 3, 3)) if node in large else "" for node in placed.nodes}


def _short(name: str, letters: int) -> str:
    """A name that fits: of several words all but the last by their first letter, then cut."""
    if len(name) <= letters:
        return name
    *before, last = name.split()
    small = " ".join([*(f"{word[0]}." for word in before), last])
    return small if len(small) <= letters else small[: letters - 1] + "…"


def _node_hover(node: Node, count: int, n: int, unit: str) -> str:
    return f"{node[1]}, step {node[0]}: {count:,} {unit}, {100 * count / max(n, 1):.1f} % of all"


def _link_hover(row: dict[str, Any], unit: str) -> str:
    shares = f"{100 * row['share']:.1f} % of all ({100 * row['low']:.1f} to {100 * row['high']:.1f})"
    onward = f"{100 * row['onward_rate']:.1f} % of those at {row['from']}"
    took = "" if row["median_seconds"] is None else f"<br>median {span(row['median_seconds'])}"
    return f"{row['from']} → {row['to']}: {row['count']:,} {unit}<br>{shares}<br>{onward}{took}"
