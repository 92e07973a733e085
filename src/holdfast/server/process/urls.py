"""The URLs of this room."""

from __future__ import annotations

from holdfast.server.process import health
from holdfast.server.routing import page

__all__ = ["urlpatterns"]

urlpatterns = [
    page("healthz", health.healthz, name="healthz", needs=None),
    page("readyz", health.readyz, name="readyz", needs=None),
    page("metrics", health.metrics, name="metrics", needs=None),
]
