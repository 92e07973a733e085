"""Ending sessions: everywhere, or everywhere else."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession

from holdfast.server.people.audit import record
from holdfast.server.people.models import User

__all__ = ["Sessions", "end_sessions"]


def end_sessions(user: User, *, but: str = "") -> int:
    """End the sessions of a user at once, but for the one of that session key; how many were ended."""
    ended = [one for one in UserSession.objects.filter(user=user) if one.session_key != but]
    for one in ended:
        one.end()
    return len(ended)


class Sessions(DefaultUserSessionsAdapter):
    """The sessions that allauth ends by itself: on its page of sessions, and where a password goes."""

    def end_sessions(self, sessions: Any) -> None:
        """End them. That it was done is kept."""
        super().end_sessions(sessions)
        if sessions:
            user = sessions[0].user
            record(user, "user.sign_out_everywhere", subject=str(user.pk), sessions=len(sessions))
