"""Survival curves with their bands, and under them how many were still watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import SERIES, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["survival_chart"]

MOST_LINES, FEW = 5, 30
"""Segments drawn; one of fewer customers than FEW only where it is among the first two."""

LINE, TOP, PLOT = 18, 64, 300
Table = Mapping[str, Sequence[Any]]
Rows = Sequence[Mapping[str, Any]]


def survival_chart(table: Table, groups: Rows, watched: Rows, time: str, *, title: str, subtitle: str, x: str) -> go.Figure:
    """Kaplan-Meier steps, a line a segment with its 95 % band; the largest segments, with those still watched beneath.

    table    columns segment, the time, at_risk, survival, low, high · time  the name of that column
    groups   segment, customers and longest_<time>, the largest first · watched  segment, the time, at_risk at each tick
    x        what the time is, for the axis
    """
    import plotly.graph_objects as go

    shown = [group for place, group in enumerate(groups) if place < 2 or group["customers"] >= FEW][:MOST_LINES]
    ticks = sorted({row[time] for row in watched}) or [0.0, 1.0]
    figure = go.Figure()
    for place, group in enumerate(shown):
        rows = [i for i, name in enumerate(table["segment"]) if name == group["segment"] and table[time][i] <= ticks[-1]]
        until = min(group[f"longest_{time}"], ticks[-1])
        _line(figure, table, rows, time, str(group["segment"]), SERIES[place % len(SERIES)], until, len(shown) > 1)
    figure.update_xaxes(title={"text": x, "standoff": 6}, range=[0, ticks[-1]], tickvals=ticks)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02], title_text="still there")
    below = TOP + LINE * (len(shown) + 1) + (30 if len(shown) > 1 else 0)
    themed(figure, title=title, subtitle=subtitle, height=PLOT + 90 + below)
    _watched(figure, watched, shown, time, ticks)
    return figure.update_layout(margin_b=below, legend={"y": -(below - 26) / PLOT, "yanchor": "top"})


def _line(
    figure: go.Figure, table: Table, rows: Sequence[int], time: str, name: str, colour: str, until: float, legend: bool
) -> None:
    """The steps from the start until the last one watched, over their band."""
    known = [i for i in rows if table["low"][i] is not None]
    if known:
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        band = [*(table[time][i] for i in known), until]
        edge = {"mode": "lines", "hoverinfo": "skip", "showlegend": False, "legendgroup": name}
        edge["line"] = {"width": 0, "shape": "hv"}
        figure.add_scatter(x=band, y=[table["high"][i] for i in (*known, known[-1])], **edge)
        fill = {"fill": "tonexty", "fillcolor": f"rgba({red},{green},{blue},0.14)"}
        figure.add_scatter(x=band, y=[table["low"][i] for i in (*known, known[-1])], **fill, **edge)
    shares = [1.0, *(table["survival"][i] for i in rows)]
    figure.add_scatter(
        x=[0.0, *(table[time][i] for i in rows), until], y=[*shares, shares[-1]],
        customdata=[None, *(table["at_risk"][i] for i in rows), None], mode="lines", name=name, legendgroup=name,
        showlegend=legend, line={"color": colour, "width": 2.2, "shape": "hv"},
        hovertemplate=f"{name}, %{{x}}: %{{y:.1%}} still there, of %{{customdata:,}} watched<extra></extra>",
    )  # fmt: skip


def _watched(figure: go.Figure, watched: Rows, shown: Rows, time: str, ticks: Sequence[float]) -> None:
    """Numbers still watched under the ticks, a line a segment."""
    base = {"xref": "x", "yref": "paper", "y": 0, "showarrow": False, "yanchor": "top"}
    font = {"size": 11.5, "color": SOFT}
    figure.add_annotation(text="still there and watched", x=0, xanchor="left", yshift=-TOP + 16, font=font, **base)
    for place, group in enumerate(shown):
        colour = SERIES[place % len(SERIES)] if len(shown) > 1 else SOFT
        for row in watched:
            if row["segment"] != group["segment"]:
                continue
            at = row[time]
            anchor = "left" if at == ticks[0] else "right" if at == ticks[-1] else "center"
            style = base | {"font": {"size": 11.5, "color": colour}, "xanchor": anchor}
            figure.add_annotation(text=f"{row['at_risk']:,}", x=at, yshift=-TOP - LINE * place, **style)
