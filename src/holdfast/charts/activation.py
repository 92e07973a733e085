"""The picture of activation: the share of customers who have reached the value, by days since the entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import INK, KEPT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["reaching"]


def reaching(rows: list[dict[str, Any]], marks: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """The curve with its interval, and points where the shares of the table stand.

    rows   with days, share, low, high · marks  with days, share, n
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    days = [0, *(row["days"] for row in rows)]
    drawn = {
        name: [0.0, *(row["share"] if row[name] is None else row[name] for row in rows)] for name in ("share", "low", "high")
    }
    soft = "rgba(11,110,79,0.14)"
    figure.add_scatter(x=days, y=drawn["high"], mode="lines", line={"width": 0}, showlegend=False, hoverinfo="skip")
    figure.add_scatter(
        x=days,
        y=drawn["low"],
        mode="lines",
        line={"width": 0},
        fill="tonexty",
        fillcolor=soft,
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=days, y=drawn["share"], mode="lines", line={"color": KEPT, "width": 2.4}, name="reached by then (Kaplan-Meier)",
        hovertemplate="within %{x} days: %{y:.1%}<extra></extra>",
    )  # fmt: skip
    shown = [row for row in marks if row["share"] is not None and row["days"] <= days[-1]]
    figure.add_scatter(
        x=[row["days"] for row in shown], y=[row["share"] for row in shown], mode="markers+text", name="of those seen so long",
        marker={"color": INK, "size": 8}, text=[f"{row['share']:.1%}" for row in shown], textposition="bottom right",
        customdata=[row["n"] for row in shown], cliponaxis=False,
        hovertemplate="within %{x} days: %{y:.1%} of %{customdata:,}<extra></extra>",
    )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=430)
    figure.update_yaxes(rangemode="tozero", tickformat=".0%")
    figure.update_xaxes(title={"text": "days since the entry"}, rangemode="tozero")
    return figure
