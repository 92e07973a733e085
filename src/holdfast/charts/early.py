"""Pictures of early signs: the money at stake by how much of a customer's habit is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import LOST, RISK, RULE, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["stakes"]

NAMED = 8
"""So many customers, those with most at stake, bear their names."""

_KINDS = ((False, "in silence", LOST), (True, "after a complaint", RISK))


def stakes(rows: list[dict[str, Any]], *, title: str, subtitle: str = "", unit: str = "") -> go.Figure:
    """A dot a customer: how much of her habit is left (with its interval) and the money at stake.

    rows  with customer, ratio, low, high (of the ratio), value, complained, days_silent, most money first
    unit  what the money is, for the axis
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for complained, name, colour in _KINDS:
        part = [(place, row) for place, row in enumerate(rows) if row["complained"] == complained]
        if not part:
            continue
        figure.add_scatter(
            x=[row["ratio"] for _, row in part], y=[row["value"] for _, row in part], name=name, mode="markers+text",
            text=[row["customer"] if place < NAMED else "" for place, row in part], textposition="top center",
            textfont={"size": 11, "color": SOFT}, marker={"color": colour, "size": 9}, cliponaxis=False,
            customdata=[[row["customer"], row["days_silent"]] for _, row in part],
            error_x={
                "type": "data", "symmetric": False, "array": [row["high"] - row["ratio"] for _, row in part],
                "arrayminus": [row["ratio"] - row["low"] for _, row in part], "color": RULE, "thickness": 1.5, "width": 0,
            },
            hovertemplate="%{customdata[0]}: %{x:.0%} of the habit left, %{y:,.2f} at stake, "
            "silent for %{customdata[1]} days<extra></extra>",
        )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=460)
    figure.update_xaxes(title="active days now, by those of the habit (95 % interval)", tickformat=".0%", range=[-0.02, 1.02])
    figure.update_yaxes(title=unit, rangemode="tozero", tickformat=",")
    return figure
