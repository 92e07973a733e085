"""How fast every insight page, and Today, answers on a workspace of 30 million events and one million customers.

    python -m benchmarks.insight_pages FOLDER [--gets 30] [--budget 900] [--page SLUG …]

FOLDER is a workspace as `python -m benchmarks.big_workspace FOLDER` makes it. Cold: the seconds that the analyst needs for an
answer that is not kept, its timelines mapped and its code compiled. Warm: milliseconds of the page through Django while the
answer is kept, which needs no analyst. The run is bounded: no new answer is begun after `--budget` seconds. Results go to
stdout as a table, a page a row, slowest last.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import quantiles

__all__ = ["main"]

BAR_MS = 400.0
TODAY = "today"
PARTS = ("cold", "warm")


def main() -> int:
    """Measure; 1 when a page is over the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gets", type=int, default=30)
    parser.add_argument("--budget", type=float, default=900.0)
    parser.add_argument("--page", action="append", default=[])
    parser.add_argument("--part", choices=("both", *PARTS), default="both")
    said = parser.parse_args()
    os.environ |= {
        "HOLDFAST_WORKSPACE": str(said.folder),
        "HOLDFAST_ANALYST": "inline" if said.part == "cold" else "process",
        "DJANGO_SETTINGS_MODULE": "holdfast.server.django_settings",
    }
    if said.part == "both":
        # Cold in a process that holds the timelines, as the analyst does; warm in one that does not, as the web does.
        found = [
            subprocess.run([sys.executable, "-m", __spec__.name, *sys.argv[1:], "--part", part], check=False).returncode
            for part in PARTS
        ]
        return max(found)
    client = _signed_in()
    return (_cold if said.part == "cold" else _warm)(client, said)


def _slugs(said: argparse.Namespace) -> list[str]:
    from holdfast.server.insights.catalogue import INSIGHTS

    return [slug for slug in (TODAY, *(one.slug for one in INSIGHTS)) if not said.page or slug in said.page]


def _url(slug: str) -> str:
    return "/" if slug == TODAY else f"/insights/{slug}/"


def _cold(client, said: argparse.Namespace) -> int:  # noqa: ANN001
    """Have every answer worked out that is not kept."""
    from holdfast.server.insights import kept
    from holdfast.server.insights.spec import Spec

    end = time.monotonic() + said.budget
    for slug in _slugs(said):
        if time.monotonic() > end:
            print(f"{slug}: not asked, the budget is used up", flush=True)
            continue
        if slug == TODAY:
            _cold_today()
            continue
        client.get(_url(slug))
        found = kept.kept(Spec(slug).key, kept.data_now())
        print(f"{slug:16} cold {found.seconds if found else 0:7.2f} s  {found.state if found else 'nothing'}", flush=True)
    return 0


def _cold_today() -> None:
    """Have Today worked out, where it is not kept."""
    from holdfast.server.today.today import settled

    begun = time.perf_counter()
    told = settled(3600.0).told
    print(f"{TODAY:16} cold {time.perf_counter() - begun:7.2f} s  {'answered' if told else 'nothing'}", flush=True)


def _warm(client, said: argparse.Namespace) -> int:  # noqa: ANN001
    """Get every page again and again while its answer is kept."""
    rows = []
    for slug in _slugs(said):
        client.get(_url(slug))  # the first one reads templates
        times, cpu = [], []
        for _ in range(said.gets):
            begun, spent = time.perf_counter(), time.process_time()
            response = client.get(_url(slug))
            times.append(1000 * (time.perf_counter() - begun))
            cpu.append(1000 * (time.process_time() - spent))
        cuts = quantiles(times, n=20)
        rows.append((slug, cuts[9], cuts[18], quantiles(cpu, n=20)[18], len(response.content) / 1000))
        print("{:16} warm p50 {:6.1f} ms  p95 {:6.1f} ms  of it worked {:6.1f} ms  {:6.0f} kB".format(*rows[-1]), flush=True)
    slowest = max(rows, key=lambda row: row[2])
    over = ", ".join(row[0] for row in rows if row[2] > BAR_MS)
    print(f"\n{len(rows)} pages; slowest p95 {slowest[2]:.0f} ms ({slowest[0]}); over {BAR_MS:.0f} ms: {over or 'none'}")
    return 1 if over else 0


def _signed_in():  # noqa: ANN202 - a Django client
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client

    from holdfast.server.people.models import User

    call_command("migrate", verbosity=0)
    user = User.objects.filter(email="bench@example.com").first() or User.objects.create_user(
        "bench@example.com", "long enough to be good", role="analyst"
    )
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    return client


if __name__ == "__main__":
    sys.exit(main())
