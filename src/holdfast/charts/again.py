"""Pictures of buying once a period: what each history lets expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import KEPT, PAPER, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["histories"]

LARGEST = 46
"""Pixels across of the dot with most customers."""


_TOLD = (
    "%{y} of %{customdata[3]}, the last %{x} ago: %{customdata[0]:,} customers<br>%{customdata[1]:.2f} expected, "
    "still there %{customdata[2]:.0%}<extra></extra>"
)


def histories(rows: list[dict[str, Any]], every: str, *, title: str, subtitle: str = "") -> go.Figure:
    """A dot a history: how often (up), how many periods ago (across); as large as its customers, as dark as what is expected.

    rows  with x, t_x, n, customers, alive, expected
    """
    import plotly.graph_objects as go

    most = max((row["customers"] for row in rows), default=1)
    top = max((row["expected"] for row in rows), default=1.0)
    figure = go.Figure()
    figure.add_scatter(
        x=[row["n"] - row["t_x"] for row in rows], y=[row["x"] for row in rows], mode="markers",
        marker={
            "size": [6 + (LARGEST - 6) * (row["customers"] / most) ** 0.5 for row in rows], "line": {"color": KEPT, "width": 1},
            "color": [row["expected"] for row in rows], "colorscale": [[0, PAPER], [1, KEPT]], "cmin": 0, "cmax": top,
            "colorbar": {
                "title": {"text": "expected", "font": {"size": 12}}, "tickfont": {"size": 11},
                "thickness": 10, "outlinewidth": 0,
            },
        },
        customdata=[[row["customers"], row["expected"], row["alive"], row["n"]] for row in rows],
        hovertemplate=_TOLD,
    )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=520)
    figure.update_xaxes(title_text=f"{every}s since the last order", dtick=1, autorange="reversed", zeroline=False)
    often = max((row["x"] for row in rows), default=1)
    figure.update_yaxes(title_text=f"{every}s with an order", dtick=1, range=[-0.6, often + 0.6], zeroline=False)
    return figure
