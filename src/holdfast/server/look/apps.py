"""The room `look` as Django knows it."""

from django.apps import AppConfig

__all__ = ["Look"]


class Look(AppConfig):
    """Templates, styles, scripts."""

    name = "holdfast.server.look"
    label = "look"
