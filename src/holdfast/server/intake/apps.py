"""The room `intake` as Django knows it."""

from django.apps import AppConfig

__all__ = ["Intake"]


class Intake(AppConfig):
    """See the room's map."""

    name = "holdfast.server.intake"
    label = "intake"
    default_auto_field = "django.db.models.BigAutoField"
