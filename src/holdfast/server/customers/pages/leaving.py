"""A customer asks for her data, or to be forgotten: the archive, the erasure, its proof."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from holdfast.server.customers import known
from holdfast.server.customers.links import customer_url
from holdfast.server.customers.models import Erasure
from holdfast.server.customers.pages.back import from_htmx

__all__ = ["erase_page", "erasure", "erasures", "export_page"]

AT_ONCE = 100
SLOW = timedelta(minutes=10)
"""Who has waited for so long is offered to try once more."""


def export_page(request: HttpRequest, key: str) -> HttpResponse:
    """What the archive holds; a POST downloads it."""
    from holdfast.server.analyst.client import AnalystAway
    from holdfast.server.customers.exporting import export, file_name

    who = known.who_or_404(key)
    if request.method != "POST":
        return render(request, "customers/export.html", {"who": who})
    try:
        content = export(who.person, by=request.user)
    except (AnalystAway, TimeoutError):
        messages.error(
            request, _("The archive could not be made: the analyst does not answer. Nothing is lost; try again in a moment.")
        )
        return redirect(customer_url(who.person))
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{file_name(datetime.now(UTC))}"'
    return response


def erase_page(request: HttpRequest, key: str) -> HttpResponse:
    """What is erased, and a field to type the id into; a POST with that id puts it into the queue."""
    from holdfast.server.customers.erasing import ask_to_erase

    who = known.who_or_404(key)
    wrong = False
    if request.method == "POST":
        wrong = request.POST.get("typed", "").strip() != who.person.strip()
        if not wrong:
            return redirect("erasure", ask_to_erase(who.person, by=request.user).pk)
    return render(request, "customers/erase.html", {"who": who, "wrong": wrong}, status=422 if wrong else 200)


def erasure(request: HttpRequest, number: int) -> HttpResponse:
    """How an erasure stands, and its proof when it is done; a part of the page while it is watched. A POST tries again.

    Also where it is asked for or running: its job may be lost. Where it is not, the second one finds all done.
    """
    from holdfast.server.customers.erasing import ask_to_erase

    row = get_object_or_404(Erasure, pk=number)
    if request.method == "POST":
        if row.state != "done":
            ask_to_erase(row.person, by=request.user)
        return redirect("erasure", row.pk)
    template = "parts/erasure" if from_htmx(request) else "erasure"
    slow = row.state in ("asked", "running") and datetime.now(UTC) - row.asked_at > SLOW
    told = {"row": row, "slow": slow, "removed": sorted(row.proof.get("removed", {}).items())}
    return render(request, f"customers/{template}.html", told)


def erasures(request: HttpRequest) -> HttpResponse:
    """All erasures, the newest first."""
    return render(request, "customers/erasures.html", {"rows": Erasure.objects.all()[:AT_ONCE]})
