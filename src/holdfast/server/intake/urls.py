"""The URLs of this room."""

from __future__ import annotations

from django.urls import URLPattern

from holdfast.server.intake.script import script
from holdfast.server.routing import page

__all__ = ["urlpatterns"]

urlpatterns: list[URLPattern] = [
    page("holdfast.js", script, name="holdfast-js", needs=None),
]
