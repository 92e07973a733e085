"""What the tests of the digester share: messages that arrive, and the lake as rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from holdfast.server.intake.digester import Digested, Digester
from holdfast.server.intake.inbox import Arrived, Inbox, inbox
from holdfast.workspace import Workspace

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOON_US = int(NOON.timestamp()) * 1_000_000


@pytest.fixture
def empty_inbox(served: Workspace) -> Iterator[Inbox]:
    """An inbox in which nothing waits; its connections are closed afterwards."""
    box = inbox()
    box.done(2**62)
    yield box
    box.close()


def arrive(kind: str, body: Any, *, received_us: int = NOON_US, source: str = "key:1") -> None:
    """One request comes in; a body that is no text is written as JSON."""
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    inbox().put([Arrived(received_us, source, kind, raw)])


def digester(workspace: Workspace, box: Inbox | None = None) -> Digester:
    """A digester, as after a start, on the day of the stories."""
    return Digester(box or inbox(), workspace, lambda: NOON)


def digest(workspace: Workspace) -> Digested:
    """Everything that waits, in one process that then ends; the last step that did something."""
    worker, last = digester(workspace), Digested()
    while (step := worker.step()).requests:
        last = step
    worker.close()
    return last


def rows(workspace: Workspace, *columns: str) -> list[Any]:
    """The lake in order of arrival: tuples of these columns, bare values of one."""
    found = [row for batch in workspace.lake.scan(columns) for row in batch.to_pylist()]
    return [row[columns[0]] if len(columns) == 1 else tuple(row[name] for name in columns) for row in found]
