"""In the web: what is kept of a question, and asking the analyst for what is not."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from holdfast.server.analyst.client import AnalystAway, call
from holdfast.server.insights.kept import Data, Told, data_now, fresh, kept
from holdfast.server.insights.spec import Spec

__all__ = ["PATIENCE", "Asked", "ask", "people", "table_file"]

PATIENCE = 0.25
"""Seconds that a page waits for an answer that is not kept, before it says that one is being worked on."""

PATIENCE_SETTINGS = 1.5
"""The same where what is kept was found under other settings: who has just marked an initiative wants to see it."""

PATIENCE_FILE = 20.0
"""Seconds that a download waits."""

STARTING = 1.0
"""Seconds more, in which an analyst that sleeps may wake."""


@dataclass(frozen=True)
class Asked:
    """What is known of a question at this moment.

    told      the answer that is kept; None while there is none
    asked_again  whether a newer one is being worked on
    since, usual seconds that it is worked on, and that the last answer took (0: not known)
    away      whether the analyst cannot be reached
    clock     when this was looked up
    """

    told: Told | None
    asked_again: bool = False
    since: float = 0.0
    usual: float = 0.0
    away: bool = False
    clock: float = 0.0


def ask(spec: Spec) -> Asked:
    """The answer that is kept; where there is none, or it is old, the analyst is asked for one."""
    now, clock = data_now(), time.time()
    found = kept(spec.key, now)
    if found is not None and fresh(found, now, clock):
        return Asked(found, clock=clock)
    old = found is not None and found.state == "told"
    same = found is not None and found.settings == now.settings
    wait = PATIENCE if found is None else 0.0 if old and same else PATIENCE if same else PATIENCE_SETTINGS
    reply = _call("insights.told", wait, slug=spec.slug, pairs=spec.pairs)
    if reply["state"] == "kept":
        return Asked(_just_kept(spec, now), clock=time.time())
    if old:
        return Asked(found, asked_again=reply["state"] == "working", clock=clock)
    return Asked(None, since=reply.get("since", 0.0), usual=reply.get("usual", 0.0), away=reply["state"] == "away", clock=clock)


def _just_kept(spec: Spec, before: Data) -> Told | None:
    """What the analyst has kept; the first question may have built the timelines, so the data are looked at anew."""
    return kept(spec.key, data_now()) or kept(spec.key, before)


def people(spec: Spec, cell: dict[str, Any], first: int, count: int | None) -> dict[str, Any]:
    """The reply of the errand insights.people; state "away" where the analyst cannot be reached."""
    wait = PATIENCE_FILE if count is None else 2.0
    return _call("insights.people", wait, slug=spec.slug, pairs=spec.pairs, cell=cell, first=first, count=count)


def table_file(spec: Spec, form: str) -> dict[str, Any]:
    """The reply of the errand insights.file."""
    return _call("insights.file", PATIENCE_FILE, slug=spec.slug, pairs=spec.pairs, form=form)


def _call(name: str, wait: float, **arguments: Any) -> dict[str, Any]:
    try:
        return call(name, within_seconds=wait + STARTING, wait_seconds=wait, **arguments)
    except TimeoutError:
        return {"state": "working"}
    except AnalystAway:
        return {"state": "away"}
