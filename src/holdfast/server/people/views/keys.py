"""Write keys for the intake, and tokens for the API. A secret is shown once, in the answer that made it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from holdfast.server.people.forms import TokenForm, WriteKeyForm
from holdfast.server.people.keys import make_token, make_write_key, revoke
from holdfast.server.people.models import ApiToken, WriteKey
from holdfast.server.people.snippets import snippets, token_snippets
from holdfast.server.place import settings as business_settings

__all__ = ["keys", "new_token", "new_write_key", "revoke_token", "revoke_write_key"]


def keys(request: HttpRequest) -> HttpResponse:
    """All keys and tokens, the newest first, and forms for new ones."""
    return _page(request)


@require_POST
def new_write_key(request: HttpRequest) -> HttpResponse:
    """Make a write key; this answer is the only place that shows it."""
    form = WriteKeyForm(request.POST)
    if not form.is_valid():
        return _page(request, key_form=form)
    key, secret = make_write_key(form.cleaned_data["name"], request.user)
    return _page(request, made=key, secret=secret, snippets=snippets(settings.SITE_URL, secret))


@require_POST
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a token; this answer is the only place that shows it."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, token_form=form)
    token, secret = make_token(**form.chosen(), by=request.user)
    return _page(request, made=token, secret=secret, snippets=token_snippets(settings.SITE_URL, secret))


@require_POST
def revoke_write_key(request: HttpRequest, pk: int) -> HttpResponse:
    """A write key stops working at once."""
    return _revoked(request, get_object_or_404(WriteKey, pk=pk))


@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """A token stops working at once."""
    return _revoked(request, get_object_or_404(ApiToken, pk=pk))


def _revoked(request: HttpRequest, one: WriteKey | ApiToken) -> HttpResponse:
    revoke(one, request.user)
    messages.success(request, _("%(name)s is revoked. What uses it is refused from now on.") % {"name": one.name})
    return redirect("keys")


def _page(request: HttpRequest, **more: Any) -> HttpResponse:
    live = {"revoked_at": None}
    said = {
        "write_keys": WriteKey.objects.select_related("created_by").order_by(
            F("revoked_at").desc(nulls_first=True), "-created_at"
        ),
        "tokens": ApiToken.objects.select_related("created_by").order_by(F("revoked_at").desc(nulls_first=True), "-created_at"),
        "live_keys": WriteKey.objects.filter(**live).count(),
        "live_tokens": ApiToken.objects.filter(**live).count(),
        "key_form": WriteKeyForm(auto_id="key_%s"),
        "token_form": TokenForm(auto_id="token_%s"),
        "now": timezone.now(),
        "zone": ZoneInfo(business_settings().zone),
    }
    invalid = "key_form" in more or "token_form" in more
    return render(request, "people/keys.html", said | more, status=422 if invalid else 200)
