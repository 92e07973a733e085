"""Bars of several parts, one on the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdfast.charts.palette import LOST, NEW, RETURNED, RISK, SERIES, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["stacked_bars"]

OTHER = "other"
_COLOURS = (LOST, RISK, NEW, RETURNED, *(colour for colour in SERIES if colour not in (LOST, RISK, NEW, RETURNED)))


def stacked_bars(
    bars: Sequence[tuple[str, str, float]], *, title: str, subtitle: str = "", unit: str = "", most: int = 8
) -> go.Figure:
    """A bar a place, made of parts.

    bars  (place along the axis, part, size) · unit  what is counted, for the axis and the hover text
    most  parts drawn, the largest over all; the rest is one part, "other"
    """
    import plotly.graph_objects as go

    total: Counter[str] = Counter()
    for _, part, size in bars:
        total[part] += size  # type: ignore[assignment]  # a Counter of money adds just as well
    chosen = sorted(total, key=lambda part: (-total[part], part))[:most]
    places = sorted({place for place, _, _ in bars})
    heights = {part: dict.fromkeys(places, 0.0) for part in chosen}
    if len(total) > most:
        heights[OTHER] = dict.fromkeys(places, 0.0)
    for place, part, size in bars:
        heights[part if part in chosen else OTHER][place] += size
    figure = go.Figure()
    for order, (part, sizes) in enumerate(heights.items()):
        colour = SOFT if order == most else _COLOURS[order % len(_COLOURS)]
        figure.add_bar(
            x=places, y=[sizes[place] for place in places], name=part, marker_color=colour,
            hovertemplate=f"%{{x}} · {part}: %{{y:,.0f}} {unit}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="stack", bargap=0.25)
    figure.update_xaxes(type="category")
    figure.update_yaxes(title=unit, rangemode="tozero")
    return themed(figure, title=title, subtitle=subtitle)
