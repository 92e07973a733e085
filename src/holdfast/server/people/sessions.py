"""Ending sessions: everywhere, or everywhere else."""

from __future__ import annotations

from allauth.usersessions.models import UserSession

from holdfast.server.people.models import User

__all__ = ["end_sessions"]


def end_sessions(user: User, *, but: str = "") -> int:
    """End the sessions of a user at once, but for the one of that session key; how many were ended."""
    ended = [one for one in UserSession.objects.filter(user=user) if one.session_key != but]
    for one in ended:
        one.end()
    return len(ended)
