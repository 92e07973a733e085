"""Pictures of transitions: a heat map of what follows what, and of how two segments differ in it."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import CARD, INK, KEPT, LOST, readable_on, sequential, themed
from holdfast.durations import span

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["difference_map", "probability_map"]

MOST = 14
"""Steps on a side; more cannot be read."""

START, DROP_OFF = "(start)", "(drop-off)"
Rows = list[dict[str, Any]]


def probability_map(rows: Rows, order: list[str], *, title: str, subtitle: str = "") -> go.Figure:
    """The probability that the step across follows the step down, of the first segment; deeper green is more often.

    rows   with segment, from, to, transitions, customers, probability, low, high, n, median_seconds
    order  the steps, the most frequent first; only the first fourteen are drawn
    """
    part = [row for row in rows if row["segment"] == rows[0]["segment"]] if rows else []
    down, across = _axes(part, order)
    cells = {(row["from"], row["to"]): row for row in part}
    z = [[_value(cells.get((one, other)), "probability") for other in across] for one in down]
    hover = [[_told(cells.get((one, other)), one, other) for other in across] for one in down]
    top = max((value for line in z for value in line if value is not None), default=1.0) or 1.0
    figure = _map(z, down, across, hover, sequential(), 0, top)
    figure.update_layout(annotations=_labels(z, down, across, lambda value: readable_on(min(value / top, 1.0)), "{:.0f}"))
    return _framed(figure, title, subtitle, len(down))


def difference_map(rows: Rows, order: list[str], *, title: str, subtitle: str = "") -> go.Figure:
    """The difference of two segments' probabilities: green where the first has more, red where the second; sure ones are bold.

    rows  with from, to, segment_a, segment_b, probability_a, probability_b, difference, low, high, p_adjusted
    """
    down, across = _axes(rows, list(dict.fromkeys(order)))
    cells = {(row["from"], row["to"]): row for row in rows}
    z = [[_value(cells.get((one, other)), "difference") for other in across] for one in down]
    hover = [[_compared(cells.get((one, other)), one, other) for other in across] for one in down]
    top = max((abs(value) for line in z for value in line if value is not None), default=1.0) or 1.0
    figure = _map(z, down, across, hover, [(0.0, LOST), (0.5, CARD), (1.0, KEPT)], -top, top)
    sure = {key for key, row in cells.items() if row["p_adjusted"] is not None and row["p_adjusted"] < 0.05}
    marks = _labels(z, down, across, lambda value: CARD if abs(value) > 0.6 * top else INK, "{:+.0f}", sure)
    figure.update_layout(annotations=marks)
    return _framed(figure, title, subtitle, len(down))


def _axes(rows: Rows, order: list[str]) -> tuple[list[str], list[str]]:
    """The steps down, from the start, and across, to the end: those of the most frequent that stand in a row at all."""
    left, reached = {row["from"] for row in rows}, {row["to"] for row in rows}
    steps = [name for name in order if name in left | reached][:MOST]
    return [START, *(name for name in steps if name in left)], [*(name for name in steps if name in reached), DROP_OFF]


def _value(row: dict[str, Any] | None, name: str) -> float | None:
    return None if row is None else row[name]


def _told(row: dict[str, Any] | None, one: str, other: str) -> str:
    if row is None:
        return f"{one} → {other}: never"
    sure = f"{100 * row['probability']:.1f} % ({100 * row['low']:.1f} to {100 * row['high']:.1f})"
    after = "" if row["median_seconds"] is None else f"<br>median {span(row['median_seconds'])}"
    counts = f"{row['transitions']:,} of {row['n']:,} times, {row['customers']:,} customers"
    return f"{one} → {other}: {sure}<br>{counts}{after}"


def _compared(row: dict[str, Any] | None, one: str, other: str) -> str:
    if row is None:
        return f"{one} → {other}: in neither, or not taken by both"
    sides = f"{row['segment_a']} {100 * row['probability_a']:.1f} %, {row['segment_b']} {100 * row['probability_b']:.1f} %"
    points = f"{100 * row['difference']:+.1f} points ({100 * row['low']:.1f} to {100 * row['high']:.1f})"
    return f"{one} → {other}: {points}<br>{sides}<br>adjusted p {row['p_adjusted']:.3g}"


def _map(z: Any, down: list[str], across: list[str], hover: Any, scale: Any, low: float, high: float) -> go.Figure:
    import plotly.graph_objects as go

    return go.Figure(
        go.Heatmap(
            z=z, x=list(range(len(across))), y=list(range(len(down))), zmin=low, zmax=high, colorscale=scale, xgap=2, ygap=2,
            showscale=False, hoverongaps=False, text=hover, hovertemplate="%{text}<extra></extra>",
        )
    ).update_xaxes(
        tickvals=list(range(len(across))), ticktext=[_short(name) for name in across], side="top", tickangle=-35,
    ).update_yaxes(
        tickvals=list(range(len(down))), ticktext=[_short(name, 24) for name in down], autorange="reversed",
    )  # fmt: skip


def _labels(
    z: Any, down: list[str], across: list[str], colour: Any, form: str, bold: set[tuple[str, str]] | None = None
) -> list[dict[str, Any]]:
    """The number in each cell, in percent; those under half a percent are left to the hover, unless they are to be bold."""
    said = []
    for y, line in enumerate(z):
        for x, value in enumerate(line):
            strong = bold is not None and (down[y], across[x]) in bold
            if value is None or (abs(value) < 0.005 and not strong):
                continue
            text = (form if abs(value) >= 0.005 else "{:+.1f}").format(100 * value).replace("-", "−")
            font = {"size": 11, "color": colour(value)}
            said.append({"x": x, "y": y, "text": f"<b>{text}</b>" if strong else text, "showarrow": False, "font": font})
    return said


def _short(name: str, width: int = 18) -> str:
    return name if len(name) <= width else shorten(name, width, placeholder="…") if " " in name else name[: width - 1] + "…"


def _framed(figure: go.Figure, title: str, subtitle: str, lines: int) -> go.Figure:
    themed(figure, title=title, subtitle=subtitle, height=min(250 + 34 * lines, 900))
    plain = {"showgrid": False, "zeroline": False, "ticks": ""}
    return figure.update_yaxes(**plain).update_xaxes(**plain).update_layout(margin_t=190, margin_r=50)
