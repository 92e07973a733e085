"""A shop whose digester is killed again and again while events come in: what was acknowledged, and what is found afterwards."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.server.intake.inbox import Arrived, Inbox
from holdfast.server.intake.inbox_postgres import PostgresInbox
from holdfast.server.intake.inbox_sqlite import SqliteInbox
from holdfast.settings import Settings
from holdfast.workspace import Workspace

PROGRAM = Path(__file__).with_name("digester_killed.py")
REFUSED = "SELECT message FROM intake_refusedevent"


@dataclass
class Shop:
    """A workspace with an inbox, digested by other processes.

    good, bad  ids of messages that were acknowledged: those that belong into the lake, and those to be refused
    """

    workspace: Workspace
    box: Inbox
    url: str
    good: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)

    def arrive(self, rng: random.Random, events: int) -> None:
        """One request of some events comes in; a few are bad, a few are repetitions of earlier ones."""
        batch = []
        good, bad = [], []
        for _ in range(events):
            number = f"{rng.getrandbits(64):016x}"
            message = {"type": "track", "event": "Clicked", "messageId": number, "userId": f"c{rng.randrange(50)}"}
            if rng.random() < 0.02:
                message["timestamp"] = "never"
                bad.append(number)
            else:
                good.append(number)
            batch.append(message)
            if self.good and rng.random() < 0.02:
                batch.append(message | {"messageId": rng.choice(self.good), "timestamp": None})
        self.box.put([Arrived(time.time_ns() // 1000, "key:1", "batch", json.dumps({"batch": batch}).encode())])
        self.good += good
        self.bad += bad

    def lake_ids(self) -> Counter[str]:
        """Event id → how often it is in the lake."""
        return Counter(one for batch in self.workspace.lake.scan(["event_id"]) for one in batch["event_id"].to_pylist())

    def refused_ids(self) -> Counter[str]:
        """Message id → how often it is kept as refused."""
        return Counter(json.loads(message)["messageId"] for message in self._messages())

    def _messages(self) -> list[str]:
        if self.url:
            import psycopg

            with psycopg.connect(self.url) as connection:
                return [row[0] for row in connection.execute(REFUSED)]
        with sqlite3.connect(self.workspace.path / "server" / "holdfast.sqlite") as connection:
            return [row[0] for row in connection.execute(REFUSED)]

    def told(self) -> dict[str, int]:
        """What is wrong: events lost, doubled, invented; refusals lost, doubled."""
        lake, refused = self.lake_ids(), self.refused_ids()
        return {
            "lost": len(set(self.good) - set(lake)),
            "doubled": sum(count > 1 for count in lake.values()),
            "invented": len(set(lake) - set(self.good)),
            "refusals lost": len(set(self.bad) - set(refused)),
            "refusals doubled": sum(count > 1 for count in refused.values()),
        }


RIGHT = {"lost": 0, "doubled": 0, "invented": 0, "refusals lost": 0, "refusals doubled": 0}


class Digesters:
    """The program that forks digesters."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def killed_at(self, point: str, seconds: float = 20.0) -> bool:
        """Run one that ends at a point; whether it came there before nothing waited any more."""
        self._begin(point, seconds)
        return self._ended() == signal.SIGKILL

    def killed_after(self, seconds: float) -> None:
        """Run one and kill it after so long."""
        child = self._begin("none", 7200.0)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        self._ended()

    def finish(self, seconds: float = 60.0) -> None:
        """Run one until nothing waits any more."""
        self._begin("none", seconds)
        assert self._ended() == 0

    def _begin(self, point: str, seconds: float) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds} {point}\n")
        self._process.stdin.flush()
        return int(self._line())

    def _ended(self) -> int:
        return int(self._line().split()[1])

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def shop_with_digesters(folder: Path, url: str = "") -> Iterator[tuple[Shop, Digesters]]:
    """A new shop and the program that runs digesters on it; `url` is an empty PostgreSQL, else SQLite."""
    workspace = Workspace.create(folder / "shop", Settings())
    given = {"HOLDFAST_WORKSPACE": str(workspace.path), "DJANGO_SETTINGS_MODULE": "holdfast.server.django_settings"}
    environment = {name: value for name, value in os.environ.items() if "DATABASE_URL" not in name} | given
    if url:
        environment["HOLDFAST_DATABASE_URL"] = url
    migrate = [sys.executable, "-m", "django", "migrate", "intake", "--skip-checks", "-v0"]
    subprocess.run(migrate, check=True, env=environment)
    box = PostgresInbox(url) if url else SqliteInbox(str(workspace.path / "server" / "inbox.sqlite"))
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Shop(workspace, box, url), Digesters(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)
        box.close()


@contextmanager
def load(shop: Shop, rng: random.Random, *, events: int, pause_seconds: float) -> Iterator[None]:
    """Requests come in while the block runs."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            shop.arrive(rng, events)
            stop.wait(pause_seconds)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
