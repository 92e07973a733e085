"""The bridge as a waterfall, in the colours of the five meanings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdfast.charts.palette import INK, KEPT, LOST, NEW, RETURNED, RISK, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["waterfall"]

_COLOURS = {"start": INK, "end": INK, "new": NEW, "returned": RETURNED, "expansion": KEPT, "contraction": RISK, "lost": LOST}
_DOWN = ("lost", "contraction")


def waterfall(parts: Sequence[tuple[str, float]], *, title: str, subtitle: str = "", unit: str = "customers") -> go.Figure:
    """Bars from start to end.

    parts  (name, size) in order; names of start, end, new, returned, expansion, contraction, lost; the last two go down
    unit   what is counted, for the axis and the hover text
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    level = 0.0
    for name, size in parts:
        total = name in ("start", "end")
        height = -size if name in _DOWN else size
        base = 0.0 if total else level
        level = height if total else level + height
        text = f"{size:,.0f}" if total else f"{'+' if height >= 0 else '−'}{abs(size):,.0f}"
        figure.add_bar(
            x=[name], y=[abs(height) if not total else height], base=[min(base, base + height) if not total else 0],
            marker_color=_COLOURS[name], text=[text], textposition="outside", textfont={"color": INK}, cliponaxis=False,
            hovertemplate=f"{name}: {text} {unit}<extra></extra>", showlegend=False, name=name, width=0.68,
        )  # fmt: skip
    _ties(figure, parts)
    figure.update_layout(bargap=0.3, yaxis_title=unit, yaxis_rangemode="tozero")
    return themed(figure, title=title, subtitle=subtitle)


def _ties(figure: go.Figure, parts: Sequence[tuple[str, float]]) -> None:
    """Dashed lines that carry the level from one bar to the next."""
    level = 0.0
    for place, (name, size) in enumerate(parts[:-1]):
        level = size if name == "start" else level + (-size if name in _DOWN else size)
        figure.add_shape(
            type="line", x0=place + 0.34, x1=place + 0.66, y0=level, y1=level, line={"color": SOFT, "width": 1, "dash": "dot"}
        )
