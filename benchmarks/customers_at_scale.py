"""What customers cost with 30 million events and a million of them: the first projection, search, each part of a page.

    python -m benchmarks.customers_at_scale FOLDER [--database sqlite|postgresql|both] [--asks 300] [--pages 60] [--follow 1800]
                                                   [--only PART …]

FOLDER is a workspace as `python -m benchmarks.big_workspace FOLDER` makes it; its database is made here where there is none.
Each part runs in a process of its own and says milliseconds as seen and of CPU, and its peak memory:

projection  the follower takes the whole lake, at most `--follow` seconds; what is there already is gone on from (SQLite)
copied      PostgreSQL gets the rows that SQLite has: the follower writes the same into both, which the tests hold
details     the details of the lake are kept in order of the person, as the job of each minute does it
foreseen    what is to be expected of everybody, as the daily job works it out, where it is not there
search      `search.found`, kinds of what people type, after a first round of other searches
page        Django's test client, an analyst inline (its time is in the figures; a process of its own adds about a millisecond)
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

BAR_MS = 150.0
WARM_ROUNDS = 60
TABLES = ("customers_customer", "customers_customerword", "customers_cursor")
BATCH = 50_000


def main() -> None:
    """Run the parts, each in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.customers_at_scale", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--asks", type=int, default=300)
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--follow", type=float, default=1800.0)
    parser.add_argument("--only", choices=tuple(PARTS), action="append", default=[], help="one of the parts; may be repeated")
    parser.add_argument("--part", choices=tuple(PARTS), default=None, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.part:
        import django

        django.setup()
        PARTS[said.part](said)
        print(f"{said.part}: peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB", flush=True)
        return
    print(f"load of the machine when it began: {os.getloadavg()[0]:.1f}, processors: {os.cpu_count()}", flush=True)
    from tests.server.postgres_cluster import postgres

    if said.database != "postgresql":
        _parts(("projection", "details", "foreseen", "search", "page"), "", said)
    if said.database != "sqlite":
        with nullcontext(os.environ["DATABASE_URL"]) if os.environ.get("DATABASE_URL") else postgres("sure") as url:
            _parts(("copied", "details", "foreseen", "search", "page"), url, said)
    print(f"load when it ended: {os.getloadavg()[0]:.1f}", flush=True)


def _parts(names: tuple[str, ...], url: str, said: argparse.Namespace) -> None:
    print(f"--- {'PostgreSQL' if url else 'SQLite'}", flush=True)
    environment = os.environ | {
        "HOLDFAST_WORKSPACE": str(said.folder.resolve()),
        "HOLDFAST_ANALYST": "inline",
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "holdfast.server.django_settings",
    }
    for name in (one for one in names if not said.only or one in said.only):
        command = [sys.executable, "-m", "benchmarks.customers_at_scale", *sys.argv[1:], "--part", name]
        subprocess.run(command, env=environment, check=True, cwd=Path(__file__).parent.parent)


def projection(said: argparse.Namespace) -> None:
    """Follow the lake from where the profiles stand, with a line every two million events."""
    from django.core.management import call_command

    from holdfast.server.customers import projection
    from holdfast.server.customers.models import Customer
    from holdfast.server.place import workspace

    call_command("migrate", verbosity=0)
    follower, begun = projection.Projection(said.folder), time.monotonic()
    take, counted = follower._take, [0]

    def timed(batch: Any) -> None:
        take(batch)
        before, counted[0] = counted[0], counted[0] + batch.num_rows
        if counted[0] // 2_000_000 > before // 2_000_000:
            print(
                f"  {counted[0]:>12,} events, {time.monotonic() - begun:6.0f} s, CPU {time.process_time():6.0f} s", flush=True
            )
        if time.monotonic() - begun > said.follow:
            raise TimeoutError

    follower._take = timed  # type: ignore[method-assign]
    try:
        follower.follow(workspace().lake)
    except TimeoutError:
        print("  stopped: the time is over; the next run goes on here", flush=True)
    print(
        f"projection: {counted[0]:,} events in {time.monotonic() - begun:.0f} s, CPU {time.process_time():.0f} s; "
        f"customers {Customer.objects.count():,}",
        flush=True,
    )


def copied(said: argparse.Namespace) -> None:
    """Fill the tables of PostgreSQL with the rows of SQLite."""
    import sqlite3

    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    begun = time.monotonic()
    with sqlite3.connect(said.folder / "server" / "holdfast.sqlite") as source, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no look-up of the customer of each of millions of words
        for table in TABLES:
            names = [row[1] for row in source.execute(f"PRAGMA table_info({table})")]
            with cursor.cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
                for row in source.execute(f"SELECT {', '.join(names)} FROM {table}"):  # noqa: S608 - names of our own tables
                    copy.write_row(row)
        cursor.execute("VACUUM ANALYZE")
    print(f"copied in {time.monotonic() - begun:.0f} s", flush=True)


def details(said: argparse.Namespace) -> None:
    """Have the details kept that are not."""
    begun, cpu = time.monotonic(), time.process_time()
    made = _desk(said).run("customers.details.make", {})
    print(f"details: {made} files in {time.monotonic() - begun:.0f} s, CPU {time.process_time() - cpu:.0f} s", flush=True)


def foreseen(said: argparse.Namespace) -> None:
    """Have it worked out for everybody, where it is not."""
    from holdfast.server.customers import foreseen

    if foreseen.made_at(said.folder) is None:
        begun, cpu = time.monotonic(), time.process_time()
        _desk(said).run("customers.foreseen.make", {})
        print(f"foreseen: {time.monotonic() - begun:.0f} s, CPU {time.process_time() - cpu:.0f} s", flush=True)


def search(said: argparse.Namespace) -> None:
    """Ask as people type: beginnings, names, addresses, numbers, ids, and what nobody has."""
    from holdfast.server.customers.search import found

    chance = random.Random(5)
    for _, text in _typed(random.Random(6), WARM_ROUNDS):
        found(text)
    by_kind: dict[str, list[tuple[float, float]]] = {}
    for kind, text in _typed(chance, said.asks):
        by_kind.setdefault(kind, []).append(_timed(lambda text=text: found(text)))
    for kind, times in by_kind.items():
        _told(f"search, {kind}", times)
    _told("search, all", [one for times in by_kind.values() for one in times])


def page(said: argparse.Namespace) -> None:
    """Get every part of the pages of customers by chance."""
    from django.test import Client

    from benchmarks.insight_pages import _signed_in
    from holdfast.server.customers.links import customer_url

    client: Client = _signed_in()
    people = [row.person for row in _customers(random.Random(7), said.pages + 10)]
    for name in ("", "standing/", "expected/", "timeline/", "panel/"):
        times = [_timed(lambda one=one, name=name: _got(client, customer_url(one) + name)) for one in people]
        _told(f"page, {name.rstrip('/') or 'frame with profile'}", times[10:])
    texts = [text for _, text in _typed(random.Random(8), 70)]
    times = [_timed(lambda text=text: _got(client, "/found/", q=text)) for text in texts]
    _told("page, hits as one types", times[10:])


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "projection": projection, "copied": copied, "details": details, "foreseen": foreseen, "search": search, "page": page,
}  # fmt: skip


