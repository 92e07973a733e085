"""The owner of the demo, who signs in by a link instead of a password."""

from __future__ import annotations

import os
from collections.abc import Callable

__all__ = ["OWNER", "run"]

OWNER = "demo@localhost"


def run(_listening: int, ready: Callable[[], None]) -> int:
    """Make the owner of the demo where she is missing, and print a link that signs her in once."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.server.django_settings")
    import django

    django.setup(set_prefix=False)
    from holdfast.server.people.models import User
    from holdfast.server.people.one_time import link

    owner = User.objects.filter(email=OWNER).first() or User.objects.create_user(OWNER, None, role="owner", name="Demo")
    print(link(owner))
    ready()
    return 0
