"""Pictures of uplift: what each arm did, with intervals, and how well the learners rank who would be swayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import INK, KEPT, RISK, SOFT, themed

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["swayed"]

MOST_CURVES = 2
RESPONSE = "response"

Row = dict[str, Any]


def swayed(effects: list[Row], curve: list[Row], ranking: list[Row], *, title: str, subtitle: str = "") -> go.Figure:
    """Left: the effect of each arm on the first outcome, by the rows' order; right: Qini curves of each arm by that outcome.

    effects  rows with arm, outcome, effect, low, high
    curve    rows with arm, outcome, learner, share, gain_per_1000, random_per_1000
    ranking  rows with arm, outcome, learner, qini_per_1000
    Of each arm the learner with the highest Qini is drawn, the response model, and the random line, at whose end stands
    mailing everyone.
    """
    from plotly.subplots import make_subplots

    outcome = _outcome(effects, ranking)
    rows = [row for row in effects if row["outcome"] == outcome and row["effect"] is not None]
    arms = list(dict.fromkeys(row["arm"] for row in curve))
    titles = [f"{outcome}: arm less control, 95 % interval", *(f"{arm}: who to mail first" for arm in arms[:MOST_CURVES])]
    widths = [0.3, *[0.7 / max(len(titles) - 1, 1)] * (len(titles) - 1)] if arms else [1.0]
    figure = make_subplots(1, len(titles), column_widths=widths, horizontal_spacing=0.09, subplot_titles=titles)
    _effects(figure, rows)
    for place, arm in enumerate(arms[:MOST_CURVES]):
        own = [row for row in curve if row["arm"] == arm and row["outcome"] == outcome]
        _curves(figure, own, _best(ranking, arm, outcome), place)
    themed(figure, title=title, subtitle=subtitle, height=430)
    figure.update_annotations(font={"size": 12, "color": SOFT}, yshift=4)
    figure.update_layout(margin={"t": figure.layout.margin.t + 24})
    return figure


def _outcome(effects: list[Row], ranking: list[Row]) -> str:
    """The outcome that is drawn: the first that was ranked, else the first of all."""
    return next((row["outcome"] for row in (*ranking, *effects)), "outcome")


def _best(ranking: list[Row], arm: str, outcome: str) -> str:
    own = [row for row in ranking if (row["arm"], row["outcome"]) == (arm, outcome) and row["learner"] != RESPONSE]
    return str(max(own, key=lambda row: row["qini_per_1000"])["learner"]) if own else ""


def _effects(figure: go.Figure, rows: list[Row]) -> None:
    values = [row["effect"] for row in rows]
    known = [row for row in rows if row["low"] is not None and row["high"] is not None]
    error = {"type": "data", "symmetric": False, "array": [row["high"] - row["effect"] for row in known], "color": SOFT,
             "arrayminus": [row["effect"] - row["low"] for row in known], "thickness": 1.5}  # fmt: skip
    figure.add_scatter(
        x=[row["arm"] for row in rows], y=values, mode="markers", marker={"color": KEPT, "size": 11}, showlegend=False,
        error_y=error if len(known) == len(rows) else None,
        hovertemplate="%{x}: %{y:,.4f}<extra></extra>", row=1, col=1,
    )  # fmt: skip
    figure.update_yaxes(rangemode="tozero", zeroline=True, row=1, col=1)
    figure.update_xaxes(type="category", range=[-0.6, max(len(rows) - 0.4, 0.6)], row=1, col=1)


def _curves(figure: go.Figure, rows: list[Row], best: str, place: int) -> None:
    """The curves of one arm, in its own panel; the legend names each line once."""
    lines = [(best, KEPT, "solid"), (RESPONSE, RISK, "solid")]
    shown = {"row": 1, "col": 2 + place}
    for name, colour, dash in lines:
        own = [row for row in rows if row["learner"] == name]
        label = "the response model" if name == RESPONSE else f"best learner{'' if place == 0 else ' (each arm)'}"
        figure.add_scatter(
            x=[row["share"] for row in own], y=[row["gain_per_1000"] for row in own], mode="lines", name=label,
            line={"color": colour, "width": 2.2, "dash": dash}, legendgroup=name if name == RESPONSE else "best",
            showlegend=place == 0, hovertemplate=f"{name}: of the first %{{x:.0%}}, %{{y:,.1f}}<extra></extra>", **shown,
        )  # fmt: skip
    flat = [row for row in rows if row["learner"] == best]
    figure.add_scatter(
        x=[row["share"] for row in flat], y=[row["random_per_1000"] for row in flat], mode="lines", name="at random",
        line={"color": SOFT, "width": 1.5, "dash": "dot"}, legendgroup="random", showlegend=place == 0, hoverinfo="skip",
        **shown,
    )  # fmt: skip
    if flat:
        figure.add_scatter(
            x=[1], y=[flat[-1]["gain_per_1000"]], mode="markers", name="everyone", legendgroup="everyone",
            marker={"color": INK, "size": 9}, showlegend=place == 0, cliponaxis=False,
            hovertemplate="everyone: %{y:,.1f}<extra></extra>", **shown,
        )  # fmt: skip
    figure.update_xaxes(title_text="share mailed", tickformat=".0%", range=[0, 1.01], **shown)
    figure.update_yaxes(title_text="added per 1,000 heads of the trial" if place == 0 else None, rangemode="tozero", **shown)
    figure.update_yaxes(matches=None if place == 0 else "y2", **shown)
