"""Pictures of taste: what customers like, and how segments differ from everyone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import INK, KEPT, RULE, SOFT, readable_on, sequential, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["affinity_map", "favourite_bars"]

PANELS = 4
BARS = 7
ACROSS, DOWN = 12, 14
TWICE = 2.0
"""The deepest colour stands for an index of so much and more."""


def favourite_bars(rows: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """A panel a kind: the share of customers with each clear favourite, with intervals, most first.

    rows  with kind, value, customers, n, share, low, high, of one segment
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    kinds = [kind for kind in dict.fromkeys(row["kind"] for row in rows) if _clear(rows, kind)][:PANELS]
    figure = make_subplots(
        rows=max((len(kinds) + 1) // 2, 1), cols=min(max(len(kinds), 1), 2), horizontal_spacing=0.2, vertical_spacing=0.22,
        subplot_titles=[f"{kind} (n {next(row['n'] for row in rows if row['kind'] == kind):,})" for kind in kinds],
    )  # fmt: skip
    for place, kind in enumerate(kinds):
        part = _clear(rows, kind)[:BARS][::-1]
        bars = go.Bar(
            y=[_short(row["value"]) for row in part], x=[row["share"] for row in part], orientation="h", marker_color=KEPT,
            showlegend=False, customdata=[row["customers"] for row in part],
            error_x={
                "type": "data", "symmetric": False, "array": [row["high"] - row["share"] for row in part],
                "arrayminus": [row["share"] - row["low"] for row in part], "color": SOFT, "thickness": 1, "width": 2,
            },
            hovertemplate="%{y}: %{x:.1%}, %{customdata:,} customers<extra></extra>",
        )  # fmt: skip
        figure.add_trace(bars, row=place // 2 + 1, col=place % 2 + 1)
    themed(figure, title=title, subtitle=subtitle, height=120 + 230 * max((len(kinds) + 1) // 2, 1))
    figure.update_annotations(font={"size": 13, "color": INK}, yshift=4)
    figure.update_layout(margin_t=figure.layout.margin.t + 24)
    figure.update_xaxes(tickformat=".1~%", rangemode="tozero", nticks=6)
    # Product numbers are names, too.
    figure.update_yaxes(type="category")
    return figure


def _clear(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["kind"] == kind and not row["value"].startswith("(")]


def affinity_map(rows: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """Segments down, values of the first kind across: how many times as often as everyone a segment touches a value. Without a
    colour: no more than chance may give.

    rows  with segment, kind, value, customers, n, index, index_low, index_high
    """
    import plotly.graph_objects as go

    kind = rows[0]["kind"] if rows else ""
    part = [row for row in rows if row["kind"] == kind]
    sizes: dict[str, int] = {}
    totals: dict[str, int] = {}
    for row in part:
        sizes[row["segment"]] = row["n"]
        totals[row["value"]] = totals.get(row["value"], 0) + row["customers"]
    down = sorted(sizes, key=lambda name: -sizes[name])[:DOWN][::-1]
    across = sorted(totals, key=lambda name: -totals[name])[:ACROSS]
    at = {(row["segment"], row["value"]): row["index"] for row in part}
    apart = {(row["segment"], row["value"]) for row in part if row["index_low"] > 1 or row["index_high"] < 1}
    shaded = [[min(at[one, value], TWICE) if (one, value) in apart else None for value in across] for one in down]
    cells = [[at.get((segment, value)) for value in across] for segment in down]
    figure = go.Figure(
        go.Heatmap(
            z=shaded,
            x=[_short(value) for value in across], y=[f"{_short(name)} ({sizes[name]:,})" for name in down],
            colorscale=sequential(), zmin=0, zmax=TWICE, showscale=False, xgap=1, ygap=1, customdata=cells,
            hovertemplate="%{y}, %{x}: %{customdata:.2f} times everyone<extra></extra>",
        )
    )  # fmt: skip
    # By place, as numbers on an axis of names are places: a product called 22423 is no place.
    for line_at, (segment, line) in enumerate(zip(down, cells, strict=True)):
        for column, (value, cell) in enumerate(zip(across, line, strict=True)):
            if cell is not None:
                colour = readable_on(min(cell, TWICE) / TWICE) if (segment, value) in apart else SOFT
                figure.add_annotation(
                    x=column, y=line_at, text=f"{cell:.2f}", showarrow=False,
                    font={"size": 11.5, "color": colour},
                )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=150 + 30 * max(len(down), 3) + 60)
    figure.update_xaxes(side="top", ticks="", linecolor=RULE, type="category")
    figure.update_yaxes(showgrid=False, ticks="", type="category")
    figure.update_layout(margin_t=figure.layout.margin.t + 10)
    return figure


def _short(text: str, most: int = 22) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
