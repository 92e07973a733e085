"""The analyst's process: it answers over its socket, survives bad questions, and keeps the timelines level."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from time import sleep

import pytest

from holdfast.errors import UnknownName, UsageError
from holdfast.server.analyst import client, desk, leveling, serve
from holdfast.server.place import secret_key
from holdfast.server.process.keeping import Follower

pytestmark = pytest.mark.one_database


class OddError(Exception):
    """An exception that cannot be built again from what is pickled."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def echo(_desk, **arguments):
    return arguments


def slow(_desk, seconds):
    sleep(seconds)
    return seconds


def odd(_desk):
    raise OddError("this", "that")


def lock(_desk):
    return threading.Lock()


def wrong(_desk):
    raise UsageError("that cannot be", "ask otherwise")


@pytest.fixture
def errands(monkeypatch):
    for name in ("echo", "slow", "odd", "lock", "wrong"):
        monkeypatch.setitem(desk.ERRANDS, name, f"test_analyst:{name}")


@dataclass
class Running:
    thread: threading.Thread
    stop: threading.Event


@pytest.fixture
def analyst(served, errands, monkeypatch):
    """The analyst in a thread of this process, behind its real socket."""
    monkeypatch.setenv("HOLDFAST_ANALYST", "process")
    listener = socket.socket(socket.AF_UNIX)
    Path(client.address()).unlink(missing_ok=True)
    listener.bind(client.address())
    listener.listen(8)
    stop = threading.Event()
    one = serve.Analyst(desk.Desk(served.path), secret_key().encode())
    thread = threading.Thread(target=one.serve, args=(listener, stop, 3600))
    thread.start()
    yield Running(thread, stop)
    stop.set()
    thread.join(10)
    listener.close()
    Path(client.address()).unlink(missing_ok=True)


def test_an_errand_over_the_socket(analyst):
    assert client.call("echo", who="ann", days=[1, 2]) == {"who": "ann", "days": [1, 2]}


def test_a_refusal_comes_back_as_it_was(analyst):
    with pytest.raises(UsageError, match="that cannot be") as raised:
        client.call("wrong")
    assert raised.value.mend == "ask otherwise"
    with pytest.raises(UnknownName):
        client.call("no such errand")


def test_bad_errands_do_not_end_it(analyst):
    with pytest.raises(RuntimeError, match="OddError: this and that"):
        client.call("odd")
    with pytest.raises(TypeError):
        client.call("lock")
    assert client.call("echo") == {}


def test_who_does_not_hold_the_key_is_not_answered(analyst, monkeypatch):
    from multiprocessing import AuthenticationError

    monkeypatch.setattr(client, "secret_key", lambda: "another key")
    with pytest.raises(AuthenticationError):
        client.call("echo")
    monkeypatch.undo()


def test_a_caller_who_says_nothing_holds_nobody_up(analyst, monkeypatch):
    monkeypatch.setattr(serve, "HANDSHAKE_SECONDS", 0.3)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(client.address())
        assert client.call("echo", within_seconds=5) == {}
        sleep(0.5)
        assert client.call("echo", within_seconds=5) == {}


def test_side_by_side_and_too_long(analyst):
    with pytest.raises(TimeoutError, match="slow"):
        client.call("slow", within_seconds=0.2, seconds=1.0)
    assert client.call("echo", within_seconds=5) == {}


def test_away(served, monkeypatch):
    monkeypatch.setenv("HOLDFAST_ANALYST", "process")
    with pytest.raises(client.AnalystAway):
        client.call("echo")


def test_a_listener_that_never_answers_is_a_timeout(served, monkeypatch):
    monkeypatch.setenv("HOLDFAST_ANALYST", "process")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(client.address())
        listener.listen(1)
        with pytest.raises(TimeoutError, match="has not started"):
            client.call("echo", within_seconds=0.3)


def test_it_ends_when_nobody_asks(served):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(client.address())
        listener.listen(1)
        one = serve.Analyst(desk.Desk(served.path), b"key")
        thread = threading.Thread(target=one.serve, args=(listener, threading.Event(), 0.1))
        thread.start()
        thread.join(5)
        assert not thread.is_alive()


def test_a_long_workspace_path_has_its_socket_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("HOLDFAST_WORKSPACE", str(tmp_path / ("long" * 30)))
    assert len(client.address()) <= client.LONGEST_ADDRESS
    first = client.address()
    monkeypatch.setenv("HOLDFAST_WORKSPACE", str(tmp_path / ("other" * 30)))
    assert client.address() != first


def test_the_timelines_follow_the_lake(served):
    from shells import holdfast, orders_file

    from holdfast.workspace import stored

    assert leveling.follow() == 0
    file = orders_file(served.path.parent)
    assert holdfast("import", file, "-w", served.path, "--yes").code == 0
    stored.discard(served.path / "timelines")  # the command line had built them
    assert leveling.follow() == 9
    assert leveling.follow() == 0
    assert client.call("warm") == {"customers": 4, "events": 9}


def test_a_follower_that_fails_tries_again_later_and_later():
    calls = []

    def follow() -> int:
        calls.append(1)
        if len(calls) < 3:
            raise OSError("no")
        return 5

    one = Follower("x", follow, ease=5.0)
    assert one.step((1, 0)) == 1.0
    assert one.step((1, 0)) == 2.0
    assert one.level is None
    assert one.step((1, 0)) == 0.5
    assert one.level == (1, 0)
    assert one.failures == 0


def test_a_follower_rests_for_several_times_its_cost():
    one = Follower("x", lambda: sleep(0.2) or 1, ease=5.0)
    assert one.step((1, 0)) == 0.5  # the first run may have started the analyst: no measure
    assert one.step((2, 0)) >= 1.0
    costly = Follower("z", lambda: sleep(0.1) or 1, ease=10_000.0)
    assert [costly.step((number, 0)) for number in (1, 2)] == [0.5, 60.0]
    assert Follower("y", lambda: 1).step((1, 0)) == 0.0
