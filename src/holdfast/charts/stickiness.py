"""Pictures of stickiness: daily, weekly and monthly active customers, and how often they come, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import KEPT, NEW, RETURNED, SERIES, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["active_lines", "stickiness_lines"]

_LINES = (("mau", "in 30 days", KEPT), ("wau", "in 7 days", RETURNED), ("dau", "on the day", NEW))


def active_lines(rows: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """Active customers by date: 30 days, 7 days, the day; dotted while a count is in progress.

    rows  with date, dau, wau, mau and dau_state, wau_state, mau_state
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    dates = [row["date"] for row in rows]
    for name, words, colour in _LINES:
        whole = [row[f"{name}_state"] == "complete" for row in rows]
        solid = [row[name] if done else None for row, done in zip(rows, whole, strict=True)]
        hover = "%{x|%-d %b %Y}: %{y:,} active " + words + "<extra></extra>"
        line = {"color": colour, "width": 1.2 if name == "dau" else 2.2}
        figure.add_scatter(x=dates, y=solid, mode="lines", name=words, line=line, hovertemplate=hover)
        near = [not done or not all(whole[max(at - 1, 0) : at + 2]) for at, done in enumerate(whole)]
        dotted = [row[name] if open_ else None for row, open_ in zip(rows, near, strict=True)]
        late = {**line, "dash": "dot"}
        figure.add_scatter(x=dates, y=dotted, mode="lines", line=late, showlegend=False, hovertemplate=hover)
    themed(figure, title=title, subtitle=subtitle, height=440)
    figure.update_yaxes(rangemode="tozero", tickformat=",")
    return figure


def stickiness_lines(rows: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """The share of 30-day customers active on the day, by date, a line for each of the ten largest segments.

    rows  with segment, date, mau, mau_state, stickiness
    """
    import plotly.graph_objects as go

    sizes: dict[str, int] = {}
    for row in rows:
        sizes[row["segment"]] = sizes.get(row["segment"], 0) + row["mau"]
    figure = go.Figure()
    for place, name in enumerate(sorted(sizes, key=lambda label: -sizes[label])[: len(SERIES)]):
        part = [row for row in rows if row["segment"] == name and row["mau_state"] == "complete"]
        figure.add_scatter(
            x=[row["date"] for row in part], y=[row["stickiness"] for row in part], mode="lines", name=name,
            line={"color": SERIES[place], "width": 1.6}, hovertemplate="%{x|%-d %b %Y}: %{y:.1%}<extra>" + name + "</extra>",
        )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=440)
    figure.update_yaxes(rangemode="tozero", tickformat=".0%")
    return figure
