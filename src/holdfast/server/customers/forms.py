"""What can be written about customers: forms with their labels and checks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from holdfast.server.customers.care import Task
from holdfast.server.customers.notes import NOTE_CHARACTERS
from holdfast.server.people.models import User

__all__ = ["CallForm", "CloseForm", "NoteForm", "TaskForm", "owners"]


def owners() -> Any:
    """Who may own a task: whoever may work with customers."""
    return User.objects.filter(is_active=True).exclude(role="analyst").order_by("name", "email")


class _Quiet(forms.Form):
    """A form whose labels end without a colon."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class NoteForm(_Quiet):
    """A note."""

    text = forms.CharField(
        label=_("Note"),
        max_length=NOTE_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": _("What did you learn?")}),
    )
    contact = forms.BooleanField(label=_("We were in contact with the customer"), required=False)


class TaskForm(forms.ModelForm):
    """A task: what, for whom, by when."""

    class Meta:
        """The fields that people fill in."""

        model = Task
        fields = ("title", "kind", "owner", "due")
        widgets = {
            "title": forms.TextInput(attrs={"placeholder": _("Call about the late parcel")}),
            "due": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners()
        self.fields["owner"].empty_label = _("nobody yet")


class CloseForm(_Quiet):
    """What came of a task."""

    outcome = forms.ChoiceField(label=_("What came of it"), choices=Task.Outcome.choices, required=False)
    told = forms.CharField(
        label=_("Note"), required=False, max_length=NOTE_CHARACTERS, widget=forms.Textarea(attrs={"rows": 2})
    )


class CallForm(_Quiet):
    """A call that was just made."""

    outcome = forms.ChoiceField(label=_("What came of it"), choices=Task.Outcome.choices[1:])
    told = forms.CharField(
        label=_("What was said"), required=False, max_length=NOTE_CHARACTERS, widget=forms.Textarea(attrs={"rows": 2})
    )
