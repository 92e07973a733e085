"""The look of every figure: five meanings always in the same colours, ink on warm paper, thin rules, tabular figures.

Figures are drawn in the light colours; `recoloured(figure, "dark")` swaps each for its dark counterpart, so that a chart is
written once. The colours are those of the pages: kept green, new blue, returned teal, lost clay red, at risk amber.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = [
    "ACCENT",
    "CARD",
    "CLEAR",
    "DARK",
    "DEEP_RISK",
    "FONT",
    "INK",
    "KEPT",
    "LIGHT",
    "LOST",
    "NEW",
    "PAPER",
    "RETURNED",
    "RISK",
    "RULE",
    "SEQUENTIAL",
    "SERIES",
    "SERIF",
    "SOFT",
    "Mode",
    "Palette",
    "contrast",
    "dark_of",
    "darkened",
    "readable_on",
    "recoloured",
    "sequential",
    "themed",
]

Mode = Literal["light", "dark"]


@dataclass(frozen=True)
class Palette:
    """The colours of one mode, as #rrggbb.

    paper, card, ink, soft, rule, accent  the page: background, raised background, text, quiet text, lines, the one accent
    kept, new, returned, lost, risk       the five meanings
    """

    paper: str
    card: str
    ink: str
    soft: str
    rule: str
    accent: str
    kept: str
    new: str
    returned: str
    lost: str
    risk: str


LIGHT = Palette(
    *("#faf8f3", "#fffdf9", "#1f2a26", "#5d6963", "#e4dfd3", "#0b6e4f"),
    *("#0b6e4f", "#2f6db5", "#1b8a8f", "#b5533c", "#b9821b"),
)
DARK = Palette(
    *("#141816", "#1a1f1c", "#e7ebe7", "#9aa69f", "#2b332f", "#4cb48d"),
    *("#4cb48d", "#7aaae6", "#5cc0c5", "#e08b74", "#e0b25a"),
)

PAPER, CARD, INK, SOFT, RULE, ACCENT = LIGHT.paper, LIGHT.card, LIGHT.ink, LIGHT.soft, LIGHT.rule, LIGHT.accent
KEPT, NEW, RETURNED, LOST, RISK = LIGHT.kept, LIGHT.new, LIGHT.returned, LIGHT.lost, LIGHT.risk
CLEAR = "rgba(0,0,0,0)"
DEEP_RISK = "#8a4a12"
"""At risk, and dear."""

SERIES = (KEPT, NEW, RISK, RETURNED, LOST, INK, "#7d5ba6", "#6f7f2c", "#a34f7b", "#4a6572")
"""Colours for segments without a meaning of their own, told apart by lightness as well as hue."""

SEQUENTIAL = ("#eef3ec", "#cfe0d5", "#a8c8b8", "#7fb09b", "#53967a", "#2b805f", "#0b6e4f", "#07543c")
"""From nearly paper to deep green, for heat maps."""

_SEQUENTIAL_DARK = ("#1d2622", "#22392f", "#28503f", "#2f6850", "#388265", "#419a78", "#4cb48d", "#82d2b3")
_MEANINGS_DARK = (DARK.kept, DARK.new, DARK.risk, DARK.returned, DARK.lost, DARK.ink)
_SERIES_DARK = (*_MEANINGS_DARK, "#b79be0", "#b4c465", "#dc92b8", "#9db7c4")

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
SERIF = 'Georgia, "Times New Roman", serif'


def dark_of() -> dict[str, str]:
    """Every light colour of the house and its dark counterpart, as lower-case #rrggbb."""
    pairs = {getattr(LIGHT, item.name): getattr(DARK, item.name) for item in fields(Palette)}
    pairs.update(zip(SERIES, _SERIES_DARK, strict=True))
    for light, dark in zip(SEQUENTIAL, _SEQUENTIAL_DARK, strict=True):
        pairs.setdefault(light, dark)
    pairs |= {"#ffffff": DARK.paper, DEEP_RISK: "#d48f52"}
    return pairs


def sequential() -> list[tuple[float, str]]:
    """`SEQUENTIAL` as a Plotly colour scale: (share 0 to 1, colour)."""
    last = len(SEQUENTIAL) - 1
    return [(place / last, colour) for place, colour in enumerate(SEQUENTIAL)]


