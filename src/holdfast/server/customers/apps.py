"""The room `customers` as Django knows it."""

from django.apps import AppConfig

__all__ = ["Customers"]


class Customers(AppConfig):
    """See the room's map."""

    name = "holdfast.server.customers"
    label = "customers"
    default_auto_field = "django.db.models.BigAutoField"
