"""Who moved where between two dates: the heat map that RFM segments and personas share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdfast.charts.palette import SOFT, readable_on, sequential, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["moves_map"]


def moves_map(
    before: list[str], after: list[str], customers: list[list[int]], shares: Sequence[Sequence[float | None]],
    *, title: str, subtitle: str, height: int, top: int, size: int,
) -> go.Figure:  # fmt: skip
    """A heat map of moves: rows where customers were, columns where they are, shaded by the share of the row.

    customers, shares  [before][after]; a share of None leaves its cell blank
    height, top, size  of the figure, of its upper margin and of the numbers, in pixels
    """
    import plotly.graph_objects as go

    figure = go.Figure(
        go.Heatmap(
            x=after, y=before, z=shares, colorscale=sequential(), zmin=0, zmax=1, showscale=False, xgap=2, ygap=2,
            customdata=customers, hoverongaps=False,
            hovertemplate="%{y} → %{x}<br>%{customdata:,} customers, %{z:.1%} of them<extra></extra>",
        )
    )  # fmt: skip
    for name, row, part in zip(before, customers, shares, strict=True):
        for other, value, share in zip(after, row, part, strict=True):
            if share is not None and value > 0:
                font = {"size": size, "color": readable_on(share)}
                figure.add_annotation(x=other, y=name, text=f"{value:,}", showarrow=False, font=font)
    themed(figure, title=title, subtitle=subtitle, height=height)
    figure.update_xaxes(side="top", showline=False, ticks="")
    figure.update_yaxes(autorange="reversed", showgrid=False, tickfont={"color": SOFT})
    figure.update_layout(margin={"t": top})
    return figure
