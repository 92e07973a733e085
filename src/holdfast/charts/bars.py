"""Bars with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from holdfast.charts.palette import KEPT, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["interval_bars"]

MOST = 15


def interval_bars(
    bars: Sequence[tuple[str, float, float | None, float | None]], *, title: str, subtitle: str = "", unit: str = "",
    order: Literal["longest", "as given"] = "longest",
) -> go.Figure:  # fmt: skip
    """A horizontal bar a row, at most fifteen.

    bars  (name, value, low, high); an interval of None is left out
    unit  what is measured, for the axis; a "share" is written as per cent
    order  from the top: the longest bar first, or as they come
    """
    import plotly.graph_objects as go

    shown = sorted(bars, key=lambda bar: bar[1])[-MOST:] if order == "longest" else [*bars][:MOST][::-1]
    values = [value for _, value, _, _ in shown]
    above = [(high - value) if high is not None else 0 for _, value, _, high in shown]
    below = [(value - low) if low is not None else 0 for _, value, low, _ in shown]
    figure = go.Figure()
    figure.add_bar(
        y=[name for name, *_ in shown], x=values, orientation="h", marker_color=KEPT, showlegend=False,
        error_x={"type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": SOFT, "thickness": 1},
        hovertemplate="%{y}: " + ("%{x:.1%}" if unit == "share" else "%{x:,.2f} " + unit) + "<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title=unit, tickformat=".0%" if unit == "share" else "")
    figure.update_yaxes(type="category")
    return themed(figure, title=title, subtitle=subtitle)
