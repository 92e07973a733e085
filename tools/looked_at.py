"""The pages that links do not reach, or not in this state: `states(made)`, where `made` comes from `page_states.prepare`."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from page_states import ANN, BEN, LONG, NOTHING, PASSWORD
from playwright.sync_api import Page

__all__ = ["State", "path_of", "states"]

Doing = Callable[[Page], object]


@dataclass(frozen=True)
class State:
    """A page to be looked at.

    who  the key of a session ("" signed out) · doing  what is done on it first · status  what it answers
    html  shown in place of what the server says · ways  the widths, fewer for what can be opened only once
    """

    name: str
    address: str
    who: str = "session"
    doing: Doing | None = None
    status: int = 200
    html: str = ""
    ways: tuple[str, ...] = ("wide", "narrow")


def states(made: dict[str, Any]) -> Iterator[State]:
    """All of them; the link that works once comes last."""
    yield from _door(made)
    yield from _errors(made)
    yield from _customers()
    yield from _rooms(made)
    yield from _account()
    yield State("in-one-time", path_of(made["one-time"]), "", ways=("narrow",))


def path_of(address: str) -> str:
    """An address without its server."""
    return "/" + address.split("/", 3)[3] if address.startswith("http") else address


def _of(person: str, *more: str) -> str:
    return "/".join(["/customers", _key(person), *more, ""])


def _key(person: str) -> str:
    return urlsafe_b64encode(person.encode()).decode().rstrip("=")


def _opened(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


def _filled(button: str, **fields: str) -> Doing:
    """Fields filled in and sent, whatever the browser would say of them."""

    def doing(page: Page) -> None:
        _opened(page)
        page.evaluate("document.querySelectorAll('form').forEach(one => one.noValidate = true)")
        for name, value in fields.items():
            page.locator(f"main [name={name}]").first.fill(value)
        page.locator(f"main button:has-text('{button}')").first.click()
        page.wait_for_load_state()

    return doing


def _door(made: dict[str, Any]) -> Iterator[State]:
    """Signed out."""
    invited = path_of(made["invitation"])
    yield State("in-login", "/accounts/login/", "")
    yield State("in-login-wrong", "/accounts/login/", "", _filled("Sign in", login="max@example.com", password="no"))
    yield State("in-second-factor", "/accounts/login/", "", _filled("Sign in", login="tess@example.com", password=PASSWORD))
    yield State("in-reset", "/accounts/password/reset/", "")
    yield State("in-reset-wrong", "/accounts/password/reset/", "", _filled("", email="nothing"))
    yield State("in-reset-done", "/accounts/password/reset/done/", "")
    yield State("in-reset-key-bad", "/accounts/password/reset/key/1-bad/", "")
    yield State("in-inactive", "/accounts/inactive/", "")
    yield State("in-sign-on-cancelled", "/accounts/3rdparty/login/cancelled/", "")
    yield State("in-sign-on-failed", "/accounts/3rdparty/login/error/", "", status=401)
    yield State("in-invitation", invited, "")
    yield State("in-invitation-wrong", invited, "", _filled("Make my account", password="a"))
    yield State("in-invitation-gone", "/invitation/bad/", "", status=410)
    yield State("in-one-time-gone", "/welcome/bad/", "", status=410)


def _errors(made: dict[str, Any]) -> Iterator[State]:
    yield State("error-403", "/keys/", "anna", status=403)
    yield State("error-404", "/nowhere/", status=404)
    yield State("error-404-out", "/nowhere/", "", status=404)
    for name, html in made["pages"].items():
        yield State(name, "/made-for-looking/", "", html=html)


def _customers() -> Iterator[State]:
    def typed(page: Page) -> None:
        page.locator("#q").press_sequentially("an", delay=40)
        page.locator("#hits .hit").first.wait_for()

    yield State("customer-everything", _of(ANN), doing=_opened)
    yield State("customer-everything-whole", _of(ANN) + "?all=1", "anna")
    yield State("customer-nothing", _of(NOTHING))
    yield State("customer-long", _of(LONG))
    yield State("customer-erase", _of(BEN, "erase"))
    yield State("customer-erase-wrong", _of(BEN, "erase"), doing=_filled("Erase for good", typed="no"))
    yield State("customer-export", _of(BEN, "export"))
    yield State("customer-merge", _of(BEN, "merge"))
    yield State("customer-merge-found", _of(BEN, "merge") + "?q=ann")
    yield State("customer-merge-beside", _of(BEN, "merge") + "?with=" + _key(ANN))
    yield State("customer-gone", _of("nobody at all"), status=404)
    yield State("customer-note-wrong", _of(BEN), doing=_filled("Keep the note", text=" "))
    yield State("customer-task-made", _of(BEN), doing=_filled("Keep the task", title="Ask"))
    yield State("customers-found", "/customers/?q=an")
    yield State("customers-none", "/customers/?q=zzzzzz")
    yield State("customers-typed", "/customers/", doing=typed)


def _rooms(made: dict[str, Any]) -> Iterator[State]:
    for name in ("source", "task", "task-done", "refusals", "refused-event", "erasure", "erasure-failed", "erasure-runs"):
        yield State(name, made[name])
    for name in sorted(one for one in made if one.startswith("file-")):
        yield State(name, made[name])
    yield State("file-looked", made["file-waits"] + "?look=1", doing=_opened)
    yield State("keys-dialog", "/", doing=lambda page: page.keyboard.press("?"))
    yield State("today-opened", "/", doing=_opened)
    yield State("tasks-overdue", "/tasks/?show=overdue", doing=_opened)
    yield State("tasks-closed", "/tasks/?show=closed")
    yield State("tasks-open", "/tasks/?show=open", doing=_opened)
    yield State("key-made", "/keys/", doing=_filled("Make a write key", name="Site"))
    yield State("invited", "/people/", doing=_filled("Invite", email="yan@example.com"))
    yield State("invited-wrong", "/people/", doing=_filled("Invite", email="yan"))
    yield State("people-anna-today", "/", "anna")
    yield State("people-anna-tasks", "/tasks/", "anna")
    yield State("people-max-sources", "/sources/", "max")
    yield State("connect-wrong", "/sources/connect/woocommerce/", doing=_filled("", name="x", prefix="Not So"))
    yield State("insight-refused", "/insights/cohorts/?until=yesterday-ish")
    yield State("insight-opened", "/insights/rfm/", doing=_opened)
    yield State("people-behind-none", "/insights/attention/people/?cell.group=nothing", status=400)


def _account() -> Iterator[State]:
    """Somebody's own pages: with a second factor, and without one."""
    for name, path in {
        "mfa": "2fa/", "mfa-totp": "2fa/totp/activate/", "mfa-off": "2fa/totp/deactivate/",
        "mfa-codes": "2fa/recovery-codes/", "mfa-codes-new": "2fa/recovery-codes/generate/",
        "mfa-keys": "2fa/webauthn/", "mfa-key-new": "2fa/webauthn/add/", "sessions": "sessions/",
        "password": "password/change/", "password-set": "password/set/", "logout": "logout/",
        "reauthenticate": "reauthenticate/", "mfa-reauthenticate": "2fa/reauthenticate/",
        "mfa-keys-reauthenticate": "2fa/webauthn/reauthenticate/",
    }.items():  # fmt: skip
        yield State(f"me-{name}", f"/accounts/{path}", "tess")
    for name, path in (("mfa", "2fa/"), ("mfa-totp", "2fa/totp/activate/")):
        yield State(f"me-{name}-without", f"/accounts/{path}", "max")
