"""/healthz, /readyz, /metrics: what they say, when they say no, and to whom."""

from __future__ import annotations

import json
import logging
import re

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from holdfast.events.locking import holding
from holdfast.server.place import server_folder
from holdfast.server.process import health, lake_log, logs, measured
from holdfast.server.process import metrics as counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def working(served):
    """A worker runs."""
    with holding(server_folder("run") / "worker.lock"):
        yield


def ask(path: str, **extra) -> tuple[int, dict]:
    answer = Client().get(path, **extra)
    return answer.status_code, json.loads(answer.content)


def test_healthz_answers_anybody(served):
    answer = Client().get("/healthz", REMOTE_ADDR="203.0.113.7")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_ready_when_everything_is_there(working):
    status, told = ask("/readyz")
    assert status == 200, told
    assert told["ready"]
    assert set(told["checks"]) == {check.name for check in health.CHECKS}


def test_not_ready_without_a_worker(served):
    status, told = ask("/readyz")
    assert status == 503
    assert told["checks"]["worker"] == {"ok": False, "says": "the worker does not run"}
    assert told["checks"]["database"]["ok"]


def test_not_ready_when_an_event_waits_for_minutes(working):
    from holdfast.server.intake.inbox import Arrived, inbox

    inbox().put([Arrived(1_700_000_000_000_000, "key:1", "track", b"{}")])
    try:
        status, told = ask("/readyz")
    finally:
        inbox().done(2**62)  # on PostgreSQL the inbox outlives the test
    assert status == 503
    assert "the digester does not get on" in told["checks"]["inbox"]["says"]


def test_not_ready_without_a_lake(working, served):
    for path in (served.path / "lake" / "events" / "_delta_log").iterdir():
        path.unlink()
    assert ask("/readyz")[1]["checks"]["lake"]["ok"] is False


def test_strangers_hear_only_whether_it_is_ready(working):
    assert ask("/readyz", REMOTE_ADDR="203.0.113.7") == (200, {"ready": True})
    assert ask("/readyz", HTTP_X_FORWARDED_FOR="203.0.113.7") == (200, {"ready": True})


def test_the_numbers_are_for_this_machine_tokens_and_people(working, as_, people):
    from holdfast.server.people.models import ApiToken

    far = {"REMOTE_ADDR": "203.0.113.7"}
    assert Client().get("/metrics").status_code == 200
    assert Client().get("/metrics", HTTP_X_FORWARDED_FOR="203.0.113.7").status_code == 403
    assert Client().get("/metrics", **far).status_code == 403
    assert as_("anna").get("/metrics", **far).status_code == 200
    _, secret = ApiToken.make("Prometheus", ["look"], people["olga"])
    _, other = ApiToken.make("Writer", ["care"], people["olga"])
    assert Client().get("/metrics", HTTP_AUTHORIZATION=f"Bearer {secret}", **far).status_code == 200
    assert Client().get("/metrics", HTTP_AUTHORIZATION=f"Bearer {other}", **far).status_code == 403
    assert Client().get("/metrics", HTTP_AUTHORIZATION="Bearer at_wrong", **far).status_code == 403
    people["olga"].is_active = False
    people["olga"].save()
    assert Client().get("/metrics", HTTP_AUTHORIZATION=f"Bearer {secret}", **far).status_code == 403, "its maker is shut out"


def test_the_numbers(working):
    counted.ACKNOWLEDGED.inc(3)
    text = Client().get("/metrics").content.decode()
    for name in ("events_acknowledged_total", "inbox_requests", "inbox_age_seconds", "lake_version", "requests_total"):
        assert f"\nholdfast_{name}" in f"\n{text}" or f"# TYPE holdfast_{name.removesuffix('_total')}" in text, name
    known = {family.name for family in text_string_to_metric_families(text)}
    assert all(re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", name) for name in known)
    assert not any(name.endswith("_total") for name in known), "a counter is called _total once, a gauge never"


def test_one_event_is_one_and_a_number_that_is_not_known_is_no_nought(working, monkeypatch):
    for latest, shown in ((0, "holdfast_lake_events 1.0"), (None, ""), (41, "holdfast_lake_events 42.0")):
        monkeypatch.setattr(lake_log, "last_sequence", lambda *_, latest=latest: latest)
        found = [
            line for line in Client().get("/metrics").content.decode().splitlines() if line.startswith("holdfast_lake_events")
        ]
        assert found == ([shown] if shown else [])


def test_the_counts_are_told_while_the_database_is_away(working, monkeypatch):
    def away():
        raise OSError("connection refused")

    monkeypatch.setattr("holdfast.server.intake.inbox.inbox", away)
    answer = Client().get("/metrics")
    assert (answer.status_code, b"holdfast_lake_version" in answer.content) == (200, True)
    assert b"holdfast_inbox_requests" not in answer.content, "not nought: not known"


def test_the_lake_is_seen_from_its_log_alone(served):
    log = lake_log.log_folder()
    assert lake_log.newest_version(log) == served.lake.version() == 0
    assert lake_log.last_sequence(log, 0) is None
    import_orders(served)
    assert lake_log.newest_version(log, known=0) == served.lake.version()
    assert lake_log.last_sequence(log, served.lake.version()) == served.lake.last_sequence() == served.lake.rows() - 1


def import_orders(workspace) -> None:
    from shells import holdfast, orders_file

    told = holdfast("import", orders_file(workspace.path.parent), "-w", workspace.path, "--yes")
    assert told.code == 0, told.err


async def _drive(application, path="/x", headers=()):
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    await application({"type": "http", "path": path, "method": "GET", "headers": list(headers)}, receive, send)
    return sent


def test_every_request_has_a_number_and_a_bug_is_answered_and_logged(caplog):
    import asyncio

    async def bad(_scope, _receive, _send):
        raise ZeroDivisionError

    wrapped = measured.measured(bad, lambda _path: "pages")
    before = counted.REQUESTS.labels("pages", "GET", "500")._value.get()
    with caplog.at_level(logging.ERROR):
        sent = asyncio.run(_drive(wrapped, headers=[(b"x-request-id", b"proxy-0123")]))
    assert sent[0]["status"] == 500
    assert (b"x-request-id", b"proxy-0123") in sent[0]["headers"]
    assert "a request failed" in caplog.text
    assert counted.REQUESTS.labels("pages", "GET", "500")._value.get() == before + 1
    hostile = asyncio.run(_drive(wrapped, headers=[(b"x-request-id", b"bad\r\nline")]))
    assert dict(hostile[0]["headers"])[b"x-request-id"].isalnum()


def test_a_log_line_names_the_route_and_never_the_address(rf, served):
    request = rf.get("/customers/ann%40example.com?key=wk_secret")
    record = logging.makeLogRecord({"name": "django.request", "msg": "Not Found: %s", "args": (request.path,), "levelno": 30})
    record.levelname, record.request, record.status_code = "WARNING", request, 404
    logs.REQUEST.set("abc123")
    line = logs._Lines("web").format(record)
    assert "ann" not in line
    assert "wk_secret" not in line
    assert "404" in line
    assert "request=abc123" in line
    told = json.loads(logs._Json("web").format(record))
    assert told["process"] == "web"
    assert "ann" not in json.dumps(told)
    assert told["request"] == "abc123"
