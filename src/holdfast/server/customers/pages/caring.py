"""What we write about a customer on her page: notes, tags, what she allows. Each view answers with its card, or goes back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from holdfast.server.customers import known, notes, tags
from holdfast.server.customers.care import Note, Tag
from holdfast.server.customers.consents import KINDS, consents, history, record_consent
from holdfast.server.customers.forms import NoteForm
from holdfast.server.customers.links import customer_url
from holdfast.server.customers.pages.back import back, from_htmx
from holdfast.server.people.access import may
from holdfast.server.people.audit import record

__all__ = [
    "add_note",
    "add_tag",
    "change_consent",
    "change_note",
    "consent_context",
    "delete_note",
    "label_of",
    "note_or_404",
    "notes_context",
    "remove_tag",
    "restore_note",
    "state_of",
    "suggest_tags",
    "tags_context",
]

CHANNELS = {
    "email": gettext_lazy("e-mail"),
    "sms": gettext_lazy("text message"),
    "phone": gettext_lazy("phone"),
    "push": gettext_lazy("push message"),
    "post": gettext_lazy("letter"),
}
"""Channels that a page offers although nothing was said of them yet, and their names."""

KIND_NAMES = {
    "channel": gettext_lazy("May we reach out by"),
    "topic": gettext_lazy("Topics"),
    "brand": gettext_lazy("Brands"),
    "category": gettext_lazy("Categories"),
    "frequency": gettext_lazy("How often"),
    "purpose": gettext_lazy("What data may be used for"),
}


def note_or_404(number: int, *, deleted: bool = False) -> Note:
    """A note by its number; a deleted one is seen by nobody, only brought back."""
    return get_object_or_404(Note.objects.select_related("author"), pk=number, deleted_at__isnull=not deleted)


# ----------------------------------------------------------------------------------------------------------------- notes
def notes_context(
    request: HttpRequest, who: known.Who, form: NoteForm | None = None, undo: Note | None = None
) -> dict[str, Any]:
    """What the card of notes shows; `undo` is one that was just deleted."""
    rows = [
        {
            "note": one,
            "mine": one.author_id == request.user.pk,
            "may_delete": one.author_id == request.user.pk or may(request.user, "steer"),
        }
        for one in notes.notes_of(who.ids)
    ]
    return {"who": who, "notes": rows, "note_form": form or NoteForm(auto_id="note_%s"), "undo": undo}


def add_note(request: HttpRequest, key: str) -> HttpResponse:
    """A new note about a customer."""
    who = known.who_or_404(key)
    form = NoteForm(request.POST, auto_id="note_%s")
    if form.is_valid():
        said = form.cleaned_data
        try:
            notes.write(who.person, said["text"], request.user, timezone.now(), contact=said["contact"])
            form = NoteForm(auto_id="note_%s")
        except ValidationError as error:
            form.add_error("text", error)
    if form.is_bound and not from_htmx(request):
        messages.error(request, _("The note was not kept: ") + " ".join(one for lines in form.errors.values() for one in lines))
    return _notes(request, who, form=form)


def change_note(request: HttpRequest, number: int) -> HttpResponse:
    """Other words for a note; a page of its own to write them."""
    note = note_or_404(number)
    who = _who(note.person)
    form = NoteForm(request.POST or None, initial={"text": note.text, "contact": note.contact})
    if request.method == "POST" and form.is_valid():
        notes.change(note, form.cleaned_data["text"], request.user, timezone.now())
        messages.success(request, _("The note is changed."))
        return back(request, customer_url(who.person) + "#notes")
    return render(
        request, "customers/note.html", {"note": note, "who": who, "form": form, "mine": note.author_id == request.user.pk}
    )


def delete_note(request: HttpRequest, number: int) -> HttpResponse:
    """A note is put away; it can be taken back."""
    note = note_or_404(number)
    notes.delete(note, request.user, timezone.now())
    if not from_htmx(request):
        messages.success(request, _("The note is deleted; for a day it can be brought back below the notes."))
    return _notes(request, _who(note.person), undo=note)


def restore_note(request: HttpRequest, number: int) -> HttpResponse:
    """A deleted note is back."""
    note = note_or_404(number, deleted=True)
    notes.restore(note, request.user)
    return _notes(request, _who(note.person))


def _notes(request: HttpRequest, who: known.Who, form: NoteForm | None = None, undo: Note | None = None) -> HttpResponse:
    if from_htmx(request):
        return render(request, "customers/parts/notes.html", notes_context(request, who, form, undo))
    suffix = f"?undo={undo.pk}" if undo else ""
    return back(request, f"{customer_url(who.person)}{suffix}#notes")


# ------------------------------------------------------------------------------------------------------------------ tags
def tags_context(who: known.Who, error: str = "") -> dict[str, Any]:
    """What the row of tags shows."""
    return {"who": who, "tags": tags.tags_of(who.ids), "suggested": tags.suggested("", who.ids, 40), "tag_error": error}


def add_tag(request: HttpRequest, key: str) -> HttpResponse:
    """A customer gets a tag."""
    who, error = known.who_or_404(key), ""
    try:
        tags.add(who.person, request.POST.get("name", ""), request.user)
    except ValidationError as refused:
        error = " ".join(refused.messages)
    return _tags(request, who, error)


def remove_tag(request: HttpRequest, key: str) -> HttpResponse:
    """A customer loses a tag."""
    who = known.who_or_404(key)
    said = request.POST.get("tag", "")
    tags.remove(who.ids, get_object_or_404(Tag, pk=int(said) if said.isdecimal() else 0), request.user)
    return _tags(request, who)


def suggest_tags(request: HttpRequest, key: str) -> HttpResponse:
    """Tags that hold what is typed and that she does not have."""
    who = known.who_or_404(key)
    found = tags.suggested(request.GET.get("name", ""), who.ids)
    return render(request, "customers/parts/tag_names.html", {"suggested": found})


def _tags(request: HttpRequest, who: known.Who, error: str = "") -> HttpResponse:
    if from_htmx(request):
        return render(request, "customers/parts/tags.html", tags_context(who, error))
    if error:
        messages.error(request, error)
    return back(request, customer_url(who.person) + "#tags")


# --------------------------------------------------------------------------------------------------------------- consent
def consent_context(who: known.Who) -> dict[str, Any]:
    """What she allows, by kind, and how it came to that."""
    held = {(one.kind, one.name): one for one in consents(who.person)}
    parts = []
    for kind in KINDS:
        named = [name for held_kind, name in held if held_kind == kind]
        offered = [*named, *(name for name in CHANNELS if name not in named)] if kind == "channel" else named
        rows = [{"name": name, "label": label_of(kind, name), "consent": held.get((kind, name))} for name in offered]
        if rows:
            parts.append({"kind": kind, "title": KIND_NAMES[kind], "rows": rows})
    return {
        "who": who,
        "parts": parts,
        "consent_history": [(one, label_of(one.kind, one.name), state_of(one.state)) for one in history(who.person)[:200]],
        "consent_kinds": [*KIND_NAMES.items()],
    }


def label_of(kind: str, name: str) -> str:
    """What a consent is about, for people: a channel by its name; a topic or a brand is called as it is."""
    return str(CHANNELS.get(name, name)) if kind == "channel" else name


def state_of(said: str) -> str:
    """What was said, for people: yes or no; anything else as it was said."""
    return {"yes": _("yes"), "no": _("no")}.get(said, said)


def change_consent(request: HttpRequest, key: str) -> HttpResponse:
    """She said to us what she allows: kept with who wrote it down and where."""
    who = known.who_or_404(key)
    kind, name = request.POST.get("kind", ""), " ".join(request.POST.get("name", "").split())[:128]
    state = " ".join(request.POST.get("state", "").split())[:64]
    if kind not in KINDS or not name or not state:
        messages.error(request, _("Nothing was changed: say what it is about, and yes or no."))
    else:
        record_consent(who.person, kind, name, state, source="page", who=request.user.email, at=timezone.now())
        record(request.user, "consent.change", who.person, kind=kind, name=name, state=state)
    if from_htmx(request):
        return render(request, "customers/parts/consent.html", consent_context(who))
    return back(request, customer_url(who.person) + "#consent")


def _who(person: str) -> known.Who:
    found = known.who(person)
    if found is None:
        raise Http404
    return found
