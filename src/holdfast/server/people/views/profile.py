"""One's own account."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from holdfast.server.people.audit import record
from holdfast.server.people.forms import ProfileForm
from holdfast.server.people.members import sign_out_everywhere

__all__ = ["leave_everywhere", "profile"]


def profile(request: HttpRequest) -> HttpResponse:
    """Name, language, weekly report; the ways to password, second factor and sessions."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        if form.changed_data:
            record(request.user, "user.profile", subject=str(request.user.pk), changed=" ".join(sorted(form.changed_data)))
        messages.success(request, _("Saved."))
        return redirect("profile")
    said = {
        "form": form,
        "second_factor": is_mfa_enabled(request.user),
        "sessions": max(1, len(UserSession.objects.purge_and_list(request.user))),
    }
    return render(request, "people/profile.html", said)


@require_POST
def leave_everywhere(request: HttpRequest) -> HttpResponse:
    """End one's sessions, this one last."""
    sign_out_everywhere(request.user, request.user)
    request.session.flush()
    return redirect("account_login")
