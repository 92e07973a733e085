"""What finding a customer costs among a million: searches as one types, and the list page by page, on SQLite and PostgreSQL.

    python -m benchmarks.search [--customers 1e6] [--database sqlite|postgresql|both] [--keep FOLDER]

The customers are made (names of very uneven frequency, in several scripts; e-mail, phone, firm, city) and brought in as the
follower of the lake brings them. Each database runs in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.server.customers.profiles import Telling

BATCH = 20_000
SEARCHES = 600
ENDINGS = ("son", "berg", "ova", "ez", "aly", "mann", "ić", "wski", "ard", "elli", "ström", "akis")
SYLLABLES = (
    "an",
    "be",
    "ka",
    "lo",
    "mi",
    "ra",
    "se",
    "to",
    "vi",
    "do",
    "fe",
    "gu",
    "ha",
    "ju",
    "ne",
    "po",
    "sha",
    "ti",
    "zo",
    "ém",
)
OTHER = ("王小明", "山田太郎", "Ольга Иванова", "محمد علي", "सीता देवी", "김민준", "Łukasz Żak", "Øyvind Ås")


def names(count: int, chance: random.Random) -> list[str]:
    """Made names, the first ones the most frequent later on."""
    made = dict.fromkeys("".join(chance.choices(SYLLABLES, k=chance.choice((2, 2, 3)))).capitalize() for _ in range(count * 2))
    return list(made)[:count]


def tellings(count: int) -> Iterator[dict[str, Telling]]:
    """The customers, as identify calls tell of them."""
    from holdfast.server.customers.profiles import Telling

    chance = random.Random(5)
    first, last = names(2_000, chance), [name + chance.choice(ENDINGS) for name in names(6_000, chance)]
    for start in range(0, count, BATCH):
        part = {}
        for number in range(start, min(start + BATCH, count)):
            one = first[int(len(first) * chance.random() ** 3)]
            two = last[int(len(last) * chance.random() ** 3)]
            told = {
                "name": OTHER[number % len(OTHER)] if number % 50 == 0 else f"{one} {two}",
                "email": f"{one}.{two}{number % 977}@{'mail' if number % 3 else 'shop'}{number % 40}.example".lower(),
                "phone": f"+44{7_000_000_000 + number * 7919 % 1_000_000_000}",
                "company": f"{last[number % len(last)]} Ltd" if number % 10 == 0 else "",
                "country": ("Ireland", "United Kingdom", "Malta")[number % 3 if number % 400 else 2],
            }
            stamp = [1_700_000_000_000_000 + number, number]
            part[f"C{number * 7:08d}"] = Telling(stamp[0], {name: [*stamp, value] for name, value in told.items() if value})
        yield part


def typed(count: int) -> list[tuple[str, str]]:
    """Kind and text of searches: of each customer looked for, what somebody would have typed so far."""
    from holdfast.server.customers.models import Customer

    chance = random.Random(11)
    rows = [Customer.objects.filter(id__gte=chance.randint(1, count)).order_by("id").first() for _ in range(SEARCHES // 6)]
    out: list[tuple[str, str]] = []
    for row in (row for row in rows if row is not None):
        words = row.name.split()
        out += [
            ("one to three letters", row.name[: chance.randint(1, 3)]),
            ("a word", words[-1]),
            ("beginnings of two words", " ".join(word[: chance.randint(1, 4)] for word in words)),
            ("e-mail", row.email[: chance.randint(3, len(row.email))]),
            ("phone", f"0{row.phone[3 : chance.randint(7, 13)]}"),
            ("id", row.person[: chance.randint(4, 9)]),
        ]
    return out


def measured(kind: str, seconds: list[float]) -> None:
    """Print a line: median, 95th percentile, slowest, in milliseconds."""
    ordered = sorted(1000 * one for one in seconds)
    print(
        f"{kind:<28} n {len(ordered):>4}   median {ordered[len(ordered) // 2]:7.1f} ms   "
        f"p95 {ordered[int(len(ordered) * 0.95)]:7.1f} ms   slowest {ordered[-1]:7.1f} ms",
        flush=True,
    )


def timed(work: Any) -> float:
    """Seconds of a call."""
    start = perf_counter()
    work()
    return perf_counter() - start


def run(count: int) -> None:
    """Bring the customers in, search, page. Django is set up for the database."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, transaction

    from holdfast.server.customers import listing, profiles, search
    from holdfast.server.customers.models import Customer

    call_command("migrate", verbosity=0)
    start = perf_counter()
    if not Customer.objects.exists():
        for part in tellings(count):
            with transaction.atomic():
                profiles.told(part)
        print(f"{connection.vendor}: {count:,} customers brought in {perf_counter() - start:.0f} s", flush=True)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
    wanted = typed(count)
    for _, text in wanted[:60]:
        search.found(text)
    by_kind: dict[str, list[float]] = {}
    for kind, text in wanted:
        by_kind.setdefault(kind, []).append(timed(lambda text=text: search.found(text)))
    for kind, seconds in by_kind.items():
        measured(kind, seconds)
    measured("all searches", [one for seconds in by_kind.values() for one in seconds])
    _paged(listing)


def _paged(listing: Any) -> None:
    for label, filters in (
        ("list", listing.Filters()),
        ("list, with e-mail", listing.Filters(has_email=True)),
        ("list, a rare country", listing.Filters(country="Malta")),
    ):
        seconds, after = [], ""
        for _ in range(100):
            start = perf_counter()
            page = listing.page(filters, after)
            seconds.append(perf_counter() - start)
            after = page.next
        measured(label, seconds)
        measured(f"{label}: how many", [timed(lambda filters=filters: listing.how_many(filters)) for _ in range(5)])


def main() -> None:
    """Run each database in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--customers", default="1e6")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--keep", default=None, help="folder of the SQLite database, used again")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        run(int(float(asked.customers)))
        return
    from tests.server.postgres_cluster import postgres

    for name in ("sqlite", "postgresql") if asked.database == "both" else (asked.database,):
        with (
            tempfile.TemporaryDirectory(prefix="holdfast-search-") as scratch,
            postgres("sure") if name == "postgresql" else nullcontext("") as url,
        ):
            folder = Path(asked.keep or scratch) / name
            folder.mkdir(parents=True, exist_ok=True)
            environment = os.environ | {
                "HOLDFAST_WORKSPACE": str(folder),
                "DATABASE_URL": url,
                "DJANGO_SETTINGS_MODULE": "holdfast.server.django_settings",
            }
            command = [sys.executable, "-m", "benchmarks.search", "--child", "--customers", asked.customers]
            subprocess.run(command, env=environment, check=True, cwd=Path(__file__).parent.parent)


if __name__ == "__main__":
    main()
