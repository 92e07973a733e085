"""Answers kept: shown without the analyst, fresh when they must be, worked out once, never half."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from threading import Event

import msgspec
import pyarrow as pa
import pytest
from insight_shop import page, shop  # noqa: F401 - shop is a fixture

from holdfast.analyses.answer import Answer
from holdfast.errors import UsageError
from holdfast.server.analyst.desk import Desk
from holdfast.server.insights import asked, errands, kept, tables
from holdfast.server.insights.kept import Data, Told
from holdfast.server.insights.spec import Spec
from holdfast.server.insights.working import Works, ready, works

pytestmark = pytest.mark.one_database

SPEC = Spec("bridge", (("period", "week"),))


def told(words: str, data: Data, at: float, seconds: float = 1.0, **more) -> Told:
    """An answer of these words."""
    said = {"state": "told", "table": "<table></table>", "sentence": f"<p class='lead'>{words}</p>", **more}
    return Told(data=data.name, settings=data.settings, erasures=data.erasures, at=at, seconds=seconds, words=words, **said)


@pytest.fixture
def now(served) -> Data:
    """The data of a workspace whose timelines are said to be of generation 7."""
    (served.path / "timelines" / "CURRENT").write_text("7")
    return kept.data_now()


def nobody(*_args, **_more):
    """The analyst is not there to be asked."""
    raise AssertionError("the analyst was asked")


def test_a_kept_answer_needs_no_analyst(as_, now, monkeypatch):
    kept.keep(SPEC.key, told("kept words", now, time.time()))
    monkeypatch.setattr(asked, "call", nobody)
    assert "kept words" in page(as_("anna"), f"/insights/bridge/?{SPEC.query}")


def test_an_answer_of_older_data_is_shown_at_once_and_asked_again_when_it_is_old(as_, now, monkeypatch, served):
    """Within a minute, or twenty times what it took, it stands; then the page says that a fresh one is on its way."""
    calls: list[dict] = []

    def working(_name, **arguments):
        calls.append(arguments)
        return {"state": "working", "since": 0.0, "usual": 1.0}

    monkeypatch.setattr(asked, "call", working)
    anna = as_("anna")
    kept.keep(SPEC.key, told("older words", now, time.time() - 30))
    (served.path / "timelines" / "CURRENT").write_text("8")
    assert "newer data" not in page(anna, f"/insights/bridge/?{SPEC.query}")
    assert not calls
    kept.keep(SPEC.key, told("older words", now, at := time.time() - 61))
    text = page(anna, f"/insights/bridge/?{SPEC.query}")
    assert "older words" in text
    assert "newer data" in text
    assert len(calls) == 1
    assert calls[0]["wait_seconds"] == 0.0
    waiting = anna.get(f"/insights/bridge/answer/?{SPEC.query}&after={at:.3f}", HTTP_HOST="localhost")
    assert waiting.status_code == 204
    kept.keep(SPEC.key, told("newer words", kept.data_now(), time.time()))
    assert "A fresh answer is ready" in page(anna, f"/insights/bridge/answer/?{SPEC.query}&after={at:.3f}")
    assert "newer words" in page(anna, f"/insights/bridge/?{SPEC.query}")


def test_dear_answers_stand_longer(now):
    newer = Data("other", now.erasures, now.settings)
    dear = told("dear", now, at=1000.0, seconds=30.0)
    assert kept.fresh(dear, newer, clock=1000.0 + 599)
    assert not kept.fresh(dear, newer, clock=1000.0 + 601)
    assert kept.fresh(dear, now, clock=1e9)


def test_no_answer_outlives_an_erasure(now, served):
    """Whoever was erased is in none of the numbers that are shown, not even for a minute."""
    kept.keep(SPEC.key, told("with Ann", now, time.time()))
    assert kept.kept(SPEC.key, now) is not None
    (served.path / "timelines" / "made.json").write_text('{"generation": "8", "erasures": 1}')
    assert kept.kept(SPEC.key, kept.data_now()) is None


def test_an_answer_under_other_settings_is_asked_again_at_once(now, served):
    """An initiative that was marked a second ago, another currency: young or dear as the answer is, it is not as good."""
    found = told("with Ann", now, time.time(), 500.0)
    (served.path / "timelines" / "CURRENT").write_text("8")
    assert kept.fresh(found, kept.data_now(), time.time())
    served.with_settings(gone_after=30).save_settings()
    assert kept.data_now().name != now.name
    assert not kept.fresh(found, kept.data_now(), time.time())


def test_who_is_erased_while_an_answer_is_worked_out_is_not_kept_in_it(now, served):
    (served.path / "timelines" / "made.json").write_text('{"generation": "8", "erasures": 1}')
    kept.keep(SPEC.key, told("with Ann", now, time.time()))
    assert not kept.place_of(SPEC.key).exists()


def test_what_was_kept_before_an_erasure_leaves_the_disk(now, served):
    """Also one from the command line, which knows nothing of what the server keeps."""
    kept.keep("before", told("with Ann", now, time.time()))
    kept.write(kept.table_of("other", "csv", now), b"ann")
    (served.path / "timelines" / "made.json").write_text('{"generation": "8", "erasures": 1}')
    kept.keep("after", told("without her", kept.data_now(), time.time()))
    assert {path.name.split(".")[0] for path in kept.place_of("x").parent.iterdir()} == {"after", "erasures"}


def test_a_table_file_is_of_the_data_that_it_names(shop):  # noqa: F811
    """Settings that change and change back: each finds the file of its own data, and a new answer removes those of others."""
    desk = Desk(shop.path)
    spec = Spec("bridge", (("by", "Country"), ("where", "Country=Norway")))
    mine = errands.file(desk, spec.slug, spec.pairs, "csv", 60.0)["file"]
    shop.with_settings(small_group=29).save_settings()
    other = errands.file(desk, spec.slug, spec.pairs, "csv", 60.0)["file"]
    shop.save_settings()
    assert mine != other
    assert errands.file(desk, spec.slug, spec.pairs, "csv", 60.0)["file"] == mine
    kept.keep(spec.key, told("newer", kept.data_now(), time.time()))
    assert kept.table_named(mine).exists()
    assert not kept.table_named(other).exists()


def test_a_large_table_is_written_as_a_small_one(monkeypatch):
    """By rows or by columns: the same cells; not known is empty; what would be a formula is none."""
    table = pa.table({"segment": ["all"] * 2, "id": ["=1+1", "ann"], "known": [True, None], "rate": [0.5, float("nan")]})
    table = table.append_column("money", [[5.0, 1e20]]).append_column("least", [[1e-7, 1234567.0]])
    table = table.append_column("at", [[datetime(2011, 12, 9, 12, 50), None]]).append_column("orders", [[3, None]])
    answer = Answer(question=None, words="", table=table, definition=None, source=None)
    small = list(csv.reader(io.StringIO(tables.written(answer, "csv", segmented=False).decode())))
    monkeypatch.setattr(tables, "MANY_ROWS", 1)
    large = list(csv.reader(io.StringIO(tables.written(answer, "csv", segmented=False).decode())))
    assert small == large
    assert large[0] == ["id", "known", "rate", "money", "least", "at", "orders"]
    assert large[1] == ["'=1+1", "True", "0.5", "5.0", "1e-07", "2011-12-09T12:50:00", "3"]
    assert large[2] == ["ann", "", "", "1e+20", "1234567.0", "", ""]


def test_a_page_without_an_answer_says_that_it_is_working(as_, now, monkeypatch):
    """The frame at once, seconds so far and what it usually takes; a way to stop; without scripts a reload."""
    monkeypatch.setattr(asked, "call", lambda *_a, **_k: {"state": "working", "since": 12.0, "usual": 20.5})
    text = page(as_("anna"), "/insights/risk/")
    assert "Working…" in text
    assert "12 s so far" in text
    assert "20.5 s last time" in text
    assert 'hx-get="/insights/risk/answer/"' in text
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "Stop working on it" in text
    assert 'name="order"' in text


def test_an_analyst_that_is_away_is_said(as_, now, monkeypatch):
    from holdfast.server.analyst.client import AnalystAway

    def away(*_args, **_more):
        raise AnalystAway("gone")

    monkeypatch.setattr(asked, "call", away)
    assert "cannot be worked out" in page(as_("anna"), "/insights/risk/")


def test_two_who_ask_the_same_wait_for_one_answer():
    works, begun, go = Works(), [], Event()

    def slow(_work):
        begun.append(1)
        go.wait(5)
        return "found"

    first, second = works.ask("key", slow), works.ask("key", slow)
    assert first is second
    assert not ready(first, 0.01)
    go.set()
    assert ready(second, 5)
    assert (first.future.result(), len(begun)) == ("found", 1)


@pytest.mark.parametrize("what", ["file", "people"])
def test_what_takes_long_is_one_work_though_the_data_grow_meanwhile(now, served, monkeypatch, what):
    """Every merge gives the data another name; who asks for the file, or the people, again joins what goes on."""
    go = Event()

    def slow(*_args):
        go.wait(5)
        return {"state": "found", "ids": ("ann",)}

    monkeypatch.setattr(errands, f"_{what}", slow)
    monkeypatch.setattr(errands, "option", lambda _name: "apart")
    desk, more = Desk(served.path), ["csv"] if what == "file" else [{"what": "lost"}]

    def ask(seconds: float) -> str:
        return getattr(errands, what)(desk, SPEC.slug, SPEC.pairs, *more, seconds)["state"]

    assert ask(0.01) == "working"
    (served.path / "timelines" / "CURRENT").write_text("8")
    assert kept.data_now().name != now.name
    assert ask(0.01) == "working"
    assert len(works(desk).running) == 1
    go.set()


def test_a_refusal_under_the_same_settings_is_not_waited_for_as_under_others(as_, now, monkeypatch, served):
    waited: list[float] = []

    def working(_name, **arguments):
        waited.append(arguments["wait_seconds"])
        return {"state": "working", "since": 0.0, "usual": 1.0}

    monkeypatch.setattr(asked, "call", working)
    kept.keep(SPEC.key, told("", now, time.time(), state="refused", what="no", mend="do"))
    (served.path / "timelines" / "CURRENT").write_text("8")
    page(as_("anna"), f"/insights/bridge/?{SPEC.query}")
    assert waited == [asked.PATIENCE]


def test_what_is_taken_back_is_not_kept(now, monkeypatch, served):
    """Work that goes on when nobody wants it leaves nothing; who asks again while it goes on gets it after all."""
    works, go, found = Works(), Event(), []

    def slow(work):
        go.wait(5)
        found.append(work.dropped)

    work = works.ask("key", slow)
    assert works.drop("key")
    assert works.ask("key", slow) is work
    works.drop("key")
    go.set()
    ready(work, 5)
    assert found == [True]
    assert not works.drop("key")


def test_a_refusal_and_a_bug_are_answers_too(as_, now, monkeypatch, caplog):
    def refused(_desk, _spec):
        raise UsageError("that cannot be", "do this")

    def broken(_desk, _spec):
        raise ZeroDivisionError("secret of ann@example.com")

    anna = as_("anna")
    monkeypatch.setattr(errands, "_found", refused)
    text = page(anna, "/insights/orders/?first=2011-01", 400)
    assert "that cannot be" in text
    assert "do this" in text
    assert 'value="2011-01"' in text
    monkeypatch.setattr(errands, "_found", broken)
    text = page(anna, "/insights/bridge/?first=2011-02")
    assert "that is our fault" in text
    assert "secret" not in text
    log = text.split("details under ")[1].split(";")[0]
    assert log in caplog.text
    monkeypatch.setattr(kept, "BROKEN_SECONDS", -1.0)
    monkeypatch.setattr(errands, "_found", lambda _desk, _spec: told("mended", Data("", 0), 0.0))
    assert "mended" in page(anna, "/insights/bridge/?first=2011-02")


def test_damaged_and_older_files_are_not_read(now):
    kept.keep(SPEC.key, told("words", now, time.time()))
    path = kept.place_of(SPEC.key)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert kept.kept(SPEC.key, now) is None
    old = msgspec.structs.replace(told("words", now, time.time()), form=kept.FORM - 1)
    path.write_bytes(msgspec.msgpack.encode(old))
    assert kept.kept(SPEC.key, now) is None


def test_what_is_kept_is_bounded_in_size_and_age(now, monkeypatch):
    monkeypatch.setattr(kept, "MOST_BYTES", 2500)
    clock = time.time()
    for place in range(5):
        kept.write(kept.place_of(f"k{place}"), b"x" * 1000)
        os.utime(kept.place_of(f"k{place}"), (clock - 100 + place, clock - 100 + place))
    kept.write(kept.place_of("erasures", "noted"), b"0")
    os.utime(kept.place_of("erasures", "noted"), (clock - 40 * 86_400,) * 2)
    kept.write(kept.place_of("ancient"), b"x")
    os.utime(kept.place_of("ancient"), (clock - 40 * 86_400,) * 2)
    assert kept.sweep(clock) == 4
    assert kept.place_of("k4").exists()
    assert not kept.place_of("k0").exists()
    assert kept.place_of("erasures", "noted").exists(), "without it the next erasure would leave old answers on the disk"
    kept.drop()
    assert not kept.place_of("k4").exists()


WRITER = """
import os, sys, time
from holdfast.server.insights import kept
from holdfast.server.insights.kept import Told
print("ready", flush=True)
place = 0
while True:
    place += 1
    said = Told(state="told", data="7", erasures=0, at=1.0, seconds=1.0, words=str(place), table=str(place) * 200_000)
    kept.keep("key", said)