def readable_on(share: float) -> str:
    """The text colour on a cell of the sequential scale at that share (0 to 1): the first with contrast of 4.5 to 1."""
    background = _luminance(_between(SEQUENTIAL, share))
    for colour in (INK, "#000000", "#ffffff"):
        if contrast(_luminance(colour), background) >= 4.5:
            return colour
    return "#ffffff"


def contrast(one: float, other: float) -> float:
    """The contrast ratio of two relative luminances, 1 to 21 (WCAG 2.2, 1.4.3)."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _between(scale: tuple[str, ...], share: float) -> str:
    place = min(max(share, 0.0), 1.0) * (len(scale) - 1)
    low = min(int(place), len(scale) - 2)
    mixed = [a + (b - a) * (place - low) for a, b in zip(_channels(scale[low]), _channels(scale[low + 1]), strict=True)]
    return "#" + "".join(f"{round(channel):02x}" for channel in mixed)


def themed(figure: go.Figure, *, title: str = "", subtitle: str = "", height: int | None = None) -> go.Figure:
    """Give a figure the house look and hand it back.

    title, subtitle  what it shows, in words; also read out by screen readers
    height           pixels; None: as tall as its place
    """
    figure.update_layout(
        template="none",
        font={"family": FONT, "size": 13, "color": INK},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        colorway=list(SERIES),
        separators=".,",
        margin={"l": 12, "r": 16, "t": _head(title, subtitle), "b": 12},
        hoverlabel={"bgcolor": CARD, "bordercolor": RULE, "font": {"family": FONT, "color": INK, "size": 12.5}},
        legend={"font": {"color": SOFT, "size": 12}, "orientation": "h", "x": 0, "y": -0.14, "yanchor": "top"},
        height=height,
        modebar={"remove": ["lasso2d", "select2d", "autoScale2d", "zoomIn2d", "zoomOut2d"]},
        hovermode=figure.layout.hovermode or "closest",
    )
    lines = {"linecolor": RULE, "zerolinecolor": RULE, "tickcolor": RULE, "gridcolor": RULE, "gridwidth": 1}
    words = {"tickfont": {"color": SOFT, "size": 12}, "title": {"font": {"color": SOFT, "size": 12}}, "automargin": True}
    figure.update_xaxes(showgrid=False, ticks="outside", ticklen=4, **lines, **words)
    figure.update_yaxes(showline=False, **lines, **words)
    if title:
        figure.update_layout(title=_title(title, subtitle), meta={"description": f"{title}. {subtitle}".strip()})
    return figure


LETTERS_A_LINE = 118
"""A longer subtitle is broken into lines, so that it stays inside a picture 1,000 pixels wide."""


def _head(title: str, subtitle: str) -> int:
    """Pixels kept free above the plot."""
    lines = len(wrap(subtitle, LETTERS_A_LINE))
    return 50 + 18 * lines if lines else 46 if title else 16


def _title(title: str, subtitle: str) -> dict[str, Any]:
    below = (
        {
            "subtitle": {
                "text": "<br>".join(wrap(subtitle, LETTERS_A_LINE)),
                "font": {"size": 12.5, "color": SOFT, "family": FONT},
            }
        }
        if subtitle
        else {}
    )
    across = {"x": 0, "xref": "container", "xanchor": "left"}
    down = {"yref": "container", "y": 1, "yanchor": "top", "pad": {"l": 12, "t": 12}}
    return {"text": title, "font": {"size": 16, "color": INK, "family": SERIF}, **across, **down, **below}


def recoloured(figure: go.Figure, mode: Mode) -> go.Figure:
    """The figure in the colours of a mode: "light" is the figure itself, "dark" a copy with each house colour swapped."""
    if mode == "light":
        return figure
    import plotly.io as pio

    return pio.from_json(darkened(figure.to_json()))


def darkened(text: str) -> str:
    """A figure's JSON with each house colour swapped for its dark counterpart."""
    swap = dark_of()
    return re.sub(r"#[0-9a-fA-F]{6}", lambda found: swap.get(found[0].lower(), found[0]), text)
