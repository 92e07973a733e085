"""How many events a second the intake acknowledges, each on disk: batches and single calls, into SQLite and PostgreSQL.

    python -m benchmarks.intake [--seconds 10] [--into sqlite postgresql]

A real web process (granian, one event loop) on a fresh workspace; PostgreSQL is a private one with fsync on. The load comes
over loopback from a process of its own: bounded connections that stay open, each with one request under way. Afterwards the
inbox is read: every acknowledged request must be there, once. The digester does not run.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "server"))

from postgres_cluster import postgres  # noqa: E402 - found by the line above
from running import Running, running  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
NUMBER = re.compile(rb'"messageId": ?"(\d{10})-')


@dataclass(frozen=True)
class Bar:
    """What is sent, over how many connections, and how many events a second it must be."""

    what: str
    connections: int
    events_a_request: int
    events_a_second: int


BARS = (Bar("batches", 12, 100, 40_000), Bar("singles", 64, 1, 2_000))


def main() -> int:
    """Run and print; 1 when a bar is not met or something acknowledged is missing."""
    asked = _arguments()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {asked.seconds} s each\n")
    print("| into | what | events/s | requests/s | p50 ms | p95 ms | web CPU | load CPU | MB/s | acknowledged = kept | bar |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|---|---|")
    good = True
    for into in asked.into:
        for bar in BARS:
            good &= _fresh(into, bar, asked.seconds)
    return 0 if good else 1


def _fresh(into: str, bar: Bar, seconds: float) -> bool:
    """One measurement on a server of its own."""
    with (
        _database(into) as url,
        tempfile.TemporaryDirectory(prefix="holdfast-intake-") as folder,
        running(Path(folder) / "shop", url) as server,
    ):
        return _measured(into, bar, server, seconds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intake", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--into", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    return parser.parse_args()


@contextmanager
def _database(into: str) -> Iterator[str]:
    if into == "sqlite":
        yield ""
    else:
        with postgres("sure") as url:
            yield url


def _measured(into: str, bar: Bar, server: Running, seconds: float) -> bool:
    _load(bar, server, 1.0, first=0)  # a second to wake up
    before = _cpu_seconds(server.pid)
    told = _load(bar, server, seconds, first=1_000_000)
    share = (_cpu_seconds(server.pid) - before) / told["seconds"]
    lost, kept_bytes = _missing(server, told["acknowledged"])
    rate = len(told["acknowledged"]) / told["seconds"]
    events = rate * bar.events_a_request
    met = events >= bar.events_a_second and not lost and not told["refused"]
    word = "yes" if not lost else f"NO: {lost}"
    print(
        f"| {into} | {bar.what} | {events:,.0f} | {rate:,.0f} | {told['p50_ms']:.1f} | {told['p95_ms']:.1f} | {share:.0%} "
        f"| {told['cpu']:.0%} | {kept_bytes / told['seconds'] / 1e6:.1f} | {word} | {'met' if met else 'NOT MET'} |",
        flush=True,
    )
    return met


def _load(bar: Bar, server: Running, seconds: float, first: int) -> dict:
    """Run the generator in a process of its own and give what it saw."""
    order = [server.url, server.write_key, str(bar.connections), str(bar.events_a_request), str(seconds), str(first)]
    done = subprocess.run([sys.executable, HERE / "intake_load.py", *order], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def _missing(server: Running, acknowledged: list[int]) -> tuple[int, int]:
    """How many acknowledged requests are not in the inbox exactly once, and the bytes that it holds."""
    box = server.inbox()
    seen: Counter[int] = Counter()
    after = size = 0
    while rows := box.take(after, 2000):
        after = rows[-1].id
        for row in rows:
            found = NUMBER.search(row.body)
            assert found is not None
            seen[int(found[1])] += 1
            size += len(row.body)
    box.close()
    return sum(seen[one] != 1 for one in acknowledged), size


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    sys.exit(main())