"""


def test_a_kill_leaves_nothing_half(now, served):
    """A writer is killed at ten instants: what is read is always whole, the last answer or the one before."""
    for pause in range(10):
        env = os.environ | {"HOLDFAST_WORKSPACE": str(served.path)}
        writer = subprocess.Popen([sys.executable, "-c", WRITER], env=env, stdout=subprocess.PIPE)
        writer.stdout.readline()
        time.sleep(0.02 + 0.007 * pause)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        found = kept.kept("key", Data("7", 0))
        assert found is None or found.table == found.words * 200_000
    assert found is not None
    time_later = time.time() + 700
    kept.sweep(time_later)
    assert not [path for path in kept.place_of("key").parent.iterdir() if path.name.startswith(".")]


def test_a_question_can_be_taken_back(as_, now, monkeypatch):
    """By whoever may look, with a form; never by following a link."""
    from holdfast.server.analyst import client as analyst

    asked_for: list[str] = []
    monkeypatch.setattr(analyst, "call", lambda name, **_: asked_for.append(name))
    anna = as_("anna")
    assert anna.post("/insights/risk/cancel/?order=risk", HTTP_HOST="localhost").status_code == 302
    assert asked_for == ["insights.cancel"]
    assert as_(None).post("/insights/risk/cancel/", HTTP_HOST="localhost").status_code == 401
