"""`holdfast serve`: the real thing, killed and stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest
from serving import until

from holdfast.server.process.parent import Parent
from holdfast.settings import Settings
from holdfast.workspace import Workspace


@pytest.fixture
def shop(tmp_path) -> Path:
    return Workspace.create(tmp_path / "shop", Settings(name="Corner shop", zone="Europe/London", currency="GBP")).path


def children(pid: int) -> set[int]:
    """The processes that a process started and that live."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(told[1]) == pid and told[0] != "Z":
            found.add(int(path.parent.name))
    return found


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def ask(server) -> str:
    """One question to the analyst; there is no such errand, so the answer is its refusal."""
    return server.shell(
        "from holdfast.server.analyst.client import call\n"
        "try: call('no such errand')\n"
        "except Exception as error: print(type(error).__name__)"
    )


def test_the_life_of_a_server(shop, running):
    """It migrates, answers, survives the death of each of its processes, and leaves nothing behind when it is told to stop."""
    server = running(shop)
    assert server.get("/healthz")[0] == 200
    assert (shop / "server" / "holdfast.sqlite").exists() or os.environ.get("DATABASE_URL")
    assert (shop / "server" / "run" / "address").read_text("utf-8") == server.address.rstrip("/"), "for links that lead there"
    assert (shop / "server" / "database").read_text("ascii") == ("postgresql" if os.environ.get("DATABASE_URL") else "sqlite")
    assert server.pid("analyst") is None
    assert ask(server) == "UnknownName"
    for name in ("web", "worker", "analyst"):
        before = until(lambda name=name: server.pid(name))
        os.kill(before, signal.SIGKILL)
        if name == "analyst":
            until(lambda before=before: not lives(before))
            assert ask(server) == "UnknownName"
        until(lambda name=name, before=before: server.pid(name) not in {None, before}, 5)
        assert server.get("/healthz")[0] == 200
    family = children(server.process.pid)
    assert len(family) == 3
    begun = monotonic()
    assert server.stop() == 0
    assert monotonic() - begun < 5
    assert not [pid for pid in family if lives(pid)]
    assert not (shop / "server" / "run" / "address").exists()
    assert {"web", "worker", "analyst"} <= {line["message"].split()[0] for line in server.said() if "died" in line["message"]}


@pytest.mark.one_database
def test_a_request_that_comes_while_the_web_is_dead_waits_for_the_next_one(shop, running):
    server = running(shop)
    os.kill(server.pid("web"), signal.SIGKILL)
    assert server.get("/healthz", seconds=20)[0] == 200


@pytest.mark.one_database
def test_the_children_end_when_the_parent_is_killed(shop, running):
    server = running(shop)
    family = until(lambda: children(server.process.pid) if server.pid("worker") else None)
    server.process.kill()
    until(lambda: not [pid for pid in family if lives(pid)], 12)


@pytest.mark.one_database
def test_the_analyst_ends_when_nobody_asks_and_comes_back_when_somebody_does(shop, running):
    server = running(shop, ANALYST_IDLE_SECONDS="1")
    assert ask(server) == "UnknownName"
    until(lambda: server.pid("analyst") is None, 5)
    assert ask(server) == "UnknownName"


@pytest.mark.one_database
def test_two_servers_on_one_workspace_are_refused(shop, running):
    server = running(shop)
    second = serve(shop, "--port", "0")
    assert second.returncode == 1
    assert f"served already, by process {server.process.pid}" in second.stderr
    assert server.get("/healthz")[0] == 200


@pytest.mark.one_database
def test_a_taken_port_is_said_in_plain_words(shop):
    with socket.create_server(("127.0.0.1", 0)) as other:
        told = serve(shop, "--port", str(other.getsockname()[1]))
    assert told.returncode == 2
    assert "cannot listen on 127.0.0.1" in told.stderr
    assert "--port" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.one_database
def test_a_port_that_there_is_not_is_said_in_plain_words(shop, monkeypatch):
    monkeypatch.setenv("HOLDFAST_PORT", "70000")
    told = serve(shop)
    assert (told.returncode, "Traceback" in told.stderr) == (2, False)
    assert "0-65535" in told.stderr


@pytest.mark.one_database
def test_a_parent_begun_by_nohup_goes_on_when_its_terminal_is_closed():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        parent = Parent((), {})
        handlers = parent._signals()
        ignored = signal.getsignal(signal.SIGHUP)
        for one, handler in handlers.items():
            signal.signal(one, handler)
        signal.set_wakeup_fd(-1)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert ignored == signal.SIG_IGN
    assert signal.SIGTERM in handlers


@pytest.mark.one_database
def test_a_folder_that_is_no_workspace_is_refused(tmp_path):
    told = serve(tmp_path)
    assert told.returncode == 1
    assert "holdfast init" in told.stderr


@pytest.mark.one_database
def test_without_the_extra_it_says_what_to_install(shop, monkeypatch):
    from shells import holdfast

    monkeypatch.setattr("holdfast.cli.serve.find_spec", lambda _name: None)
    told = holdfast("serve", "-w", shop)
    assert told.code == 1
    assert "pip install 'holdfast[server]'" in told.err


@pytest.mark.one_database
def test_the_parent_imports_nothing_heavy():
    code = (
        "import sys, holdfast.cli.serve, holdfast.server.process.serving, holdfast.server.analyst.client\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & "
        "{'django', 'numpy', 'pyarrow', 'numba', 'deltalake', 'duckdb', 'granian', 'rich', 'prometheus_client'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def serve(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`holdfast serve` that is expected to refuse."""
    folder, *rest = (str(one) for one in arguments)
    return subprocess.run(
        [sys.executable, "-m", "holdfast", "serve", "-w", folder, "--no-open", *rest],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("DATABASE_URL", "postgres://ann:secret@127.0.0.1:1/shop", "the database does not answer"),
        ("DATABASE_URL", "mysql://ann:secret@127.0.0.1/shop", "postgres://user:password@host/name"),
        ("HOLDFAST_SECOND_FACTOR_FOR", "ownr", "no role is called 'ownr'"),
    ],
)
def test_what_is_wrong_with_a_setting_is_said_in_words(shop, monkeypatch, setting, value, words):
    monkeypatch.setenv(setting, value)
    told = serve(shop)
    assert (told.returncode, words in told.stderr) == (1, True), told.stderr
    assert "Traceback" not in told.stderr
    assert "secret" not in told.stderr.lower().replace("mend", "")
