"""The pages of files: upload, see how it will be read, put that right, say yes, watch, see what came of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from holdfast.errors import InputError
from holdfast.server.place import workspace
from holdfast.server.sources import choosing, mending, steps, uploads
from holdfast.server.sources.models import Upload

__all__ = ["cancel", "delete", "imports", "one", "plan", "progress", "read", "refusals", "refusals_file", "upload"]


def imports(request: HttpRequest) -> HttpResponse:
    """Upload a file; what was uploaded and imported before, in the browser or from the command line."""
    listed = list(Upload.objects.exclude(state="deleted")[:100])
    ours = {one.record.get("fingerprint") for one in listed}
    others = [record for record in reversed(workspace().imports()) if record.fingerprint not in ours][:100]
    return render(request, "sources/imports.html", {"uploads": listed, "others": others})


def upload(request: HttpRequest) -> HttpResponse:
    """Take a file. Scripts are told where to go on, browsers go there."""
    if request.method != "POST":
        return redirect("imports")
    sent = request.FILES.get("file")
    try:
        if sent is None:
            raise InputError(_("No file was chosen"), _("choose one"))
        made = uploads.store(sent, request.user)
    except InputError as error:
        if request.headers.get("Accept") == "application/json":
            return JsonResponse({"problem": f"{error.what}: {error.mend}"}, status=422)
        messages.error(request, _("%(what)s: %(mend)s") % {"what": error.what, "mend": error.mend})
        return redirect("imports")
    where = reverse("import", args=[made.pk])
    return JsonResponse({"go": where}) if request.headers.get("Accept") == "application/json" else redirect(where)


def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One file, wherever it stands."""
    found = steps.upload_of(pk)
    looked = steps.look(found) if steps.waits(found) and "look" in request.GET else {}
    return render(request, "sources/file.html", _told(found, looked))


def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """How it will be read, as the choices made now say; a part of the page for htmx, else the page."""
    found = steps.upload_of(pk)
    if not steps.waits(found):
        return redirect("import", pk=pk)
    if request.method == "POST":
        steps.choose(found, *choosing.chosen(request.POST))
    if request.headers.get("HX-Request"):
        return render(request, "sources/_plan.html", _told(found, steps.look(found)))
    return redirect(f"{reverse('import', args=[pk])}?look=1")


def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Yes: read it in, as the choices that stand in the form say."""
    found = steps.upload_of(pk)
    if request.method != "POST" or not steps.readable(found):
        return redirect("import", pk=pk)
    if "roles" in request.POST:
        steps.choose(found, *choosing.chosen(request.POST))
    steps.begin(found, request.user)
    return redirect("import", pk=pk)


def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the reading has come, for the page to ask again; the whole page once it is over."""
    found = steps.upload_of(pk)
    answer = render(request, "sources/_progress.html", _told(found))
    if found.state != "reading":
        answer["HX-Refresh"] = "true"
    return answer


def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop the reading; nothing of the file goes in, unless it was all read already."""
    if request.method == "POST" and steps.cancel(pk, request.user):
        messages.success(request, _("It was stopped; nothing of the file went in."))
    return redirect("import", pk=pk)


def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw an uploaded file away. What was read in stays."""
    found = steps.upload_of(pk)
    if request.method == "POST" and steps.throw_away(found, request.user):
        messages.success(request, _("%(name)s is gone from the list. What was read in stays.") % {"name": found.name})
        return redirect("imports")
    return redirect("import", pk=pk)


def refusals(request: HttpRequest, fingerprint: str) -> HttpResponse:
    """The rows of an import that could not be used: why, put right here, read again."""
    path, record = steps.refusals_of(fingerprint)
    if request.method == "POST":
        try:
            made = steps.replay(fingerprint, _mended(path, request), request.user, request.user)
        except InputError as error:
            messages.error(request, _("%(what)s: %(mend)s") % {"what": error.what, "mend": error.mend})
            return redirect("import-refusals", fingerprint=fingerprint)
        return redirect("import", pk=made.pk)
    told = {"record": record, **mending.shown(path, record.mapping)}
    return render(request, "sources/refusals.html", told)


def refusals_file(_request: HttpRequest, fingerprint: str, ending: str) -> HttpResponseBase:
    """The refused rows as a file: JSON lines to be read in again, or CSV to look at."""
    path, record = steps.refusals_of(fingerprint)
    if ending not in ("csv", "jsonl"):
        raise Http404
    if ending == "csv":
        answer = StreamingHttpResponse(mending.as_csv(path), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="refused-{fingerprint[:12]}.csv"'
        return answer
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=f"refused-{record.fingerprint[:12]}.jsonl",
        content_type="application/jsonl",
    )


def _mended(path: Any, request: HttpRequest) -> int:
    """Rows put right, in a file that was sent or in the page."""
    sent = request.FILES.get("file")
    if sent is None:
        return mending.written(path, request.POST)
    return mending.replaced(path, sent.chunks(), limit=1_000_000)


def _told(found: Upload, looked: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the templates show of a file; `looked` is how it will be read."""
    found.refresh_from_db()
    share = round(100 * found.rows_done / found.rows_total) if found.rows_total else None
    return {
        "one": found,
        "plan": looked,
        "share": None if share is None else min(share, 100),
        "stopped": steps.stopped(found),
        "choices": choosing.choices(looked, found.options) if looked else None,
        "refusals_wait": found.state == "done" and bool(found.record.get("refused")) and _wait(found),
    }


def _wait(found: Upload) -> bool:
    return any(record.fingerprint == found.record.get("fingerprint") for record in workspace().refusals().values())
