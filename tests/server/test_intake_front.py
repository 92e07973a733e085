"""The HTTP side of the intake, in process: Ann's shop sends, Ben's gadget sends nonsense, Cleo's key is revoked."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
import sqlite3
import threading
import tracemalloc
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.server.intake.answers import sent
from holdfast.server.intake.call import CALLS, SEVERAL
from holdfast.server.intake.front import Front
from holdfast.server.intake.inbox import Arrived, InboxRefused, Row, inbox
from holdfast.server.people.models import WriteKey, hashed
from holdfast.server.process.metrics import ACKNOWLEDGED

KEY = "wk_anns_shop"
TRACK = b'{"type":"track","event":"Tea Drunk","userId":"ann"}'


@dataclass
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return json.loads(self.body)["code"]


@dataclass
class Shop:
    """A front in an event loop of its own, with a clock that stands still and keys in a dictionary."""

    now: float = 1000.0
    keys: dict[str, int] = field(default_factory=lambda: {hashed(KEY): 7})
    used: list[int] = field(default_factory=list)
    box: Any = inbox

    def __post_init__(self):
        self.loop = asyncio.Runner()
        self.loop.get_loop()
        # Looked up when they are called, so that a test can put others in their place.
        self.front = Front(lambda: self.box(), lambda: self.read(), self.used.extend, lambda: self.now)  # noqa: PLW0108

    def read(self) -> dict[str, int]:
        return dict(self.keys)

    async def asked(
        self, path="/v1/track", body=TRACK, *, method="POST", query=b"", key=None, headers=None, parts=1
    ) -> Answered:
        pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        if key is not None:
            pairs.append((b"authorization", b"Basic " + base64.b64encode(f"{key}:".encode())))
        scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": pairs}
        step = max(1, -(-len(body) // parts))
        chunks = [body[at : at + step] for at in range(0, len(body), step)] or [b""]
        coming = iter([{"type": "http.request", "body": one, "more_body": one is not chunks[-1]} for one in chunks])

        async def receive():
            return next(coming, {"type": "http.disconnect"})

        messages: list[dict] = []

        async def send(message):
            messages.append(message)

        origin = (headers or {}).get("origin")
        await sent(await self.front.answer(scope, receive), origin.encode() if origin else None, send)
        told = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        return Answered(messages[0]["status"], told, messages[1]["body"])

    def ask(self, *args, **named) -> Answered:
        return self.loop.run(self.asked(*args, **named))

    def rows(self) -> list[Row]:
        return inbox().take(0, 10_000)


@pytest.fixture
def shop(served):
    shop = Shop()
    yield shop
    shop.loop.run(shop.front.close())
    shop.loop.close()
    inbox().close()


def test_an_event_is_counted_once(shop):
    before = ACKNOWLEDGED._value.get()
    shop.ask("/v1/batch", json.dumps({"batch": [{}, {}, {}]}).encode(), key=KEY)
    shop.ask("/v1/track", key="unknown")
    assert ACKNOWLEDGED._value.get() - before == 3


# ------------------------------------------------------------------------------------------------------------ what is taken
@pytest.mark.parametrize("word", CALLS)
def test_every_call_is_in_the_inbox_as_it_came_when_it_is_acknowledged(shop, word):
    body = b'{"batch": [{"type":"track"}, {"type":"page"}]}' if CALLS[word] in SEVERAL else TRACK
    answer = shop.ask(f"/v1/{word}", body, key=KEY, parts=3)
    assert (answer.status, answer.body) == (200, b'{"success":true}')
    assert answer.headers["content-type"] == "application/json"
    (row,) = shop.rows()
    assert (row.source, row.kind, row.body) == ("key:7", CALLS[word], body)
    assert row.received_us > 1_700_000_000_000_000


def test_the_key_may_stand_in_three_places(shop):
    in_body = json.dumps({"writeKey": KEY, "event": "Tea Drunk"}).encode()
    assert shop.ask(key=KEY).status == 200
    assert shop.ask(body=in_body).status == 200
    assert shop.ask("/v1/batch", json.dumps({"writeKey": KEY, "batch": []}).encode()).status == 200
    beacon = shop.ask(query=f"x=1&writeKey={KEY}".encode(), headers={"content-type": "text/plain;charset=UTF-8"})
    assert beacon.status == 200
    assert len(shop.rows()) == 4


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"key": "wk_somebody_elses"},
        {"key": ""},
        {"headers": {"authorization": "Basic not base64!"}},
        {"headers": {"authorization": "Bearer " + KEY}},
        {"query": b"writeKey="},
        {"body": b'{"writeKey": 7}'},
        {"key": "wk_somebody_elses", "body": json.dumps({"writeKey": KEY}).encode()},
    ],
)
def test_without_a_living_key_nothing_is_kept(shop, named):
    answer = shop.ask(**named)
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert shop.rows() == []


def test_gzip_is_kept_in_plain(shop):
    assert shop.ask(body=gzip.compress(TRACK), key=KEY, headers={"content-encoding": "gzip"}).status == 200
    assert shop.rows()[0].body == TRACK


def test_half_a_character_costs_a_question_mark_not_the_batch(shop):
    """A script cut "Tea 🍵" after the first half of the emoji."""
    assert shop.ask("/v1/batch", rb'{"batch":[{"event":"Tea \ud83c"},{"event":"Tea \ud83c\udf75"}]}', key=KEY).status == 200
    assert json.loads(shop.rows()[0].body) == {"batch": [{"event": "Tea ?"}, {"event": "Tea 🍵"}]}


# ---------------------------------------------------------------------------------------------------------------- the limits
def padded(size: int, frame: bytes = b'{"event":"%s"}') -> bytes:
    return frame % (b"x" * (size - len(frame % b"")))


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/track", padded(32 * 1024), 200),
        ("/v1/track", padded(32 * 1024 + 1), 400),
        ("/v1/batch", b'{"batch":[%s]}' % padded(32 * 1024), 200),
        ("/v1/batch", b'{"batch":[{},%s]}' % padded(32 * 1024 + 1), 400),
        ("/v1/batch", b'{"batch":[' + b",".join([padded(25_000)] * 20) + b"]}", 200),
        ("/v1/batch", b'{"batch":[' + b",".join([padded(25_000)] * 21) + b"]}", 400),
        ("/v1/batch", b'{"batch":[' + b",".join([b"{}"] * 2500) + b"]}", 200),
        ("/v1/batch", b'{"batch":[' + b",".join([b"{}"] * 2501) + b"]}", 400),
        ("/v1/import", b'{"batch":[' + b",".join([b"{}"] * 2501) + b"]}", 400),
    ],
)
def test_segments_limits(shop, path, body, status):
    assert shop.ask(path, body, key=KEY, parts=7).status == status
    packed = shop.ask(path, gzip.compress(body), key=KEY, headers={"content-encoding": "gzip"})
    assert packed.status == status
    assert len(shop.rows()) == (2 if status == 200 else 0)


def test_a_bomb_is_not_unfolded(shop):
    bomb = gzip.compress(b" " * 200_000_000, 9)
    assert len(bomb) < 500 * 1024
    tracemalloc.start()
    answer = shop.ask("/v1/batch", bomb, key=KEY, headers={"content-encoding": "gzip"})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (answer.status, answer.code) == (400, "too_large")
    assert peak < 5_000_000


def test_an_announced_gigabyte_is_refused_before_it_is_read(shop):
    answer = shop.ask(body=b"", key=KEY, headers={"content-length": str(10**9)})
    assert (answer.status, answer.code) == (400, "too_large")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"null", {}, 400),
        (b"[]", {}, 400),
        (b"{", {}, 400),
        (b'{"a":NaN}', {}, 400),
        (b'{"a":1} {"b":2}', {}, 400),
        (b'{"a":"\xff"}', {}, 400),
        (b'{"a":' + b"[" * 9000 + b"]" * 9000 + b"}", {}, 400),
        (TRACK, {"content-encoding": "gzip"}, 400),
        (gzip.compress(TRACK)[:-9], {"content-encoding": "gzip"}, 400),
        (gzip.compress(TRACK) * 2, {"content-encoding": "gzip"}, 400),
        (TRACK, {"content-encoding": "br"}, 415),
        (TRACK, {"content-length": "many"}, 400),
    ],
)
def test_what_is_no_call_is_told_so(shop, body, headers, status):
    answer = shop.ask(body=body, key=KEY, headers=headers)
    assert answer.status == status
    assert json.loads(answer.body)["success"] is False
    assert json.loads(answer.body)["message"]
    assert shop.rows() == []


@pytest.mark.parametrize("body", [b"{}", b'{"batch":null}', b'{"batch":{}}', b'{"batch":"x"}'])
def test_a_batch_is_a_list(shop, body):
    assert shop.ask("/v1/batch", body, key=KEY).status == 400


def test_other_paths_and_methods(shop):
    assert shop.ask("/v1/nothing", key=KEY).status == 404
    assert shop.ask("/v1/track/", key=KEY).status == 200
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        answer = shop.ask(method=method, key=KEY)
        assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert shop.ask(method="HEAD").body == b""


# -------------------------------------------------------------------------------------------------------------------- browsers
def test_a_browser_on_another_site_may_ask_and_read(shop):
    asks = {"origin": "https://shop.example", "access-control-request-headers": "authorization,content-type"}
    before = shop.ask("/v1/t", b"", method="OPTIONS", headers=asks)
    assert (before.status, before.body) == (204, b"")
    assert before.headers["access-control-allow-origin"] == "https://shop.example"
    assert before.headers["access-control-allow-headers"] == "authorization,content-type"
    assert "POST" in before.headers["access-control-allow-methods"]
    for named in ({"key": KEY}, {"key": "wrong"}, {"key": KEY, "body": b"{"}):
        answer = shop.ask(headers={"origin": "https://shop.example"}, **named)
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert answer.headers["vary"] == "origin"
    assert "access-control-allow-origin" not in shop.ask(key=KEY).headers


# ------------------------------------------------------------------------------------------------------------------------ pace
def test_a_key_that_sends_too_fast_is_told_when_to_come_again(served, monkeypatch):
    monkeypatch.setenv("HOLDFAST_INTAKE_PER_SECOND", "5")
    shop = Shop(keys={hashed(KEY): 7, hashed("wk_other"): 8})
    assert [shop.ask(key=KEY).status for _ in range(6)] == [200] * 5 + [429]
    assert shop.ask(key=KEY).headers["retry-after"] == "1"
    assert shop.ask(key="wk_other").status == 200
    shop.now += 0.5
    assert [shop.ask(key=KEY).status for _ in range(3)] == [200, 200, 429]
    assert len(shop.rows()) == 8


# ------------------------------------------------------------------------------------------------------------------ durability
class Slow:
    """An inbox whose disk answers when it is told to, and may refuse."""

    def __init__(self):
        self.puts: list[list[Arrived]] = []
        self.go, self.broken, self.bytes = threading.Event(), False, 0

    def __call__(self):
        return self

    def put(self, arrived):
        self.puts.append(arrived)
        assert self.go.wait(10)
        if self.broken:
            raise InboxRefused("disk") from sqlite3.OperationalError("database or disk is full")

    def size(self):
        return self.bytes


def test_the_answer_waits_for_the_disk_and_what_comes_meanwhile_is_written_together(shop):
    shop.box = disk = Slow()

    async def story():
        asking = [asyncio.create_task(shop.asked(key=KEY)) for _ in range(50)]
        done, _ = await asyncio.wait(asking, timeout=0.3)
        assert done == set()
        disk.go.set()
        return await asyncio.gather(*asking)

    assert {answer.status for answer in shop.loop.run(story())} == {200}
    assert sum(map(len, disk.puts)) == 50
    assert len(disk.puts) <= 3


def test_a_disk_that_refuses_is_never_acknowledged(shop, caplog):
    shop.box = disk = Slow()
    disk.go.set()
    disk.broken = True
    answer = shop.ask(key=KEY)
    assert (answer.status, answer.code) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert "OperationalError" in caplog.text
    disk.broken = False
    assert shop.ask(key=KEY).status == 200


def test_a_full_inbox_asks_to_come_again_and_takes_again_when_there_is_room(shop):
    shop.box = disk = Slow()
    disk.go.set()
    disk.bytes = 10**12
    assert shop.ask(key=KEY).status == 200  # the size is looked at after a write
    refused = shop.ask(key=KEY)
    assert (refused.status, refused.code, refused.headers["retry-after"]) == (503, "full", "10")
    disk.bytes = 0
    assert shop.ask(key=KEY).status == 503  # not looked at again so soon
    shop.now += 2
    assert shop.ask(key=KEY).status == 200


# ------------------------------------------------------------------------------------------------------------------------ keys
def test_a_revoked_key_is_refused_within_five_seconds_and_a_new_one_works_at_once(shop):
    assert shop.ask(key=KEY).status == 200
    del shop.keys[hashed(KEY)]
    shop.keys[hashed("wk_new")] = 9
    assert shop.ask(key=KEY).status == 200
    shop.now += 0.5
    assert shop.ask(key="wk_new").status == 200
    assert shop.ask(key=KEY).status == 401
    del shop.keys[hashed("wk_new")]
    shop.now += 4.9
    assert shop.ask(key="wk_new").status == 401


def test_strangers_do_not_make_the_database_work(shop):
    reads = []
    shop.read = lambda: reads.append(1) or dict(shop.keys)
    for _ in range(200):
        assert shop.ask(key="wk_stranger").status == 401
    assert len(reads) == 1


def test_while_the_database_is_away_known_keys_hold(shop, caplog):
    assert shop.ask(key=KEY).status == 200

    def away():
        raise OSError("connection refused")

    shop.read = away
    shop.now += 60
    assert shop.ask(key=KEY).status == 200
    assert "could not be read" in caplog.text
    stranger = Shop()
    stranger.read = away
    assert stranger.ask(key=KEY).status == 503


def test_the_last_use_is_written_once_a_minute(shop):
    for _ in range(3):
        shop.ask(key=KEY)
    shop.loop.run(shop.front.keys.settled())
    assert shop.used == [7]
    shop.now += 61
    shop.ask(key=KEY)
    shop.loop.run(shop.front.keys.settled())
    assert shop.used == [7, 7]


def test_the_keys_of_the_database(people):
    from holdfast.server.intake.keys import read_keys, used

    ann, secret = WriteKey.make("Ann's shop")
    cleo, _ = WriteKey.make("Cleo's old shop")
    cleo.revoked_at = cleo.created_at
    cleo.save()
    assert read_keys() == {hashed(secret): ann.id}
    used(frozenset({ann.id}))
    ann.refresh_from_db()
    assert ann.last_used_at is not None


# ---------------------------------------------------------------------------------------------------------------- hostile input
PIECES = st.one_of(
    st.binary(max_size=300),
    st.sampled_from(
        [TRACK, b"{}", b"[]", b'{"batch":[]}', b'{"batch":[{}]}', b'{"writeKey":{}}', b'{"a":"\\ud800"}', b"\xff{"]
    ),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=9,
    ).map(lambda value: json.dumps(value).encode()),
)
HEADERS = st.dictionaries(
    st.sampled_from(["authorization", "content-encoding", "content-length", "origin", "content-type"]),
    st.text(st.characters(codec="ascii"), max_size=30)
    | st.sampled_from(["gzip", "Basic " + base64.b64encode(f"{KEY}:".encode()).decode(), "12"]),
    max_size=3,
)
LAWFUL = {200, 204, 400, 401, 404, 405, 408, 415}


@pytest.mark.one_database
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    word=st.sampled_from(sorted(CALLS)) | st.text(max_size=8),
    body=PIECES,
    packed=st.booleans(),
    headers=HEADERS,
    method=st.sampled_from(["POST", "POST", "POST", "GET", "OPTIONS", "HEAD"]),
    query=st.binary(max_size=20) | st.just(f"writeKey={KEY}".encode()),
)
def test_nothing_makes_it_stumble_and_only_what_is_acknowledged_is_kept(shop, word, body, packed, headers, method, query):
    before = inbox().waiting().rows
    answer = shop.ask(f"/v1/{word}", gzip.compress(body) if packed else body, method=method, query=query, headers=headers)
    assert answer.status in LAWFUL
    assert inbox().waiting().rows - before == (answer.status == 200)


def test_logs_hold_neither_key_nor_event(shop, caplog):
    caplog.set_level(logging.DEBUG)
    shop.box = disk = Slow()
    disk.go.set()
    disk.broken = True
    shop.ask(body=b'{"userId":"ann@example.com"}', key=KEY)
    shop.ask(body=b'{"userId":"ann@example.com', key=KEY)
    assert caplog.records
    assert KEY not in caplog.text
    assert "ann@example.com" not in caplog.text
