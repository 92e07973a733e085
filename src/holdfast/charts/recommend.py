"""Pictures of recommending: how good the lists were, what goes together, what is offered most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import KEPT, NEW, RETURNED, RULE, SEQUENTIAL, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["go_together", "offered_most", "quality_bars"]

MOST = 15
LONGEST = 34
_OF = {"all": "all", "again": "what she had before", "new": "what was new to her"}
_KINDS = (("again", "had before", KEPT), ("new", "new to her", NEW), ("popular", "popular", RETURNED))


def quality_bars(rows: Sequence[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """Bars of recall with intervals, a group a kind of product: these lists, then what they are compared with.

    rows  with of, method, n, recall, recall_low, recall_high
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    shades = {"these lists": KEPT}
    for method in dict.fromkeys(row["method"] for row in rows):
        part = [row for row in rows if row["method"] == method and row["recall"] is not None]
        if not part:
            continue
        low = [row["recall"] - (row["recall"] if row["recall_low"] is None else row["recall_low"]) for row in part]
        high = [(row["recall"] if row["recall_high"] is None else row["recall_high"]) - row["recall"] for row in part]
        figure.add_bar(
            x=[f"{_OF[row['of']]}<br>n {row['n']:,}" for row in part], y=[row["recall"] for row in part], name=method,
            marker={"color": shades.get(method, _GREYS[len(figure.data) % len(_GREYS)])},
            text=[f"{100 * row['recall']:.1f} %" if method in ("these lists", "popularity") else "" for row in part],
            textposition="outside", textfont={"size": 11, "color": SOFT}, cliponaxis=False,
            error_y={"type": "data", "symmetric": False, "array": high, "arrayminus": low, "color": SOFT, "thickness": 1},
            hovertemplate=method + ": %{y:.1%}<extra></extra>",
        )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=440)
    figure.update_layout(barmode="group", bargap=0.25, legend={"traceorder": "normal"})
    figure.update_yaxes(title_text="recall@10 (95 % interval)", tickformat=".0%", rangemode="tozero")
    return figure


_GREYS = ("#b9b39f", "#cfcab9", "#8f8a78", "#ded9ca")


def go_together(rows: Sequence[tuple[str, str, float, float, int]], *, title: str, subtitle: str = "") -> go.Figure:
    """A map of products: a dot where one goes with another, the larger the share, the darker the lift.

    rows  (one, other, lift, share, n), most telling first; the first fifteen of either side are drawn
    """
    import plotly.graph_objects as go

    shown = [row for row in rows if row[2] is not None][: 3 * MOST]
    ones = list(dict.fromkeys(row[0] for row in shown))[:MOST]
    others = list(dict.fromkeys(row[1] for row in shown if row[0] in ones))[:MOST]
    dots = [row for row in shown if row[0] in ones and row[1] in others]
    figure = go.Figure()
    figure.add_scatter(
        x=[_short(row[1]) for row in dots], y=[_short(row[0]) for row in dots], mode="markers", showlegend=False,
        marker={
            "size": [8 + 22 * row[3] for row in dots], "color": [row[2] for row in dots], "colorscale": list(SEQUENTIAL[1:]),
            "showscale": bool(dots), "colorbar": {"title": {"text": "lift"}, "thickness": 12, "len": 0.6}, "line": {"width": 0},
        },
        customdata=[[row[3], row[4], row[2]] for row in dots],
        hovertemplate="of the %{customdata[1]:,} with %{y} %{customdata[0]:.1%} have %{x}: "
        "%{customdata[2]:.1f} times the usual share<extra></extra>",
    )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=max(380, 150 + 26 * len(ones)))
    figure.update_xaxes(tickangle=-40, automargin=True, gridcolor=RULE, showgrid=True)
    figure.update_yaxes(automargin=True, autorange="reversed", gridcolor=RULE, showgrid=True)
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
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title_text="customers with it in the list", tickformat=",")
    figure.update_yaxes(type="category", autorange="reversed", automargin=True)
    return figure


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
