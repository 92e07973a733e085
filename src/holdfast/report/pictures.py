"""Small pictures drawn by us as SVG: the sparkline of a tile, and the bridge. Colours are the page's own variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.report.markup import Markup, join, tag

__all__ = ["Step", "bridge", "sparkline"]


def sparkline(
    values: Sequence[float | None], colour: str, *, width: int = 150, height: int = 34, mark: float | None = None
) -> Markup:
    """A line through the values that are known, its last point marked.

    colour  a variable of the page: "kept", "new", "returned", "lost", "risk"
    mark    a level drawn as a dashed line, such as a goal
    """
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min([*known, *([] if mark is None else [mark])]), max([*known, *([] if mark is None else [mark])])
    span = (high - low) or 1.0
    step = (width - 6) / (len(values) - 1)
    points = [
        (3 + step * place, height - 3 - (height - 6) * (value - low) / span)
        for place, value in enumerate(values)
        if value is not None
    ]
    line = tag(
        "polyline",
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        fill="none",
        stroke=f"var(--{colour})",
        stroke_width="1.8",
    )
    dot = tag("circle", cx=f"{points[-1][0]:.1f}", cy=f"{points[-1][1]:.1f}", r="2.6", fill=f"var(--{colour})")
    goal = None
    if mark is not None:
        level = f"{height - 3 - (height - 6) * (mark - low) / span:.1f}"
        goal = tag("line", x1=0, x2=width, y1=level, y2=level, class_="goal")
    return tag("svg", goal, line, dot, viewbox=f"0 0 {width} {height}", width=width, height=height, aria_hidden="true")


@dataclass(frozen=True)
class Step:
    """One column of a bridge.

    label   what it is
    amount  its size; a total stands on the ground, a change on what stood before
    text    the size as written above the column
    colour  a variable of the page
    total   whether it stands on the ground
    opens   the address that it opens to; empty: to none
    """

    label: str
    amount: float
    text: str
    colour: str
    total: bool = False
    opens: str = ""


def bridge(steps: Sequence[Step], label: str) -> Markup:
    """A bridge: totals at both ends, changes between them; drawn so that it stays readable on a narrow screen.

    label  the whole bridge in words, for those who do not see it
    """
    tops, level = [], 0.0
    for step in steps:
        before = 0.0 if step.total else level
        level = step.amount if step.total else level + step.amount
        tops.append((before, level))
    peak = max(max(pair) for pair in tops) or 1.0
    slot = 400 / len(steps)
    wide = slot * 0.72

    def y(value: float) -> float:
        return 164 - 138 * value / peak

    drawn = []
    for place, (step, (before, after)) in enumerate(zip(steps, tops, strict=True)):
        x = place * slot + (slot - wide) / 2
        top, size = y(max(before, after)), max(abs(y(before) - y(after)), 1.0)
        column = join(
            tag(
                "rect",
                x=f"{x:.1f}",
                y=f"{top:.1f}",
                width=f"{wide:.1f}",
                height=f"{size:.1f}",
                rx=2,
                fill=f"var(--{step.colour})",
            ),
            tag("text", step.text, x=f"{x + wide / 2:.1f}", y=f"{top - 6:.1f}", class_="val"),
        )
        drawn.append(tag("a", column, href=step.opens, aria_label=f"{step.label}: {step.text}") if step.opens else column)
        drawn.append(tag("text", step.label, x=f"{x + wide / 2:.1f}", y=182, class_="lab"))
        if place + 1 < len(steps):
            drawn.append(
                tag(
                    "line", x1=f"{x + wide:.1f}", x2=f"{x + slot:.1f}", y1=f"{y(after):.1f}", y2=f"{y(after):.1f}", class_="tie"
                )
            )
    role = "group" if any(step.opens for step in steps) else "img"
    return tag("svg", join(*drawn), viewbox="0 0 400 190", role=role, aria_label=label, class_="bridge")
