"""`holdfast user ACTION EMAIL`: who may sign in, from the terminal; for recovery, without the server running."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

import click

from holdfast.cli.options import Verb, output_options, workspace_option
from holdfast.cli.saying import Said, tell
from holdfast.errors import EngineMissing, UnknownName, UsageError

__all__ = ["verb"]

COLUMNS = ("email", "name", "role", "signs in", "last seen")


@click.command("user", cls=Verb)
@click.argument("action", type=click.Choice(["list", "add", "role", "link", "reset"]))
@click.argument("email", required=False, default="")
@click.option("--role", type=click.Choice(["analyst", "agent", "manager", "owner"]), help="What she may do (add, role).")
@click.option("--name", default="", help="How she is called (add).")
@output_options
@workspace_option
def verb(workspace: str, action: str, email: str, role: str | None, name: str, json: bool, csv: str | None) -> None:
    """Who may sign in: list them, add somebody, change a role, print a one-time link, or reset who is locked out.

    reset takes the password and the second factor away, ends all sessions, lets a shut-out person in again, and prints a link
    that signs in once. Whoever may run this on the machine of the server may do everything anyway.
    """
    _ready(workspace)
    words, link = ACTIONS[action](email.strip().lower(), role, name)
    tell(Said({"name": "Users", "action": action, "link": link}, words, COLUMNS, _rows()), json=json, csv=csv)
    if link and not json:
        click.echo(link)  # unbroken, to be copied


def _ready(workspace: str) -> None:
    if find_spec("django") is None:
        raise EngineMissing("accounts need the extra `server`", "pip install 'holdfast[server]'")
    from holdfast.workspace import Workspace

    os.environ["HOLDFAST_WORKSPACE"] = str(Workspace.open(workspace).path)
    from holdfast.server.options import option, variable
    from holdfast.server.place import address_file
    from holdfast.server.process.migrating import migrate

    if not option("URL") and address_file().exists():
        os.environ[variable("URL")] = address_file().read_text("utf-8")
    migrate()


def _listed(_email: str, _role: str | None, _name: str) -> tuple[str, str]:
    from holdfast.server.people.models import User

    count = User.objects.count()
    return f"{count} {'person has' if count == 1 else 'people have'} an account.", ""


def _added(email: str, role: str | None, name: str) -> tuple[str, str]:
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    from holdfast.server.people.audit import record
    from holdfast.server.people.inviting import revoke
    from holdfast.server.people.models import Invitation, User
    from holdfast.server.people.one_time import link

    try:
        validate_email(email)
    except ValidationError as error:
        raise UsageError(f"{email!r} is no e-mail address", "holdfast user add ann@example.com --role agent") from error
    if User.objects.filter(email=email).exists():
        raise UsageError(f"{email} has an account already", f"holdfast user role {email} --role {role or 'agent'}")
    made = User.objects.create_user(email, role=role or "analyst", name=name)
    for one in Invitation.objects.filter(email=email, accepted_at=None, revoked_at=None):
        revoke(one, "command line")
    record("command line", "user.add", subject=str(made.pk), role=made.role)
    return f"{email} is {made.role}. This link signs in once, within minutes.", link(made)


def _role(email: str, role: str | None, _name: str) -> tuple[str, str]:
    from holdfast.server.people.members import change_role

    if role is None:
        raise UsageError("which role?", "add --role analyst, agent, manager or owner")
    return f"{email} is {change_role(_one(email), role, 'command line').role}.", ""


def _link(email: str, _role: str | None, _name: str) -> tuple[str, str]:
    from holdfast.server.people.audit import record
    from holdfast.server.people.one_time import link, setup_link

    if not email:
        first = setup_link()
        if first:
            return "Nobody has an account yet. This link makes the first owner.", first
    user = _one(email)
    record("command line", "user.link", subject=str(user.pk))
    return f"This link signs {email} in once, within minutes.", link(user)


def _reset(email: str, _role: str | None, _name: str) -> tuple[str, str]:
    from allauth.mfa.models import Authenticator

    from holdfast.server.people.audit import record
    from holdfast.server.people.one_time import link
    from holdfast.server.people.sessions import end_sessions

    user = _one(email)
    end_sessions(user)
    Authenticator.objects.filter(user=user).delete()
    user.set_unusable_password()
    user.is_active = True
    user.save()
    record("command line", "user.reset", subject=str(user.pk))
    return f"{email} has no password and no second factor now. This link signs in once, within minutes.", link(user)


ACTIONS = {"list": _listed, "add": _added, "role": _role, "link": _link, "reset": _reset}


def _one(email: str) -> Any:
    from holdfast.server.people.models import User

    found = User.objects.filter(email=email).first()
    if found is None:
        raise UnknownName("account", email, User.objects.values_list("email", flat=True))
    return found


def _rows() -> list[tuple[Any, ...]]:
    from holdfast.server.people.models import User

    return [
        (one.email, one.name, one.role, "yes" if one.is_active else "no", one.last_seen_at)
        for one in User.objects.order_by("email")
    ]
