"""The room `people` as Django knows it."""

from django.apps import AppConfig

__all__ = ["People"]


class People(AppConfig):
    """Users, keys, the audit log."""

    name = "holdfast.server.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Whatever concerns the safety of accounts is kept in the audit log."""
        from holdfast.server.people.witness import watch

        watch()
