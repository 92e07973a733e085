"""Bodies are received before a request gets a lane: a slow sender keeps nobody waiting, an endless one fills no disk."""

from __future__ import annotations

import asyncio
import threading
from io import BytesIO

import pytest
from django.core.exceptions import RequestAborted
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from holdfast.server.process import bodies
from holdfast.server.process.bodies import TOO_LARGE, received
from holdfast.server.process.lanes import Pages


def scope(path: str = "/accounts/login/", method: str = "POST", *headers: tuple[bytes, bytes]) -> dict:
    told = [(b"host", b"localhost"), *headers]
    return {"type": "http", "path": path, "method": method, "query_string": b"", "headers": told, "client": ("192.0.2.7", 1)}


def sending(parts: list[bytes]):
    """What a connection says: these parts, then nothing any more."""
    told = [{"type": "http.request", "body": part, "more_body": place < len(parts) - 1} for place, part in enumerate(parts)]

    async def receive() -> dict:
        if told:
            return told.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    return receive, told


async def nobody(_scope: dict) -> bool:
    return False


async def steers(_scope: dict) -> bool:
    return True


@given(parts=st.lists(st.binary(max_size=9), min_size=1, max_size=9), said=st.booleans(), much=st.booleans())
def test_a_body_is_kept_whole_or_not_at_all(parts: list[bytes], said: bool, much: bool):
    """Nobody may send 10 bytes, who may steer 30; 10 more are still read for the sake of the answer."""
    whole = b"".join(parts)
    length = (b"content-length", str(len(whole)).encode()) if said else (b"transfer-encoding", b"chunked")
    one, most = scope("/", "POST", length), 30 if much else 10
    receive, left = sending(parts)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("SMALL_BYTES", 10), ("DRAINED_BYTES", 10), ("number", lambda _name: 20 / 1_000_000)):
            patch.setattr(bodies, name, value)
        body = asyncio.run(received(one, receive, steers if much else nobody)).body.read()
    assert body == (whole if len(whole) <= most else b"")
    assert (TOO_LARGE in one) == (len(whole) > most)
    if len(whole) <= most + 10:
        assert not left, "all of it was read"


def test_a_disk_that_is_full_to_the_last_gives_the_share_back(monkeypatch: pytest.MonkeyPatch):
    class Full(BytesIO):
        def _no(self, *_: object) -> int:
            raise OSError(28, "No space left on device")

        seek = _no

        def close(self) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(bodies, "IN_MEMORY_BYTES", 10)
    monkeypatch.setattr(bodies, "SpooledTemporaryFile", lambda *_, **__: Full())
    monkeypatch.setattr(bodies, "server_folder", lambda _name: "")
    receive, _ = sending([b"x" * 20])
    with pytest.raises(bodies.Busy):
        asyncio.run(received(scope("/", "POST", (b"content-length", b"20")), receive, nobody))
    assert bodies._Kept.taken == 0


def test_a_body_that_stands_still_is_broken_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bodies, "PATIENCE_SECONDS", 0.05)
    receive, left = sending([b"a", b"b"])
    left.pop()
    with pytest.raises(RequestAborted):
        asyncio.run(received(scope(), receive, nobody))


def test_a_small_body_that_drips_is_broken_off(monkeypatch: pytest.MonkeyPatch):
    """Each byte comes in time; the whole does not."""
    monkeypatch.setattr(bodies, "SMALL_SECONDS", 0.05)

    async def receive() -> dict:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"a", "more_body": True}

    with pytest.raises(RequestAborted):
        asyncio.run(asyncio.wait_for(received(scope(), receive, nobody), 5))


def test_small_bodies_share_the_disk_large_ones_of_who_may_steer_do_not_count(served, monkeypatch: pytest.MonkeyPatch):
    """Three strangers send 20 bytes each where 50 have room; a form that fits into memory is taken nevertheless."""
    for name, value in (("IN_MEMORY_BYTES", 4), ("SHARED_BYTES", 50), ("SMALL_BYTES", 30)):
        monkeypatch.setattr(bodies, name, value)
    unsaid = scope("/", "POST", (b"transfer-encoding", b"chunked"))

    async def take(size: int, who=nobody) -> bodies.Received:
        return await received(dict(unsaid), sending([b"x" * size])[0], who)

    async def all_of_them() -> None:
        first, second = await take(20), await take(20)
        with pytest.raises(bodies.Busy):
            await take(20)
        assert (await take(4)).body.read() == b"xxxx"
        assert len((await take(60, steers)).body.read()) == 60
        first.close()
        third = await take(20)
        assert third.body.read() == b"x" * 20
        second.close()
        third.close()
        assert bodies._Kept.taken == 0

    asyncio.run(all_of_them())


