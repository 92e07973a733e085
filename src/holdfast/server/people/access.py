"""Roles and what each of them may do.

analyst  reads everything that tells about customers                           look
agent    also works with customers: notes, tags, tasks, consent                look, care
manager  also steers: imports, merging, erasing, reports, audiences, replays   look, care, steer
owner    also decides who may do what, and holds the keys                      look, care, steer, own
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from holdfast.errors import UnknownName

__all__ = ["NEEDS", "ROLES", "Need", "Role", "may", "roles"]

Need = Literal["look", "care", "steer", "own"]
Role = Literal["analyst", "agent", "manager", "owner"]

NEEDS: tuple[Need, ...] = get_args(Need)

ROLES: dict[Role, frozenset[Need]] = {
    "analyst": frozenset({"look"}),
    "agent": frozenset({"look", "care"}),
    "manager": frozenset({"look", "care", "steer"}),
    "owner": frozenset({"look", "care", "steer", "own"}),
}
"""What each role may do."""


def may(user: Any, need: Need) -> bool:
    """Whether a user may do what takes `need`: signed in, active, and her role allows it."""
    return bool(getattr(user, "is_authenticated", False) and user.is_active and need in ROLES.get(user.role, frozenset()))


def roles(text: str) -> frozenset[str]:
    """Roles with commas between. UnknownName for one that there is not: a slip must not open what was to be closed."""
    named = frozenset(name.strip().lower() for name in text.split(",") if name.strip())
    for name in sorted(named - set(ROLES)):
        raise UnknownName("role", name, ROLES)
    return named
