"""How long do customers stay, and who leaves sooner?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.analyses.survival import Survival
from holdfast.report.markup import Markup, join, tag
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import bare, folded, foot, hint, lead, table
from holdfast.report.values import percent, probability

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer
    from holdfast.report.asked import Asked

__all__ = ["section"]

TITLE = "How long do customers stay?"
_HINT = (
    "Each customer from her first day to the day on which she counts as lost; who is still here counts for as long as she was "
    "seen."
)
_SILENCE = " Who ordered only once falls off the curve on the first day on which silence can be told."


def section(asked: Asked) -> Section | None:
    """The curve of survival, the shares at 1, 3, 6 and 12 months, and what goes together with leaving sooner; None where nobody
    left, or too few are known."""
    answer = asked.ask(Survival())
    group = next(iter(answer.extra["groups"].to_pylist()), None)
    if group is None or group["customers"] < asked.timelines.settings.small_group or not group["left"]:
        return None
    body = join(
        lead(answer.words),
        hint(_HINT + (_SILENCE if asked.timelines.settings.base == "activity" else "")),
        figure_place("survival-figure", answer.words, 440),
        table(
            ("months", "watched so long", "left by then", "still there"),
            _shares(answer),
            ["text", "number", "number", "number"],
        ),
        _ratios(answer),
        foot(answer, "survival"),
    )
    return Section("survival", TITLE, body, "Survival", {"survival-figure": _figure(answer)})


def _figure(answer: Answer) -> Any:
    """The curve without its title, with room for the numbers under it."""
    drawn = answer.figure()
    margin = drawn.layout.margin.b
    return bare(answer).update_layout(margin_b=margin, showlegend=False)


def _shares(answer: Answer) -> list[list[str]]:
    rows = []
    for row in answer.table.to_pylist():
        share = "–" if row["survival"] is None else percent(row["survival"])
        if row["low"] is not None:
            share += f" ({100 * row['low']:.1f} to {100 * row['high']:.1f})"
        rows.append([f"{row['months']:g}", f"{row['at_risk']:,}", f"{row['left']:,}", share])
    return rows


def _ratios(answer: Answer) -> Markup | None:
    """The hazard ratios, one click away; None where there are none."""
    known = [row for row in answer.extra["cox"].to_pylist() if row["hazard_ratio"] is not None]
    if not known:
        return None
    rows = [
        [
            row["property"].replace("_", " "), row["value"], row["against"] or "–", f"{row['customers']:,}",
            f"{row['hazard_ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})", probability(row["p"]),
        ]
        for row in known
    ]  # fmt: skip
    heads = ("property", "value", "against", "customers", "leaves so many times as often", "p")
    told = table(heads, rows, ["text", "text", "text", "number", "number", "number"])
    return folded("what goes together with leaving sooner or later", join(tag("p", "No causes: hazard ratios."), told))
