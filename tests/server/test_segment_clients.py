"""Segment's own clients, unmodified, pointed at a web process that really runs: what they send is in the inbox, and they see
success and refusal as they know them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from running import Running, running

pytestmark = pytest.mark.one_database

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ORACLE = Path(os.environ.get("HOLDFAST_ORACLE_PYTHON") or ROOT / ".venv" / "oracle" / "bin" / "python")
NODE = ROOT / ".venv" / "node"
CALLS = {"identify": 1, "page": 1, "screen": 1, "group": 1, "alias": 1}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("clients") / "shop") as server:
        yield server


@pytest.fixture
def python(needs):
    """`python(server, key, count, …)`: the Python client sends, and says what went wrong."""
    needs("segment")

    def sends(server: Running, key: str, count: int, *more: str) -> list:
        return said(ORACLE, HERE / "segment_send.py", server.url, key, str(count), *more)

    return sends


@pytest.fixture
def node(needs):
    """`node(server, key, count)`: the Node client sends, and says what was delivered and what went wrong."""
    needs("node")

    def sends(server: Running, key: str, count: int) -> dict:
        return said("node", HERE / "node" / "send.mjs", server.url, key, str(count), cwd=NODE)

    return sends


def said(*command: object, cwd: Path | None = None):
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def arrived(server: Running) -> list[dict]:
    """All messages in the inbox, which is empty afterwards."""
    box = server.inbox()
    rows = box.take(0, 10_000)
    box.done(2**62)
    box.close()
    assert {row.kind for row in rows} <= {"batch"}
    return [message for row in rows for message in json.loads(row.body)["batch"]]


def is_the_whole_story(messages: list[dict], count: int) -> None:
    assert Counter(message["type"] for message in messages) == {**CALLS, "track": count}
    assert len({message["messageId"] for message in messages}) == len(messages)
    by_type = {message["type"]: message for message in messages}
    assert by_type["identify"]["traits"] == {"plan": "tea"}
    assert by_type["alias"]["previousId"] == "visitor-1"
    assert by_type["group"]["groupId"] == "firm-1"
    assert by_type["page"]["anonymousId"] == "visitor-1"
    tracks = [message for message in messages if message["type"] == "track"]
    assert sorted(message["properties"]["number"] for message in tracks) == list(range(count))
    assert {message["properties"]["word"] for message in tracks} == {"Té 🍵"}
    assert {message["timestamp"][:19] for message in tracks} == {"2026-11-20T10:00:00"}


@pytest.mark.parametrize("more", [[], ["gzip"]], ids=["plain", "gzip"])
def test_segments_python_client(python, server, more):
    assert python(server, server.write_key, 250, *more) == []
    is_the_whole_story(arrived(server), 250)


def test_segments_python_client_hears_that_its_key_is_wrong(python, server):
    errors = python(server, "wk_wrong", 1)
    assert {kind for kind, _, _ in errors} == {"APIError"}
    assert "unauthorized" in errors[0][1]
    assert arrived(server) == []


def test_segments_node_client(node, server):
    assert node(server, server.write_key, 250) == {"delivered": 255, "errors": []}
    is_the_whole_story(arrived(server), 250)


def test_segments_node_client_hears_that_its_key_is_wrong(node, server):
    told = node(server, "wk_wrong", 1)
    assert told["errors"]
    assert arrived(server) == []


def test_segments_python_client_comes_again_when_it_was_too_fast(python, tmp_path):
    """Two requests a second are allowed, and the client sends three at once: it waits as it is told, and nothing is lost."""
    with running(tmp_path / "shop", settings={"HOLDFAST_INTAKE_PER_SECOND": "2"}) as slow:
        assert python(slow, slow.write_key, 350) == []
        is_the_whole_story(arrived(slow), 350)


def blocks(language: str) -> list[str]:
    page = (ROOT / "docs" / "sending-events.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_the_examples_of_the_page_work_in_the_shell(server):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    arrived(server)
    answers = [shell(server, block) for block in blocks("sh")[1:]]
    assert answers == ['{"success":true}'] * 3
    box = server.inbox()
    rows = box.take(0, 10)
    box.done(2**62)
    assert [row.kind for row in rows] == ["identify", "track", "batch"]
    assert len(json.loads(rows[2].body)["batch"]) == 3


def shell(server: Running, block: str) -> str:
    given = {**os.environ, "HOLDFAST": server.url, "KEY": server.write_key}
    done = subprocess.run(["bash", "-c", block], env=given, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("language", ["python", "js"])
def test_the_examples_of_the_page_work_in_segments_clients(needs, server, language):
    needs({"python": "segment", "js": "node"}[language])
    program = {"python": [str(ORACLE), "-c"], "js": ["node", "-e"]}[language]
    (block,) = blocks(language)
    given = {**os.environ, "HOLDFAST": server.url, "KEY": server.write_key}
    done = subprocess.run(
        [*program, block], cwd=NODE if language == "js" else None, env=given, capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [message["type"] for message in arrived(server)] == ["identify", "track"]
