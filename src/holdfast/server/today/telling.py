"""What the analyst tells for the Today page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pyarrow as pa
from django.utils.translation import gettext_noop as _

from holdfast.analyses.attention import Attention
from holdfast.analyses.bridge import Bridge
from holdfast.analyses.cohorts import Cohorts
from holdfast.analyses.orders import Orders
from holdfast.report.asked import Asked
from holdfast.report.benchmarks import for_industry
from holdfast.report.heat import heat_table
from holdfast.report.opening import GOAL, opening
from holdfast.report.parts import notes
from holdfast.report.sections import cohorts
from holdfast.report.sections.bridge import net_growth
from holdfast.report.values import money, percent, short_money, shown
from holdfast.server.insights.pictures import bridge_picture
from holdfast.server.insights.spec import address_of
from holdfast.server.insights.telling import marks_of, opening_of
from holdfast.server.today.told import BridgeTold, Change, Goal, Look, TodayTold

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast.analyses.answer import Answer
    from holdfast.timelines.timelines import Timelines

__all__ = ["told_of"]


def told_of(timelines: Timelines) -> TodayTold:
    """Today, of these timelines."""
    asked = Asked(timelines)
    where, again = asked.ask(Bridge()), cohorts.section(asked)
    attention = Attention().answer(timelines)
    before, week, changes = _changes(asked)
    return TodayTold(
        words=where.words,
        opening_html=str(opening(asked, _behind)),
        bridge=_bridge(asked, where) if asked.counts else None,
        cohorts_html=_grid(asked) if again else "",
        looked=attention.words,
        looks=tuple(_looks(attention.table.to_pylist(), asked.currency)),
        weeks=f"{week} against {before}" if week else "",
        week=week,
        week_before=before,
        changes=tuple(changes),
        goal=_goal(asked),
        as_of=asked.as_of.isoformat(),
        last_event=timelines.meta.last_second,
        data=timelines.meta.last_sequence,
        customers=timelines.customers,
    )


BEHIND: dict[str, tuple[str, dict[str, Any]]] = {
    "kept": ("bridge", {"what": "kept"}),
    "lost": ("bridge", {"what": "lost"}),
    "second": ("repeat", {"days": 90, "what": "second"}),
    "revenue": ("orders", {"what": "customers"}),
}
"""Tile → the analysis and the cell behind which its people stand; the month comes to it."""


def _behind(tile: str, month: str) -> str:
    """The address of a tile's people; the web knows where those pages are."""
    slug, cell = BEHIND[tile]
    return f"people:{slug}?{urlencode(address_of({**cell, **({'period': month} if month else {})}))}"


def _bridge(asked: Asked, answer: Answer) -> BridgeTold:
    """Where the report's month went; each column opens its people."""
    row, meant = asked.row(answer), answer.definition
    if row is None:
        return BridgeTold(asked.month or "", answer.words, "", str(notes(answer)), meant.text, meant.line())
    alone = replace(answer, table=pa.Table.from_pylist([row], schema=answer.table.schema))
    picture = bridge_picture(alone, opening_of(alone, alone.table))
    return BridgeTold(asked.month or "", net_growth(row), str(picture or ""), str(notes(answer)), meant.text, meant.line())


def _grid(asked: Asked) -> str:
    """The cohorts, each cell opening its people, the initiatives marked beside them."""
    answer = asked.ask(Cohorts())
    return str(heat_table(answer.table.to_pylist(), marks=marks_of(answer), opens=opening_of(answer, answer.table)))


def _looks(rows: list[dict[str, Any]], currency: str) -> list[Look]:
    ordered = sorted(rows, key=lambda row: -(row["at_stake"] or 0))
    return [Look(row["group"], row["title"], row["do"], row["customers"], _stake(row["at_stake"], currency)) for row in ordered]


def _stake(amount: Any, currency: str) -> str:
    return short_money(amount, currency) if amount else ""


def _goal(asked: Asked) -> Goal | None:
    row = asked.row(asked.ask(Bridge()))
    if row is None or row["crr"] is None:
        return None
    own = asked.timelines.settings.goal
    goal = GOAL if own is None else own
    reached = "yes" if row["crr_low"] >= goal else "no" if row["crr_high"] < goal else "open"
    rate = f"{percent(row['crr'])} ({100 * row['crr_low']:.1f} to {100 * row['crr_high']:.1f}), n {row['start']:,}"
    aim = f"{100 * goal:.0f}\u00a0%"
    said = aim if own is not None else f"{aim}, as the trade aims at"
    trade = [f"{one.range()} {_window(one.beside)} ({one.source})" for one in for_industry(asked.timelines.settings.industry)]
    return Goal(asked.month_name, rate, said, reached, "; ".join(trade[:2]), aim, own is not None)


def _window(beside: str) -> str:
    return {"year": "over a year", "month": "over a month", "week_8": "of newcomers in week 8"}[beside]


def _changes(asked: Asked) -> tuple[str, str, list[Change]]:
    """The last week but one that is over, the last one, and what changed between them."""
    people = [row for row in asked.rows(Bridge(period="week")) if row["state"] == "complete"][-2:]
    if len(people) < 2:
        return "", "", []
    before, now = people
    changes = [
        _change(_("customers at its end"), now["end"], before["end"], _count, 1, "end"),
        _change(_("new"), now["new"], before["new"], _count, 1, "new"),
        _change(_("returned"), now["returned"], before["returned"], _count, 1, "returned"),
        _change(_("lost"), now["lost"], before["lost"], _count, -1, "lost"),
    ]
    orders = {row["period"]: row for row in asked.rows(Orders(period="week"))}
    if before["period"] in orders and now["period"] in orders:
        first, last = orders[before["period"]], orders[now["period"]]
        changes.append(_change(_("orders"), last["orders"], first["orders"], _count, 1))
        if asked.paid:
            changes.append(_change(_("revenue"), last["revenue"], first["revenue"], lambda x: money(x, asked.currency), 1))
    return before["period"], now["period"], changes


def _count(value: float) -> str:
    return shown(int(value), "count")


def _change(name: str, now: float, before: float, written: Callable[[float], str], good: int, opens: str = "") -> Change:
    """One line; a rise is good news where `good` is 1."""
    difference = float(now) - float(before)
    sign = "+" if difference > 0 else "−" if difference < 0 else "±"
    judged = "" if not difference else "up" if difference * good > 0 else "down"
    return Change(name, written(now), written(before), f"{sign}{written(abs(difference))}", judged, opens)
