"""Pictures of a holdout: orders week by week, foretold and come true; and by how often customers had ordered before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import INK, KEPT, LOST, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["by_frequency", "tracking"]


def tracking(rows: Sequence[Mapping[str, Any]], *, model: str, title: str, subtitle: str = "") -> go.Figure:
    """The tracking curve: cumulative repeat order days, real and expected; a line where the models' knowledge ends.

    rows   the weeks in order, with until, calibration, actual, expected, conditional, plain (None before the split)
    model  its name
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    x = [row["until"] for row in rows]
    lines: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("plain", "plain rate", {"color": LOST, "width": 1.8, "dash": "dot"}),
        ("expected", f"{model}, from first orders alone", {"color": KEPT, "width": 1.5, "dash": "dash"}),
        ("conditional", f"{model}, from what had come", {"color": KEPT, "width": 2.4}),
        ("actual", "real", {"color": INK, "width": 2.0}),
    )
    for key, name, line in lines:
        figure.add_scatter(
            x=x, y=[row[key] for row in rows], name=name, mode="lines", line=line, connectgaps=False,
            hovertemplate=f"%{{x|%-d %B %Y}}: %{{y:,.0f}} {name}<extra></extra>",
        )  # fmt: skip
    split = next((row["until"] for row in reversed(rows) if row["calibration"]), None)
    if split is not None:
        figure.add_shape(type="line", x0=split, x1=split, y0=0, y1=1, yref="paper", line={"color": SOFT, "width": 1})
        figure.add_annotation(
            x=split, y=1, yref="paper", text="known up to here ", showarrow=False, xanchor="right", yanchor="top",
            font={"size": 12, "color": SOFT},
        )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=460)
    figure.update_yaxes(title_text="order days after the first, cumulative", rangemode="tozero", tickformat=",")
    return figure


def by_frequency(rows: Sequence[Mapping[str, Any]], *, model: str, title: str, subtitle: str = "") -> go.Figure:
    """Mean order days after the split by order days before it: real with its interval, the model, the plain rate.

    rows   with frequency, customers, actual, low, high, expected, plain; those without customers are left out
    model  its name
    """
    import plotly.graph_objects as go

    some = [row for row in rows if row["customers"]]
    x = [row["frequency"] for row in some]
    figure = go.Figure()
    figure.add_bar(
        x=x, y=[row["actual"] for row in some], name="real (95 % interval)", marker={"color": INK, "opacity": 0.28},
        customdata=[row["customers"] for row in some],
        error_y={
            "type": "data", "symmetric": False, "color": INK, "thickness": 1.2, "width": 3,
            "array": [(row["high"] if row["high"] is not None else row["actual"]) - row["actual"] for row in some],
            "arrayminus": [row["actual"] - (row["low"] if row["low"] is not None else row["actual"]) for row in some],
        },
        hovertemplate="%{customdata:,} customers with %{x} before: %{y:.2f} on average after<extra></extra>",
    )  # fmt: skip
    for key, name, colour, symbol in (("expected", model, KEPT, "circle"), ("plain", "plain rate", LOST, "x-thin-open")):
        figure.add_scatter(
            x=x, y=[row[key] for row in some], name=name, mode="markers",
            marker={"color": colour, "size": 10, "symbol": symbol, "line": {"width": 2, "color": colour}},
            hovertemplate=f"%{{y:.2f}} foretold by {name}<extra></extra>",
        )  # fmt: skip
    themed(figure, title=title, subtitle=subtitle, height=460)
    figure.update_xaxes(title_text="order days after the first, before the split", type="category")
    figure.update_yaxes(title_text="mean order days after the split", rangemode="tozero")
    return figure
