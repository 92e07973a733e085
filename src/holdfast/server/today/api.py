"""Operation: what the first page says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Schema

from holdfast.server.api.errors import ERRORS
from holdfast.server.api.gate import Router
from holdfast.server.intake.inbox import inbox
from holdfast.server.place import settings
from holdfast.server.today.today import State, current

__all__ = ["router"]

router = Router(tags=["today"])


class LookOut(Schema):
    """A group of people to look after; `group` is the cell of the analysis `attention` behind which they stand."""

    group: str
    title: str
    do: str
    people: int
    stake: str


class ChangeOut(Schema):
    """A figure of last week beside the week before, as written; whether the change is good news ("up") or bad ("down")."""

    name: str
    now: str
    before: str
    change: str
    judged: str


class GoalOut(Schema):
    """The month against goal and trade, as written; reached: yes, no, open."""

    month: str
    rate: str
    goal: str
    reached: str
    trade: str


class TodayOut(Schema):
    """Do our customers stay? `state` says whether anything can be told: told, working (ask again in a moment) or empty."""

    state: Literal["told", "working", "empty"]
    working: bool
    made_at: datetime | None = None
    words: str = ""
    as_of: date | None = None
    last_event: datetime | None = None
    customers: int = 0
    waiting: int = 0
    bridge: str = ""
    looked: str = ""
    looks: list[LookOut] = []
    weeks: str = ""
    changes: list[ChangeOut] = []
    goal: GoalOut | None = None
    initiatives: dict[date, str] = {}


@router.get("/today", needs="look", response={200: TodayOut} | ERRORS, summary="Do our customers stay?")
def today_told(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """The sentence, the month against its goal, whom to look after, what changed since last week, how fresh the data are."""
    return _told(current())


def _told(state: State) -> dict[str, Any]:
    told, standing = state.told, {"working": state.working, "made_at": state.made_at, "waiting": inbox().waiting()[0]}
    if told is None:
        return {"state": "empty" if state.empty else "working", **standing}
    same = ("words", "as_of", "customers", "looked", "looks", "weeks", "changes", "goal")
    return {
        "state": "told",
        **standing,
        **{name: getattr(told, name) for name in same},
        "bridge": told.bridge.words if told.bridge else "",
        "last_event": datetime.fromtimestamp(told.last_event, UTC),
        "initiatives": dict(settings().initiatives),
    }
