"""The URLs of the API: its own page, and all operations."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from holdfast.server.api.docs import docs
from holdfast.server.api.the_api import api
from holdfast.server.routing import page

__all__ = ["urlpatterns"]

urlpatterns: list[URLPattern | URLResolver] = [
    page("api/", docs, name="api-docs", needs="look"),
    path("api/v1/", api.urls),
]
