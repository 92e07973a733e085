"""The URLs of this room."""

from __future__ import annotations

from django.urls import URLPattern

from holdfast.server.intake.refused import refused, refused_event, refused_file
from holdfast.server.intake.script import script
from holdfast.server.routing import page

__all__ = ["urlpatterns"]

urlpatterns: list[URLPattern] = [
    page("holdfast.js", script, name="holdfast-js", needs=None),
    page("refused/", refused, name="refused", needs="look", writes="steer"),
    page("refused/refused.jsonl", refused_file, name="refused-file", needs="look"),
    page("refused/<int:pk>/", refused_event, name="refused-event", needs="look", writes="steer"),
]
