"""`kill -9` of web or worker, again and again, while events come in over HTTP: is every acknowledged event in the lake once?

    python -m benchmarks.kill_intake [--kills 30] [--senders 4] [--per-second 4000] [--seed 1] [--postgresql]

A whole `holdfast serve` on a free port of loopback, with a workspace of its own that is deleted afterwards; with --postgresql
on a private cluster with fsync on. Between two kills both processes are up for 1 to 6 seconds. Senders behave like Segment's
clients: what was not answered with 200 is sent again with the same ids. Some messages are bad on purpose. Afterwards lake and
refusals are counted against what was acknowledged. Exit code 1 when anything is lost or doubled.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from urllib.parse import urlsplit

sys.path[:0] = [str(Path(__file__).parent.parent / "tests" / "server"), str(Path(__file__).parent.parent / "tests")]

BATCH = 100
UP_SECONDS = (1.0, 6.0)

KEY = "from holdfast.server.people.models import WriteKey; print(WriteKey.make('load')[1])"
WAITING = "from holdfast.server.intake.inbox import inbox; print(inbox().waiting().rows)"
REFUSED = """
from holdfast.server.intake.models import RefusedEvent
print('\\n'.join(RefusedEvent.objects.values_list('message', flat=True)))
"""


class Sender(threading.Thread):
    """Sends batches until it is stopped; `good` and `bad` are the ids that were acknowledged."""

    def __init__(self, address: str, key: str, seed: int, gap: float) -> None:
        super().__init__(daemon=True)
        self._gap = gap
        self._line: http.client.HTTPConnection | None = None
        self._where = urlsplit(address)
        self._headers = {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}
        self._rng = random.Random(seed)
        self._ended = threading.Event()
        self.good: list[str] = []
        self.bad: list[str] = []
        self.sent_again = 0
        self.twice: set[str] = set()

    def run(self) -> None:
        """Send, a batch every `gap` seconds."""
        next_one = time.monotonic()
        while not self._ended.is_set():
            good, bad, body = self._batch()
            while not self._taken(body):
                self.sent_again += 1
                self.twice |= set(bad)
                time.sleep(0.1)
            self.good += good
            self.bad += bad
            next_one = max(next_one + self._gap, time.monotonic() - 1.0)
            time.sleep(max(0.0, next_one - time.monotonic()))

    def stop(self) -> None:
        """Finish the batch that is being sent."""
        self._ended.set()
        self.join()

    def _batch(self) -> tuple[list[str], list[str], bytes]:
        ids = [f"{self._rng.getrandbits(64):016x}" for _ in range(BATCH)]
        bad = [one for one in ids if self._rng.random() < 0.02]
        messages = [
            {"type": "track", "event": "Clicked", "messageId": one, "userId": f"c{self._rng.randrange(500)}"}
            | ({"timestamp": "never"} if one in bad else {})
            for one in ids
        ]
        again = self._rng.sample(self.good, min(2, len(self.good)))
        messages += [{"type": "track", "event": "Clicked", "messageId": one, "userId": "c1"} for one in again]
        return [one for one in ids if one not in bad], bad, json.dumps({"batch": messages}).encode()

    def _taken(self, body: bytes) -> bool:
        self._line = self._line or http.client.HTTPConnection(self._where.hostname or "", self._where.port, timeout=10)
        try:
            self._line.request("POST", "/v1/batch", body, self._headers)
            answer = self._line.getresponse()
            answer.read()
            return answer.status == 200
        except (OSError, http.client.HTTPException):
            self._line.close()
            self._line = None
            return False


def main() -> None:
    """Run it, print the figures, end with 1 when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--per-second", type=float, default=4_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-kill-") as folder, _database(said.postgresql) as url:
        if url:
            os.environ["DATABASE_URL"] = url
        gap = BATCH * said.senders / said.per_second
        wrong = _killed(Path(folder) / "shop", said.kills, said.senders, gap, random.Random(said.seed))
    sys.exit(1 if wrong else 0)


def _database(postgresql: bool) -> AbstractContextManager[str | None]:
    from postgres_cluster import postgres

    return postgres("sure") if postgresql else nullcontext()


def _killed(path: Path, kills: int, senders: int, gap: float, rng: random.Random) -> int:
    from serving import served, until

    from holdfast.settings import Settings
    from holdfast.workspace import Workspace

    os.environ["DJANGO_SETTINGS_MODULE"] = "holdfast.server.django_settings"
    workspace = Workspace.create(path, Settings())
    with served(path) as server:
        key = server.shell(KEY).splitlines()[-1]
        threads = [Sender(server.address, key, rng.getrandbits(32), gap) for _ in range(senders)]
        for thread in threads:
            thread.start()
        killed: Counter[str] = Counter()
        begun = time.monotonic()
        for number in range(kills):
            name = ("worker", "web")[number % 2]
            until(lambda: server.pid("worker") and server.pid("web") and _ready(server.address), 90)
            time.sleep(rng.uniform(*UP_SECONDS))
            found = until(lambda name=name: server.pid(name), 90)
            os.kill(int(found), signal.SIGKILL)  # type: ignore[call-overload]
            killed[name] += 1
        time.sleep(2)
        for thread in threads:
            thread.stop()
        took = time.monotonic() - begun
        until(lambda: server.shell(WAITING).splitlines()[-1] == "0", 180, 1.0)
        refused = Counter(json.loads(line)["messageId"] for line in server.shell(REFUSED).splitlines() if line.startswith("{"))
    good = {one for thread in threads for one in thread.good}
    bad = {one for thread in threads for one in thread.bad}
    twice = {one for thread in threads for one in thread.twice}  # bad messages that arrived twice are refused twice
    lake = Counter(one for batch in workspace.lake.scan(["event_id"]) for one in batch["event_id"].to_pylist())
    wrong = {
        "lost": len(good - set(lake)),
        "doubled": sum(count > 1 for count in lake.values()),
        "refusals_lost": len(bad - set(refused)),
        "refusals_doubled": sum(count > 1 for one, count in refused.items() if one not in twice),
    }
    told = {
        "acknowledged": len(good),
        "a_second": round((len(good) + len(bad)) / took),
        "refused": len(bad),
        "requests_sent_again": sum(one.sent_again for one in threads),
    }
    for name, value in {**told, "killed_web": killed["web"], "killed_worker": killed["worker"], **wrong}.items():
        sys.stdout.write(f"{name:24}{value:12,}\n")
    return sum(wrong.values())


def _ready(address: str) -> bool:
    where = urlsplit(address)
    line = http.client.HTTPConnection(where.hostname or "", where.port, timeout=5)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


if __name__ == "__main__":
    main()
