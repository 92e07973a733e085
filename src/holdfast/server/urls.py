"""All URLs: each room lists its own."""

from __future__ import annotations

from django.urls import include, path

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

ROOMS = ("today", "keeping", "insights", "customers", "sources", "intake", "people", "api", "process")
"""Rooms with a file urls.py."""

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    *(path("", include(f"holdfast.server.{room}.urls")) for room in ROOMS),
]

handler400 = "holdfast.server.people.error_pages.bad_request"
handler403 = "holdfast.server.people.error_pages.forbidden"
handler404 = "holdfast.server.people.error_pages.not_found"
handler500 = "holdfast.server.people.error_pages.server_error"
