"""What could not be used, and why? The list by reason, one event, the file to take away, sending in again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from holdfast.server.intake.checked import HALF
from holdfast.server.intake.inbox import inbox
from holdfast.server.intake.models import RefusedEvent
from holdfast.server.intake.replaying import replay, replay_edited
from holdfast.server.intake.sifting import Choice, reasons, source_names, sources
from holdfast.server.options import number
from holdfast.server.people import audit

__all__ = ["json_lines", "problem_of", "refused", "refused_event", "refused_file", "replay_all", "replay_one"]

AT_ONCE = 50
REPLAYED_AT_ONCE = 2_000
LONGEST_SHOWN = 100_000


def refused(request: HttpRequest) -> HttpResponse:
    """The reasons, and the events of a choice; POST sends in again all that are chosen."""
    if request.method == "POST":
        return _again(request, Choice.of(request.POST))
    choice = Choice.of(request.GET)
    found = choice.events()
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        found = found.filter(id__lt=int(before))
    rows = list(found.defer("message")[: AT_ONCE + 1])
    listed = reasons(choice)
    keys = sources()
    told = {
        "choice": choice,
        "reasons": listed,
        "total": sum(one.events for one in listed),
        "chosen": sum(one.events for one in listed if choice.code in ("", one.code)),
        "rows": rows[:AT_ONCE],
        "older": rows[AT_ONCE - 1].pk if len(rows) > AT_ONCE else None,
        "names": source_names(keys),
        "ever": bool(keys),
        "days": number("REFUSED_DAYS"),
    }
    return render(request, "intake/refused.html", told)


def refused_event(request: HttpRequest, pk: int) -> HttpResponse:
    """One refused event with its message; POST sends it in again, as it came or as it was put right."""
    event = get_object_or_404(RefusedEvent, pk=pk)
    problem, said = "", request.POST.get("message")
    said = None if said is None else said.replace("\r\n", "\n")
    if request.method == "POST" and event.outcome == "":
        problem = "" if said is None else problem_of(said)
        if not problem:
            return _one_again(request, event, said)
    told = {
        "event": event,
        "shown": said if problem and said is not None else _readable(event.message),
        "cut": len(event.message) > LONGEST_SHOWN,
        "problem": problem,
        "source": source_names([event.source])[event.source],
    }
    return render(request, "intake/refused_event.html", told, status=422 if problem else 200)


def refused_file(request: HttpRequest) -> StreamingHttpResponse:
    """What is chosen as JSON lines: reason, sentence, mend, and the message as it came."""
    lines = json_lines(Choice.of(request.GET))
    answer = StreamingHttpResponse(lines, content_type="application/x-ndjson")
    answer["Content-Disposition"] = 'attachment; filename="refused.jsonl"'
    return answer


def json_lines(choice: Choice) -> Iterator[str]:
    """What is chosen, one a line."""
    for one in choice.events().iterator(500):
        told = {
            "received_at": one.received_at.isoformat(),
            "source": one.source,
            "kind": one.kind,
            "reason": one.code,
            "sentence": one.sentence,
            "mend": one.mend,
            "outcome": one.outcome or "waits",
            "message": one.message,
        }
        yield json.dumps(told, ensure_ascii=False) + "\n"


def _again(request: HttpRequest, choice: Choice) -> HttpResponse:
    count = replay_all(choice, request.user)
    said = ngettext(
        "One event is sent in again; whether it can be used now shows here in a moment.",
        "%(count)s events are sent in again; which of them can be used now shows here in a moment.",
        count,
    )
    messages.success(request, said % {"count": f"{count:,}"})
    return redirect(f"{reverse('refused')}?{choice.query()}".rstrip("?"))


def replay_all(choice: Choice, by: Any) -> int:
    """Send in again what is chosen and waits: a few at once, many by a job. How many."""
    from holdfast.server.intake.jobs import replay_chosen

    waiting = choice.events().filter(outcome="")
    count = int(waiting.count())
    audit.record(by, "refused.replay", events=count, code=choice.code, source=choice.source)
    if count > REPLAYED_AT_ONCE:
        replay_chosen(choice.query())
    else:
        replay(waiting, inbox())
    return count


def _one_again(request: HttpRequest, event: RefusedEvent, said: str | None) -> HttpResponse:
    replay_one(event, said)
    audit.record(request.user, "refused.replay", subject=event.pk, edited=said is not None)
    messages.success(request, _("It is sent in again; what became of it shows here in a moment."))
    return redirect("refused-event", pk=event.pk)


def replay_one(event: RefusedEvent, said: str | None) -> None:
    """Send in one again, as it came (None, or as it is shown) or with another message."""
    if said is None or said == _readable(event.message):
        replay(RefusedEvent.objects.filter(pk=event.pk), inbox())
    else:
        replay_edited(event, said, inbox())


def problem_of(said: str) -> str:
    """Why a message that was put right cannot be sent in; empty where it can."""
    try:
        return "" if isinstance(json.loads(said), dict) else _("This is no JSON object: it begins with { and ends with }.")
    except (ValueError, RecursionError) as error:
        return _("This is no JSON: %(error)s.") % {"error": error}


def _readable(message: str) -> str:
    """JSON with a line a member, where that changes nothing but blanks."""
    text = message[:LONGEST_SHOWN]
    try:
        told: Any = json.loads(text, parse_float=_Digits, parse_int=_Digits)
    except (ValueError, RecursionError):
        return text
    shown = json.dumps(told, ensure_ascii=False, indent=2)
    if HALF.search(text.encode()):
        return text  # half a character stands only in an escape; no page can show it as itself
    return text if _Digits.mark in text else shown.replace(f'"{_Digits.mark}', "").replace(f'{_Digits.mark}"', "")


class _Digits(str):
    """A number as it was written, marked so that its quotes can be taken off again."""

    mark = "\ue000"  # of no language, and JSON writes it as it is

    def __new__(cls, digits: str) -> _Digits:
        return super().__new__(cls, f"{cls.mark}{digits}{cls.mark}")
