"""The picture of drivers: a forest of differences, each with its interval, among customers alike and at first sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import KEPT, LOST, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["forest"]

MOST_SHOWN = 25
LONGEST = 34
_COLOURS = {"stay more": KEPT, "stay less": LOST}


def forest(rows: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """A line a behaviour: the difference among customers alike (filled) and the plain one (open), in points.

    rows  with behaviour, n, did, finding, share_difference and adjusted_share with their _low and _high; those that were not
          tested are left out, and so are those after the first 25
    """
    import plotly.graph_objects as go

    shown = [row for row in rows if row["adjusted_share"] is not None][:MOST_SHOWN]
    names = [_called(row) for row in shown]
    figure = go.Figure()
    for word, colour, filled in (
        ("at first sight", SOFT, False),
        ("among customers alike: passes, stay more", KEPT, True),
        ("passes, stay less", LOST, True),
        ("no more than chance may give", SOFT, True),
    ):
        own = [place for place, row in enumerate(shown) if not filled or _COLOURS.get(row["finding"], SOFT) == colour]
        if own:
            figure.add_trace(
                _points([shown[place] for place in own], [len(shown) - 1 - place for place in own], word, colour, filled)
            )
    figure.add_vline(x=0, line={"color": SOFT, "width": 1}, layer="below")
    themed(figure, title=title, subtitle=subtitle, height=170 + 26 * max(len(shown), 3))
    figure.update_yaxes(
        tickvals=list(range(len(shown))),
        ticktext=names[::-1],
        range=[-0.7, max(len(shown), 1) - 0.3],
        showgrid=False,
        zeroline=False,
    )
    figure.update_xaxes(title={"text": "difference in the share that stays"}, tickformat="+.0%", showgrid=True, zeroline=False)
    figure.update_layout(legend={"y": -0.1 - 1.6 / (len(shown) + 6)})
    return figure


def _called(row: dict[str, Any]) -> str:
    name = row["behaviour"] if len(row["behaviour"]) <= LONGEST else row["behaviour"][: LONGEST - 1] + "…"
    return name if row["n"] == 1 else f"{name} × {row['n']}+"


def _points(rows: list[dict[str, Any]], heights: list[int], word: str, colour: str, filled: bool) -> go.Scatter:
    import plotly.graph_objects as go

    key = "adjusted_share" if filled else "share_difference"
    x = [row[key] for row in rows]
    return go.Scatter(
        x=x,
        y=[height - (0.0 if filled else 0.26) for height in heights],
        mode="markers",
        name=word,
        marker={"color": colour, "size": 9 if filled else 6, "symbol": "circle" if filled else "circle-open"},
        error_x={
            "type": "data", "symmetric": False, "color": colour, "thickness": 1.8 if filled else 1, "width": 0,
            "array": [row[f"{key}_high"] - value for row, value in zip(rows, x, strict=True)],
            "arrayminus": [value - row[f"{key}_low"] for row, value in zip(rows, x, strict=True)],
        },
        customdata=[[row["behaviour"], row["n"], row["did"]] for row in rows],
        hovertemplate="%{customdata[0]} at least %{customdata[1]} times: %{x:+.1%} (%{customdata[2]:,} did)<extra></extra>",
    )  # fmt: skip
