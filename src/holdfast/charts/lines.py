"""Lines over periods or days: rates with their intervals, shares that grow, thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from holdfast.charts.palette import KEPT, LOST, RISK, SERIES, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["points_with_intervals", "series_lines", "step_curve", "threshold_curve", "threshold_curves"]

Unit = Literal["share", "money", "days", "number"]


def series_lines(
    rows: Sequence[Mapping[str, Any]],
    x: str,
    y: str,
    by: str,
    *,
    title: str,
    subtitle: str = "",
    unit: Unit = "number",
    most: int = 8,
) -> go.Figure:
    """A line per segment.

    rows  table rows as mappings · x, y, by  their keys; a y of None leaves a gap
    most  lines drawn; the segments with most rows known come first
    """
    import plotly.graph_objects as go

    series: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        series.setdefault(str(row[by]), []).append(row)
    weight = {name: sum(row.get("n") or row.get("start") or 0 for row in found) for name, found in series.items()}
    figure = go.Figure()
    for place, name in enumerate(sorted(series, key=lambda each: (-weight[each], each))[:most]):
        found = series[name]
        figure.add_scatter(
            x=[row[x] for row in found], y=[row[y] for row in found], name=name, mode="lines+markers",
            line={"color": SERIES[place % len(SERIES)], "width": 2}, marker={"size": 5}, connectgaps=False,
        )  # fmt: skip
    return themed(_axis(figure, unit), title=title, subtitle=subtitle)


def threshold_curve(
    days: Sequence[int], shares: Sequence[float | None], at: int, *, title: str, subtitle: str, x: str, y: str
) -> go.Figure:
    """A share that grows with the days, and the day at which it is enough."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_scatter(
        x=list(days), y=list(shares), mode="lines", line={"color": KEPT, "width": 2.2, "shape": "hv"}, name=y, showlegend=False
    )
    figure.add_vline(x=at, line={"color": RISK, "width": 1.5, "dash": "dash"})
    figure.add_annotation(x=at, y=0.06, text=f" {at} days", showarrow=False, xanchor="left", font={"color": RISK})
    figure.update_xaxes(title=x)
    figure.update_yaxes(title=y, range=[0, 1.03])
    return themed(_axis(figure, "share"), title=title, subtitle=subtitle)


def threshold_curves(curves: Sequence[Mapping[str, Any]], *, title: str, subtitle: str, x: str, y: str) -> go.Figure:
    """Several shares that grow with the days, each with a point on the day at which it is enough.

    curves  mappings with name, days (0, 1, 2, …), shares and at (a day)
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for place, curve in enumerate(curves):
        colour, at = SERIES[place % len(SERIES)], curve["at"]
        figure.add_scatter(
            x=list(curve["days"]), y=list(curve["shares"]), mode="lines", legendgroup=curve["name"],
            line={"color": colour, "width": 2, "shape": "hv"}, name=f"{curve['name']}: {at} days",
        )  # fmt: skip
        if at < len(curve["shares"]):
            figure.add_scatter(
                x=[at], y=[curve["shares"][at]], mode="markers", marker={"color": colour, "size": 9},
                legendgroup=curve["name"], name=curve["name"], showlegend=False,
            )  # fmt: skip
    figure.update_xaxes(title=x)
    figure.update_yaxes(title=y, range=[0, 1.03])
    return themed(_axis(figure, "share"), title=title, subtitle=subtitle)


def step_curve(
    days: Sequence[float],
    shares: Sequence[float],
    *,
    title: str,
    subtitle: str,
    x: str,
    y: str,
    points: Sequence[Mapping[str, Any]] = (),
) -> go.Figure:
    """A step curve with points that have intervals on it.

    points  mappings with days, share, low, high
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_scatter(x=list(days), y=list(shares), mode="lines", line={"color": KEPT, "width": 2.2, "shape": "hv"}, name=y)
    _intervals(figure, [p["days"] for p in points], points, "observed for that long")
    figure.update_xaxes(title=x)
    figure.update_yaxes(title=y, rangemode="tozero")
    return themed(_axis(figure, "share"), title=title, subtitle=subtitle)


def points_with_intervals(
    rows: Sequence[Mapping[str, Any]],
    x: str,
    y: str,
    *,
    title: str,
    subtitle: str = "",
    unit: Unit = "share",
    goal: float | None = None,
) -> go.Figure:
    """One value a period with its interval, joined by a line; `goal` draws a level."""
    import plotly.graph_objects as go

    figure = go.Figure()
    values = [row[y] for row in rows]
    figure.add_scatter(
        x=[row[x] for row in rows], y=values, mode="lines+markers", line={"color": KEPT, "width": 2}, name=y, showlegend=False,
        error_y={
            "type": "data", "symmetric": False, "color": SOFT, "thickness": 1, "width": 3,
            "array": [_reach(row[y], row[f"{y}_high"]) for row in rows],
            "arrayminus": [_reach(row[f"{y}_low"], row[y]) for row in rows],
        },
    )  # fmt: skip
    if goal is not None:
        figure.add_hline(y=goal, line={"color": LOST, "width": 1, "dash": "dot"})
    return themed(_axis(figure, unit), title=title, subtitle=subtitle)


def _reach(low: float | None, high: float | None) -> float:
    """How far an interval reaches to one side; nothing where there is no interval."""
    return 0 if low is None or high is None else high - low


def _intervals(figure: go.Figure, xs: Sequence[float], rows: Sequence[Mapping[str, Any]], name: str) -> None:
    known = [(x, row) for x, row in zip(xs, rows, strict=True) if row["share"] is not None]
    if not known:
        return
    shares = [row["share"] for _, row in known]
    figure.add_scatter(
        x=[x for x, _ in known], y=shares, mode="markers", marker={"color": RISK, "size": 8}, name=name,
        error_y={
            "type": "data", "symmetric": False, "color": SOFT, "thickness": 1, "width": 4,
            "array": [row["high"] - row["share"] for _, row in known],
            "arrayminus": [row["share"] - row["low"] for _, row in known],
        },
    )  # fmt: skip


def _axis(figure: go.Figure, unit: Unit) -> go.Figure:
    if unit == "share":
        figure.update_yaxes(tickformat=".0%", hoverformat=".1%")
    elif unit == "money":
        figure.update_yaxes(tickformat=",.0f", hoverformat=",.2f")
    return figure
