"""Customers to come, as it is and with a lever moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import SERIES, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["fan"]


def fan(rows: Sequence[Mapping[str, Any]], *, title: str, subtitle: str) -> go.Figure:
    """A line a change; a 95 % band around the first, how it is: the others rise and fall with it.

    rows  mappings with change, month, customers, customers_low, customers_high; the first change is how it is
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for place, change in enumerate(dict.fromkeys(row["change"] for row in rows)):
        own = [row for row in rows if row["change"] == change]
        colour = SOFT if place == 0 else SERIES[(place - 1) % len(SERIES)]
        months = [row["month"] for row in own]
        band = [row["customers_high"] for row in own] + [row["customers_low"] for row in own][::-1]
        if place == 0:
            figure.add_scatter(
                x=months + months[::-1], y=band, fill="toself", fillcolor=colour, opacity=0.12, line={"width": 0},
                hoverinfo="skip", name=f"{change}, 95 %", mode="lines",
            )  # fmt: skip
        figure.add_scatter(
            x=months, y=[row["customers"] for row in own], name=change, mode="lines", line={"color": colour, "width": 2.4},
            hovertemplate="month %{x}: %{y:,.0f} customers<extra>" + change + "</extra>",
        )  # fmt: skip
    figure.update_xaxes(title="months from now", dtick=6)
    figure.update_yaxes(title="customers", rangemode="tozero", tickformat=",")
    return themed(figure, title=title, subtitle=subtitle)
