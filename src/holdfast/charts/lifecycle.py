"""The life cycle as bars: who was new, kept and returned above the line, who was lost below it, and the pulse above all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import INK, KEPT, LOST, NEW, RETURNED, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["life_bars", "money_rows"]

_PARTS = (("kept", KEPT, 1), ("returned", RETURNED, 1), ("new", NEW, 1), ("lost", LOST, -1))
_OPEN = 0.45
"""How faint the bar of a period in progress is."""

_LABELS = 14
"""Periods named under the bars; of more, every second or third is."""


def money_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the life cycle in money as bars: what the kept ones spent, and the pulse of money, without an interval."""
    drawn = []
    for row in rows:
        pulse = (row["new"] + row["returned"]) / row["lost"] if row["lost"] else None
        drawn.append({**row, "kept": row["kept_now"], "pulse": pulse, "pulse_low": pulse, "pulse_high": pulse})
    return drawn


def life_bars(rows: list[dict[str, Any]], *, title: str, subtitle: str = "", unit: str = "customers") -> go.Figure:
    """Stacked bars a period, and the pulse with its interval in a narrow panel above them; periods in progress are faint.

    rows  with period, state, new, kept, returned, lost, pulse, pulse_low, pulse_high
    unit  what is counted, for the axis and the hover text
    """
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.26, 0.74], vertical_spacing=0.06)
    periods = [row["period"] for row in rows]
    faint = [1.0 if row["state"] == "complete" else _OPEN for row in rows]
    for name, colour, sign in _PARTS:
        figure.add_bar(
            x=periods, y=[sign * row[name] for row in rows], name=name, customdata=[row[name] for row in rows],
            marker={"color": colour, "opacity": faint}, row=2, col=1,
            hovertemplate="%{x}: %{customdata:,.0f} " + f"{name} {unit}<extra></extra>",
        )  # fmt: skip
    _pulse(figure, [row for row in rows if row["state"] == "complete" and row["pulse"] is not None])
    figure.update_layout(barmode="relative", bargap=0.25)
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=periods)
    figure.update_xaxes(tickvals=periods[:: max(1, -(-len(periods) // _LABELS))], row=2, col=1)
    figure.update_yaxes(title="pulse", rangemode="tozero", nticks=4, row=1, col=1)
    figure.update_yaxes(title=unit, tickformat=",", row=2, col=1)
    themed(figure, title=title, subtitle=subtitle, height=460)
    figure.update_xaxes(showticklabels=False, ticks="", row=1, col=1)
    figure.update_yaxes(zeroline=True, zerolinecolor=SOFT, row=2, col=1)
    return figure


def _pulse(figure: go.Figure, rows: list[dict[str, Any]]) -> None:
    """The pulse of complete periods with its interval, and the line at 1, where as many come as go."""
    above = [(row["pulse_high"] or row["pulse"]) - row["pulse"] for row in rows]
    below = [row["pulse"] - row["pulse_low"] for row in rows]
    figure.add_scatter(
        x=[row["period"] for row in rows], y=[row["pulse"] for row in rows], name="pulse: new and returned for each one lost",
        mode="lines+markers", line={"color": INK, "width": 1.8}, marker={"size": 5}, row=1, col=1,
        error_y={"type": "data", "array": above, "arrayminus": below, "color": SOFT, "thickness": 1, "width": 0},
        hovertemplate="%{x}: %{y:.2f} new and returned for each one lost<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=1, line={"color": SOFT, "width": 1, "dash": "dot"}, row=1, col=1)
