"""Pictures of early signs: the money at stake by how much of a customer's habit is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import LOST, RISK, RULE, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["stakes"]

NAMED = 8
"""So many customers, those with most at stake, bear their names, if there is room between them."""

ROOM = 0.06
"""Names stand at least so much of the highest value apart."""

_KINDS = ((False, "in silence", LOST), (True, "after a complaint", RISK))


def stakes(rows: list[dict[str, Any]], *, title: str, subtitle: str = "", unit: str = "") -> go.Figure:
    """A dot a customer: how much of her habit is left (with its interval) and the money at stake.

    rows  with customer, ratio, low, high (of the ratio), value, complained, days_silent, most money first
    unit  what the money is, for the axis
    """
    import plotly.graph_objects as go

    names = _names(rows)
    figure = go.Figure()
    for complained, name, colour in _KINDS:
        part = [(place, row) for place, row in enumerate(rows) if row["complained"] == complained]
        if not part:
            continue
        figure.add_scatter(
            x=[row["ratio"] for _, row in part], y=[row["value"] for _, row in part], name=name, mode="markers+text",
            text=[names.get(place, "") for place, _ in part], textposition="top center",
            textfont={"size": 11, "color": SOFT}, marker={"color": colour, "size": 9}, cliponaxis=False,
            customdata=[[row["customer"], row["days_silent"]] for _, row in part],
            error_x={
                "type": "data", "symmetric": False, "array": [row["high"] - row["ratio"] for _, row in part],
                "arrayminus": [row["ratio"] - row["low"] for _, row in part], "color": RULE, "thickness": 1.5, "width": 0,
            },
            hovertemplate="%{customdata[0]}: %{x:.0%} of the habit left, %{y:,.2f} at stake, "
            "silent for %{customdata[1]} days<extra></extra>",
        )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=460)
    figure.update_xaxes(
        title_text="active days now, by those of the habit (95 % interval)", tickformat=".0%", range=[-0.02, 1.02]
    )
    figure.update_yaxes(title_text=unit, rangemode="tozero", tickformat=",", showgrid=False)
    return figure


def _names(rows: list[dict[str, Any]]) -> dict[int, str]:
    """The names of the first rows, by place, without those that would stand on another."""
    found: dict[int, str] = {}
    for place, row in enumerate(rows[:NAMED]):
        if row["value"] > 0 and all(abs(rows[at]["value"] - row["value"]) > ROOM * rows[0]["value"] for at in found):
            found[place] = row["customer"]
    return found
