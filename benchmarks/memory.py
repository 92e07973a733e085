"""How much memory a server holds at rest, and its worker at most, on a workspace of any size.

    python -m benchmarks.memory FOLDER [--rest 60] [--patience 7200]

A real `holdfast serve` on a copy of FOLDER, which is deleted afterwards. Where FOLDER has no database yet, the profiles are
made first, and what that cost is told. Then an owner walks over the main pages, so that all that pages need has been loaded,
the server rests, and its processes are asked for RSS (what they hold) and PSS (shared pages by halves and thirds). The peak of
a process is what Linux noted (VmHWM); the peak of web and worker together is looked at every second. The bar: web and worker
together at most 400 MB of RSS at rest.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import Request, urlopen

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "server"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.server.django_settings")

from serving import Server, served  # noqa: E402 - found by the line above

BAR_MB = 400
NAMES = ("web", "worker", "analyst")
LOOKED_AT = (("smaps_rollup", "Rss"), ("smaps_rollup", "Pss"), ("status", "VmHWM"))
LOOK_SECONDS = 1.0
ASK_SECONDS = 10.0


def main() -> int:
    """Run and print; 1 when the bar is not met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rest", type=float, default=60, help="seconds of rest before it is looked at")
    parser.add_argument("--patience", type=float, default=7_200, help="seconds until the profiles must have followed")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-memory-") as scratch:
        folder = Path(scratch) / "shop"
        shutil.copytree(asked.folder, folder, ignore=shutil.ignore_patterns("run"))
        with served(folder) as server:
            return _measured(server, asked)


def _measured(server: Server, asked: argparse.Namespace) -> int:
    watch, begun = Watch(server), time.monotonic()
    _printed(f"{os.cpu_count()} cores, {asked.folder}, {server.shell(EVENTS)} events")
    behind = int(server.shell(BEHIND))
    watch.until(lambda: int(server.shell(BEHIND)) <= 0, asked.patience)
    if behind > 0:
        spent, seen = watch.processor("worker"), time.monotonic() - begun
        _printed(f"profiles: {behind:,} events in {seen:,.0f} s, {spent:,.0f} s of the worker's processor; {watch.said()}")
    watch.until(lambda: True, 0, asked.rest)
    _printed("at rest, no page asked for yet", watch.table())
    _walk(server)
    watch.until(lambda: True, 0, asked.rest)
    _printed("at rest, after the main pages", watch.table(), watch.said())
    together = watch.together("Rss")
    _printed(f"web and worker: RSS {together:.0f} MB, PSS {watch.together('Pss'):.0f} MB; load {os.getloadavg()[0]:.1f}")
    _printed(f"bar {BAR_MB} MB", "met" if together <= BAR_MB else "NOT MET")
    return 0 if together <= BAR_MB else 1


EVENTS = "from holdfast.server.place import workspace\nprint(workspace().lake.rows())"
BEHIND = """
from holdfast.server.customers.models import Cursor
from holdfast.server.place import workspace
one = Cursor.objects.first()
print(workspace().lake.last_sequence() - (one.sequence if one else -1))
"""
LET_IN = """
from django.test import Client
from holdfast.server.people.models import User
user = User.objects.create_user('memory@example.com', role='owner', name='Memory')
client = Client()
client.force_login(user)
print(client.cookies['sessionid'].value)
"""
PAGES = """
from django.urls import reverse
from holdfast.server.customers.links import customer_url
from holdfast.server.customers.models import Customer
from holdfast.server.look.frame import NAVIGATION
one = Customer.objects.filter(merged_into="").first()
hers = [customer_url(one.person), customer_url(one.person) + "timeline/"] if one else []
print(*(reverse(entry.url) for entry in NAVIGATION), reverse("customers") + "?q=an", *hers)
"""


def _walk(server: Server) -> None:
    """Ask for each of the main pages, and for a customer's, as an owner."""
    session = server.shell(LET_IN).splitlines()[-1]
    for page in server.shell(PAGES).splitlines()[-1].split():
        asked = Request(server.address + page.lstrip("/"), headers={"Cookie": f"sessionid={session}"})
        with urlopen(asked, timeout=120) as answer:
            answer.read()


@dataclass
class Watch:
    """Looks at the processes of a server again and again.

    peaks  name → MB at most, also of "web and worker"
    spent  process → seconds of the processor
    """

    server: Server
    peaks: dict[str, float] = field(default_factory=dict)
    spent: dict[tuple[str, int], float] = field(default_factory=dict)

    def until(self, true: Callable[[], bool], patience: float, at_least: float = 0.0) -> None:
        """Look every second until it is true, at least so long."""
        begun, asked = time.monotonic(), 0.0
        while True:
            self._look()
            now = time.monotonic()
            if now - begun >= at_least and now - asked >= ASK_SECONDS:
                if true():
                    return
                if now - begun > patience:
                    raise SystemExit("the profiles did not follow in time")
                asked = time.monotonic()
            time.sleep(LOOK_SECONDS)

    def together(self, what: str) -> float:
        """Web and worker, MB."""
        return sum(_of(pid, "smaps_rollup", what) for name in NAMES[:2] if (pid := self.server.pid(name)))

    def processor(self, name: str) -> float:
        """Seconds of the processor that processes of this name have used."""
        return sum(seconds for (one, _), seconds in self.spent.items() if one == name)

    def said(self) -> str:
        """The peaks, in words."""
        return "peaks: " + ", ".join(f"{name} {size:.0f} MB" for name, size in self.peaks.items())

    def table(self) -> str:
        """The processes, a line each."""
        rows = ["process      RSS MB  PSS MB  peak MB"]
        for name in ("parent", *NAMES):
            pid = self.server.process.pid if name == "parent" else self.server.pid(name)
            sizes = [_of(pid, file, what) for file, what in LOOKED_AT] if pid else []
            rows.append(f"{name:<11}" + ("".join(f"{size:8.0f}" for size in sizes) or "     not running"))
        return "\n".join(rows)

    def _look(self) -> None:
        for name in NAMES:
            if pid := self.server.pid(name):
                self._note(name, _of(pid, "status", "VmHWM"))
                self.spent[name, pid] = max(self.spent.get((name, pid), 0.0), _processor(pid))
        self._note("web and worker", self.together("Rss"))

    def _note(self, name: str, size: float) -> None:
        self.peaks[name] = max(self.peaks.get(name, 0.0), size)


def _of(pid: int, file: str, what: str) -> float:
    """A number of /proc, MB; 0 when the process has ended meanwhile."""
    try:
        rows = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(row.split()[1]) * 1024 / 1e6 for row in rows if row.startswith(f"{what}:"))


def _processor(pid: int) -> float:
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _printed(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
