"""All URLs: each room lists its own."""

from __future__ import annotations

from django.urls import include, path

__all__ = ["urlpatterns"]

ROOMS = ("insights", "customers", "sources", "intake", "people", "api", "process")
"""Rooms with a file urls.py."""

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    *(path("", include(f"holdfast.server.{room}.urls")) for room in ROOMS),
]
