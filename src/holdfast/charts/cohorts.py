"""Pictures of cohort grids: the heat map with three kinds of cells, pooled curves with bands, how soon customers return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import INK, KEPT, SERIES, SOFT, readable_on, sequential, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["curves", "heat_map", "lifetime_curves", "survival_curves"]

MOST_LINES = 4
Table = dict[str, list[Any]]


def heat_map(
    table: Table, title: str, subtitle: str, step: str, measure: str = "customers", marks: Mapping[str, str] | None = None
) -> go.Figure:
    """The grid of the first segment: deeper green where more came back.

    table    columns cohort, period, size, customers, rate, low, high, state (and value_per_customer), long form
    step     what a period is: month, week, bracket, …
    measure  "customers" shows rates, else money per customer
    marks    cohort → the initiative that began in it, written beside it with a ◆
    A cell in progress is written in italics with an open circle; one that cannot be observed yet is left blank.
    """
    import plotly.graph_objects as go

    rows = [place for place, segment in enumerate(table["segment"]) if segment == table["segment"][0]]
    cohorts = list(dict.fromkeys(table["cohort"][i] for i in rows))
    width = 1 + max((table["period"][i] for i in rows), default=-1)
    shown = table["rate"] if measure == "customers" else table["value_per_customer"]
    sizes = {table["cohort"][i]: table["size"][i] for i in reversed(rows)}
    names = {cohort: f"<b>{cohort}</b>" if cohort == "all" else f"{cohort}  ({sizes[cohort]:,})" for cohort in cohorts}
    names = {cohort: f"◆ {marks[cohort]}  {name}" if marks and cohort in marks else name for cohort, name in names.items()}
    z = [[shown[i] for i in rows[line * width : (line + 1) * width]] for line in range(len(cohorts))]
    hover = [[_told(table, i, step) for i in rows[line * width : (line + 1) * width]] for line in range(len(cohorts))]
    top = _top(shown[i] for i in rows if not (table["period"][i] == 0 and measure == "customers" and shown[i] == 1))
    figure = go.Figure(
        go.Heatmap(
            z=z, x=list(range(width)), y=[names[cohort] for cohort in cohorts], zmin=0, zmax=top, colorscale=sequential(),
            xgap=2, ygap=2, showscale=False, hoverongaps=False, text=hover, hovertemplate="%{text}<extra></extra>",
        )
    )  # fmt: skip
    if width * len(cohorts) <= 400:
        figure.update_layout(annotations=[_label(table, shown, i, names, top, measure) for i in rows if shown[i] is not None])
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(title_text=f"{step}s after entry", side="top", dtick=1 if width <= 26 else None)
    themed(figure, title=title, subtitle=_short(subtitle, measure != "customers"), height=min(140 + 30 * len(cohorts), 1400))
    return figure.update_yaxes(showgrid=False, ticks="").update_layout(margin_t=120)


def _top(values: Iterable[float | None]) -> float:
    return max((value for value in values if value is not None), default=1.0) or 1.0


def _label(table: Table, shown: list[Any], i: int, names: dict[str, str], top: float, measure: str) -> dict[str, Any]:
    value = shown[i]
    said = f"{100 * value:.0f} %" if measure == "customers" else f"{value:,.0f}"
    if table["state"][i] == "in progress":
        said = f"<i>{said} ◦</i>"
    colour = readable_on(min(value / top, 1)) if value >= 0 else INK
    place = {"x": table["period"][i], "y": names[table["cohort"][i]], "showarrow": False}
    return place | {"text": said, "font": {"size": 11.5, "color": colour}}


def _told(table: Table, i: int, step: str) -> str:
    """What a cell says when pointed at."""
    if table["customers"][i] is None:
        return f"{table['cohort'][i]}, {step} {table['period'][i]}: not observable yet"
    told = f"{table['cohort'][i]}, {step} {table['period'][i]}: {table['customers'][i]:,} of {table['size'][i]:,} customers"
    if table["rate"][i] is not None:
        told += f"<br>{100 * table['rate'][i]:.1f} % ({100 * table['low'][i]:.1f} to {100 * table['high'][i]:.1f})"
    if "value_per_customer" in table and table["value_per_customer"][i] is not None:
        told += f"<br>{table['value'][i]:,.2f}, {table['value_per_customer'][i]:,.2f} each"
    return told + ("" if table["state"][i] == "complete" else f"<br><i>{table['state'][i]}</i>")


def _short(text: str, which: int = 0) -> str:
    """One sentence of several, the last one if there are fewer."""
    sentences = text.replace(". ", ".\n").split("\n")
    return sentences[min(which, len(sentences) - 1)]


def curves(table: Table, title: str, subtitle: str, step: str) -> go.Figure:
    """Pooled rate per period, a line a segment with its 95 % band; at most four segments, the first ones of the table.

    table  columns segment, period, n, rate, low, high
    """
    segments = list(dict.fromkeys(table["segment"]))[:MOST_LINES]
    figure = _banded(table, segments, "period", "rate", f"{step} %{{x}}: %{{y:.1%}} of %{{customdata:,}}", table["n"], "linear")
    figure.update_xaxes(title_text=f"{step}s after entry", dtick=1 if len(set(table["period"])) <= 26 else None)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return themed(figure, title=title, subtitle=_short(subtitle), height=420).update_layout(legend_y=-0.22)


def survival_curves(table: Table, title: str) -> go.Figure:
    """Kaplan-Meier steps of the share returned so far, a line a segment with its 95 % band.

    table  columns segment, day, at_risk, share, low, high
    """
    segments = list(dict.fromkeys(table["segment"]))[:MOST_LINES]
    subtitle = "Share who have come back by each day; late joiners count for as long as they were seen"
    figure = _banded(table, segments, "day", "share", "day %{x}: %{y:.1%}, %{customdata:,} still open", table["at_risk"], "hv")
    figure.update_xaxes(title_text="days after entry", rangemode="tozero")
    figure.update_yaxes(tickformat=".0%", range=[0, 1])
    return themed(figure, title=title, subtitle=subtitle, height=420).update_layout(legend_y=-0.22)


def _banded(table: Table, segments: list[str], x: str, y: str, told: str, n: list[Any], shape: str) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    for place, segment in enumerate(segments):
        rows = [i for i, name in enumerate(table["segment"]) if name == segment and table[y][i] is not None]
        sure = [i for i in rows if table["low"][i] is not None]
        colour = SERIES[place % len(SERIES)] if len(segments) > 1 else KEPT
        across = [table[x][i] for i in sure]
        line = {"color": colour, "width": 0, "shape": shape}
        quiet = {"mode": "lines", "line": line, "hoverinfo": "skip", "showlegend": False, "legendgroup": segment}
        figure.add_scatter(x=across, y=[table["high"][i] for i in sure], **quiet)
        figure.add_scatter(x=across, y=[table["low"][i] for i in sure], fill="tonexty", fillcolor=_faint(colour), **quiet)
        figure.add_scatter(
            x=[table[x][i] for i in rows], y=[table[y][i] for i in rows], name=segment, legendgroup=segment,
            customdata=[n[i] for i in rows], line={"color": colour, "width": 2.2, "shape": shape}, mode="lines",
            hovertemplate=f"{segment}, {told}<extra></extra>", showlegend=len(segments) > 1,
        )  # fmt: skip
    return figure


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.13)"


def lifetime_curves(table: Table, title: str, subtitle: str, day: int) -> go.Figure:
    """Kaplan-Meier steps of the share still customers, a line a segment with its 95 % band, and a rule at one day.

    table  columns segment, day, at_risk, share, low, high
    """
    segments = list(dict.fromkeys(table["segment"]))[:MOST_LINES]
    figure = _banded(
        table, segments, "day", "share", "day %{x}: %{y:.1%}, of %{customdata:,} still seen", table["at_risk"], "hv"
    )
    figure.add_vline(x=day, line={"color": SOFT, "width": 1, "dash": "dot"}, annotation_text=f"day {day}")
    figure.update_xaxes(title_text="days after the first order", rangemode="tozero")
    figure.update_yaxes(tickformat=".0%", range=[0, 1])
    return themed(figure, title=title, subtitle=_short(subtitle), height=420).update_layout(legend_y=-0.22)
