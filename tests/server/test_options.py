"""Every setting is documented, and the documentation says of it what the program says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from holdfast.errors import SettingsError, UnknownName
from holdfast.server import options

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
