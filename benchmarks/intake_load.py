"""Bounded load on an intake: `intake_load.py URL KEY CONNECTIONS EVENTS SECONDS FIRST`; what it saw as JSON.

Each connection sends the next request when the last one is answered. A request is a template in which only its number changes,
so that the generator takes little of the machine. For loopback only.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from urllib.parse import urlsplit

import uvloop

MARK = b"0123456789"


def event(place: int) -> dict:
    """An event as a shop sends it; its messageId begins with the request's number."""
    return {
        "type": "track",
        "event": "Product Added",
        "messageId": f"{MARK.decode()}-{place:04d}",
        "userId": f"customer-{place * 7919 % 100_000}",
        "timestamp": "2026-11-20T10:11:12.345Z",
        "properties": {"product_id": f"SKU-{place:05d}", "category": "Tea", "price": 12.5, "quantity": 2, "currency": "GBP"},
        "context": {"library": {"name": "load", "version": "1"}, "locale": "en-GB"},
    }


def template(host: str, key: str, events: int) -> bytes:
    """The bytes of a request, with MARK where its number goes."""
    call = {"batch": [event(place) for place in range(events)]} if events > 1 else event(0)
    body = json.dumps(call, separators=(",", ":")).encode()
    basic = base64.b64encode(f"{key}:".encode()).decode()
    path = "batch" if events > 1 else "track"
    head = f"POST /v1/{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {basic}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class Run:
    """What all connections share."""

    def __init__(self, request: bytes, first: int) -> None:
        self.request, self.next = request, first
        self.acknowledged: list[int] = []
        self.seconds: list[float] = []
        self.refused = 0
        self.ends_at = 0.0


class Sender(asyncio.Protocol):
    """One connection: a request, its answer, the next."""

    def __init__(self, run: Run) -> None:
        self.run, self.closed = run, asyncio.get_running_loop().create_future()
        self.answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = transport
        self._send()

    def _send(self) -> None:
        if time.perf_counter() >= self.run.ends_at:
            self.transport.close()
            return
        self.number, self.run.next = self.run.next, self.run.next + 1
        self.begun = time.perf_counter()
        self.transport.write(self.run.request.replace(MARK, b"%010d" % self.number))

    def data_received(self, data: bytes) -> None:
        """An answer, or a part of one."""
        self.answer += data
        if not self.answer.endswith(b"}"):
            return
        if self.answer.startswith(b"HTTP/1.1 200"):
            self.run.acknowledged.append(self.number)
            self.run.seconds.append(time.perf_counter() - self.begun)
        else:
            self.run.refused += 1
        self.answer = b""
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        """The end, wanted or not."""
        self.run.refused += error is not None
        if not self.closed.done():
            self.closed.set_result(None)


async def load(url: str, key: str, connections: int, events: int, seconds: float, first: int) -> dict:
    """Send for so many seconds."""
    where = urlsplit(url)
    run = Run(template(where.netloc, key, events), first)
    begun, cpu = time.perf_counter(), time.process_time()
    run.ends_at = begun + seconds
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(lambda: Sender(run), where.hostname, where.port) for _ in range(connections)]
    await asyncio.gather(*(sender.closed for _, sender in opened))
    took = time.perf_counter() - begun
    ordered = sorted(run.seconds) or [0.0]
    return {
        "acknowledged": run.acknowledged,
        "refused": run.refused,
        "seconds": took,
        "p50_ms": 1000 * ordered[len(ordered) // 2],
        "p95_ms": 1000 * ordered[int(len(ordered) * 0.95)],
        "cpu": (time.process_time() - cpu) / took,
    }


if __name__ == "__main__":
    url, key, connections, events, seconds, first = sys.argv[1:]
    print(json.dumps(uvloop.run(load(url, key, int(connections), int(events), float(seconds), int(first)))))