def test_what_is_large_waits_beside_the_uploads_and_is_not_written_by_the_event_loop(served, monkeypatch: pytest.MonkeyPatch):
    """The system's own folder may be small, or memory."""
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    wrote: list[str] = []

    class Spool(bodies.SpooledTemporaryFile):
        def write(self, part: bytes) -> int:
            wrote.append(threading.current_thread().name)
            return super().write(part)

    monkeypatch.setattr(bodies, "SpooledTemporaryFile", Spool)
    parts = [b"x" * 1_000, b"y" * 100_000]
    got = asyncio.run(received(scope("/", "POST", (b"content-length", b"101000")), sending(parts)[0], nobody))
    assert got.body.read() == b"".join(parts)
    got.close()
    main = threading.current_thread().name
    assert [name == main for name in wrote] == [True, False]


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("large", [True, False])
def test_where_the_database_or_the_disk_is_away_the_sender_is_asked_to_come_again(large: bool, monkeypatch: pytest.MonkeyPatch):
    def away(*_: object, **__: object) -> bool:
        raise OperationalError if large else OSError(28, "No space left on device")

    monkeypatch.setattr("holdfast.server.people.callers.may_steer", away)
    if not large:
        monkeypatch.setattr(bodies.SpooledTemporaryFile, "write", away)
    monkeypatch.setattr("holdfast.server.process.lanes.close_old_connections", lambda: None)
    said: list[dict] = []

    async def send(message: dict) -> None:
        said.append(message)

    length = (b"content-length", str(bodies.SMALL_BYTES + 1 if large else 20_000).encode())
    asyncio.run(Pages(lanes=1)(scope("/imports/upload/", "POST", length), sending([b"x" * 20_000])[0], send))
    assert said[0]["status"] == 503
    assert (b"retry-after", b"5") in said[0]["headers"]


def test_a_connection_that_went_stale_is_looked_after_before_the_sender_is_looked_up(monkeypatch: pytest.MonkeyPatch):
    did: list[str] = []
    monkeypatch.setattr("holdfast.server.people.callers.may_steer", lambda _request: did.append("looked up") or True)
    monkeypatch.setattr("holdfast.server.process.lanes.close_old_connections", lambda: did.append("closed"))
    assert asyncio.run(Pages(lanes=1)._may_send_much(scope()))
    assert did == ["closed", "looked up", "closed"]


async def _asked(pages: Pages, one: dict, parts: list[bytes]) -> tuple[int, bytes]:
    said: list[dict] = []

    async def send(message: dict) -> None:
        said.append(message)

    await asyncio.wait_for(pages(one, sending(parts)[0], send), 20)
    return said[0]["status"], b"".join(part.get("body", b"") for part in said[1:])


@pytest.mark.usefixtures("served")
@pytest.mark.django_db(transaction=True)
def test_who_sends_slowly_keeps_nobody_waiting():
    """One lane, and somebody who never ends her form: the next one is answered, and whether the server is well."""

    async def both() -> None:
        pages = Pages(lanes=1)
        receive, left = sending([b"a", b"b"])
        left.pop()
        slow = asyncio.create_task(pages(scope("/accounts/login/"), receive, receive))
        await asyncio.sleep(0.05)
        assert (await _asked(pages, scope("/accounts/login/", "GET"), [b""]))[0] == 200
        async with pages._usual.lent():
            assert (await _asked(pages, scope("/healthz", "GET"), [b""]))[0] == 200, "all lanes are lent"
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow

    asyncio.run(both())


@pytest.mark.usefixtures("served")
@pytest.mark.django_db(transaction=True)
def test_strangers_may_not_fill_the_disk(monkeypatch: pytest.MonkeyPatch):
    """413, as a page for people and as JSON for programs; a token that may steer sends as much as a file may have."""
    from django.contrib.auth import get_user_model

    from holdfast.server.people.keys import make_token

    monkeypatch.setattr(bodies, "SMALL_BYTES", 1_000)
    olga = get_user_model().objects.create_user("olga@example.com", role="owner")
    length = (b"content-length", b"2000")
    parts = [b"x" * 1_000, b"x" * 1_000]

    def bearer(*scopes: str) -> tuple[bytes, bytes]:
        return (b"authorization", b"Bearer " + make_token("till", list(scopes), olga)[1].encode())

    async def ask(path: str, *more: tuple[bytes, bytes]) -> tuple[int, bytes]:
        return await _asked(pages, scope(path, "POST", length, (b"content-type", b"text/plain"), *more), parts)

    pages = Pages(lanes=1)
    status, page = asyncio.run(ask("/imports/upload/"))
    assert (status, b"This is too large" in page) == (413, True)
    assert asyncio.run(ask("/imports/upload/", (b"cookie", b"sessionid=made-up")))[0] == 413
    status, page = asyncio.run(ask("/api/v1/uploads", bearer("look")))
    assert (status, b'"too_large"' in page) == (413, True)
    assert asyncio.run(ask("/api/v1/uploads", bearer("steer")))[0] == 422, "there is no file in it"