def _typed(chance: random.Random, count: int) -> Iterator[tuple[str, str]]:
    """Kind and text of searches, one kind after the other."""
    for place, row in enumerate(_customers(chance, count)):
        first, last = [*row.name.split(), "ada", "berg"][:2]
        kinds = (
            ("one letter", chance.choice("abcdefghijklmnopqrstuvwxyz0123456789")),
            ("two letters", first[:2]),
            ("first name", first),
            ("last name, begun", last[:4]),
            ("first and last name", f"{first} {last}"),
            ("two beginnings", f"{last[:3]} {first[:2]}"),
            ("a letter each", f"{first[0]} {last[0]}"),
            ("e-mail, begun", row.email[: chance.randint(5, len(row.email))] if row.email else first),
            ("name and domain", f"{first} example"),
            ("phone", row.phone[-chance.randint(4, 8) :].strip() if row.phone else "7700"),
            ("id", row.person[: max(3, len(row.person) - chance.randint(0, 2))]),
            ("nobody", f"{first} zzyzx"),
        )
        yield kinds[place % len(kinds)]


def _customers(chance: random.Random, count: int) -> list[Any]:
    from holdfast.server.customers.models import Customer

    last = Customer.objects.order_by("-id").values_list("id", flat=True)[0]
    rows = [Customer.objects.filter(id__gte=chance.randint(1, last)).order_by("id").first() for _ in range(count)]
    return [row for row in rows if row is not None]


def _desk(said: argparse.Namespace) -> Any:
    from holdfast.server.analyst.desk import Desk

    return Desk(said.folder)


def _got(client: Any, url: str, **query: str) -> None:
    response = client.get(url, query)
    assert response.status_code == 200, (url, response.status_code)


def _timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Milliseconds of a call: as seen, and of CPU, that of PostgreSQL's process for this connection included."""
    begun, cpu = time.perf_counter(), _cpu_seconds()
    work()
    return 1000 * (time.perf_counter() - begun), 1000 * (_cpu_seconds() - cpu)


def _cpu_seconds() -> float:
    from django.db import connection

    own = time.process_time()
    if connection.vendor != "postgresql":
        return own
    connection.ensure_connection()
    other = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text("ascii")
    return own + int(other.split()[0]) / 1e9


def _told(label: str, times: list[tuple[float, float]]) -> None:
    seen, cpu = (sorted(column) for column in zip(*times, strict=True))
    middle, late = len(seen) // 2, int(len(seen) * 0.95)
    verdict = "" if seen[late] <= BAR_MS else "   over the bar"
    print(
        f"{label:<32} n {len(seen):>4}   p50 {seen[middle]:7.1f} ms   p95 {seen[late]:7.1f} ms   "
        f"CPU p50 {cpu[middle]:6.1f} ms   p95 {cpu[late]:6.1f} ms{verdict}",
        flush=True,
    )


if __name__ == "__main__":
    main()
