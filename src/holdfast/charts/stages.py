"""The stages as bars from left to right with the ways between them, and what happens before and after an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import INK, KEPT, LOST, NEW, PAPER, RISK, RULE, SERIES, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["segment_bars", "stage_bars", "touch_bars"]

_WIDEST = 12
"""Pixels of the most travelled way."""

_POINTS = 60


def stage_bars(
    rows: list[dict[str, Any]], ways: list[dict[str, Any]], *, title: str, subtitle: str = ""
) -> go.Figure:  # fmt: skip
    """A bar a stage: those who moved on, those there now, those who fell out there; above, the ways from stage to stage.

    rows  with stage, reached, current, fell_out
    ways  with from, to, customers, share; ways forward bend up, ways back bend down
    """
    from plotly.subplots import make_subplots

    rows = [row for row in rows if row["fell_out"] is not None]
    names = [row["stage"] for row in rows]
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.4, 0.6], vertical_spacing=0.02)
    for name, colour, sizes in (
        ("fell out there", LOST, [row["fell_out"] for row in rows]),
        ("there now", KEPT, [row["current"] - row["fell_out"] for row in rows]),
        ("moved on", RULE, [row["reached"] - row["current"] for row in rows]),
    ):
        figure.add_bar(
            x=list(range(len(names))), y=sizes, name=name, marker_color=colour, row=2, col=1,
            hovertemplate=f"%{{y:,}} {name}<extra></extra>",
        )  # fmt: skip
    for place, row in enumerate(rows):
        figure.add_annotation(
            x=place, y=row["reached"], text=f"{row['reached']:,}", showarrow=False, yshift=10, font={"color": INK}, row=2, col=1
        )
    _arcs(figure, names, ways)
    figure.update_layout(barmode="stack", bargap=0.4)
    figure.update_yaxes(title="customers who reached it", tickformat=",", rangemode="tozero", row=2, col=1)
    themed(figure, title=title, subtitle=subtitle, height=460)
    figure.update_xaxes(tickvals=list(range(len(names))), ticktext=names, range=[-0.6, len(names) - 0.4], zeroline=False)
    figure.update_xaxes(visible=False, row=1, col=1)
    figure.update_yaxes(visible=False, row=1, col=1)
    return figure


def segment_bars(rows: list[dict[str, Any]], *, title: str, subtitle: str = "", most: int = 8) -> go.Figure:
    """The share of each segment's customers who reached each stage, side by side with intervals.

    rows  with segment, stage, n, share, low, high, fell_out · most  segments drawn, the largest
    """
    import plotly.graph_objects as go

    sizes = {row["segment"]: row["n"] for row in rows}
    figure = go.Figure()
    for place, name in enumerate(sorted(sizes, key=lambda name: (-sizes[name], name))[:most]):
        part = [row for row in rows if row["segment"] == name and row["fell_out"] is not None]
        figure.add_bar(
            x=[row["stage"] for row in part], y=[row["share"] for row in part], name=f"{name} ({sizes[name]:,})",
            marker_color=SERIES[place], hovertemplate="%{x}: %{y:.1%}<extra>" + name + "</extra>",
            error_y={
                "type": "data", "array": [_reach(row, True) for row in part],
                "arrayminus": [_reach(row, False) for row in part], "color": SOFT, "thickness": 1, "width": 0,
            },
        )  # fmt: skip
    figure.update_layout(barmode="group", bargap=0.25)
    figure.update_yaxes(title="share who reached it", tickformat=".0%", rangemode="tozero")
    return themed(figure, title=title, subtitle=subtitle, height=460)


def _arcs(figure: go.Figure, names: list[str], ways: list[dict[str, Any]]) -> None:
    """The most travelled ways on and back, as wide as many went; each with its share of those who were in the stage left."""
    inside = [way for way in ways if way["from"] in names and way["to"] in names]
    most = [way for name in names for way in _out_of(inside, names, name)]
    widest = max((way["customers"] for way in most), default=1)
    for way in sorted(most, key=lambda way: way["customers"]):
        start, end = names.index(way["from"]), names.index(way["to"])
        steps = [place / (_POINTS - 1) for place in range(_POINTS)]
        height = (0.35 + 0.18 * abs(end - start)) * (1 if end > start else -1)
        width = 1 + (_WIDEST - 1) * way["customers"] / widest
        text = f"{way['from']} → {way['to']}: {way['customers']:,} customers, {way['share']:.1%}"
        figure.add_scatter(
            x=[start + (end - start) * at for at in steps], y=[height * 4 * at * (1 - at) for at in steps], mode="lines",
            line={"color": NEW if end > start else RISK, "width": width, "simplify": False}, opacity=0.55,
            hovertemplate=text + "<extra></extra>", showlegend=False, row=1, col=1,
        )  # fmt: skip
        figure.add_annotation(
            x=(start + end) / 2, y=height, text=f"{100 * way['share']:.0f} %", showarrow=False,
            font={"color": INK, "size": 11}, bgcolor=PAPER,
            yshift=11 if end > start else -11, row=1, col=1,
        )  # fmt: skip
    for colour, name in (
        (NEW, "most travelled way on"),
        (RISK, "most travelled way back"),
    ):
        figure.add_scatter(x=[None], y=[None], mode="lines", line={"color": colour, "width": 4}, name=name, row=1, col=1)


def _out_of(ways: list[dict[str, Any]], names: list[str], name: str) -> list[dict[str, Any]]:
    """Out of one stage the most travelled way on and the most travelled way back."""
    out = sorted((way for way in ways if way["from"] == name), key=lambda way: -way["customers"])
    on = [way for way in out if names.index(way["to"]) > names.index(name)]
    back = [way for way in out if names.index(way["to"]) < names.index(name)]
    return [*on[:1], *back[:1]]


def touch_bars(rows: list[dict[str, Any]], *, title: str, subtitle: str = "", most: int = 16) -> go.Figure:
    """The share of customers with each event before their first order (left) and after it (right).

    rows  with segment, order, side, event, share, low, high; of several segments the first is drawn
    most  events drawn: what follows an order (again an order, review, support) and the most common others
    """
    import plotly.graph_objects as go

    segment = rows[0]["segment"] if rows else ""
    near = [row for row in rows if row["segment"] == segment and row["order"] == "first"]
    weight: dict[str, tuple[bool, float]] = {}
    for row in near:
        later = row["side"] == "after" and row["stage"] in ("after purchase", "loyalty")
        before = weight.get(row["event"], (False, 0.0))
        weight[row["event"]] = (later or before[0], max(before[1], row["share"]))
    chosen = sorted(weight, key=lambda name: weight[name])[-most:]
    names = sorted(chosen, key=lambda name: weight[name][1])
    figure = go.Figure()
    for side, colour, sign in (("before", NEW, -1), ("after", KEPT, 1)):
        share = {row["event"]: row for row in near if row["side"] == side}
        drawn = [share.get(name) for name in names]
        figure.add_bar(
            y=names, x=[sign * row["share"] if row else 0 for row in drawn], orientation="h", name=f"{side} the first order",
            marker_color=colour, customdata=[row["share"] if row else 0 for row in drawn],
            hovertemplate="%{y}: %{customdata:.1%} " + side + " the first order<extra></extra>",
            error_x={
                "type": "data", "array": [_reach(row, sign > 0) for row in drawn],
                "arrayminus": [_reach(row, sign < 0) for row in drawn],
                "color": SOFT, "thickness": 1, "width": 0,
            },
        )  # fmt: skip
    figure.update_layout(barmode="relative", bargap=0.3)
    figure.update_xaxes(title="share of customers with an observed first order", range=[-1.02, 1.02])
    themed(figure, title=title, subtitle=subtitle, height=min(180 + 30 * max(len(names), 4), 460))
    figure.update_xaxes(tickvals=[-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1])
    figure.update_xaxes(ticktext=["100 %", "75 %", "50 %", "25 %", "0", "25 %", "50 %", "75 %", "100 %"])
    return figure


def _reach(row: dict[str, Any] | None, upper: bool) -> float:
    """How far an interval reaches beyond the share, upwards or downwards."""
    if row is None:
        return 0.0
    found: float = row["high"] - row["share"] if upper else row["share"] - row["low"]
    return found
