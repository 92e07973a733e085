"""In the analyst: pictures that open to people, with the initiatives marked on them."""

from __future__ import annotations

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from holdfast.report.markup import Markup
from holdfast.report.pictures import Step, bridge
from holdfast.report.values import shown

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.analyses.answer import Answer
    from holdfast.settings import Settings

__all__ = ["Drawn", "bridge_picture", "drawn"]

Opening = Callable[[Mapping[str, Any]], dict[str, str]]

COMPLETE = "complete"


@dataclass(frozen=True)
class Drawn:
    """A figure ready for the page.

    light, dark  its JSON in both modes
    opens        for each trace, for each point (of a heat map: row by row) the address it opens to; an empty list where to none
    """

    light: str
    dark: str
    opens: list[list[Any]]


def bridge_picture(answer: Answer, opening: Opening) -> Markup | None:
    """The bridge of the last complete period, each of its columns a link; None where the answer is not one bridge."""
    rows = answer.table.to_pylist()
    if not rows or not {"start", "new", "returned", "lost", "end", "crr", "state"} <= rows[0].keys():
        return None
    over = [row for row in rows if row["state"] == COMPLETE]
    if not over or len({row["segment"] for row in rows}) > 1:
        return None
    row, signs = over[-1], {"start": "", "new": "+", "returned": "+", "lost": "−", "end": ""}
    opens, colours = opening(row), {"start": "ink", "end": "ink"}
    steps = [
        Step(
            label=name if sign else f"{name} {row['period']}", amount=-row[name] if sign == "−" else row[name],
            text=f"{sign}{shown(row[name], 'count')}", colour=colours.get(name, name), total=not sign,
            opens=opens.get(name, ""),
        )
        for name, sign in signs.items()
    ]  # fmt: skip
    moved = ", ".join(f"{name} {row[name]:,}" for name in signs)
    return bridge(steps, f"Bridge of {row['period']}: {moved}")


def drawn(figure: go.Figure, answer: Answer, opening: Opening) -> Drawn:
    """A figure with its initiatives marked, and what its points open to."""
    from holdfast.charts.palette import darkened

    _named_by_periods(figure)
    _marked(figure, answer.source.settings)
    light = str(figure.to_json())
    return Drawn(light, darkened(light), _opens(figure, answer, opening))


_PERIOD = re.compile(r"\d{4}-(\d{2}|W\d{2}|Q\d)")


def _named_by_periods(figure: go.Figure) -> None:
    """Periods stand on the axis by the names that the table gives them, 2010-12, rather than as dates."""
    places = [str(x) for trace in figure.data if trace.type in ("bar", "scatter") for x in (() if trace.x is None else trace.x)]
    if places and all(_PERIOD.fullmatch(place) for place in places):
        figure.update_xaxes(type="category")


def _marked(figure: go.Figure, settings: Settings) -> None:
    """A dotted line and a name at the period in which each initiative began, where the figure goes by periods."""
    from holdfast.charts.palette import SOFT

    labels = {str(x) for trace in figure.data for x in _along(trace)}
    ends = bool(labels) and all(map(_is_month_end, labels))
    for day, what in settings.initiatives:
        began = date.fromisoformat(day)
        named = [*_labels(began, settings.week_start), *([_month_end(began).isoformat()] if ends else [])]
        at = next((label for label in named if label in labels), None)
        if at is not None:
            figure.add_shape(
                type="line", x0=at, x1=at, xref="x", yref="paper", y0=0, y1=1, line={"color": SOFT, "width": 1, "dash": "dot"}
            )
            short = what if len(what) <= 28 else f"{what[:27]}…"
            figure.add_annotation(x=at, xref="x", yref="paper", y=1.0, yanchor="bottom", text=f"◆ {short}", showarrow=False,
                                  font={"size": 11, "color": SOFT})  # fmt: skip


def _labels(day: date, week_start: int) -> list[str]:
    """How charts name the periods that a day lies in."""
    from holdfast.timelines.periods import UNITS, Periods

    at = (day - date(1970, 1, 1)).days
    named = (Periods.covering(unit, at, at, week_start).label(0) for unit in UNITS)
    return [day.isoformat(), *named]


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _is_month_end(text: str) -> bool:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return False
    return day == _month_end(day)


def _opens(figure: go.Figure, answer: Answer, opening: Opening) -> list[list[Any]]:
    """For each trace the addresses of its points, found by the row that a point's place and the column that its name tell."""
    rows = answer.table.to_pylist() if answer.table.num_rows <= 5000 else []
    if {"r", "f", "m", "rfm"} <= set(answer.extra.get("scores", answer.table).column_names):
        return _grid_opens(figure, answer, opening)
    first = next((name for name in ("period", "date", "before", *answer.table.column_names) if rows and name in rows[0]), "")
    named = Counter(str(row[first]) for row in rows)
    alone = [row for row in rows if named[str(row[first])] == 1]  # where several rows have a place, which one is meant?
    by_place = {str(row[first]): opening(row) for row in alone} if first not in ("before", "segment") else {}
    moves = {(str(row["before"]), str(row["after"])): opening(row) for row in rows if "before" in row and "after" in row}
    return [_of_heat(trace, moves) if trace.type == "heatmap" else _of_trace(trace, by_place) for trace in figure.data]


def _along(trace: Any) -> list[Any]:
    """The places of a trace's points: those of bars and lines that go by names; nothing of any other kind."""
    if trace.type not in ("bar", "scatter"):
        return []
    found = trace.y if getattr(trace, "orientation", None) == "h" else trace.x
    return [] if found is None else list(found)


def _of_trace(trace: Any, by_place: Mapping[str, Mapping[str, str]]) -> list[Any]:
    found = [_one(by_place.get(str(place), {}), str(trace.name or "")) for place in _along(trace)]
    return found if any(found) else []


def _one(opens: Mapping[str, str], name: str) -> str | None:
    """What a point opens to: the number of its trace's name, or the only one there is."""
    return opens.get(name) or (opens.get("customers") or next(iter(opens.values())) if len(opens) == 1 else None)


def _of_heat(trace: Any, moves: Mapping[tuple[str, str], Mapping[str, str]]) -> list[Any]:
    if trace.x is None or trace.y is None:
        return []
    return [[moves.get((str(y), str(x)), {}).get("customers") for x in trace.x] for y in trace.y] if moves else []


def _grid_opens(figure: go.Figure, answer: Answer, opening: Opening) -> list[list[Any]]:
    """RFM: a cell of the grid opens to the segment that it lies in."""
    names = {(row["r"], (row["f"] + row["m"] + 1) // 2): row["rfm"] for row in answer.extra["scores"].to_pylist()}
    segments = {row["rfm"]: opening(row).get("customers") for row in answer.table.to_pylist()}
    found = []
    for trace in figure.data:
        cells = zip(trace.x, trace.y, strict=True) if trace.type == "scatter" and trace.x is not None else ()
        found.append([segments.get(names.get((y, x), "")) for x, y in cells])
    return found
