"""The pages of sources: what comes in from where; connect, change the secret, disconnect."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from holdfast.errors import UsageError
from holdfast.server.people.access import may
from holdfast.server.sources import connecting, counting, privacy
from holdfast.server.sources.models import Connection, PrivacyRequest, Upload
from holdfast.server.sources.registry import SOURCES

__all__ = ["connect", "connection", "disconnect", "privacy_done", "secret", "sources", "state"]


def sources(request: HttpRequest) -> HttpResponse:
    """What comes in from where, how fresh, how much."""
    now = timezone.now()
    listed = list(connecting.connected())
    hour, day = counting.since(listed, now - timedelta(hours=1)), counting.since(listed, now - timedelta(hours=23))
    rows = [
        {"one": one, "label": SOURCES[one.kind].label, "hour": hour.get(one.pk, 0), "day": day.get(one.pk, 0)} for one in listed
    ]
    newest = max((one.last_at for one in listed if one.last_at), default=None)
    told = {
        "rows": rows,
        "newest": newest,
        "day": sum(day.values()),
        "kinds": SOURCES.values(),
        "keys": _keys(),
        "keys_url": _url("keys"),
        "refused_url": _url("refused"),
        "uploads": Upload.objects.exclude(state="deleted")[:5],
        "requests": privacy.waiting() if may(request.user, "steer") else [],
    }
    return render(request, "sources/list.html", told)


def connect(request: HttpRequest, kind: str) -> HttpResponse:
    """A new source of a kind."""
    if kind not in SOURCES:
        raise Http404
    source, problem = SOURCES[kind], None
    name, prefix = request.POST.get("name", source.label), request.POST.get("prefix", "")
    if request.method == "POST":
        try:
            made, made_secret = connecting.connect(kind, name, prefix, request.user)
            return _shown(request, made, made_secret)
        except UsageError as error:
            problem = error
    told = {
        "source": source,
        "problem": problem,
        "name": name,
        "prefix": prefix,
        "others": Connection.objects.filter(kind=kind).exists(),
    }
    return render(request, "sources/connect.html", told, status=422 if problem else 200)


def connection(request: HttpRequest, pk: int) -> HttpResponse:
    """One source: its URL, what to do there, what came."""
    return _shown(request, _connection(pk), "")


def state(request: HttpRequest, pk: int) -> HttpResponse:
    """What came of one source, for the page to ask again."""
    one = _connection(pk)
    return render(request, "sources/_state.html", _state(one, timezone.now()))


def secret(request: HttpRequest, pk: int) -> HttpResponse:
    """A new secret; the one before it stays good until the next."""
    one = _connection(pk)
    if request.method != "POST":
        return redirect("source", pk=pk)
    try:
        said = connecting.change_secret(one, request.POST.get("secret", ""), request.user)
    except UsageError as error:
        messages.error(request, _("%(what)s: %(mend)s") % {"what": error.what, "mend": error.mend})
        return redirect("source", pk=pk)
    messages.success(request, _("The new secret is kept. The one before it is still taken, until the next change."))
    return _shown(request, one, said if SOURCES[one.kind].secret_by == "us" else "")


def disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes nothing from it any more."""
    one = _connection(pk)
    if request.method != "POST":
        return redirect("source", pk=pk)
    name = one.name
    connecting.disconnect(one, request.user)
    messages.success(request, _("%(name)s is disconnected; what it sent stays.") % {"name": name})
    return redirect("sources")


def privacy_done(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody did what a shop asked on behalf of a customer."""
    if request.method == "POST":
        privacy.done_by_hand(get_object_or_404(PrivacyRequest, pk=pk), request.user)
        messages.success(request, _("Noted as done."))
    return redirect("sources")


def _connection(pk: int) -> Connection:
    return get_object_or_404(connecting.connected(), pk=pk)


def _shown(request: HttpRequest, one: Connection, made_secret: str) -> HttpResponse:
    source, url = SOURCES[one.kind], connecting.public_url(one)
    told = {
        "one": one,
        "source": source,
        "steps": [str(step).format(url=url, topics=", ".join(source.topics)) for step in source.steps],
        "url": url,
        "secret": made_secret,
        "has_secret": bool(connecting.secrets_of(one)),
        "outside": not url.startswith("https://"),
        **_state(one, timezone.now()),
    }
    return render(request, "sources/connection.html", told)


def _state(one: Connection, now: datetime) -> dict[str, Any]:
    """What came in the last day, as bars: each a share of the fullest hour."""
    hours = counting.last_day(one, now)
    most = max((received for _start, received, _refused in hours), default=0)
    bars = [
        {"start": start, "received": received, "height": round(100 * received / most) if most else 0}
        for start, received, _refused in hours
    ]
    told = {"one": one, "bars": bars, "day": sum(received for _start, received, _refused in hours), "fresh": False}
    return told | {"waits": one.last_at is None, "fresh": one.last_at is not None and now - one.last_at < timedelta(days=1)}


def _keys() -> list[dict[str, Any]]:
    """The write keys in use and when each last sent something: who sends through the HTTP API."""
    from holdfast.server.people.models import WriteKey

    return list(WriteKey.objects.filter(revoked_at=None).values("name", "prefix", "last_used_at").order_by("name")[:50])


def _url(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None
