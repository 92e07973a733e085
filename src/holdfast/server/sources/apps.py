"""The room `sources` as Django knows it."""

from django.apps import AppConfig

__all__ = ["Sources"]


class Sources(AppConfig):
    """See the room's map."""

    name = "holdfast.server.sources"
    label = "sources"
    default_auto_field = "django.db.models.BigAutoField"
