"""Hostile requests against an intake that really runs: none may be answered by 500, and what is acknowledged must be kept.

    python -m benchmarks.fuzz_intake [--cases 50000] [--seed 1]

Requests are made by a seeded generator: JSON that is nearly right, JSON that is not, bytes, gzip and what pretends to be gzip,
headers that lie, HTTP that is broken. They go over loopback, a few connections at once, through the real server. Every
thousandth request is a good one, which must be answered by 200: the server is alive and well throughout.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gzip
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "server"))

from running import Running, running  # noqa: E402 - found by the line above

CONNECTIONS = 12
PATIENCE_SECONDS = 2.0
WRONG = -1
WORDS = ("identify", "track", "page", "screen", "group", "alias", "batch", "import", "i", "t", "p", "s", "g", "a", "b")
LAWFUL = frozenset({200, 204, 400, 401, 404, 405, 408, 413, 414, 415, 431})
GOOD = b'{"type":"track","event":"Tea Drunk","userId":"ann"}'


def main() -> int:
    """Run and print; 1 when a request was answered by 500 or an acknowledged one is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz_intake", description=__doc__)
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="holdfast-fuzz-") as folder,
        running(Path(folder) / "shop", settings={"HOLDFAST_INTAKE_WAITING_MB": "0"}) as server,
    ):
        begun = time.perf_counter()
        seen = asyncio.run(fuzz(server, asked.cases, asked.seed))
        print(f"{asked.cases} requests of seed {asked.seed} in {time.perf_counter() - begun:.0f} s")
        return told(server, seen)


def told(server: Running, seen: Counter[int]) -> int:
    """Print what was answered; 1 when it is not as it must be."""
    box = server.inbox()
    kept = box.waiting().rows
    box.close()
    wrong = seen.pop(WRONG, 0)
    if wrong:
        print(server.folder.with_name(f"{server.folder.name}.log").read_text(errors="replace")[-4000:])
    for status, number in sorted(seen.items()):
        print(f"  {status or 'closed without an answer'}: {number}")
    print(f"  kept in the inbox: {kept}, acknowledged: {seen[200]}")
    return 0 if not wrong and seen[200] <= kept <= seen[200] + seen[0] else 1


async def fuzz(server: Running, cases: int, seed: int) -> Counter[int]:
    """Send so many requests; how often each status was answered (0: the connection was closed without one)."""
    seen: Counter[int] = Counter()
    numbers = iter(range(cases))

    async def sender() -> None:
        for number in numbers:
            good = number % 1000 == 0
            raw = request(random.Random(seed * 10**9 + number), number, server.write_key)
            status = await answered(server, raw, 60 if good else PATIENCE_SECONDS)
            if status not in ({200} if good else LAWFUL | {0}):
                print(f"  case {number}: answered by {status}", flush=True)
                seen[WRONG] += 1
            seen[status] += 1

    await asyncio.gather(*(sender() for _ in range(CONNECTIONS)))
    return seen


async def answered(server: Running, raw: bytes, patience: float) -> int:
    """Send bytes and give the status; 0 when the connection was closed instead."""
    where = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        writer.write(raw)
        return await _status(reader, writer, patience)
    except OSError:
        return 0
    finally:
        writer.close()


async def _status(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: float) -> int:
    """Of the answer. Where the server still waits for a body that was announced too long, nothing more will come."""
    line = asyncio.ensure_future(reader.readline())
    done, _ = await asyncio.wait([line], timeout=patience)
    if not done:
        writer.write_eof()
    parts = (await asyncio.wait_for(line, 40)).split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


