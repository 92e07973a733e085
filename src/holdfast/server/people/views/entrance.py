"""Ways in by a link: the first owner sets herself up, somebody accepts an invitation, a one-time link signs in."""

from __future__ import annotations

from typing import Any

from allauth.account.utils import perform_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from holdfast.server.people.audit import record
from holdfast.server.people.forms import JoinForm, SetUpForm
from holdfast.server.people.inviting import accept, opened
from holdfast.server.people.models import User
from holdfast.server.people.one_time import found, used

__all__ = ["accept_invitation", "one_time", "set_up"]


def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """The first owner: name, address, password."""
    link = found(token)
    if link is None or link.user is not None or User.objects.exists():
        return _gone(request)
    form = SetUpForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "people/set_up.html", {"form": form})
    with transaction.atomic():
        if not used(link):
            return _gone(request)
        said = form.cleaned_data
        owner = User.objects.create_user(said["email"], said["password"], role="owner", name=said["name"])
        record(owner, "user.set_up", subject=str(owner.pk), role="owner")
    return _in(request, owner)


def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who was invited chooses name and password."""
    invitation = opened(token)
    if invitation is None:
        return _gone(request)
    form = JoinForm(request.POST or None, initial={"email": invitation.email})
    if request.method == "POST" and form.is_valid():
        joined = accept(invitation, form.cleaned_data["name"], form.cleaned_data["password"])
        return _gone(request) if joined is None else _in(request, joined)
    return render(request, "people/join.html", {"form": form, "invitation": invitation})


def one_time(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a link shows a button, which signs in: mail scanners open links, too."""
    link = found(token)
    if link is None or link.user is None:
        return _gone(request)
    if request.method != "POST":
        return render(request, "people/one_time.html", {"who": link.user})
    return _in(request, link.user) if used(link) else _gone(request)


def _in(request: HttpRequest, user: Any) -> HttpResponse:
    """Signed in as by the login page: who has a second factor is asked for it."""
    return perform_login(request, user, redirect_url="/")


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "people/link_gone.html", status=410)
