"""Pictures of RFM: the grid of recency by frequency-and-money, shares by segment, and who moved where between two dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.moves import moves_map
from holdfast.charts.palette import DEEP_RISK, KEPT, LOST, NEW, PAPER, RETURNED, RISK, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["SEGMENT_COLOURS", "migration_map", "segment_grid", "segment_shares"]

SEGMENT_COLOURS = {
    "Champions": "#07543c",
    "Loyal": KEPT,
    "Potential Loyalist": "#53967a",
    "New": NEW,
    "Promising": "#7fa6d6",
    "Needs Attention": RETURNED,
    "About to Sleep": "#d9b56b",
    "Cannot Lose Them": DEEP_RISK,
    "At Risk": RISK,
    "Hibernating": "#d39a88",
    "Lost": LOST,
}
"""Kept in greens, new in blues, at risk in ambers, lost in clay reds: the five meanings, shaded."""

LEAST_WIDTH = 660
"""Pixels in which five names of segments stand side by side; a page that is narrower lets the picture be moved."""

_DARK_TEXT = {"Potential Loyalist", "Promising", "Needs Attention", "About to Sleep", "At Risk", "Hibernating"}


def segment_grid(scores: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """The 25 cells of R by FM, coloured by segment, each with its customers and their share of revenue.

    scores  rows with r, f, m, rfm, customers, revenue: one for each code
    """
    import plotly.graph_objects as go

    cells: dict[tuple[int, int], list[Any]] = {}
    for row in scores:
        cell = cells.setdefault((row["r"], (row["f"] + row["m"] + 1) // 2), [row["rfm"], 0, 0.0])
        cell[1] += row["customers"]
        cell[2] += row["revenue"]
    total = sum(cell[2] for cell in cells.values())
    figure = go.Figure()
    for (r, fm), (name, customers, revenue) in sorted(cells.items()):
        colour = SEGMENT_COLOURS[name]
        figure.add_shape(
            type="rect", x0=fm - 0.5, x1=fm + 0.5, y0=r - 0.5, y1=r + 0.5,
            fillcolor=colour, line={"color": PAPER, "width": 3}, layer="below",
        )  # fmt: skip
        share = f"{100 * revenue / total:.1f} % of revenue" if total > 0 else ""
        figure.add_annotation(
            x=fm, y=r, text=f"<b>{customers:,}</b><br>{name}<br>{share}", showarrow=False,
            font={"size": 11.5, "color": "#000000" if name in _DARK_TEXT else "#ffffff"},
        )  # fmt: skip
    hover = [f"{name}: R {r}, FM {fm}, {n:,} customers, {money:,.2f}" for (r, fm), (name, n, money) in cells.items()]
    figure.add_scatter(
        x=[fm for _, fm in cells], y=[r for r, _ in cells], mode="markers", text=hover, hoverinfo="text", showlegend=False,
        marker={"size": 60, "opacity": 0, "symbol": "square"},
    )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=560)
    figure.update_layout(meta={"least_width": LEAST_WIDTH})
    figure.update_xaxes(title_text="how often and for how much (FM) →", range=[0.5, 5.5], dtick=1, tick0=1, showline=False)
    figure.update_yaxes(title_text="how lately (R) →", range=[0.5, 5.5], dtick=1, tick0=1, showgrid=False, zeroline=False)
    return figure


def segment_shares(rows: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """A stacked bar per segment of the breakdown: the share of its customers in each RFM segment.

    rows  with segment, rfm, share, customers, n; the twenty largest segments are drawn
    """
    import plotly.graph_objects as go

    sizes = {row["segment"]: row["n"] for row in rows}
    shown = sorted(sizes, key=lambda name: -sizes[name])[:20][::-1]
    figure = go.Figure()
    for name, colour in SEGMENT_COLOURS.items():
        part = {row["segment"]: row for row in rows if row["rfm"] == name}
        figure.add_bar(
            name=name, orientation="h", y=[f"{label} ({sizes[label]:,})" for label in shown],
            x=[part[label]["share"] or 0 for label in shown], marker={"color": colour, "line": {"width": 0}},
            customdata=[part[label]["customers"] for label in shown],
            hovertemplate="%{y}<br>" + name + ": %{x:.1%}, %{customdata:,} customers<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="stack", bargap=0.25, legend_traceorder="normal")
    themed(figure, title=title, subtitle=subtitle, height=180 + 30 * len(shown))
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    return figure


def migration_map(
    before: list[str], after: list[str], customers: list[list[int]], *, title: str, subtitle: str = ""
) -> go.Figure:
    """A heat map of moves: rows where customers were, columns where they are, in customers; shaded by the share of the row.

    before, after  names of rows and columns · customers  counts [before][after]; the cell of neither is left out by a -1
    """
    totals = [max(sum(value for value in row if value > 0), 1) for row in customers]
    shares = [[None if value < 0 else value / total for value in row] for row, total in zip(customers, totals, strict=True)]
    figure = moves_map(before, after, customers, shares, title=title, subtitle=subtitle, height=600, top=150, size=11)
    figure.update_xaxes(tickangle=-35)
    return figure
