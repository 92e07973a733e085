"""Reports, audiences and reviews as pages."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from holdfast.errors import UsageError
from holdfast.server.customers.named import named
from holdfast.server.insights.behind import csv_rows
from holdfast.server.keeping.forms import AudienceForm, MakeAudienceForm, ReportForm, ReviewForm
from holdfast.server.keeping.keeping import audience_of, keep_report, keep_review
from holdfast.server.keeping.members import behind
from holdfast.server.keeping.models import Audience, Review, SavedReport
from holdfast.server.people.audit import record

__all__ = ["audience", "audience_csv", "audiences", "report", "reports", "reviews"]

A_PAGE = 100


def reports(request: HttpRequest) -> HttpResponse:
    """All reports; POST keeps one."""
    if request.method == "POST":
        form = ReportForm(request.POST)
        if form.is_valid():
            kept = keep_report(**form.cleaned_data, by=request.user)
            messages.success(request, _("Kept as “%(name)s”.") % {"name": kept.name})
            return redirect(kept.get_absolute_url())
        messages.error(request, _("Nothing was kept. %(why)s") % {"why": _first_error(form)})
    return render(request, "keeping/reports.html", {"reports": SavedReport.objects.select_related("made_by")})


def _first_error(form: ReportForm) -> str:
    """What is wrong with the first field that is, by its name."""
    field, why = next(iter(form.errors.items()))
    return f"{form[field].label}: {why[0]}" if field in form.fields else str(why[0])


def report(request: HttpRequest, pk: int) -> HttpResponse:
    """A report: GET goes to its page; POST renames it or forgets it."""
    kept = get_object_or_404(SavedReport, pk=pk)
    if request.method != "POST":
        return redirect(kept.get_absolute_url())
    if request.POST.get("do") == "forget":
        kept.delete()
        record(request.user, "report.forget", str(pk))
        messages.success(request, _("“%(name)s” is no longer kept.") % {"name": kept.name})
        return redirect("reports")
    form = ReportForm({**request.POST.dict(), "slug": kept.slug, "query": kept.query}, instance=kept)
    if form.is_valid():
        form.save()
        record(request.user, "report.rename", str(pk))
    return redirect("reports")


def audiences(request: HttpRequest) -> HttpResponse:
    """All audiences; POST makes one of the people behind a number, or of ids."""
    form = MakeAudienceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            persons, origin = behind(form.cleaned_data)
        except UsageError as error:
            said = _("No audience was made: %(what)s. What to do: %(mend)s.") % {"what": error.what, "mend": error.mend}
            messages.error(request, said)
            return redirect("audiences")
        made = audience_of(form.cleaned_data["name"], persons, request.user, origin, form.cleaned_data["note"])
        said = ngettext("%(n)d person is in “%(name)s”.", "%(n)d people are in “%(name)s”.", made.people)
        messages.success(request, said % {"n": made.people, "name": made.name})
        return redirect(made)
    return render(request, "keeping/audiences.html", {"audiences": Audience.objects.select_related("made_by"), "form": form})


def audience(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is in an audience; POST renames it or forgets it."""
    kept = get_object_or_404(Audience, pk=pk)
    if request.method == "POST":
        return _changed(request, kept)
    shown = Paginator(kept.members.values_list("person", flat=True), A_PAGE).get_page(request.GET.get("page"))
    return render(request, "keeping/audience.html", {"audience": kept, "shown": shown, "people": named(shown.object_list)})


def _changed(request: HttpRequest, kept: Audience) -> HttpResponse:
    if request.POST.get("do") == "forget":
        pk = kept.pk
        kept.delete()
        record(request.user, "audience.forget", str(pk))
        messages.success(request, _("“%(name)s” is no longer kept; the people in it are untouched.") % {"name": kept.name})
        return redirect("audiences")
    form = AudienceForm(request.POST, instance=kept)
    if form.is_valid():
        form.save()
        record(request.user, "audience.rename", str(kept.pk))
    return redirect(kept)


def audience_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Everybody in an audience, one a line."""
    kept = get_object_or_404(Audience, pk=pk)
    record(request.user, "audience.export", str(pk), people=kept.people)
    headers = {"Content-Disposition": f'attachment; filename="audience-{pk}.csv"'}
    return StreamingHttpResponse(_lines(kept), content_type="text/csv; charset=utf-8", headers=headers)


def _lines(kept: Audience) -> Iterator[str]:
    yield from csv_rows(list(kept.members.values_list("person", flat=True)))


def reviews(request: HttpRequest) -> HttpResponse:
    """What was decided so far; POST keeps a decision beside what the figures said."""
    form = ReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        keep_review(form.save(commit=False), request.user)
        messages.success(request, _("The decision is kept."))
        return redirect("reviews")
    shown = Paginator(Review.objects.select_related("by"), A_PAGE).get_page(request.GET.get("page"))
    return render(request, "keeping/reviews.html", {"form": form, "shown": shown})
