"""How fast the digester moves what waits into the lake, and how much of a processor that takes.

    python -m benchmarks.digest [--events 400000] [--batch 100] [--per-second 20000]

Without --per-second: as fast as it goes. With it: requests come in at that pace, as the web process would write them, while the
digester's loop runs beside; told are the share of one processor that the digester's thread took, and how long an acknowledged
event waited until it was in the lake. Everything is in a folder that is deleted afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import threading
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

NAMES = ("Product Viewed", "Product List Viewed", "Product Added", "Cart Viewed", "Checkout Started", "Order Completed")
WEIGHTS = (50, 20, 12, 8, 6, 4)


def message(rng: random.Random, number: int) -> dict:
    """One event of a shop as Segment's libraries send it."""
    name = rng.choices(NAMES, WEIGHTS)[0]
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    properties: dict = {
        "product_id": f"p{rng.randrange(5000)}",
        "category": f"c{rng.randrange(40)}",
        "price": rng.randrange(100, 9999) / 100,
    }
    if name == "Order Completed":
        line = {"product_id": f"p{rng.randrange(5000)}", "quantity": 2, "price": 19.95}
        properties = {"order_id": f"o{number}", "revenue": 39.90, "currency": "EUR", "products": [line]}
    return {
        "type": "track",
        "messageId": str(uuid.UUID(int=rng.getrandbits(128))),
        "event": name,
        "userId": f"c{rng.randrange(100_000)}",
        "anonymousId": f"b{rng.randrange(200_000)}",
        "timestamp": now,
        "properties": properties,
        "context": {
            "library": {"name": "analytics-python", "version": "2.3.4"},
            "page": {"path": "/shop/item", "url": "https://shop.example/shop/item", "title": "An item", "referrer": ""},
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130 Safari/537.36",
        },
        "integrations": {},
    }


def bodies(events: int, batch: int) -> list[bytes]:
    """Requests of `batch` events each; a batch of one is a track call."""
    rng = random.Random(5)
    made = [message(rng, number) for number in range(events)]
    if batch == 1:
        return [json.dumps(one).encode() for one in made]
    sent = datetime.now(UTC).isoformat()
    parts = (made[start : start + batch] for start in range(0, events, batch))
    return [json.dumps({"batch": part, "sentAt": sent}).encode() for part in parts]


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=400_000)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--per-second", type=int, default=0)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-digest-") as folder:
        _ready(Path(folder) / "shop")
        (_paced if said.per_second else _flat_out)(said.events, said.batch, said.per_second)


def _ready(path: Path) -> None:
    import django
    from django.core.management import call_command

    from holdfast.settings import Settings
    from holdfast.workspace import Workspace

    Workspace.create(path, Settings())
    os.environ |= {"HOLDFAST_WORKSPACE": str(path), "DJANGO_SETTINGS_MODULE": "holdfast.server.django_settings"}
    django.setup()
    call_command("migrate", verbosity=0, skip_checks=True)


def _arrived(body: bytes, batch: int):  # noqa: ANN202 - imported once Django is ready
    from holdfast.server.intake.inbox import Arrived

    return Arrived(time.time_ns() // 1000, "key:1", "track" if batch == 1 else "batch", body)


def _flat_out(events: int, batch: int, _: int) -> None:
    from holdfast.server.intake.digester import Digester
    from holdfast.server.intake.inbox import inbox
    from holdfast.server.place import workspace

    waiting = bodies(events, batch)
    for start in range(0, len(waiting), 500):
        inbox().put([_arrived(body, batch) for body in waiting[start : start + 500]])
    digester = Digester(inbox(), workspace())
    wall, cpu, taken, longest = time.perf_counter(), time.process_time(), 0, 0.0
    while True:
        begun = time.perf_counter()
        step = digester.step()
        if not step.requests:
            break
        taken += step.events
        longest = max(longest, time.perf_counter() - begun)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    digester.close()
    _tell(
        events=taken,
        in_lake=workspace().lake.rows(),
        seconds=wall,
        per_second=taken / wall,
        cpu_us_per_event=cpu / taken * 1e6,
        longest_step_seconds=longest,
    )


def _paced(events: int, batch: int, per_second: int) -> None:
    from holdfast.server.intake import digesting
    from holdfast.server.intake.digester import Digester
    from holdfast.server.intake.inbox import inbox
    from holdfast.server.place import workspace

    waiting, stop, used, waits = bodies(events, batch), threading.Event(), [0.0], []
    real = Digester.step

    def step(self: Digester):  # noqa: ANN202
        oldest = inbox().waiting().oldest_received_us
        done = real(self)
        if done.requests and oldest is not None:
            waits.append((time.time_ns() // 1000 - oldest) / 1e6)
        return done

    def work() -> None:
        digesting.run(stop)
        used[0] = time.thread_time()

    Digester.step = step  # type: ignore[method-assign]
    thread = threading.Thread(target=work)
    thread.start()
    begun = time.perf_counter()
    for number, body in enumerate(waiting):
        inbox().put([_arrived(body, batch)])
        ahead = (number + 1) * batch / per_second - (time.perf_counter() - begun)
        if ahead > 0:
            time.sleep(ahead)
    sent = time.perf_counter() - begun
    while inbox().waiting().rows:
        time.sleep(0.02)
    seconds = time.perf_counter() - begun
    stop.set()
    thread.join()
    waits.sort()
    _tell(events=events, in_lake=workspace().lake.rows(), seconds=seconds, sent_per_second=events / sent,
          digester_share_of_a_processor=used[0] / seconds, oldest_waited_p50=waits[len(waits) // 2],
          oldest_waited_p95=waits[int(len(waits) * 0.95)], commits=len(waits))  # fmt: skip


def _tell(**figures: float) -> None:
    figures["megabytes_resident"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for name, value in figures.items():
        sys.stdout.write(f"{name:32}{value:14,.3f}\n")


if __name__ == "__main__":
    main()
