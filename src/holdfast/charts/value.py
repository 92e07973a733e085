"""Pictures of what customers are worth: by tenths, with what is at risk; by groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import KEPT, RISK, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["group_values", "tenth_values"]

MOST, LARGEST = 40, 15
"""Cohorts drawn, at most, the latest; other groups, those with most customers."""

EVERYONE = "everyone"


def tenth_values(rows: list[dict[str, Any]], *, title: str, subtitle: str = "", unit: str = "") -> go.Figure:
    """A bar a tenth of customers, the best first: what they are worth, with its interval, and above it what is at risk.

    rows  with decile, n, total_value, total_value_low, total_value_high, share, value_at_risk
    """
    import plotly.graph_objects as go

    known = [row for row in rows if row["total_value"] is not None]
    names = [_nth(row["decile"]) for row in known]
    told = [[row["n"], row["share"], row["total_value_low"], row["total_value_high"], row["value_at_risk"]] for row in known]
    figure = go.Figure()
    figure.add_bar(
        x=names, y=[row["total_value"] for row in known], name="worth", marker_color=KEPT, customdata=told,
        hovertemplate="%{x} tenth, %{customdata[0]:,} customers: %{y:,.0f} " + unit
        + " (%{customdata[2]:,.0f} to %{customdata[3]:,.0f})<extra></extra>",
    )  # fmt: skip
    figure.add_bar(
        x=names, y=[row["value_at_risk"] for row in known], name="at risk: more, if nobody were gone", marker_color=RISK,
        text=[f"{100 * row['share']:.0f} %" if row["share"] is not None else "" for row in known], textposition="outside",
        textfont={"color": SOFT, "size": 12}, cliponaxis=False, constraintext="none",
        hovertemplate="%{x} tenth: %{y:,.0f} " + unit + " at risk<extra></extra>",
    )  # fmt: skip
    figure.update_layout(barmode="stack", bargap=0.25)
    themed(figure, title=title, subtitle=subtitle, height=440)
    figure.update_xaxes(title_text="customers in tenths, those worth most first", type="category")
    figure.update_yaxes(title_text=unit, tickformat=",", rangemode="tozero")
    return figure


def group_values(rows: list[dict[str, Any]], name: str, *, title: str, subtitle: str = "", unit: str = "") -> go.Figure:
    """A dot a group: the mean value of its customers with its interval.

    rows  with a column of that name, n, value, low, high; cohorts in their order, of others the largest, by value
    """
    import plotly.graph_objects as go

    known = [row for row in rows if row["value"] is not None and row[name] != EVERYONE]
    everyone = next((row for row in rows if row[name] == EVERYONE and row["value"] is not None), None)
    largest = sorted(known, key=lambda row: -row["n"])[:LARGEST]
    laid = known[-MOST:] if name == "cohort" else sorted(largest, key=lambda row: -row["value"])
    figure = go.Figure()
    if everyone is not None and known:
        figure.add_hline(y=everyone["value"], line={"color": SOFT, "width": 1, "dash": "dot"}, annotation_text=EVERYONE)
    figure.add_scatter(
        x=[str(row[name]) for row in laid], y=[row["value"] for row in laid], mode="markers",
        marker={"color": KEPT, "size": 9}, customdata=[[row["n"], row["low"], row["high"]] for row in laid], showlegend=False,
        error_y={
            "type": "data", "symmetric": False, "array": [row["high"] - row["value"] for row in laid],
            "arrayminus": [row["value"] - row["low"] for row in laid], "color": SOFT, "thickness": 1.2,
        },
        hovertemplate="%{x}, %{customdata[0]:,} customers: %{y:,.2f} " + unit
        + " (%{customdata[1]:,.2f} to %{customdata[2]:,.2f})<extra></extra>",
    )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=440)
    figure.update_xaxes(type="category", title_text="first order in" if name == "cohort" else name)
    figure.update_yaxes(title_text=f"value of a customer, {unit}", tickformat=",", rangemode="tozero")
    return figure


def _nth(place: int) -> str:
    return {1: "1st", 2: "2nd", 3: "3rd"}.get(place, f"{place}th")
