"""What is counted, summed over all processes: each writes its numbers into files in server/run/metrics, the web adds them up.

Within one server's life the sums survive a killed process; a new start begins at nought. Other rooms count by
`metrics.ACKNOWLEDGED.inc(n)`.
"""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

__all__ = [
    "ACKNOWLEDGED",
    "DIGESTED",
    "ERRANDS_DONE",
    "ERRAND_SECONDS",
    "FOLLOWED",
    "FOLLOWER_FAILURES",
    "FOLLOWER_SECONDS",
    "FOLLOWER_VERSION",
    "REFUSED",
    "REQUESTS",
    "SECONDS",
    "exposition",
]

SHARED = "PROMETHEUS_MULTIPROC_DIR"

OWN = CollectorRegistry()
"""The numbers of this process."""

REQUESTS = Counter("holdfast_requests", "Requests answered.", ["room", "method", "status"], registry=OWN)
SECONDS = Histogram(
    *("holdfast_request_seconds", "Seconds from a request's arrival to its answer.", ["room"]),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=OWN,
)
ACKNOWLEDGED = Counter("holdfast_events_acknowledged", "Events that were durable when the sender heard so.", registry=OWN)
DIGESTED = Counter("holdfast_events_digested", "Events that went from the inbox to the lake.", registry=OWN)
REFUSED = Counter("holdfast_events_refused", "Events that were refused, with a reason kept.", registry=OWN)
FOLLOWED = Counter("holdfast_follower_events", "Events that a follower of the lake took.", ["follower"], registry=OWN)
FOLLOWER_FAILURES = Counter("holdfast_follower_failures", "Times that a follower failed.", ["follower"], registry=OWN)
FOLLOWER_SECONDS = Counter("holdfast_follower_seconds", "Seconds that a follower worked.", ["follower"], registry=OWN)
FOLLOWER_VERSION = Gauge(
    "holdfast_follower_version",
    "The lake's version that a follower is level with.",
    ["follower"],
    registry=OWN,
    multiprocess_mode="max",
)
ERRANDS_DONE = Counter("holdfast_errands", "Questions that the analyst answered.", ["errand", "how"], registry=OWN)
ERRAND_SECONDS = Histogram(
    *("holdfast_errand_seconds", "Seconds that the analyst needed.", ["errand"]),
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120),
    registry=OWN,
)


def exposition() -> bytes:
    """All numbers as Prometheus reads them."""
    if not os.environ.get(SHARED):
        return generate_latest(OWN)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)
