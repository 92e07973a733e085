"""What people fill in here."""

from __future__ import annotations

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from holdfast.server.insights.catalogue import INSIGHTS
from holdfast.server.insights.spec import spec_of
from holdfast.server.keeping.models import Audience, Review, SavedReport

__all__ = ["AudienceForm", "MakeAudienceForm", "ReportForm", "ReviewForm"]


class ReportForm(forms.ModelForm):
    """A report's name and note; which question it is comes from the page that is kept."""

    class Meta:
        """Fields."""

        model = SavedReport
        fields = ["name", "note", "slug", "query"]

    def clean_slug(self) -> str:
        """The name of an analysis that there is."""
        slug: str = self.cleaned_data["slug"]
        if slug not in {one.slug for one in INSIGHTS}:
            raise forms.ValidationError(_("There is no such analysis."))
        return slug

    def clean_query(self) -> str:
        """What the analysis knows of its choices, in its own order."""
        slug = self.cleaned_data.get("slug")
        return spec_of(slug, QueryDict(self.cleaned_data["query"])).query if slug else ""


class AudienceForm(forms.ModelForm):
    """An audience's name and note."""

    class Meta:
        """Fields."""

        model = Audience
        fields = ["name", "note"]


class MakeAudienceForm(AudienceForm):
    """An audience of the people behind a number, or of ids that are given, one a line."""

    slug = forms.CharField(max_length=60, required=False)
    query = forms.CharField(max_length=4000, required=False)
    persons = forms.CharField(required=False, max_length=4_000_000)


class ReviewForm(forms.ModelForm):
    """What was decided, and when to look again."""

    class Meta:
        """Fields."""

        model = Review
        fields = ["decision", "next_on"]
        widgets = {"next_on": forms.DateInput(attrs={"type": "date"}), "decision": forms.Textarea(attrs={"rows": 3})}
