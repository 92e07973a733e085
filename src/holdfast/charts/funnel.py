"""Pictures of funnels: how many reached each step, who went on and who dropped out, and the time between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import INK, KEPT, LOST, RISK, SERIES, SOFT, themed
from holdfast.durations import span

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["funnel_bars"]

MOST_SEGMENTS = 6


def funnel_bars(rows: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """A bar a step, cut into those who went on, those who may still, and those who dropped out.

    rows  with segment, step, name, reached, share_of_previous, share_of_first (and _low, _high), dropped, in_progress,
          median_seconds. Several segments stand side by side as shares of those who began, the six largest.
    """
    sizes: dict[str, int] = {}
    for row in rows:
        sizes[row["segment"]] = max(sizes.get(row["segment"], 0), row["reached"])
    chosen = sorted(sizes, key=lambda name: -sizes[name])[:MOST_SEGMENTS]
    figure = _one(rows) if len(chosen) < 2 else _several(rows, chosen)
    lines = len({row["step"] for row in rows}) * max(len(chosen), 1)
    themed(figure, title=title, subtitle=subtitle, height=max(240, 150 + (64 if len(chosen) < 2 else 22) * lines))
    figure.update_yaxes(autorange="reversed", ticks="", showgrid=False, ticksuffix=" ")
    figure.update_layout(legend_traceorder="normal", legend_y=-0.04 if len(chosen) < 2 else -0.14)
    if len(chosen) < 2:
        figure.update_xaxes(showticklabels=False, ticks="", showline=False, zeroline=False)
    return figure


def _one(rows: list[dict[str, Any]]) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    names = [_named(row) for row in rows]
    parts = (
        ("went on", KEPT, [row["reached"] - row["dropped"] for row in rows]),
        ("may still go on", RISK, [row["in_progress"] for row in rows]),
        ("dropped out", LOST, [row["dropped"] - row["in_progress"] for row in rows]),
    )
    for part, colour, sizes in parts:
        figure.add_bar(
            y=names, x=sizes, name=part, orientation="h", marker_color=colour, showlegend=any(sizes), width=0.62,
            hovertemplate=f"%{{y}}<br>{part}: %{{x:,}}<extra></extra>",
        )  # fmt: skip
    for name, row in zip(names, rows, strict=True):
        figure.add_annotation(
            x=row["reached"], y=name, text=_beside(row), showarrow=False, xanchor="left", xshift=8, align="left",
            font={"size": 12.5, "color": INK},
        )  # fmt: skip
    most = max((row["reached"] for row in rows), default=0)
    figure.update_layout(barmode="stack")
    figure.update_xaxes(range=[0, max(most, 1) * 1.42])
    return figure


def _beside(row: dict[str, Any]) -> str:
    """What stands beside a bar: how many, which share of the step before, and in what time half of them."""
    text = f"<b>{row['reached']:,}</b>"
    if row["share_of_previous"] is None:
        return text
    took = "" if row["median_seconds"] is None else f" · half in {span(row['median_seconds'])}"
    below = f"<span style='color:{SOFT}'>{row['share_of_first']:.1%} of all{took}</span>"
    return f"{text} · {row['share_of_previous']:.1%} of the step before<br>{below}"


def _named(row: dict[str, Any]) -> str:
    return f"{row['step']} · {row['name']}"


def _several(rows: list[dict[str, Any]], chosen: list[str]) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    for place, segment in enumerate(chosen):
        own = [row for row in rows if row["segment"] == segment and row["step"] > 1]
        shares = [row["share_of_first"] or 0 for row in own]
        above = [(row["share_of_first_high"] or share) - share for row, share in zip(own, shares, strict=True)]
        below = [share - (row["share_of_first_low"] or share) for row, share in zip(own, shares, strict=True)]
        figure.add_bar(
            y=[_named(row) for row in own], x=shares, name=segment, orientation="h", marker_color=SERIES[place],
            error_x={"type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": SOFT, "thickness": 1},
            text=[f" {share:.1%}" for share in shares], textposition="inside", insidetextanchor="start", cliponaxis=False,
            hovertemplate=f"{segment} · %{{y}}: %{{x:.1%}} of those who began<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="group", bargap=0.25, bargroupgap=0.08)
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%", title="of those who began")
    return figure
