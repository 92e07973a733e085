"""The URLs of this room."""

from __future__ import annotations

from django.urls import URLPattern

from holdfast.server.insights import behind, initiatives, views
from holdfast.server.insights.api_names import file_names
from holdfast.server.routing import page

__all__ = ["urlpatterns"]

NAVIGATED = {
    "retention": "bridge",
    "cohorts": "cohorts",
    "paths": "paths",
    "rfm": "rfm",
    "value": "value",
    "personas": "personas",
}
"""Lines of the navigation → the page that they open, under its own address."""

urlpatterns: list[URLPattern] = [
    page("insights/", views.index, name="insights", needs="look"),
    page("insights/initiatives/", initiatives.initiatives, name="initiatives", needs="look", writes="steer"),
    *(
        page(f"insights/{slug}/", views.page_of(slug), name=f"insights-{line}", needs="look")
        for line, slug in NAVIGATED.items()
    ),
    page("insights/<slug:slug>/", views.show, name="insight", needs="look"),
    page("insights/<slug:slug>/answer/", views.answer, name="insight-answer", needs="look"),
    page("insights/<slug:slug>/cancel/", views.cancel, name="insight-cancel", needs="look", writes="look"),
    page("insights/<slug:slug>/people/", behind.people, name="insight-people", needs="look"),
    page("insights/<slug:slug>/people.csv", behind.people_csv, name="insight-people-csv", needs="steer", hears=file_names),
    page("insights/<slug:slug>.<slug:form>", views.table, name="insight-table", needs="look", hears=file_names),
]
