"""The room `keeping` as Django knows it."""

from django.apps import AppConfig

__all__ = ["Keeping"]


class Keeping(AppConfig):
    """Reports, audiences, reviews."""

    name = "holdfast.server.keeping"
    label = "keeping"
    default_auto_field = "django.db.models.BigAutoField"
