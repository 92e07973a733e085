"""Every setting of the server: its name, its default, what it means. Set as an environment variable with HOLDFAST_ before it.

Documented in docs/reference/server.md; a test fails when one lacks its line there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from holdfast.errors import SettingsError, UnknownName

__all__ = ["OPTIONS", "Option", "number", "option", "switch", "variable"]

Kind = Literal["text", "number", "yes/no"]


@dataclass(frozen=True)
class Option:
    """One setting.

    name     as said in the documentation; the environment variable is HOLDFAST_ and the name (DATABASE_URL also without)
    kind     what its value is
    default  what holds when nothing is said
    help     what it does, in a sentence
    secret   whether its value is never shown
    """

    name: str
    kind: Kind
    default: str
    help: str
    secret: bool = False


OPTIONS: tuple[Option, ...] = (
    Option("WORKSPACE", "text", ".", "The folder of the business that is served."),
    Option(
        "DATABASE_URL", "text", "", "PostgreSQL as postgres://user:password@host/name; empty: SQLite in the workspace.", True
    ),
    Option("HOST", "text", "127.0.0.1", "The address that is listened on; 0.0.0.0 for all."),
    Option("PORT", "number", "8642", "The port that is listened on."),
    Option("URL", "text", "", "The address people use, such as https://holdfast.example.com; empty: made of host and port."),
    Option("ALLOWED_HOSTS", "text", "", "Further host names that are answered, with commas; that of URL always is."),
    Option("BEHIND_PROXY", "yes/no", "no", "Whether a proxy in front sets X-Forwarded-Proto and X-Forwarded-For."),
    Option(
        "SECRET_KEY",
        "text",
        "",
        "Signs sessions and links, seals second factors; empty: made once and kept in the workspace.",
        True,
    ),
    Option("LOG", "text", "lines", "How logs are written: lines for people, json for machines."),
    Option("ANALYST", "text", "process", "Where timelines are asked: process (of its own), or inline (in tests)."),
    Option(
        "ANALYST_IDLE_SECONDS",
        "number",
        "900",
        "After so long without a question the analyst process ends, until the next one.",
    ),
    Option("EMAIL_URL", "text", "", "How e-mail is sent: smtp://user:password@host:587, or empty: none is sent.", True),
    Option("EMAIL_FROM", "text", "holdfast@localhost", "The sender of invitations and reports."),
    Option(
        "INTAKE_PER_SECOND", "number", "0", "Requests a second that one write key may send; 0: as many as the machine takes."
    ),
    Option(
        "INTAKE_WAITING_MB",
        "number",
        "8000",
        "Megabytes that may wait to be digested; beyond that, senders are asked to come again. 0: no limit.",
    ),
    Option("UPLOAD_MEGABYTES", "number", "4000", "The largest file that can be uploaded in the browser, in megabytes."),
    Option("REFUSED_DAYS", "number", "90", "So many days refused events are kept."),
    Option(
        "SIGN_ON", "text", "", "Single sign-on by OpenID Connect: issuer URL, client id and secret, with blanks between.", True
    ),
    Option("SECOND_FACTOR_FOR", "text", "", "Roles that must have a second factor, with commas: owner,manager."),
    Option("SESSION_DAYS", "number", "14", "After so many days without a visit one must sign in again."),
    Option("API_PER_SECOND", "number", "20", "Calls of the API a second that one token or person may make on average."),
)
"""All settings, in the order of their documentation."""

_BY_NAME = {one.name: one for one in OPTIONS}
_YES = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False, "on": True, "off": False}


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"HOLDFAST_{name}"


def option(name: str) -> str:
    """The text of a setting: what the environment says, else its default. UnknownName when there is none of that name."""
    if name not in _BY_NAME:
        raise UnknownName("server setting", name, _BY_NAME)
    plain = os.environ.get(name, "") if name == "DATABASE_URL" else ""
    return os.environ.get(variable(name)) or plain or _BY_NAME[name].default


def number(name: str) -> int:
    """A setting that is a whole number. SettingsError when it is none."""
    text = option(name)
    try:
        return int(text)
    except ValueError as error:
        raise SettingsError(f"{variable(name)} is {text!r}, which is no whole number", "write it as 8642") from error


def switch(name: str) -> bool:
    """A setting that is yes or no. SettingsError when it is neither."""
    text = option(name)
    if text.lower() not in _YES:
        raise SettingsError(f"{variable(name)} is {text!r}", "write yes or no")
    return _YES[text.lower()]
