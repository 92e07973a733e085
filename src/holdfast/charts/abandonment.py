"""Pictures of what is left behind: at which step of the way to an order, and how the rate went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.charts.funnel import funnel_bars

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["left_behind"]


def left_behind(steps: list[dict[str, Any]], rows: list[dict[str, Any]], *, title: str, subtitle: str = "") -> go.Figure:
    """A bar a step, cut into what went on and what was left there; the last bar is what was bought.

    steps  with segment, what, step, name, reached, left, low, high · rows with segment, what, period, bought
    Drawn for carts, or for checkouts where nothing is known of carts.
    """
    kind = next((row["what"] for row in steps), "cart")
    bars: list[dict[str, Any]] = []
    for segment in dict.fromkeys(row["segment"] for row in steps):
        own = [row for row in steps if row["segment"] == segment and row["what"] == kind]
        whole = [row for row in rows if (row["segment"], row["what"], row["period"]) == (segment, kind, "all")]
        bars += _bars(segment, own, whole[0]["bought"] if whole else 0)
    return funnel_bars(bars, title=title, subtitle=subtitle)


def _bars(segment: str, own: list[dict[str, Any]], bought: int) -> list[dict[str, Any]]:
    first = own[0]["reached"] if own else 0
    counts = [(row["name"], row["reached"], row["left"]) for row in own] + [("bought", bought, 0)]
    bars = []
    for place, (name, reached, left) in enumerate(counts):
        before = counts[place - 1][1] if place else 0
        bars.append(
            {"segment": segment, "step": place + 1, "name": name, "reached": reached, "dropped": left, "in_progress": 0,
             "share_of_previous": reached / before if before else None, "share_of_first": reached / first if first else None,
             "share_of_first_low": None, "share_of_first_high": None, "median_seconds": None}
        )  # fmt: skip
    return bars
