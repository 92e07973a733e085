"""The picture of clusters: how far each feature of each cluster lies from that of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import INK, KEPT, LOST, PAPER, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["cluster_differences"]

_FARTHEST = 2.0
"""Deviations at which the colours are full."""


def cluster_differences(
    rows: list[dict[str, Any]], differences: list[dict[str, Any]], *, title: str, subtitle: str = ""
) -> go.Figure:
    """A heat map: features down, clusters across, coloured by the difference in deviations; green above all, red below.

    rows  with cluster, share · differences  with cluster, feature, difference
    """
    import plotly.graph_objects as go

    names = [row["cluster"] for row in rows]
    features = list(dict.fromkeys(row["feature"] for row in differences))
    apart = {(row["cluster"], row["feature"]): row["difference"] for row in differences}
    cells = [[apart[name, feature] for name in names] for feature in features]
    heads = [f"{row['cluster']}<br>{100 * (row['share'] or 0):.1f} %" for row in rows]
    figure = go.Figure(
        go.Heatmap(
            x=heads, y=features, z=cells, colorscale=[(0, LOST), (0.5, PAPER), (1, KEPT)], zmin=-_FARTHEST, zmax=_FARTHEST,
            showscale=False, xgap=2, ygap=2, hovertemplate="%{x}: %{y} %{z:+.2f} deviations from all<extra></extra>",
        )
    )  # fmt: skip
    for feature, row in zip(features, cells, strict=True):
        for head, value in zip(heads, row, strict=True):
            colour = "#ffffff" if abs(value) > 0.75 * _FARTHEST else INK
            font = {"size": 11.5, "color": colour}
            figure.add_annotation(x=head, y=feature, text=f"{value:+.1f}", showarrow=False, font=font)
    themed(figure, title=title, subtitle=subtitle, height=240 + 34 * len(features))
    figure.update_xaxes(side="top", showline=False, ticks="")
    figure.update_yaxes(autorange="reversed", showgrid=False, tickfont={"color": SOFT})
    figure.update_layout(margin={"t": 60 + figure.layout.margin.t})
    return figure
