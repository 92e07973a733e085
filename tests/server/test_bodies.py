"""Bodies are received before a request gets a lane: a slow sender keeps nobody waiting, an endless one fills no disk."""

from __future__ import annotations

import asyncio

import pytest
from django.core.exceptions import RequestAborted
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


def test_a_body_that_stands_still_is_broken_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bodies, "PATIENCE_SECONDS", 0.05)
    receive, left = sending([b"a", b"b"])
    left.pop()
    with pytest.raises(RequestAborted):
        asyncio.run(received(scope(), receive, nobody))


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
