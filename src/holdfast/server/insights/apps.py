"""The room `insights` as Django knows it."""

from django.apps import AppConfig

__all__ = ["Insights"]


class Insights(AppConfig):
    """See the room's map."""

    name = "holdfast.server.insights"
    label = "insights"
    default_auto_field = "django.db.models.BigAutoField"
