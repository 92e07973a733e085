"""What the tests of the server share: people with roles, a workspace that is served, the browser.

Olga owns the business, Max manages, Agnes looks after customers, Anna reads figures; Nobody is not signed in.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from browsing import _chromium, browse  # noqa: F401 - fixtures: Chromium
from serving import running  # noqa: F401 - a fixture: a real server

from holdfast.settings import Settings
from holdfast.workspace import Workspace

PASSWORD = "long enough to be good"
NAMES = {"olga": "owner", "max": "manager", "agnes": "agent", "anna": "analyst"}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file: a database in memory is gone as soon as one thread closes its connection."""
    from django.db import connections

    told = connections["default"].settings_dict
    if told["ENGINE"].endswith("sqlite3"):
        told["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The inbox has connections of its own: they are closed before PostgreSQL is asked to drop the database."""
    yield
    _close_inboxes()


@pytest.fixture(autouse=True)
def _inboxes_end_with_their_test() -> Iterator[None]:
    """Each workspace has its inbox, with files that stay open; in PostgreSQL there is one for all tests, emptied."""
    yield
    if not os.environ.get("DATABASE_URL"):
        _close_inboxes()
        return
    from holdfast.server.intake import inbox

    for opened in inbox._OPEN.values():
        opened.done(2**62)


def _close_inboxes() -> None:
    from holdfast.server.intake import inbox

    while inbox._OPEN:
        inbox._OPEN.popitem()[1].close()


@pytest.fixture(scope="session", autouse=True)
def _middleware_once() -> Iterator[None]:
    """Setting the middleware up lists all static files: once for all clients, and again where a setting is another."""
    from django.core.signals import setting_changed
    from django.test.client import ClientHandler

    load, chains = ClientHandler.load_middleware, []

    def shared(handler: ClientHandler) -> None:
        if not chains:
            load(handler)
            chains.append(handler._middleware_chain)
        handler._middleware_chain = chains[0]

    def forget(**_changed: object) -> None:
        chains.clear()

    setting_changed.connect(forget)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientHandler, "load_middleware", shared)
        yield
    setting_changed.disconnect(forget)


@pytest.fixture(autouse=True)
def _jobs_at_once():
    """Jobs run when they are called."""
    from holdfast.server.jobs import huey

    huey.immediate = True
    yield
    huey.immediate = False


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace that is served in this test."""
    made = Workspace.create(tmp_path / "shop", Settings(name="Corner shop", zone="Europe/London", currency="GBP"))
    monkeypatch.setenv("HOLDFAST_WORKSPACE", str(made.path))
    return made


@pytest.fixture(scope="session")
def _giftware_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real giftware shop, read in once."""
    from holdfast import datasets
    from holdfast.events.options import ImportOptions
    from holdfast.events.plan import plan_import
    from holdfast.events.reading import read_events

    settings = Settings(name="Giftware shop", zone="Europe/London", currency="GBP")
    made = Workspace.create(tmp_path_factory.mktemp("giftware") / "shop", settings)
    plan = plan_import(str(datasets.path("online_retail")), settings, options=ImportOptions(shape="lines"))
    made.import_(plan, read_events(plan, settings))
    assert made.timelines.customers > 4_000
    return made.path


@pytest.fixture
def giftware(_giftware_made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The real giftware shop (4,338 customers, a year), served in this test, its own copy."""
    folder = shutil.copytree(_giftware_made, tmp_path / "giftware")
    monkeypatch.setenv("HOLDFAST_WORKSPACE", str(folder))
    return Workspace.open(folder)


@pytest.fixture
def people(db) -> dict:
    """Olga, Max, Agnes and Anna, by name."""
    from holdfast.server.people.models import User

    made = {
        name: User(email=f"{name}@example.com", password=_hashed_password(), role=role, name=name.capitalize())
        for name, role in NAMES.items()
    }
    for user in made.values():
        user.save()
    return made


@cache
def _hashed_password() -> str:
    """Argon2 takes its time: once for all tests."""
    from django.contrib.auth.hashers import make_password

    return make_password(PASSWORD)


@pytest.fixture
def as_(people, request: pytest.FixtureRequest) -> Iterator:
    """`as_("olga")` is a client where she is signed in; `as_(None)` one where nobody is.

    An empty workspace is served, unless the test asked for the real shop.
    """
    from django.test import Client

    if "giftware" not in request.fixturenames:
        request.getfixturevalue("served")

    def client(name: str | None) -> Client:
        made = Client()
        if name is not None:
            made.force_login(people[name])
        return made

    return client
