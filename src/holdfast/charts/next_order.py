"""Pictures of the next order: each customer's range on the calendar, and the day on which her silence becomes unusual."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import INK, KEPT, LOST, PAPER, RISK, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["calendar"]

MOST = 24
"""So many customers stand in the picture, the first of the table."""

BACK_DAYS, AHEAD_DAYS = 120, 120
"""The calendar ends so long before and after the as-of: ranges that reach further are cut there, earlier orders left out."""

_KINDS = (
    ("unusual silence", LOST, "unusual silence: if she comes again at all"),
    ("overdue", RISK, "overdue"),
    ("", KEPT, "in her rhythm"),
)


def calendar(rows: list[dict[str, Any]], as_of: date, *, title: str, subtitle: str = "") -> go.Figure:
    """A line a customer: her last order, the ranges of the next one (four in five thin, one in two thick), the day of unusual
    silence.

    rows  with customer, band, last_order, next_order, half_from, half_to, next_low, next_high, unusual_on; the first on top
    """
    import plotly.graph_objects as go

    figure, end = go.Figure(), as_of + timedelta(days=AHEAD_DAYS)
    shown = [row for row in rows if row["next_low"] <= end][:MOST]
    for name, colour, told in _KINDS:
        part = [row for row in shown if row["band"] == name or (not name and row["band"] not in ("unusual silence", "overdue"))]
        if not part:
            continue
        for low, high, width in (("next_low", "next_high", 2), ("half_from", "half_to", 7)):
            x, y = _lines(part, low, high, end)
            line = {"color": colour, "width": width}
            figure.add_scatter(x=x, y=y, mode="lines", line=line, name=told, showlegend=False, hoverinfo="skip")
        near = [row for row in part if row["next_order"] <= end]
        figure.add_scatter(
            x=[row["next_order"] for row in near], y=[row["customer"] for row in near], mode="markers", name=told,
            marker={"color": colour, "size": 9, "line": {"color": PAPER, "width": 1}},
            customdata=[_told(row) for row in near], hovertemplate=_TOLD,
        )  # fmt: skip
    names = [row["customer"] for row in shown]
    for key, told, symbol, colour in (
        ("last_order", "last order", "line-ns-open", SOFT),
        ("unusual_on", "silence unusual from here", "x-thin-open", INK),
    ):
        near = [row for row in shown if row[key] <= end]
        figure.add_scatter(
            x=[row[key] for row in near], y=[row["customer"] for row in near], mode="markers", name=told,
            marker={"color": colour, "size": 8, "symbol": symbol},
            hovertemplate=f"%{{y}}: {told} %{{x|%Y-%m-%d}}<extra></extra>",
        )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=190 + 22 * max(len(shown), 4))
    figure.add_vline(x=as_of.isoformat(), line={"color": SOFT, "width": 1, "dash": "dot"})
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=names[::-1], showgrid=False)
    first = min((row["last_order"] for row in shown), default=as_of)
    figure.update_xaxes(showgrid=True, range=[max(first, as_of - timedelta(days=BACK_DAYS)) - timedelta(days=3), end])
    return figure


def _lines(rows: list[dict[str, Any]], low: str, high: str, end: date) -> tuple[list[Any], list[Any]]:
    """One trace of many lines, cut at the end, with gaps between them."""
    x: list[Any] = []
    y: list[Any] = []
    for row in rows:
        if row[low] <= end:
            x += [row[low], min(row[high], end), None]
            y += [row["customer"], row["customer"], None]
    return x, y


_TOLD = (
    "%{y}: next order about %{customdata[0]}<br>one in two %{customdata[1]} to %{customdata[2]}, four in five %{customdata[3]}"
    " to %{customdata[4]}<br>last order %{customdata[5]}<extra></extra>"
)


def _told(row: dict[str, Any]) -> list[str]:
    return [row[key].isoformat() for key in ("next_order", "half_from", "half_to", "next_low", "next_high", "last_order")]
