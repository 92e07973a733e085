"""The picture of adoption: which share of the customers has used each value, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import SERIES, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["adopting"]

MOST_LINES = 8


def adopting(rows: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """A line for each of the eight most used values, with its name at its end.

    rows  with value, period, known, share, the most used value first
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    names = list(dict.fromkeys(row["value"] for row in rows))[:MOST_LINES]
    for place, name in enumerate(names):
        own = [row for row in rows if row["value"] == name]
        figure.add_scatter(
            x=[row["period"] for row in own], y=[row["share"] for row in own], mode="lines+markers", name=name,
            line={"color": SERIES[place], "width": 2}, marker={"size": 5}, customdata=[row["known"] for row in own],
            hovertemplate="by the end of %{x}: %{y:.1%} of %{customdata:,}<extra>" + name + "</extra>",
        )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=450)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", title={"text": "of the customers known by then"})
    figure.update_xaxes(type="category", nticks=14)
    return figure
