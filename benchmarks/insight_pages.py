"""How fast every insight page answers on a workspace of 30 million events and one million customers.

    python -m benchmarks.insight_pages FOLDER [--gets 30] [--budget 900] [--page SLUG …]

FOLDER is a workspace as `python -m benchmarks.big_workspace FOLDER` makes it. Cold: the seconds that the analyst needs for an
answer that is not kept, its timelines mapped and its code compiled. Warm: milliseconds of the page through Django while the
answer is kept, which needs no analyst. The run is bounded: no new answer is begun after `--budget` seconds. Results go to
stdout as a table, a page a row, slowest last.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from statistics import quantiles

__all__ = ["main"]

BAR_MS = 400.0


def main() -> int:
    """Measure; 1 when a page is over the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gets", type=int, default=30)
    parser.add_argument("--budget", type=float, default=900.0)
    parser.add_argument("--page", action="append", default=[])
    said = parser.parse_args()
    os.environ |= {
        "HOLDFAST_WORKSPACE": str(said.folder),
        "HOLDFAST_ANALYST": "inline",
        "DJANGO_SETTINGS_MODULE": "holdfast.server.django_settings",
    }
    client = _signed_in()
    from holdfast.server.insights.catalogue import INSIGHTS

    end = time.monotonic() + said.budget
    rows = []
    for one in INSIGHTS:
        if said.page and one.slug not in said.page:
            continue
        if time.monotonic() > end:
            print(f"{one.slug}: not asked, the budget is used up", flush=True)
            continue
        rows.append(_measured(client, one.slug, said.gets))
        print("{:16} {:>8} cold {:7.2f} s   warm p50 {:6.1f} ms  p95 {:6.1f} ms  {:6.0f} kB".format(*rows[-1]), flush=True)
    rows.sort(key=lambda row: row[4])
    over = [row[0] for row in rows if row[4] > BAR_MS]
    p95s, slow = [row[4] for row in rows], ", ".join(over) or "none"
    print(f"\n{len(rows)} pages; slowest p95 {max(p95s):.0f} ms ({rows[-1][0]}); over {BAR_MS:.0f} ms: {slow}")
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


def _measured(client, slug: str, gets: int) -> tuple[str, str, float, float, float, float]:  # noqa: ANN001
    """Slug, what came, cold seconds, warm p50 and p95 in ms, size in kB."""
    from holdfast.server.insights import kept
    from holdfast.server.insights.spec import Spec

    client.get(f"/insights/{slug}/")
    found = kept.kept(Spec(slug).key, kept.data_now())
    times = []
    for _ in range(gets):
        begun = time.perf_counter()
        response = client.get(f"/insights/{slug}/")
        times.append(1000 * (time.perf_counter() - begun))
    cuts = quantiles(times, n=20)
    state = found.state if found is not None else "nothing"
    return slug, state, found.seconds if found is not None else 0.0, cuts[9], cuts[18], len(response.content) / 1000


if __name__ == "__main__":
    sys.exit(main())
