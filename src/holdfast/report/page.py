"""A page: one HTML file with everything in it, which opens without a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from holdfast.report.markup import Markup, join, tag

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Page", "Section", "figure_place"]

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:; "
    "form-action 'none'; base-uri 'none'"
)
"""What the page may do: show itself. It loads nothing and sends nothing."""

_MARK = Markup(
    '<svg width="20" height="22" viewBox="0 0 20 22" fill="none" stroke="var(--accent)" stroke-width="1.9" '
    'stroke-linecap="round" aria-hidden="true">'
    '<path d="M10 1v12M10 13c0 4-3 4-5 7M10 13c0 4 3 4 5 7M10 13v8M10 6c-3 0-5-1-6-4M10 9c3 0 5-1 6-4"/></svg>'
)


@dataclass(frozen=True)
class Section:
    """One question of a page.

    id       anchor
    title    the question
    body     its sentence, picture, table, definition
    menu     short name in the menu; empty: not in the menu
    figures  Plotly figures by the id of their place
    half     whether it shares a row with the next one that is half
    part     the part of the page it belongs to, a heading in the menu
    """

    id: str
    title: str
    body: Markup
    menu: str = ""
    figures: dict[str, go.Figure] = field(default_factory=dict)
    half: bool = False
    part: str = ""

    def markup(self) -> Markup:
        """The section as HTML."""
        return tag(
            "section", tag("h2", self.title, id=f"{self.id}-title"), self.body, id=self.id, aria_labelledby=f"{self.id}-title"
        )


@dataclass(frozen=True)
class Page:
    """A page: its question, what stands above the sections, and the sections.

    title     the page's question
    business  whose it is
    aside     as-of and the like, beside the title
    top       sentence and tiles
    sections  the questions below
    """

    title: str
    business: str
    aside: str
    top: Markup
    sections: Sequence[Section]

    def html(self) -> str:
        """The whole file."""
        figures = {name: figure for section in self.sections for name, figure in section.figures.items()}
        menu = _menu(self.sections)
        head = join(
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width,initial-scale=1"),
            tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            tag("meta", name="color-scheme", content="light dark"),
            tag("meta", name="referrer", content="no-referrer"),
            tag("title", f"{self.title} · {self.business}"),
            tag("style", Markup(_packed("page.css"))),
        )
        brand = tag("a", _MARK, "holdfast", class_="brand", href="#top")
        nav = tag("nav", tag("div", brand, *menu, class_="stay"), aria_label="Contents") if menu else None
        heading = tag("header", tag("h1", self.title), tag("span", self.aside, class_="asof"))
        main = tag("main", heading, self.top, *_rows(self.sections), id="top", tabindex="-1")
        skip = tag("a", "To the answer", class_="skip", href="#top")
        body = tag("body", skip, nav, main, *_scripts(figures), class_=None if menu else "single")
        return "<!doctype html>\n" + tag("html", tag("head", head), body, lang="en")


def figure_place(name: str, label: str, height: int = 340, *, least_width: int = 0) -> Markup:
    """The place where a figure will be drawn; `label` says it to those who do not see it.

    least_width  pixels under which the figure cannot be read: on a narrower screen it is moved sideways
    """
    empty = tag("noscript", tag("p", "The picture needs JavaScript; the table below says the same.", class_="hint"))
    style = f"height:{height}px" + (f";min-width:{least_width}px" if least_width else "")
    place = tag("div", empty, class_="plot", data_figure=name, role="img", aria_label=label, style=style)
    return tag("div", place, class_="scroll", tabindex="0", role="group", aria_label=label) if least_width else place


def _menu(sections: Sequence[Section]) -> list[Markup]:
    """The names of the sections, those of a part under its heading."""
    names: list[Markup] = []
    part = ""
    for section in sections:
        if section.menu and section.part != part:
            part = section.part
            names.append(tag("p", part, class_="part"))
        if section.menu:
            names.append(tag("a", section.menu, class_="i", href=f"#{section.id}"))
    return names


def _rows(sections: Sequence[Section]) -> list[Markup]:
    rows, waiting = [], None
    for section in sections:
        if section.half and waiting is None:
            waiting = section
        elif section.half and waiting is not None:
            rows.append(tag("div", waiting.markup(), section.markup(), class_="two"))
            waiting = None
        else:
            rows += [one.markup() for one in (waiting, section) if one is not None]
            waiting = None
    return rows if waiting is None else [*rows, waiting.markup()]


def _scripts(figures: dict[str, go.Figure]) -> list[Markup]:
    """The figures' data in both modes, Plotly once, and the few lines that draw; nothing where there is no figure."""
    if not figures:
        return []
    from holdfast.charts.palette import darkened

    data = []
    for name, figure in figures.items():
        light = str(figure.to_json())
        data += [_data(f"{name}-light", light), _data(f"{name}-dark", darkened(light))]
    return [*data, tag("script", Markup(_plotly())), tag("script", Markup(_packed("page.js")))]


def _data(name: str, figure: str) -> Markup:
    text = figure.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return tag("script", Markup(text), type="application/json", id=name)


@cache
def _plotly() -> str:
    return (files("plotly") / "package_data" / "plotly.min.js").read_text("utf-8")


@cache
def _packed(name: str) -> str:
    return (files("holdfast.report") / "look" / name).read_text("utf-8")
