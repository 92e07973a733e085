"""What the analyst does for this room; each errand gives a reply within about the time that it is told to wait.

A reply is a dictionary with `state`:
kept     the answer, or the file of that name (`file`), lies in server/kept/answers
found    people: `ids` of the asked stretch, `n` of them all
refused  it cannot be asked so: `what`, `mend`
broken   a bug, in the log under `log`
working  it goes on: `since` seconds, `usual` seconds of the last answer of this page (0: not known)
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from secrets import token_hex
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec

from holdfast.errors import HoldfastError, UsageError
from holdfast.server.insights import kept
from holdfast.server.insights.catalogue import controls
from holdfast.server.insights.kept import Told
from holdfast.server.insights.spec import Spec, address_of
from holdfast.server.insights.tables import Form, written
from holdfast.server.insights.working import Work, ready, works
from holdfast.server.options import option

if TYPE_CHECKING:
    from holdfast.server.analyst.desk import Desk

__all__ = ["cancel", "file", "for_a_page", "people", "told"]

log = logging.getLogger(__name__)

Reply = dict[str, Any]
Pairs = Sequence[tuple[str, str]]


def told(desk: Desk, slug: str, pairs: Pairs, wait_seconds: float) -> Reply:
    """See to it that the answer is kept."""
    spec = _spec(slug, pairs)
    work = works(desk).ask(spec.key, lambda work: _told(desk, spec, work))
    return _reply(work, slug, wait_seconds, lambda _done: {"state": "kept"})


def file(desk: Desk, slug: str, pairs: Pairs, form: Form, wait_seconds: float) -> Reply:
    """See to it that the whole table is kept as a file: csv or json."""
    spec, data = _spec(slug, pairs), kept.data_now()
    path = kept.table_of(spec.key, form, data)
    if data.name and path.exists():
        return {"state": "kept", "file": path.name}
    work = works(desk).ask(f"{spec.key}.{form}.{_outliving(data)}", lambda _work: _file(desk, spec, form, data))
    return _reply(work, slug, wait_seconds, lambda done: done)


def people(
    desk: Desk, slug: str, pairs: Pairs, cell: dict[str, Any], wait_seconds: float, first: int = 0, count: int | None = None
) -> Reply:
    """The people behind a number: `count` of them (None: all) from the one at place `first` on."""
    spec, data = _spec(slug, pairs), kept.data_now()
    named = sha256(repr(address_of(cell)).encode()).hexdigest()[:16]
    key = f"{spec.key}.{named}.{data.name}"
    going = f"{spec.key}.{named}.{_outliving(data)}"
    held = works(desk).held(key)
    if held is None:
        work = works(desk).ask(going, lambda _work: _people(desk, spec, cell, key, data))
        reply = _reply(work, slug, wait_seconds, lambda done: done)
        if reply["state"] != "found":
            return reply
        held = reply["ids"]
    last = None if count is None else first + count
    return {"state": "found", "n": len(held), "ids": list(held[first:last])}


def _outliving(data: kept.Data) -> str:
    """What a work's key says of its data: the name is another after every merge, and whoever asks again is to join in."""
    return f"{data.settings}.{data.erasures}"


def cancel(desk: Desk, slug: str, pairs: Pairs) -> bool:
    """Nobody waits for this answer any more; whether it was being worked on."""
    return works(desk).drop(_spec(slug, pairs).key)


def _spec(slug: str, pairs: Pairs) -> Spec:
    return Spec(slug, tuple((name, value) for name, value in pairs))


def _reply(work: Work, slug: str, wait_seconds: float, done: Callable[[Any], Reply]) -> Reply:
    """What is said of a work after waiting for it; inline, where nobody can come back later, as long as it takes."""
    if not ready(work, None if option("ANALYST") == "inline" else wait_seconds):
        return {"state": "working", "since": monotonic() - work.begun, "usual": kept.usual().get(slug, 0.0)}
    if work.future.cancelled():
        return {"state": "refused", "what": "the question was taken back", "mend": "ask it again"}
    return done(work.future.result())


