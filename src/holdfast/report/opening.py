"""The top of the report: do our customers stay? One sentence, four tiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from holdfast.analyses.bridge import Bridge
from holdfast.analyses.cohorts import Cohorts
from holdfast.analyses.orders import Orders
from holdfast.analyses.repeat import Repeat
from holdfast.report.asked import month_name
from holdfast.report.markup import Markup, join, tag
from holdfast.report.pictures import sparkline
from holdfast.report.values import money, percent, short_money, shown

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["opening"]

GOAL = 0.9
"""The practitioners' target of MISSION 2.3, drawn as a dashed line."""

MONTHS = 13

_WITHIN_90 = Cohorts(clock="elapsed", brackets=(90,))


Opens = Callable[[str, str], str]
"""A tile (kept, lost, second, revenue) and its month → the address of the people behind its number; empty: none."""


def opening(asked: Asked, opens: Opens = lambda _tile, _month: "") -> Markup:
    """The answer in a sentence, and the tiles, whose numbers open to people where there is an address for them."""
    words = asked.ask(Bridge()).words
    verdict = _verdict(_told(asked))
    sentence = tag("p", tag("b", verdict, " ") if verdict else None, words.replace(" %", "\u00a0%"), class_="answer")
    made = (_retention(asked, opens), _lost(asked, opens), _second(asked, opens), _revenue(asked, opens))
    tiles = [tile for tile in made if tile is not None]
    return join(sentence, tag("div", *tiles, class_="kpis")) if tiles else sentence


def _told(asked: Asked) -> list[dict[str, Any]]:
    """The complete months up to the report's month whose base is filled."""
    rows = [row for row in asked.rows(Bridge()) if row["state"] == "complete" and row["start"] > 0]
    return [row for row in rows if not row["note"]] or rows


def _verdict(rows: list[dict[str, Any]]) -> str:
    """How the last month compares with the one before: a difference within the intervals is none."""
    if len(rows) < 2:
        return ""
    before, last = rows[-2], rows[-1]
    if last["crr"] > before["crr_high"] and before["crr"] < last["crr_low"]:
        return "More stayed than in the month before."
    if last["crr"] < before["crr_low"] and before["crr"] > last["crr_high"]:
        return "Fewer stayed than in the month before."
    return "About as many stayed as in the month before."


def _tile(title: str, value: str, address: str, picture: Markup, *small: object) -> Markup:
    number = tag("a", value, href=address) if address else value
    return tag("div", tag("span", title), tag("strong", number), picture, tag("small", *small), class_="k")


def _retention(asked: Asked, opens: Opens) -> Markup | None:
    rows = _told(asked)
    if not rows:
        return None
    last, kept = rows[-1], [row["crr"] for row in rows[-MONTHS:]]
    own = asked.timelines.settings.goal
    goal = GOAL if own is None else own
    small: list[object] = [f"{100 * last['crr_low']:.1f} to {100 * last['crr_high']:.1f} · n {last['start']:,}"]
    if len(rows) > 1:
        change = 100 * (last["crr"] - rows[-2]["crr"])
        small = [tag("span", f"{change:+.1f}".replace("-", "−"), class_="up" if change >= 0 else "down"), " points · ", *small]
    return _tile(
        f"Retention, {month_name(last['period'])}",
        percent(last["crr"]),
        opens("kept", last["period"]),
        sparkline(kept, "kept", mark=goal),
        *small,
        tag("br"),
        f"dashed: {'your' if own is not None else 'the trade’s'} goal, {100 * goal:.0f} %",
    )


def _lost(asked: Asked, opens: Opens) -> Markup | None:
    rows = _told(asked)
    if not rows:
        return None
    last = rows[-1]
    small = f"{percent(last['churn'])} of the base ({100 * last['churn_low']:.1f} to {100 * last['churn_high']:.1f})"
    return _tile(
        f"Lost, {month_name(last['period'])}",
        shown(last["lost"], "count"),
        opens("lost", last["period"]),
        sparkline([row["lost"] for row in rows[-MONTHS:]], "lost"),
        small,
    )


def _second(asked: Asked, opens: Opens) -> Markup | None:
    """Second order within 90 days; the line is one point a cohort that could be watched for 90 days."""
    ninety = next((row for row in asked.rows(Repeat()) if row["days"] == 90), None)
    if ninety is None or ninety["rate"] is None:
        return None
    cohorts = [row["rate"] for row in asked.rows(_WITHIN_90) if row["state"] == "complete" and row["cohort"] != "all"]
    small = f"{100 * ninety['low']:.1f} to {100 * ninety['high']:.1f} · n {ninety['n']:,}"
    return _tile(
        "Second order within 90 days",
        percent(ninety["rate"]),
        opens("second", ""),
        sparkline(cohorts[-MONTHS:], "new"),
        small,
        tag("br"),
        "line: by month of first order",
    )


def _revenue(asked: Asked, opens: Opens) -> Markup | None:
    rows = [row for row in asked.rows(Orders()) if row["state"] == "complete"]
    if not rows or not asked.paid:
        return None
    last, currency = rows[-1], asked.currency
    order = money(last["aov"], currency)
    spread = "" if last["aov_low"] is None else f" ({money(last['aov_low'])} to {money(last['aov_high'])})"
    small = f"{last['orders']:,} orders of {order}{spread}"
    return _tile(
        f"Revenue, {month_name(last['period'])}",
        short_money(last["revenue"], currency),
        opens("revenue", last["period"]),
        sparkline([row["revenue"] for row in rows[-MONTHS:]], "returned"),
        small,
    )
