"""The URLs of this room."""

from __future__ import annotations

from dataclasses import fields

from django.urls import URLPattern

from holdfast.server.api.names import Names
from holdfast.server.people.reading_audit import AuditFilter
from holdfast.server.people.views.audit import audit, audit_csv
from holdfast.server.people.views.entrance import accept_invitation, one_time, set_up
from holdfast.server.people.views.keys import keys, new_token, new_write_key, revoke_token, revoke_write_key
from holdfast.server.people.views.members import (
    change_member_role,
    invite_member,
    let_member_in,
    members,
    revoke_invitation,
    send_again,
    shut_member_out,
    sign_member_out,
)
from holdfast.server.people.views.profile import leave_everywhere, profile
from holdfast.server.routing import page

__all__ = ["urlpatterns"]

FILTERS = frozenset(one.name for one in fields(AuditFilter))

urlpatterns: list[URLPattern] = [
    page("people/", members, name="people", needs="own"),
    page("people/invite/", invite_member, name="people-invite", needs="own", writes="own"),
    page("people/invitations/<int:pk>/again/", send_again, name="people-invite-again", needs="own", writes="own"),
    page("people/invitations/<int:pk>/revoke/", revoke_invitation, name="people-invite-revoke", needs="own", writes="own"),
    page("people/<int:pk>/role/", change_member_role, name="people-role", needs="own", writes="own"),
    page("people/<int:pk>/shut-out/", shut_member_out, name="people-shut-out", needs="own", writes="own"),
    page("people/<int:pk>/let-in/", let_member_in, name="people-let-in", needs="own", writes="own"),
    page("people/<int:pk>/sign-out/", sign_member_out, name="people-sign-out", needs="own", writes="own"),
    page("me/", profile, name="profile", needs="look", writes="look"),
    page("me/sign-out-everywhere/", leave_everywhere, name="profile-sign-out", needs="look", writes="look"),
    page("keys/", keys, name="keys", needs="own"),
    page("keys/write/", new_write_key, name="keys-write", needs="own", writes="own"),
    page("keys/write/<int:pk>/revoke/", revoke_write_key, name="keys-write-revoke", needs="own", writes="own"),
    page("keys/tokens/", new_token, name="keys-token", needs="own", writes="own"),
    page("keys/tokens/<int:pk>/revoke/", revoke_token, name="keys-token-revoke", needs="own", writes="own"),
    page("audit/", audit, name="audit", needs="steer"),
    page("audit.csv", audit_csv, name="audit-csv", needs="own", hears=lambda: Names(FILTERS)),
    page("welcome/<str:token>/", one_time, name="one-time", needs=None),
    page("set-up/<str:token>/", set_up, name="set-up", needs=None),
    page("invitation/<str:token>/", accept_invitation, name="invitation", needs=None),
]
