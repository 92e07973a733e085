"""One copy of the real giftware shop for all tests of the insight pages: what one of them asked the others find kept."""

from __future__ import annotations

import html
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.workspace import Workspace

_COPIES: list[Path] = []


@pytest.fixture
def shop(_giftware_made: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The real giftware shop (4,338 customers, a year), served in this test, as the other tests left it."""
    if not _COPIES:
        _COPIES.append(shutil.copytree(_giftware_made, tmp_path_factory.mktemp("insights") / "giftware"))
        made = Workspace.open(_COPIES[0])
        replace(made.with_settings(gone_after=161, initiatives=(("2011-06-01", "summer catalogue"),))).save_settings()
    monkeypatch.setenv("HOLDFAST_WORKSPACE", str(_COPIES[0]))
    return Workspace.open(_COPIES[0])


def page(client, address: str, status: int = 200) -> str:
    """The page at an address, which answers so."""
    response = client.get(address, HTTP_HOST="localhost")
    assert response.status_code == status, (address, response.status_code)
    return response.content.decode()


def links(text: str) -> list[str]:
    """The addresses of the people that a page opens to."""
    return [html.unescape(one) for one in re.findall(r'href="(/insights/[a-z-]+/people/\?[^"]+)"', text)]
