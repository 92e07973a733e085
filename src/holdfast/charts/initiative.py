"""Two rates side by side with their intervals: before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import KEPT, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["two_rates"]


def two_rates(rows: list[dict[str, Any]], title: str, subtitle: str) -> go.Figure:
    """A point with its interval for each side.

    rows  dicts with side, first, last, size, customers, rate, low, high (0 to 1; a side without a rate is left out)
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for row, colour in zip(rows, (SOFT, KEPT), strict=True):
        if row["rate"] is None:
            continue
        span = row["first"] if row["first"] == row["last"] else f"{row['first']} to {row['last']}"
        figure.add_scatter(
            x=[row["rate"]],
            y=[f"{row['side']} ({span})"],
            mode="markers+text",
            marker={"color": colour, "size": 12},
            text=[f"{100 * row['rate']:.1f} %"],
            textposition="top center",
            error_x={"array": [row["high"] - row["rate"]], "arrayminus": [row["rate"] - row["low"]], "color": colour},
            hovertemplate=f"{row['customers']:,} of {row['size']:,}<extra></extra>",
            showlegend=False,
            cliponaxis=False,
        )
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    return themed(figure, title=title, subtitle=subtitle.partition(":")[0], height=260)
