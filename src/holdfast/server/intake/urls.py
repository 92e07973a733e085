"""The URLs of this room."""

from __future__ import annotations

from dataclasses import fields

from django.urls import URLPattern

from holdfast.server.api.names import Names
from holdfast.server.intake.refused import refused, refused_event, refused_file
from holdfast.server.intake.script import script
from holdfast.server.intake.sifting import Choice
from holdfast.server.routing import page

__all__ = ["urlpatterns"]

FILTERS = frozenset(one.name for one in fields(Choice))

urlpatterns: list[URLPattern] = [
    page("holdfast.js", script, name="holdfast-js", needs=None),
    page("refused/", refused, name="refused", needs="look", writes="steer"),
    page("refused/refused.jsonl", refused_file, name="refused-file", needs="look", hears=lambda: Names(FILTERS)),
    page("refused/<int:pk>/", refused_event, name="refused-event", needs="look", writes="steer"),
]
