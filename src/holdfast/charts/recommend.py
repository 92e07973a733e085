"""Pictures of recommending: how good the lists were, what goes together, what is offered most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import KEPT, NEW, RETURNED, SEQUENTIAL, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["go_together", "offered_most", "quality_bars", "to_win"]

MOST = 15
LONGEST = 34
_OF = {"all": "all", "again": "what she had before", "new": "what was new to her"}
_COLOURS = {
    "these lists": KEPT, "without what sells now": SEQUENTIAL[3], "own frequency": "#cfcab9", "popular of late": "#d9d5c6",
    "popularity": "#e4e0d3",
}  # fmt: skip
"""What is compared, in order; methods of no other name are drawn."""

_KINDS = (("again", "had before", KEPT), ("new", "new to her", NEW), ("popular", "popular", RETURNED))


def quality_bars(rows: Sequence[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """Bars of recall with intervals, a group a kind of product: these lists, then what they are compared with.

    rows  with of, method, n, recall, recall_low, recall_high
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for method, colour in _COLOURS.items():
        part = [row for row in rows if row["method"] == method and row["recall"] is not None]
        if not part:
            continue
        low = [row["recall"] - (row["recall"] if row["recall_low"] is None else row["recall_low"]) for row in part]
        high = [(row["recall"] if row["recall_high"] is None else row["recall_high"]) - row["recall"] for row in part]
        figure.add_bar(
            x=[f"{_OF[row['of']]}<br>n {row['n']:,}" for row in part], y=[row["recall"] for row in part], name=method,
            marker={"color": colour}, text=[f"{100 * row['recall']:.1f} %" for row in part], textposition="inside",
            insidetextanchor="start", textangle=0, constraintext="none", textfont={"size": 11},
            error_y={"type": "data", "symmetric": False, "array": high, "arrayminus": low, "color": SOFT, "thickness": 1},
            hovertemplate=method + ": %{y:.1%}<extra></extra>",
        )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=440)
    figure.update_layout(barmode="group", bargap=0.2, legend={"traceorder": "normal"})
    figure.update_yaxes(title_text="recall@10 (95 % interval)", tickformat=".0%", rangemode="tozero")
    return figure


def go_together(rows: Sequence[tuple[str, str, float, float, int]], *, title: str, subtitle: str = "") -> go.Figure:
    """A map of products: the darker, the more often the customers of the one (down) have the other (across) than is usual.

    rows  (one, other, lift, share, n), of the products with most customers
    """
    import plotly.graph_objects as go

    names = list(dict.fromkeys(row[0] for row in rows))
    across = [name for name in names if any(row[1] == name for row in rows)]
    found = {(row[0], row[1]): row for row in rows}
    cells = [[found.get((one, other)) for other in across] for one in names]
    figure = go.Figure()
    figure.add_heatmap(
        z=[[None if cell is None else cell[2] for cell in row] for row in cells],
        x=[_short(name) for name in across], y=[_short(name) for name in names], xgap=2, ygap=2, hoverongaps=False,
        text=[["" if cell is None else f"{100 * cell[3]:.0f} %" for cell in row] for row in cells], texttemplate="%{text}",
        textfont={"size": 11}, colorscale=list(SEQUENTIAL), colorbar={"title": {"text": "lift"}, "thickness": 12, "len": 0.6},
        customdata=[[[0, 0] if cell is None else [cell[3], cell[4]] for cell in row] for row in cells],
        hovertemplate="of the %{customdata[1]:,} with %{y} %{customdata[0]:.1%} have %{x}: "
        "%{z:.1f} times the usual share<extra></extra>",
    )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=max(420, 220 + 28 * len(names)))
    figure.update_xaxes(tickangle=-40, automargin=True, showgrid=False, type="category")
    figure.update_yaxes(automargin=True, autorange="reversed", showgrid=False, type="category")
    return figure


def to_win(rows: Sequence[tuple[str, str, int, float]], *, title: str, subtitle: str = "") -> go.Figure:
    """Bars of the customers who have the one and not the other; at most fifteen.

    rows  (one, other, customers, share of those with the one who have the other), most telling first
    """
    import plotly.graph_objects as go

    shown = rows[:MOST]
    figure = go.Figure()
    figure.add_bar(
        y=[f"{_short(one)} → {_short(other)}" for one, other, _, _ in shown], x=[row[2] for row in shown], orientation="h",
        marker_color=NEW, text=[f"{100 * row[3]:.0f} % have both" for row in shown], textposition="inside",
        insidetextanchor="start", constraintext="none", hovertemplate="%{y}: %{x:,} customers<extra></extra>", showlegend=False,
    )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=max(360, 150 + 26 * len(shown)))
    figure.update_xaxes(title_text="customers who have the one and not the other", tickformat=",")
    figure.update_yaxes(type="category", autorange="reversed", automargin=True, showgrid=False)
    return figure


def offered_most(rows: Sequence[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """Bars of how many customers each product is offered to, in the colours of the kinds.

    rows  with name, kind, customers, most first
    """
    import plotly.graph_objects as go

    sums: dict[str, int] = {}
    for row in rows:
        sums[row["name"]] = sums.get(row["name"], 0) + row["customers"]
    names = sorted(sums, key=lambda name: -sums[name])[:MOST]
    figure = go.Figure()
    for kind, label, colour in _KINDS:
        value = {row["name"]: row["customers"] for row in rows if row["kind"] == kind and row["name"] in names}
        if value:
            figure.add_bar(
                y=[_short(name) for name in names], x=[value.get(name, 0) for name in names], orientation="h", name=label,
                marker_color=colour, hovertemplate="%{y}: " + label + " %{x:,} customers<extra></extra>",
            )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=460)
    figure.update_layout(barmode="stack", legend={"traceorder": "normal"})
    figure.update_xaxes(title_text="customers with it in the list", tickformat=",")
    figure.update_yaxes(type="category", autorange="reversed", automargin=True)
    return figure


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
