"""Every setting is documented, and the documentation says of it what the program says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from holdfast.errors import SettingsError, UnknownName
from holdfast.server import options, place
from holdfast.server.people.access import roles

pytestmark = pytest.mark.one_database

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "server.md"


def test_every_option_has_its_line():
    """After changing an option: put its line right in docs/reference/server.md."""
    rows = re.findall(r"^\| `HOLDFAST_(\w+)` \| (.*?) \| (.*?) \| (.*?) \|$", PAGE.read_text("utf-8"), re.M)
    assert rows == [
        (one.name, one.kind, f"`{one.default}`" if one.default else "", one.help + (" Secret." if one.secret else ""))
        for one in options.OPTIONS
    ]


def test_what_is_said_wins_over_the_default(monkeypatch):
    monkeypatch.delenv("HOLDFAST_PORT", raising=False)
    assert options.number("PORT") == 8642
    monkeypatch.setenv("HOLDFAST_PORT", "99")
    assert options.number("PORT") == 99
    monkeypatch.setenv("HOLDFAST_BEHIND_PROXY", "yes")
    assert options.switch("BEHIND_PROXY")


def test_nonsense_is_refused(monkeypatch):
    monkeypatch.setenv("HOLDFAST_PORT", "many")
    monkeypatch.setenv("HOLDFAST_BEHIND_PROXY", "perhaps")
    with pytest.raises(SettingsError, match="HOLDFAST_PORT"):
        options.number("PORT")
    with pytest.raises(SettingsError, match="write yes or no"):
        options.switch("BEHIND_PROXY")
    with pytest.raises(UnknownName, match="PORT"):
        options.option("PROT")


def test_a_role_that_there_is_not_is_refused_rather_than_left_unguarded():
    assert roles("Owner, manager") == {"owner", "manager"}
    assert roles("") == frozenset()
    with pytest.raises(UnknownName, match="ownr"):
        roles("ownr")


def test_the_key_is_written_whole_and_once(tmp_path, monkeypatch):
    """A disk that is full leaves no empty key behind, and of two who begin at once both get the same one."""
    monkeypatch.setenv("HOLDFAST_WORKSPACE", str(tmp_path))
    place.secret_key.cache_clear()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(place.os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            place.secret_key()
    assert not list((tmp_path / "server").iterdir())
    place._written_once(tmp_path / "server" / "secret.key", "the first one")
    place._written_once(tmp_path / "server" / "secret.key", "the second one")
    assert place.secret_key() == "the first one"
    assert (tmp_path / "server" / "secret.key").stat().st_mode & 0o777 == 0o600
    place.secret_key.cache_clear()
