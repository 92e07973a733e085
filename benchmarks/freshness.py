"""How long from the acknowledgement of an event to the customer's page, while events pour in at half the intake's bar.

    python -m benchmarks.freshness [--workspace FOLDER] [--seconds 90] [--per-second 20000] [--postgresql]

A real `holdfast serve` (web, worker, analyst) on a fresh workspace, or on a copy of FOLDER; PostgreSQL is a private one with
fsync on. The load comes over loopback from a process of its own, in batches of 100: 99 events of 50,000 customers and one of
somebody new, at 20,000 events/s 17 million new customers a day. Beside it a probe sends one event at a time and then asks for
the customer's timeline, as her open page does, until the event is there; every second time it is the first event of somebody.

The first seconds, in which all of the 50,000 are new at once, are told in a line of their own; the bar is for what comes after.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "server"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.server.django_settings")

from postgres_cluster import postgres  # noqa: E402 - found by the line above
from serving import Server, served  # noqa: E402

EVENTS, BODIES, CONNECTIONS = 100, 500, 12
EVERY, PATIENCE, POLL = 1.0, 30.0, 0.1
BURST = 8.0
"""Seconds in which the load's customers become known."""

BAR = 2.0
MARK = b"0123456789"


def main() -> int:
    """Run and print; 1 when the bar is not met or an event never came."""
    asked = _arguments()
    if asked.load:
        return asyncio.run(_load(asked.load, asked.key, asked.per_second, asked.seconds))
    with tempfile.TemporaryDirectory(prefix="holdfast-fresh-") as scratch:
        folder = Path(scratch) / "shop"
        if asked.workspace:
            shutil.copytree(asked.workspace, folder)
        else:
            subprocess.run([sys.executable, "-m", "holdfast", "init", str(folder)], check=True, stdout=subprocess.DEVNULL)
        if not asked.postgresql:
            return _measured(folder, asked)
        with postgres("sure") as url:
            os.environ["DATABASE_URL"] = url
            return _measured(folder, asked)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.freshness", description=__doc__)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--per-second", type=float, default=20_000)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--load", help=argparse.SUPPRESS)
    parser.add_argument("--key", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measured(folder: Path, asked: argparse.Namespace) -> int:
    with served(folder) as server:
        session, key = _let_in(server)
        probe = Probe(server, session, key)
        _settled(server)
        for _ in range(3):
            probe.once()  # the analyst wakes, the pages are compiled
        order = [sys.executable, "-m", "benchmarks.freshness", "--load", server.address, "--key", key]
        order += ["--per-second", str(asked.per_second), "--seconds", str(asked.seconds)]
        load = subprocess.Popen(order, stdout=subprocess.PIPE, text=True)
        begun = time.monotonic()
        burst, took = _probed(probe, begun + BURST), _probed(probe, begun + asked.seconds)
        told = json.loads(load.communicate(timeout=60)[0])
        return _printed(asked, burst, took, told, _memory(server))


def _probed(probe: Probe, end: float) -> list[float]:
    """Seconds of one event after the other, one a second, until an instant."""
    took = []
    while (begun := time.monotonic()) < end:
        took.append(probe.once())
        time.sleep(max(0.0, EVERY - (time.monotonic() - begun)))
    return took


def _printed(asked: argparse.Namespace, burst: list[float], took: list[float], told: dict, memory: str) -> int:
    took.sort()
    p50, p95 = took[len(took) // 2], took[min(int(0.95 * len(took)), len(took) - 1)]
    into, rate = "PostgreSQL" if asked.postgresql else "SQLite", told["events"] / told["seconds"]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {into}, on {asked.workspace or 'a fresh workspace'}")
    print(f"load: {rate:,.0f} events/s acknowledged, {told['refused']} refused, for {told['seconds']:.0f} s")
    print(f"the first {BURST:.0f} s, 50,000 new customers at once: {' '.join(f'{one:.2f}' for one in burst)} s")
    print(f"acknowledged → on the page: n {len(took)}, p50 {p50:.2f} s, p95 {p95:.2f} s, most {took[-1]:.2f} s")
    print(f"memory: {memory}")
    met = p95 <= BAR and took[-1] < PATIENCE and rate >= 0.95 * asked.per_second
    print("bar", "met" if met else "NOT MET")
    return 0 if met else 1


def _let_in(server: Server) -> tuple[str, str]:
    """An owner's session and a write key."""
    said = server.shell(
        "from django.test import Client\n"
        "from holdfast.server.people.models import User, WriteKey\n"
        "user = User.objects.create_user('probe@example.com', role='owner', name='Probe')\n"
        "client = Client(); client.force_login(user)\n"
        "print(client.cookies['sessionid'].value, WriteKey.make('load', user)[1])"
    )
    session, key = said.splitlines()[-1].split()
    return session, key


def _settled(server: Server) -> None:
    """Wait until the profiles have followed what was there before."""
    code = (
        "from holdfast.server.customers.models import Cursor\nfrom holdfast.server.place import workspace\n"
        "one = Cursor.objects.first()\nprint(one.sequence if one else -1, workspace().lake.last_sequence())"
    )
    end = time.monotonic() + 3_000
    while time.monotonic() < end:
        come, there = map(int, server.shell(code).splitlines()[-1].split())
        if come >= there:
            return
        time.sleep(5)
    raise SystemExit("the profiles did not follow")


def _memory(server: Server) -> str:
    told = []
    for name in ("web", "worker", "analyst"):
        pid = server.pid(name)
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if pid else []
        rss = sum(int(row.split()[1]) for row in rows if row.startswith("Rss:"))
        told.append(f"{name} {rss / 1e3:.0f} MB")
    return ", ".join(told)


class Probe:
    """Sends an event of one customer, and looks at her page until it is there."""

    def __init__(self, server: Server, session: str, key: str) -> None:
        parts = urlsplit(server.address)
        self.host, self.number = parts.netloc, 0
        basic = base64.b64encode(f"{key}:".encode()).decode()
        self.sending = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
        self.looking = {"Cookie": f"sessionid={session}", "HX-Request": "true"}
        self.line = http.client.HTTPConnection(self.host, timeout=PATIENCE)

    def once(self) -> float:
        """Seconds from the acknowledgement until the event is seen; PATIENCE when it is not."""
        self.number += 1
        who, name = f"probe-{self.number if self.number % 2 else self.number % 7}", f"Probe {os.getpid()} {self.number}"
        body = json.dumps({"userId": who, "event": name, "messageId": name})
        assert self._asked("POST", "/v1/track", body, self.sending)[0] == 200
        acknowledged = time.monotonic()
        key = base64.urlsafe_b64encode(who.encode()).decode().rstrip("=")
        while (spent := time.monotonic() - acknowledged) < PATIENCE:
            status, page = self._asked("GET", f"/customers/{key}/timeline/", None, self.looking)
            if status == 200 and name.encode() in page:
                return time.monotonic() - acknowledged
            time.sleep(POLL)
        return spent

    def _asked(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, bytes]:
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        return answer.status, answer.read()


async def _load(address: str, key: str, per_second: float, seconds: float) -> int:
    """The load generator: paced, over open connections; prints what it saw."""
    host, port = urlsplit(address).hostname, urlsplit(address).port
    bodies = [_body(place) for place in range(BODIES)]
    basic = base64.b64encode(f"{key}:".encode()).decode()
    begun, sent, refused = time.perf_counter(), 0, 0
    gap = EVENTS / per_second
    head = f"POST /v1/batch HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {basic}\r\n"

    async def connection() -> None:
        nonlocal sent, refused
        reader, writer = await asyncio.open_connection(host, port)
        while (now := time.perf_counter() - begun) < seconds:
            number = sent
            if number * gap > now:
                await asyncio.sleep(min(number * gap - now, 0.05))
                continue
            sent += 1
            body = bodies[number % BODIES].replace(MARK, b"%010d" % number)
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            refused += not answer.startswith(b"HTTP/1.1 200")
        writer.close()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    took = time.perf_counter() - begun
    print(json.dumps({"events": (sent - refused) * EVENTS, "refused": refused, "seconds": took}))
    return 0


def _body(place: int) -> bytes:
    """A batch of events of a hundred customers, one in a hundred of them an order, one of a new customer."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    batch = []
    for number in range(EVENTS):
        who = (place * EVENTS + number) * 7919 % (EVENTS * BODIES)
        person = f"n{MARK.decode()}" if number == 1 else f"c{who}"
        message = {"messageId": f"{MARK.decode()}-{number:03d}", "userId": person, "timestamp": now, "type": "track"}
        if number == 0:
            told = {
                "order_id": f"{MARK.decode()}",
                "revenue": 31.5,
                "currency": "EUR",
                "products": [{"product_id": "tea", "price": 31.5}],
            }
            batch.append(message | {"event": "Order Completed", "properties": told})
        else:
            told = {"product_id": f"SKU-{number:03d}", "category": "Tea", "price": 12.5, "currency": "EUR"}
            batch.append(message | {"event": "Product Viewed", "properties": told})
    return json.dumps({"batch": batch}, separators=(",", ":")).encode()


if __name__ == "__main__":
    sys.exit(main())
