"""The page on importing is true: its shell blocks run, and come to the figures it names."""

from __future__ import annotations

import re
import shlex
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from imported import orders, refunded
from shells import holdfast

from holdfast.events.columns import ROLES
from holdfast.workspace import Workspace

PAGE = (Path(__file__).parent.parent / "docs" / "reference" / "importing.md").read_text(encoding="utf-8")


def test_every_shell_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in re.findall(r"`(\w+\.csv)`:\n\n```csv\n(.*?)```", PAGE, re.DOTALL):
        Path(name).write_text(text)
    commands = "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)).splitlines()
    assert len(commands) == 9
    for command in commands:
        if command.startswith("sed"):
            subprocess.run(["sh", "-c", command], check=True)
        else:
            told = holdfast(*shlex.split(command)[1:])
            assert told.code == 0, told.err
    shop = Workspace.open("shop")
    assert refunded(shop) == {"1003": Decimal("8"), "1002": Decimal("4")}
    assert orders(shop) == [Decimal("2"), Decimal("20"), Decimal("41.15")]
    assert orders(Workspace.open("clicks")) == [Decimal("0"), Decimal("12")]


def test_every_role_is_named() -> None:
    for role in ROLES:
        assert f"`{role}`" in PAGE
