"""How long contracts last: the share that has lived so many renewals, actual against the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import SERIES, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["renewal_curves"]

MOST_LINES, FEW = 5, 30
"""Segments drawn; one of which fewer than FEW came to the first renewal only where it is among the first two."""

APART = 0.16
"""Renewals between the points of two segments, so that their intervals do not hide each other."""


def renewal_curves(rows: Sequence[Mapping[str, Any]], *, title: str, subtitle: str, every: str) -> go.Figure:
    """Points with 95 % intervals for what was observed, a line for the model, dotted where it forecasts.

    rows  with segment, renewal, state, survival, survival_low, survival_high, model_survival; the largest segment first
    """
    import plotly.graph_objects as go

    segments = _shown(rows)
    figure = go.Figure()
    for place, segment in enumerate(segments):
        own, colour = [row for row in rows if row["segment"] == segment], SERIES[place % len(SERIES)]
        name, aside = segment if len(segments) > 1 else "", APART * (place - (len(segments) - 1) / 2)
        _points(figure, [row for row in own if row["state"] == "observed"], name, colour, aside)
        _model(figure, own, name, colour)
    figure.update_xaxes(title_text=f"renewals lived ({every}s after the start)", rangemode="tozero")
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02], title_text="still under contract")
    return themed(figure, title=title, subtitle=subtitle, height=440).update_layout(legend_y=-0.2)


def _shown(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    came = {row["segment"]: row["at_risk"] or 0 for row in reversed(rows)}
    largest = list(dict.fromkeys(row["segment"] for row in rows))
    return [segment for place, segment in enumerate(largest) if place < 2 or came[segment] >= FEW][:MOST_LINES]


def _points(figure: go.Figure, rows: Sequence[Mapping[str, Any]], name: str, colour: str, aside: float) -> None:
    """What was observed, so many renewals aside; in the legend where there is one segment alone."""
    known = [row for row in rows if row["survival"] is not None]
    above = [(row["survival_high"] or row["survival"]) - row["survival"] for row in known]
    below = [row["survival"] - (row["survival_low"] or row["survival"]) for row in known]
    figure.add_scatter(
        x=[row["renewal"] + aside for row in known], y=[row["survival"] for row in known], mode="markers",
        name="actual", legendgroup=name, showlegend=not name, marker={"color": colour, "size": 5 if name else 7},
        customdata=[[row["renewal"], row["at_risk"]] for row in known],
        error_y={
            "type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": colour, "thickness": 1,
            "width": 0,
        },
        hovertemplate="renewal %{customdata[0]}: %{y:.1%}, of %{customdata[1]:,} who came to it<extra></extra>",
    )  # fmt: skip


def _model(figure: go.Figure, rows: Sequence[Mapping[str, Any]], name: str, colour: str) -> None:
    """The model's line from the start: solid as far as renewals were observed, dotted beyond."""
    known = [row for row in rows if row["model_survival"] is not None]
    if not known:
        return
    seen = [row for row in known if row["state"] == "observed"]
    solid, dotted = [(0, 1.0), *((row["renewal"], row["model_survival"]) for row in seen)], known[max(len(seen) - 1, 0) :]
    figure.add_scatter(
        x=[at for at, _ in solid], y=[share for _, share in solid], mode="lines", name=name or "model", legendgroup=name,
        line={"color": colour, "width": 2}, hovertemplate="renewal %{x}: %{y:.1%} by the model<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[row["renewal"] for row in dotted], y=[row["model_survival"] for row in dotted], mode="lines",
        showlegend=False, legendgroup=name,
        line={"color": colour, "width": 2, "dash": "dot"}, hovertemplate="renewal %{x}: %{y:.1%} forecast<extra></extra>",
    )  # fmt: skip
