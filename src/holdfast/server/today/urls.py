"""The URLs of this room."""

from __future__ import annotations

from holdfast.server.routing import page
from holdfast.server.today import views

__all__ = ["urlpatterns"]

urlpatterns = [
    page("", views.today, name="today", needs="look"),
    page("today/answer/", views.answer, name="today-answer", needs="look"),
]
