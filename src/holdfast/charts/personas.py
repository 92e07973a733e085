"""Pictures of personas: shares of customers and of revenue, personas by segment, size by month, moves between dates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from holdfast.charts.moves import moves_map
from holdfast.charts.palette import KEPT, NEW, RETURNED, RISK, SERIES, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["PERSONA_COLOURS", "persona_hours", "persona_moves", "persona_segments", "persona_shares", "persona_trend"]

PERSONA_COLOURS = {
    "bouncer": "#c9c3b4",
    "passive browser": "#7fa6d6",
    "cart abandoner": RISK,
    "one-time low value": "#7fb09b",
    "one-time high value": RETURNED,
    "repeat buyer": KEPT,
}
"""Buyers in greens, those at the cart in amber, those who only look in blue and grey."""


def colour_of(name: str, place: int) -> str:
    """The colour of a persona, or of a group without a meaning of its own by its place."""
    return PERSONA_COLOURS.get(name, SERIES[place % len(SERIES)])


def persona_shares(rows: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """A pair of bars per persona: its share of customers, with its interval, and its share of revenue.

    rows  with persona, customers, share, low, high, revenue_share
    """
    import plotly.graph_objects as go

    rows = rows[::-1]
    names = [row["persona"] for row in rows]
    figure = go.Figure()
    figure.add_bar(
        name="share of revenue", orientation="h", y=names, x=[row["revenue_share"] or 0 for row in rows],
        marker={"color": NEW, "opacity": 0.55}, hovertemplate="%{y}: %{x:.1%} of the revenue<extra></extra>",
        text=[_said(row["revenue_share"]) for row in rows], textposition="outside", textfont={"color": SOFT}, cliponaxis=False,
    )  # fmt: skip
    figure.add_bar(
        name="share of customers", orientation="h", y=names, x=[row["share"] or 0 for row in rows],
        marker={"color": [colour_of(name, place) for place, name in enumerate(names)]},
        customdata=[row["customers"] for row in rows],
        hovertemplate="%{y}: %{x:.1%}, %{customdata:,} customers<extra></extra>",
        text=[_said(row["share"]) for row in rows], textposition="outside", textfont={"color": SOFT}, cliponaxis=False,
    )  # fmt: skip
    figure.update_layout(barmode="group", bargap=0.3, legend_traceorder="reversed")
    themed(figure, title=title, subtitle=subtitle, height=170 + 62 * len(rows))
    most = max((row[key] or 0 for row in rows for key in ("share", "revenue_share")), default=1)
    figure.update_xaxes(tickformat=".0%", range=[0, min(most * 1.12, 1.08) or 1])
    figure.update_yaxes(showgrid=False)
    return figure


def _said(share: float | None) -> str:
    return "" if not share else f"{100 * share:.1f} %"


def persona_segments(rows: list[dict[str, Any]], order: Sequence[str], *, title: str, subtitle: str = "") -> go.Figure:
    """A stacked bar per segment: the share of its customers in each persona; the twenty largest segments are drawn.

    rows  with segment, persona, share, customers, n · order  the personas in the order of the stack
    """
    import plotly.graph_objects as go

    sizes = {row["segment"]: row["n"] for row in rows}
    shown = sorted(sizes, key=lambda name: -sizes[name])[:20][::-1]
    figure = go.Figure()
    for place, name in enumerate(order):
        part = {row["segment"]: row for row in rows if row["persona"] == name}
        if not part:
            continue
        figure.add_bar(
            name=name, orientation="h", y=[f"{label} ({sizes[label]:,})" for label in shown],
            x=[(part[label]["share"] or 0) if label in part else 0 for label in shown],
            marker={"color": colour_of(name, place), "line": {"width": 0}},
            customdata=[part[label]["customers"] if label in part else 0 for label in shown],
            hovertemplate="%{y}<br>" + name + ": %{x:.1%}, %{customdata:,} customers<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="stack", bargap=0.25, legend_traceorder="normal")
    themed(figure, title=title, subtitle=subtitle, height=180 + 30 * len(shown))
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    return figure


def persona_trend(rows: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """The size of each persona by month, a line each.

    rows  with persona, month (ISO date of its end), customers; customers None where the data had not begun
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for place, name in enumerate(dict.fromkeys(row["persona"] for row in rows)):
        part = [row for row in rows if row["persona"] == name]
        figure.add_scatter(
            x=[row["month"] for row in part], y=[row["customers"] for row in part], mode="lines", name=name,
            line={"color": colour_of(name, place), "width": 2.2},
            hovertemplate="%{x|%-d %b %Y}: %{y:,}<extra>" + name + "</extra>",
        )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=440)
    figure.update_yaxes(rangemode="tozero", tickformat=",")
    return figure


def persona_hours(rows: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """At which hour customers begin most of their visits, a line for each group.

    rows  with persona, item ("12:00"), share
    """
    import plotly.graph_objects as go

    hours = [f"{hour:02d}:00" for hour in range(24)]
    figure = go.Figure()
    for place, name in enumerate(dict.fromkeys(row["persona"] for row in rows)):
        part = {row["item"]: row["share"] for row in rows if row["persona"] == name}
        figure.add_scatter(
            x=hours, y=[part.get(hour, 0) for hour in hours], mode="lines", name=name,
            line={"color": colour_of(name, place), "width": 2.2}, hovertemplate="%{x}: %{y:.1%}<extra>" + name + "</extra>",
        )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=440)
    figure.update_yaxes(rangemode="tozero", tickformat=".0%")
    return figure


def persona_moves(
    before: list[str], after: list[str], customers: list[list[int]], *, title: str, subtitle: str = ""
) -> go.Figure:
    """A heat map of moves: rows where customers were, columns where they are, shaded by the share of the row.

    customers  counts [before][after]; a cell that cannot be is left out by a -1
    """
    totals = [sum(max(value, 0) for value in row) for row in customers]
    shares = [
        [None if value < 0 or not total else value / total for value in row]
        for row, total in zip(customers, totals, strict=True)
    ]
    return moves_map(before, after, customers, shares, title=title, subtitle=subtitle, height=470, top=130, size=12)
