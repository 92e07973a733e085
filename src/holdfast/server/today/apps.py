"""The room `today` as Django knows it."""

from django.apps import AppConfig

__all__ = ["Today"]


class Today(AppConfig):
    """The first page."""

    name = "holdfast.server.today"
    label = "today"
    default_auto_field = "django.db.models.BigAutoField"
