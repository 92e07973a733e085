"""The picture of breadth: the share that stays by number of features, above how many customers use so many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import KEPT, RULE, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["staying_by_breadth"]


def staying_by_breadth(rows: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """Points with intervals above bars.

    rows  with features, customers, share, stay_share, stay_share_low, stay_share_high
    """
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.64, 0.36], vertical_spacing=0.07)
    shown = [row for row in rows if row["stay_share"] is not None]
    stay = [row["stay_share"] for row in shown]
    figure.add_scatter(
        x=[row["features"] for row in shown], y=stay, mode="lines+markers", name="stayed", showlegend=False,
        line={"color": KEPT, "width": 1.2}, marker={"color": KEPT, "size": 9},
        error_y={
            "type": "data", "symmetric": False, "color": KEPT, "thickness": 1.4, "width": 0,
            "array": [row["stay_share_high"] - value for row, value in zip(shown, stay, strict=True)],
            "arrayminus": [value - row["stay_share_low"] for row, value in zip(shown, stay, strict=True)],
        },
        customdata=[row["customers"] for row in shown],
        hovertemplate="%{x} features: %{y:.1%} of %{customdata:,} stayed<extra></extra>", row=1, col=1,
    )  # fmt: skip
    figure.add_bar(
        x=[row["features"] for row in rows], y=[row["customers"] for row in rows], marker={"color": RULE, "line": {"width": 0}},
        name="customers", showlegend=False, hovertemplate="%{x} features: %{y:,} customers<extra></extra>", row=2, col=1,
    )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=470)
    figure.update_yaxes(title={"text": "stayed"}, tickformat=".0%", rangemode="tozero", row=1, col=1)
    figure.update_yaxes(title={"text": "customers"}, tickformat=",", rangemode="tozero", nticks=4, row=2, col=1)
    figure.update_xaxes(dtick=1, row=2, col=1, title={"text": "different features used in the first days"})
    figure.update_xaxes(dtick=1, showticklabels=False, row=1, col=1)
    return figure
