"""Pictures of sessions: the bounce rate of each landing page with its traffic, and its trend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import KEPT, LOST, SERIES, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["bounce_dots", "bounce_trend"]

MOST = 16
MOST_SEGMENTS = 4
LARGEST = 26
"""Diameter of the dot of the busiest page, in pixels."""

Rows = list[dict[str, Any]]


def bounce_dots(rows: Rows, *, title: str, subtitle: str = "") -> go.Figure:
    """A dot a landing page at its bounce rate, as large as its traffic, with its interval; the busiest pages on top.

    rows  with segment, landing, sessions, customers, bounces, bounce_rate, low, high
    Of one segment: red where surely above the average of all sessions, green where surely below. Several: a colour each.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    segments = list(dict.fromkeys(row["segment"] for row in rows))
    segments = sorted(segments, key=lambda name: -_traffic(row for row in rows if row["segment"] == name))[:MOST_SEGMENTS]
    pages = sorted({row["landing"] for row in rows}, key=lambda page: -_traffic(row for row in rows if row["landing"] == page))
    pages = pages[:MOST][::-1]
    largest = max((row["sessions"] for row in rows), default=1)
    for place, segment in enumerate(segments):
        part = [row for row in rows if row["segment"] == segment]
        average = sum(row["bounces"] for row in part) / max(_traffic(part), 1)
        shown = [row for row in part if row["landing"] in pages]
        lift = 0.0 if len(segments) == 1 else 0.18 * ((len(segments) - 1) / 2 - place)
        colour = SERIES[place] if len(segments) > 1 else [_colour(row, average) for row in shown]
        figure.add_scatter(
            x=[row["bounce_rate"] for row in shown], y=[pages.index(row["landing"]) + lift for row in shown], mode="markers",
            marker={"color": colour, "size": [7 + (LARGEST - 7) * (row["sessions"] / largest) ** 0.5 for row in shown]},
            error_x={
                "array": [row["high"] - row["bounce_rate"] for row in shown],
                "arrayminus": [row["bounce_rate"] - row["low"] for row in shown], "color": SOFT, "thickness": 1, "width": 3,
            },
            name=segment, text=[_told(row) for row in shown], hovertemplate="%{text}<extra></extra>",
            showlegend=len(segments) > 1,
        )  # fmt: skip
        if len(segments) == 1:
            line = {"color": SOFT, "width": 1, "dash": "dot"}
            figure.add_vline(x=average, line=line, annotation_text=f"average {100 * average:.1f} %")
    themed(figure, title=title, subtitle=subtitle, height=min(230 + 32 * len(pages), 800))
    figure.update_xaxes(tickformat=".0%", rangemode="tozero", title_text="sessions of one step")
    figure.update_yaxes(
        tickvals=list(range(len(pages))), ticktext=[_short(page) for page in pages], showgrid=True, zeroline=False
    )
    return figure.update_layout(margin_t=105)


def bounce_trend(rows: Rows, *, title: str, subtitle: str = "") -> go.Figure:
    """The bounce rate of all pages by period with its 95 % band, a line a segment; the last point dotted while in progress.

    rows  with segment, period, state, sessions, bounces, bounce_rate, low, high
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    segments = list(dict.fromkeys(row["segment"] for row in rows))[:MOST_SEGMENTS]
    for place, segment in enumerate(segments):
        part = [row for row in rows if row["segment"] == segment and row["bounce_rate"] is not None]
        colour = SERIES[place] if len(segments) > 1 else KEPT
        across = [row["period"] for row in part]
        quiet: dict[str, Any] = {
            "mode": "lines",
            "line": {"width": 0, "color": colour},
            "hoverinfo": "skip",
            "showlegend": False,
        }
        figure.add_scatter(x=across, y=[row["high"] for row in part], **quiet)
        figure.add_scatter(x=across, y=[row["low"] for row in part], fill="tonexty", fillcolor=_faint(colour), **quiet)
        figure.add_scatter(
            x=across, y=[row["bounce_rate"] for row in part], mode="lines+markers", name=segment,
            line={"color": colour, "width": 2.2}, showlegend=len(segments) > 1,
            marker={"symbol": ["circle" if row["state"] == "complete" else "circle-open" for row in part], "size": 7},
            text=[_told({**row, "landing": row["period"]}) for row in part], hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=420)
    figure.update_xaxes(type="category")
    return figure.update_yaxes(tickformat=".0%", rangemode="tozero")


def _traffic(rows: Any) -> int:
    return sum(row["sessions"] for row in rows)


def _colour(row: dict[str, Any], average: float) -> str:
    return LOST if row["low"] > average else KEPT if row["high"] < average else SOFT


def _told(row: dict[str, Any]) -> str:
    sure = f"{100 * row['bounce_rate']:.1f} % ({100 * row['low']:.1f} to {100 * row['high']:.1f})"
    return f"{row['landing']}: {sure}<br>{row['bounces']:,} of {row['sessions']:,} sessions, {row['customers']:,} customers"


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.13)"


def _short(name: str) -> str:
    return name if len(name) <= 28 else name[:27] + "…"