def request(chance: random.Random, number: int, key: str) -> bytes:
    """The bytes of one request."""
    basic = b"Basic " + base64.b64encode(f"{key}:".encode())
    if number % 1000 == 0:
        return _http(b"POST", b"/v1/track", {b"Authorization": basic}, GOOD)
    body = _body(chance, key)
    headers = {
        b"Authorization": chance.choice([basic, basic, basic, b"Basic ", b"Basic \xff\xfe", b"Bearer x", b"basic " + basic])
    }
    if chance.random() < 0.2:
        del headers[b"Authorization"]
    if chance.random() < 0.3:
        headers[b"Content-Encoding"] = chance.choice([b"gzip", b"gzip", b"gzip", b"br", b"x-gzip", b"deflate", b",gzip"])
        body = gzip.compress(body, 1) if chance.random() < 0.7 else body
    if chance.random() < 0.2:
        body = _bent(chance, body)
    if chance.random() < 0.1:
        headers[chance.choice([b"Origin", b"Content-Type", b"Access-Control-Request-Headers"])] = _text(chance, 60)
    if chance.random() < 0.04:
        headers[b"Content-Length"] = chance.choice([b"-1", b"1e3", b"99999999999999999999", b"", b"0", b"+5", b"1048576"])
    method = chance.choice([b"POST"] * 18 + [b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"P\xffT"])
    whole = _http(method, _path(chance, key), headers, body)
    return _bent(chance, whole) if chance.random() < 0.03 else whole


def _http(method: bytes, path: bytes, headers: dict[bytes, bytes], body: bytes) -> bytes:
    said = {b"Host": b"localhost", b"Content-Length": b"%d" % len(body), b"Connection": b"close", **headers}
    return method + b" " + path + b" HTTP/1.1\r\n" + b"".join(b"%s: %s\r\n" % one for one in said.items()) + b"\r\n" + body


def _path(chance: random.Random, key: str) -> bytes:
    path = b"/v1/" + chance.choice(WORDS).encode()
    roll = chance.random()
    if roll < 0.05:
        path += b"?writeKey=" + chance.choice([key.encode(), b"%ff%fe", b"", b"&" * 50, b"%00"])
    elif roll < 0.08:
        path = b"/v1/" + _text(chance, 20).replace(b" ", b"")
    return path


def _body(chance: random.Random, key: str) -> bytes:
    """Mostly JSON that is nearly a call."""
    roll = chance.random()
    if roll < 0.06:
        return chance.randbytes(chance.choice([0, 1, 7, 100, 5000]))
    if roll < 0.12:
        return _trap(chance)
    call = {
        "type": chance.choice(WORDS),
        "userId": _value(chance, 2),
        "event": _value(chance, 1),
        "properties": _value(chance, 4),
    }
    if chance.random() < 0.5:
        call = {
            "batch": chance.choice([_value(chance, 3), [call] * chance.randrange(40), [_value(chance, 3) for _ in range(5)]])
        }
    if chance.random() < 0.3:
        call["writeKey"] = chance.choice([key, key, _value(chance, 2)])
    return json.dumps(call, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


def _trap(chance: random.Random) -> bytes:
    """A body known to make programs stumble."""
    traps = [b"[" * 40_000, b'{"batch":' * 9000, b'{"a":1e999999}', b'{"a":"\\ud800"}', b'{"batch":[' + b"{}," * 2600 + b"{}]}"]
    traps += [b'{"a":"' + b"x" * size + b'"}' for size in (32_750, 40_000, 600_000)]
    return chance.choice([*traps, b'{"a":NaN}', b"\xef\xbb\xbf{}", b'{"a":"\x00"}', gzip.compress(b" " * 10_000_000, 9)])


def _value(chance: random.Random, deep: int) -> object:
    """Any JSON."""
    roll = chance.randrange(9 if deep else 7)
    if roll < 7:
        plain = (None, True, chance.randrange(-(2**70), 2**70), chance.random() * 1e308, "ann", "", _odd(chance))
        return plain[roll]
    if roll == 7:
        return [_value(chance, deep - 1) for _ in range(chance.randrange(5))]
    return {_odd(chance): _value(chance, deep - 1) for _ in range(chance.randrange(5))}


def _odd(chance: random.Random) -> str:
    """Text with whatever text may hold, halves of characters too."""
    return "".join(
        chr(chance.choice([0, 9, 34, 92, 0x20AC, 0x1F375, 0xD83C, 0xFFFF, 97, 98])) for _ in range(chance.randrange(12))
    )


def _text(chance: random.Random, most: int) -> bytes:
    return bytes(chance.randrange(32, 256) for _ in range(chance.randrange(most)))


def _bent(chance: random.Random, raw: bytes) -> bytes:
    """Some bytes changed, cut out or doubled."""
    bent = bytearray(raw)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(bent) + 1)
        bent[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
    return bytes(bent)


if __name__ == "__main__":
    sys.exit(main())
