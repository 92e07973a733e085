"""The picture of concentration: the share of revenue that the best customers bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import KEPT, SERIES, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["pareto_curve"]


def pareto_curve(curve: list[dict[str, Any]], summary: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """Share of revenue against share of customers, the best first; the straight line is everyone alike.

    curve    rows with segment, top (percent), customers, share · summary  rows with segment, n, customers_for_80, share_for_80
    """
    import plotly.graph_objects as go

    names = [row["segment"] for row in sorted(summary, key=lambda row: -row["n"])][: len(SERIES)]
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": SOFT, "dash": "dot", "width": 1}, name="all alike", hoverinfo="skip"
    )
    for place, name in enumerate(names):
        part = [row for row in curve if row["segment"] == name]
        figure.add_scatter(
            x=[row["top"] / 100 for row in part], y=[row["share"] for row in part], mode="lines", name=name,
            line={"color": SERIES[place], "width": 2.4}, fill="tozeroy" if len(names) == 1 else None,
            fillcolor="rgba(11,110,79,0.10)", customdata=[row["customers"] for row in part],
            hovertemplate="top %{x:.0%} (%{customdata:,} customers): %{y:.1%} of revenue<extra>" + name + "</extra>",
        )  # fmt: skip
    if len(names) == 1 and summary[0]["share_for_80"] is not None:
        _mark_eighty(figure, summary[0])
    figure.update_layout(showlegend=len(names) > 1)
    themed(figure, title=title, subtitle=subtitle, height=480)
    figure.update_xaxes(tickformat=".0%", range=[0, 1], title_text="of customers, the best first")
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", title_text="of revenue")
    return figure


def _mark_eighty(figure: go.Figure, row: dict[str, Any]) -> None:
    at = row["share_for_80"]
    line = {"color": SOFT, "width": 1, "dash": "dot"}
    figure.add_shape(type="line", x0=0, x1=at, y0=0.8, y1=0.8, line=line)
    figure.add_shape(type="line", x0=at, x1=at, y0=0, y1=0.8, line=line)
    figure.add_scatter(x=[at], y=[0.8], mode="markers", marker={"color": KEPT, "size": 9}, showlegend=False, hoverinfo="skip")
    words = f"{row['customers_for_80']:,} customers ({100 * at:.1f} %)<br>bring 80 % of revenue"
    figure.add_annotation(
        x=at, y=0.8, text=words, showarrow=False, xanchor="left", yanchor="top", xshift=12, yshift=-4, align="left"
    )
