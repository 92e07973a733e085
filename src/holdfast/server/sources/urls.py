"""The URLs of this room."""

from __future__ import annotations

from django.urls import URLPattern

from holdfast.server.routing import page
from holdfast.server.sources import files, pages, receiving

__all__ = ["urlpatterns"]

urlpatterns: list[URLPattern] = [
    page("hooks/<str:token>/", receiving.hook, name="hooks", needs=None),
    page("sources/", pages.sources, name="sources", needs="look"),
    page("sources/connect/<str:kind>/", pages.connect, name="source-connect", needs="own", writes="own"),
    page("sources/<int:pk>/", pages.connection, name="source", needs="steer"),
    page("sources/<int:pk>/state/", pages.state, name="source-state", needs="steer"),
    page("sources/<int:pk>/secret/", pages.secret, name="source-secret", needs="own", writes="own"),
    page("sources/<int:pk>/disconnect/", pages.disconnect, name="source-disconnect", needs="own", writes="own"),
    page("sources/privacy/<int:pk>/done/", pages.privacy_done, name="source-privacy-done", needs="steer", writes="steer"),
    page("imports/", files.imports, name="imports", needs="steer"),
    page("imports/upload/", files.upload, name="import-upload", needs="steer", writes="steer"),
    page("imports/<int:pk>/", files.one, name="import", needs="steer"),
    page("imports/<int:pk>/plan/", files.plan, name="import-plan", needs="steer", writes="steer"),
    page("imports/<int:pk>/read/", files.read, name="import-read", needs="steer", writes="steer"),
    page("imports/<int:pk>/progress/", files.progress, name="import-progress", needs="steer"),
    page("imports/<int:pk>/cancel/", files.cancel, name="import-cancel", needs="steer", writes="steer"),
    page("imports/<int:pk>/delete/", files.delete, name="import-delete", needs="steer", writes="steer"),
    page("imports/refusals/<str:fingerprint>/", files.refusals, name="import-refusals", needs="steer", writes="steer"),
    page(
        "imports/refusals/<str:fingerprint>/refused.<str:ending>",
        files.refusals_file,
        name="import-refusals-file",
        needs="steer",
    ),
]
