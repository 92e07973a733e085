"""Pictures of risk: predicted against observed on those held out, and where the customers of now stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import INK, KEPT, LOST, RISK, RULE, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["calibration"]

ROOM = 1.25
"""The axis of the bars is so many times the longest, so that its number has room."""

_COLOURS = {"low": KEPT, "medium": SOFT, "high": RISK, "very high": LOST, "not known": RULE}


def calibration(
    deciles: list[dict[str, Any]], bands: list[dict[str, Any]], *, title: str, subtitle: str = "", who: str = "customers now"
) -> go.Figure:
    """Left a dot a tenth of those held out, on the line where predicted is observed; right a bar a band of those of now.

    deciles  with predicted, observed, low, high, n; empty: only the bars are drawn
    bands    with band and customers, several rows a band where there are segments
    """
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=2, column_widths=[0.62, 0.38], horizontal_spacing=0.14)
    if deciles:
        _dots(figure, deciles)
    else:
        figure.add_annotation(
            text="nothing could be tested",
            x=0.5,
            y=0.5,
            xref="x domain",
            yref="y domain",
            showarrow=False,
            font={"color": SOFT},
        )
    _bars(figure, bands, who)
    themed(figure, title=title, subtitle=subtitle, height=440)
    figure.update_layout(showlegend=False)
    top = min(1.0, 0.05 + max([row["high"] for row in deciles] + [row["predicted"] for row in deciles], default=0.95))
    figure.update_xaxes(title_text="predicted risk", tickformat=".0%", range=[0, top], row=1, col=1)
    figure.update_yaxes(title_text="of these left", tickformat=".0%", range=[0, top], row=1, col=1)
    longest = max((sum(row["customers"] for row in bands if row["band"] == name) for name in _COLOURS), default=0)
    figure.update_xaxes(title_text=who, tickformat=",", showgrid=False, range=[0, max(longest, 1) * ROOM], row=1, col=2)
    figure.update_yaxes(showgrid=False, row=1, col=2)
    return figure


def _dots(figure: go.Figure, deciles: list[dict[str, Any]]) -> None:
    diagonal = {"color": RULE, "width": 1, "dash": "dot"}
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=diagonal, hoverinfo="skip", row=1, col=1)
    figure.add_scatter(
        x=[row["predicted"] for row in deciles], y=[row["observed"] for row in deciles], mode="markers",
        marker={"color": INK, "size": 9}, customdata=[[row["decile"], row["n"]] for row in deciles],
        error_y={
            "type": "data", "symmetric": False, "array": [row["high"] - row["observed"] for row in deciles],
            "arrayminus": [row["observed"] - row["low"] for row in deciles], "color": SOFT, "thickness": 1.5, "width": 0,
        },
        hovertemplate="tenth %{customdata[0]}: predicted %{x:.1%}, observed %{y:.1%} of %{customdata[1]:,}<extra></extra>",
        row=1, col=1,
    )  # fmt: skip


def _bars(figure: go.Figure, bands: list[dict[str, Any]], who: str) -> None:
    counts = {name: sum(row["customers"] for row in bands if row["band"] == name) for name in _COLOURS}
    names = [name for name in _COLOURS if counts[name] or name != "not known"]
    figure.add_bar(
        x=[counts[name] for name in names], y=names, orientation="h", marker={"color": [_COLOURS[name] for name in names]},
        text=[f"{counts[name]:,}" for name in names], textposition="outside", cliponaxis=False,
        hovertemplate="%{y}: %{x:,} " + who + "<extra></extra>", row=1, col=2,
    )  # fmt: skip
