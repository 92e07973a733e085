"""What is asked for on the pages of this room."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from holdfast.server.people.access import NEEDS
from holdfast.server.people.models import ROLE_NAMES, User

__all__ = ["InviteForm", "JoinForm", "ProfileForm", "SetUpForm", "TokenForm", "WriteKeyForm"]

SCOPES = [
    ("look", _("look: read customers and figures")),
    ("care", _("care: also notes, tags, tasks, consent")),
    ("steer", _("steer: also import, merge, erase, export")),
    ("own", _("own: also people and keys")),
]
LIFETIMES = [(30, _("30 days")), (90, _("90 days")), (365, _("a year")), (0, _("no end"))]


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(label=_("E-mail"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), choices=ROLE_NAMES, initial="analyst")


class JoinForm(forms.Form):
    """Name and password of somebody who was invited."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html(),
    )

    def clean(self) -> dict[str, Any]:
        """The password is good enough for whom it is."""
        said = super().clean() or {}
        if said.get("password"):
            user = User(name=said.get("name", ""), email=self.address(said))
            try:
                validate_password(said["password"], user)
            except ValidationError as error:
                self.add_error("password", error)
        return said

    def address(self, said: dict[str, Any]) -> str:  # noqa: ARG002 - the first owner says hers
        """The e-mail address that the password must not resemble."""
        return str(self.initial.get("email", ""))


class SetUpForm(JoinForm):
    """Name, address and password of the first owner."""

    email = forms.EmailField(label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    field_order = ("name", "email", "password")

    def address(self, said: dict[str, Any]) -> str:
        """As she says it."""
        return str(said.get("email", ""))


class ProfileForm(forms.ModelForm):
    """What everybody may change about herself."""

    language = forms.ChoiceField(label=_("Language"), required=False)

    class Meta:
        """Not the role, not the address."""

        model = User
        fields = ("name", "weekly_report", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        self.fields["weekly_report"].label = _("Send me the weekly report by e-mail")
        self.fields["language"].choices = [("", _("as the browser asks")), *settings.LANGUAGES]


class WriteKeyForm(forms.Form):
    """What a new write key is called."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Where it is used: web shop, app, till."))


class TokenForm(forms.Form):
    """Name, scopes and end of a new token."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Which program uses it."))
    scopes = forms.MultipleChoiceField(label=_("It may"), choices=SCOPES, initial=["look"], widget=forms.CheckboxSelectMultiple)
    days = forms.TypedChoiceField(label=_("It ends after"), choices=LIFETIMES, coerce=int, initial=90)

    def chosen(self) -> dict[str, Any]:
        """As `ApiToken.make` takes it."""
        said = self.cleaned_data
        end = timezone.now() + timedelta(days=said["days"]) if said["days"] else None
        return {"name": said["name"], "scopes": [need for need in NEEDS if need in said["scopes"]], "expires_at": end}