def _told(desk: Desk, spec: Spec, work: Work) -> None:
    """Find an answer and keep it. Whatever goes wrong becomes an answer that says so."""
    data, begun = kept.data_now(), monotonic()
    try:
        found = _found(desk, spec)
    except HoldfastError as error:
        found = Told(
            state="refused",
            data="",
            erasures=0,
            at=0.0,
            seconds=0.0,
            pairs=spec.pairs,
            what=for_a_page(error.what, spec.slug),
            mend=for_a_page(error.mend, spec.slug),
        )
    except Exception:
        found = Told(state="broken", data="", erasures=0, at=0.0, seconds=0.0, pairs=spec.pairs, log=_logged(spec))
    seconds = monotonic() - begun
    if not data.name:
        data = kept.data_now()  # the timelines were built for this question
    if work.dropped:
        return
    at = time.time()
    of = {"data": data.name, "settings": data.settings, "erasures": data.erasures}
    kept.keep(spec.key, msgspec.structs.replace(found, **of, at=at, seconds=seconds))
    if found.state == "told":
        kept.took(spec.slug, seconds)
    kept.sweep(at)


def _found(desk: Desk, spec: Spec) -> Told:
    from holdfast.server.insights.asking import answered, put, shown_table
    from holdfast.server.insights.counted import counted
    from holdfast.server.insights.rate import rate_told
    from holdfast.server.insights.telling import told as told_of

    if spec.slug == "rate":
        return rate_told(spec)
    found = put(desk, spec)
    answer = answered(found)
    said = counted(answer, shown_table(answer, found.show).table)
    answer = replace(answer, notes=(*answer.notes, said)) if said else answer
    return told_of(found, answer, shown_table(answer, found.show))


def for_a_page(words: str, slug: str) -> str:
    """A refusal that names a choice of the page as the command line does, with its name alone: --name-by is “name by”.

    What is to be typed at a terminal (holdfast …) and options that the page has not stay as they are.
    """
    options = {one.option for one in controls(slug)}

    def said(found: re.Match[str]) -> str:
        return f"“{found[1].replace('-', ' ')}”" if found[0] in options else found[0]

    return re.sub(_TYPED_OR_OPTION, said, words)


_TYPED_OR_OPTION = re.compile(r"\bholdfast (?:(?!, )[^;)])*|--([a-z][a-z-]*)")
"""A command, up to where the sentence goes on; else an option."""


def _guarded(spec: Spec, do: Callable[[], Reply]) -> Reply:
    """A reply, also where something went wrong."""
    try:
        return do()
    except HoldfastError as error:
        return {"state": "refused", "what": for_a_page(error.what, spec.slug), "mend": for_a_page(error.mend, spec.slug)}
    except Exception:
        return {"state": "broken", "log": _logged(spec)}


def _logged(spec: Spec) -> str:
    """Log the exception under an id that a page can show."""
    name = token_hex(4)
    log.exception("insight %s failed, log id %s", spec.slug, name)
    return name


def _file(desk: Desk, spec: Spec, form: Form, data: kept.Data) -> Reply:
    from holdfast.server.insights.asking import answered, put, shown_table

    def made() -> Reply:
        found = put(desk, spec, every_row=form == "csv")
        answer = shown_table(answered(found), found.show)
        content, now = written(answer, form, segmented=bool(spec.values("by"))), kept.data_now()
        of = data if data.name else now
        if of.erasures != now.erasures:
            raise UsageError("somebody was erased while this was written", "take it again")
        path = kept.table_of(spec.key, form, of)
        kept.forget_erased(of.erasures)
        kept.write(path, content)
        return {"state": "kept", "file": path.name}

    return _guarded(spec, made)


def _people(desk: Desk, spec: Spec, cell: dict[str, Any], key: str, data: kept.Data) -> Reply:
    from holdfast.server.insights.asking import put

    def found() -> Reply:
        asked = put(desk, replace(spec))
        ids = asked.question.people(asked.timelines, **cell).ids
        if data.name and data.erasures == kept.data_now().erasures:
            works(desk).hold(key, ids)
        return {"state": "found", "ids": ids}

    return _guarded(spec, found)
