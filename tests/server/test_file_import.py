"""A file in the browser: upload, see how it will be read, put that right, say yes, see what came of it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from holdfast.workspace import Workspace

LINES = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom
536366,22633,HAND WARMER UNION JACK,6,2010-12-01 08:28:00,1.85,17850,United Kingdom
536367,84879,ASSORTED COLOUR BIRD ORNAMENT,32,2010-12-01 08:34:00,1.69,13047,United Kingdom
536368,22960,JAM MAKING SET WITH JARS,6,2010-13-41 08:34:00,4.25,13047,United Kingdom
"""
"""The first lines of Online Retail, the last with a day that does not exist."""


HEADER = "order_id,date,customer,total\n1,2011-01-01,ann,5\n"


def sent(text: str | bytes, name: str = "online-retail.csv") -> dict:
    return {"file": SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())}


def uploaded(client, text: str | bytes = LINES, name: str = "online-retail.csv") -> str:
    answer = client.post("/imports/upload/", sent(text, name))
    assert answer.status_code == 302, answer.content
    return answer["Location"]


def shown(client, url: str) -> str:
    return client.get(url, follow=True).content.decode()


def test_a_file_is_understood_shown_confirmed_and_read_in(as_, served):
    max_ = as_("max")
    page = uploaded(max_)
    look = max_.get(f"{page}plan/", headers={"HX-Request": "true"}).content.decode()
    assert "a line of an order" in look
    assert "17850" in look
    assert "WHITE HANGING HEART" in look
    assert "will be refused" in look
    assert "--" not in look.replace("<!--", "").replace("-->", "")

    max_.post(f"{page}read/")
    done = shown(max_, page)
    assert "3 events" in done
    assert "One row could not be used" in done
    record = Workspace.open(served.path).imports()[0]
    assert (record.source, record.rows, record.refused, record.counts["orders"]) == ("online-retail.csv", 3, 1, 3)
    assert not list((served.path / "server" / "uploads").iterdir())


def test_what_was_confirmed_is_kept_for_the_next_file_of_its_kind(as_, served):
    max_ = as_("max")
    page = uploaded(max_)
    max_.post(f"{page}read/", {"roles": "1", "role-category": "Country", "zone": "Europe/Berlin"})
    kept = Workspace.open(served.path).import_options
    assert kept["mapping"]["category"] == "Country"
    assert kept["zone"] == "Europe/Berlin"
    again = uploaded(max_, LINES.replace("53636", "63636"))
    look = max_.get(f"{again}plan/", headers={"HX-Request": "true"}).content.decode()
    assert "Europe/Berlin" in look


def test_a_column_that_was_guessed_wrong_is_put_right_and_the_rows_shown_anew(as_):
    max_ = as_("max")
    page = uploaded(max_, "when,who,sum,other\n2024-05-01,ann,10.05,x7\n2024-05-02,ben,20.00,x8\n")
    first = max_.get(f"{page}plan/", headers={"HX-Request": "true"}).content.decode()
    fixed = max_.post(
        f"{page}plan/",
        {
            "roles": "1",
            "role-time": "when",
            "role-customer": "who",
            "role-revenue": "sum",
            "role-order": "other",
            "shape": "orders",
        },
        headers={"HX-Request": "true"},
    ).content.decode()
    assert first != fixed
    assert "£10.05" in fixed
    assert "x7" in fixed


def test_a_file_without_a_time_asks_for_the_column(as_):
    page = uploaded(as_("max"), "who,sum\nann,10\nben,20\n")
    look = as_("max").get(f"{page}plan/", headers={"HX-Request": "true"}).content.decode()
    assert "has no column that looks like a time" in look
    assert 'name="role-time"' in look
    assert "--map" not in look


def test_the_same_file_again_says_so_and_changes_nothing(as_, served):
    max_ = as_("max")
    max_.post(f"{uploaded(max_)}read/")
    page = uploaded(max_)
    look = max_.get(f"{page}plan/", headers={"HX-Request": "true"}).content.decode()
    assert "This very file was read in on" in look
    max_.post(f"{page}read/")
    assert "nothing was changed" in shown(max_, page)
    assert len(Workspace.open(served.path).imports()) == 1


def test_refused_rows_are_put_right_in_the_page_and_read_again(as_, served):
    max_ = as_("max")
    page = uploaded(max_)
    max_.post(f"{page}read/")
    record = Workspace.open(served.path).imports()[0]
    refusals = f"/imports/refusals/{record.fingerprint}/"
    assert "2010-13-41" in shown(max_, refusals)
    assert b"2010-13-41" in b"".join(max_.get(f"{refusals}refused.csv").streaming_content)
    raw = b"".join(max_.get(f"{refusals}refused.jsonl").streaming_content)
    assert json.loads(raw)["values"]["InvoiceNo"] == "536368"

    again = max_.post(refusals, {"0:InvoiceDate": "2010-12-01 08:34:00"})
    assert "one event" in shown(max_, again["Location"])
    assert not Workspace.open(served.path).refusals()
    assert max_.get(refusals).status_code == 404


def test_a_row_that_could_not_be_cut_into_columns_is_filled_in(as_, served):
    """Ben's name holds the sign between fields. Before it is put right nothing can be read again, and the page says so."""
    max_ = as_("max")
    max_.post(uploaded(max_, HEADER + "2,2011-01-02,ben, jr,6\n") + "read/")
    refusals = f"/imports/refusals/{Workspace.open(served.path).imports()[0].fingerprint}/"
    assert "<code>2,2011-01-02,ben, jr,6</code>" in shown(max_, refusals)
    empty = {f"0:{name}": "" for name in ("order_id", "date", "customer", "total")}
    assert "No row was put right yet" in max_.post(refusals, empty, follow=True).content.decode()
    filled = {"0:order_id": "2", "0:date": "2011-01-02", "0:customer": "ben, jr", "0:total": "6"}
    assert "one event" in shown(max_, max_.post(refusals, filled)["Location"])
    assert not Workspace.open(served.path).refusals()


def test_refusals_are_no_formulas_and_speak_of_no_command_line(as_, served):
    max_ = as_("max")
    max_.post(uploaded(max_, HEADER + "=2+3,2011-01-02,ben\n") + "read/")
    max_.post(uploaded(max_, HEADER + "2,never,ben,4\n", "b.csv") + "read/")
    for record in Workspace.open(served.path).imports():
        answer = max_.get(f"/imports/refusals/{record.fingerprint}/refused.csv")
        lines = b"".join(answer.streaming_content).decode().splitlines()
        assert len(lines) == 2
        assert "--" not in lines[1]
        assert ",=2" not in lines[1]


def test_refused_rows_are_put_right_in_their_file_and_take_the_place_of_the_refused(as_, served):
    max_ = as_("max")
    max_.post(f"{uploaded(max_)}read/")
    record = Workspace.open(served.path).imports()[0]
    refusals = f"/imports/refusals/{record.fingerprint}/"
    raw = b"".join(max_.get(f"{refusals}refused.jsonl").streaming_content)
    wrong = max_.post(refusals, sent(b"InvoiceNo\n536368\n", "wrong.csv"), follow=True).content.decode()
    assert "Line 1 is no refused row" in wrong
    assert len(Workspace.open(served.path).refusals()) == 1
    max_.post(refusals, sent(raw.replace(b"2010-13-41", b"2010-12-01"), "refused.jsonl"))
    assert not Workspace.open(served.path).refusals()
    orders = {row["order_id"] for batch in Workspace.open(served.path).lake.scan(["order_id"]) for row in batch.to_pylist()}
    assert "536368" in orders


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "nothing.csv", "nothing.csv is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "picture.png", "picture.png"),
        (b"PAR1" + bytes(400), "broken.parquet", "broken.parquet"),
        (b"only one word", "word.txt", "word.txt"),
    ],
)
def test_a_bad_file_is_refused_with_a_clear_word(as_, served, content, name, said):
    max_ = as_("max")
    answer = max_.post("/imports/upload/", sent(content, name), follow=True)
    text = answer.content.decode()
    if content:
        url = answer.redirect_chain[-1][0]
        text = max_.get(f"{url}plan/", headers={"HX-Request": "true"}).content.decode()
        assert 'role="alert"' in text
        assert "Yes, read it in" not in text
    assert said in text
    assert str(served.path) not in text


def test_nobody_can_read_what_a_cancelled_file_held(as_, served):
    from holdfast.server.sources.models import Upload

    max_ = as_("max")
    page = uploaded(max_)
    pk = int(page.rstrip("/").rsplit("/", 1)[1])
    Upload.objects.filter(pk=pk).update(state="reading")
    max_.post(f"{page}cancel/")
    assert "nothing of the file went in" in shown(max_, page)
    assert Upload.objects.get(pk=pk).state == "cancelled"
    assert not Workspace.open(served.path).imports()


def test_a_file_that_was_stopped_while_it_is_read_leaves_nothing(as_, served, monkeypatch):
    from holdfast.server.sources import importing
    from holdfast.server.sources.models import Upload

    max_ = as_("max")
    page = uploaded(max_)
    beat = importing._beat

    def stopped(upload, of_process):
        Upload.objects.filter(pk=upload.pk).update(state="cancelled")
        return beat(upload, of_process)

    monkeypatch.setattr(importing, "_beat", stopped)
    max_.post(f"{page}read/")
    assert "It was stopped" in shown(max_, page)
    assert not Workspace.open(served.path).imports()
    assert sum(len(batch) for batch in Workspace.open(served.path).lake.scan(["event_id"])) == 0


def test_a_file_that_waits_for_its_turn_has_not_stopped_and_is_read_once(as_, served, monkeypatch):
    from holdfast.server.sources import importing, steps
    from holdfast.server.sources.models import Upload

    max_, queue = as_("max"), []
    monkeypatch.setattr(steps, "read_in", queue.append)
    page = uploaded(max_)
    pk = int(page.rstrip("/").rsplit("/", 1)[1])
    before = Upload.objects.get(pk=pk)
    steps.begin(before, "max")
    steps.begin(before, "max")  # the second of two clicks saw the same page
    assert queue == [pk]
    monkeypatch.setattr(steps, "STILL", timedelta(0))
    assert "about to be read" in shown(max_, page)
    importing.alive(pk)
    assert "The reading has stopped" in shown(max_, page)
    assert max_.post(f"{page}read/").status_code == 302
    assert queue == [pk, pk]


def test_a_file_whose_turn_was_lost_can_be_read_again(as_, served, monkeypatch):
    """The worker is killed when it has just begun with one file; another waits in the queue, in which the first is no more."""
    from holdfast.server.sources import jobs, steps
    from holdfast.server.sources.models import Upload

    max_, queue = as_("max"), []
    monkeypatch.setattr(steps, "read_in", queue.append)
    lost, waiting = uploaded(max_), uploaded(max_)
    for page in (lost, waiting):
        max_.post(f"{page}read/")
    monkeypatch.setattr(jobs.huey, "pending", lambda: [jobs.read_in.s(queue[1])])
    monkeypatch.setattr(steps, "STILL", timedelta(0))
    assert "about to be read" in shown(max_, lost)
    jobs.forsaken()
    assert "The reading has stopped" in shown(max_, lost)
    assert "about to be read" in shown(max_, waiting)
    max_.post(f"{lost}read/")
    assert queue[2:] == queue[:1]
    jobs.read_in.call_local(queue[0])
    assert Upload.objects.get(pk=queue[0]).state == "done"


def test_a_file_that_the_worker_has_taken_has_a_beat_before_it_is_read(as_, served, monkeypatch):
    from holdfast.server.sources import jobs, reading_apart, steps
    from holdfast.server.sources.models import Upload

    max_, queue = as_("max"), []
    monkeypatch.setattr(steps, "read_in", queue.append)
    max_.post(f"{uploaded(max_)}read/")
    monkeypatch.setattr(reading_apart, "read_apart", lambda _upload: None)  # killed
    jobs.read_in.call_local(queue[0])
    assert Upload.objects.get(pk=queue[0]).beat_at is not None


def test_a_file_that_is_stopped_before_its_turn_is_not_kept(as_, served, monkeypatch):
    from holdfast.server.sources import importing, steps

    max_, queue = as_("max"), []
    monkeypatch.setattr(steps, "read_in", queue.append)
    page = uploaded(max_)
    max_.post(f"{page}read/")
    max_.post(f"{page}cancel/")
    importing.read_in(queue[0])
    assert "It was stopped" in shown(max_, page)
    assert not list((served.path / "server" / "uploads").iterdir())
    assert not Workspace.open(served.path).imports()


def test_fifty_refused_rows_of_a_wide_file_are_put_right_in_the_page(as_, served):
    """Sixty columns make 3,000 fields of a form."""
    names = ["InvoiceNo", "InvoiceDate", "CustomerID", "Quantity", "UnitPrice", *(f"Note{n}" for n in range(55))]
    bad = [",".join([str(n), "2010-13-41", "17850", "1", "2.55", *["x"] * 55]) for n in range(50)]
    good = ",".join(["99", "2010-12-01", "17850", "1", "2.55", *["x"] * 55])
    max_ = as_("max")
    max_.post(f"{uploaded(max_, chr(10).join([','.join(names), good, *bad]))}read/")
    refusals = f"/imports/refusals/{Workspace.open(served.path).imports()[0].fingerprint}/"
    form = {f"{row}:{name}": "x" for row in range(50) for name in names[5:]}
    form |= {f"{row}:{name}": "2010-12-01" if name == "InvoiceDate" else "1" for row in range(50) for name in names[:5]}
    assert "50 events" in shown(max_, max_.post(refusals, form)["Location"])


def test_progress_is_asked_again_until_it_is_over(as_):
    from holdfast.server.sources.models import Upload

    max_ = as_("max")
    page = uploaded(max_)
    Upload.objects.update(state="reading", rows_done=500, rows_total=1000)
    part = max_.get(f"{page}progress/")
    assert 'hx-trigger="every 1s"' in part.content.decode()
    assert "50 %" in part.content.decode()
    Upload.objects.update(state="done")
    assert max_.get(f"{page}progress/")["HX-Refresh"] == "true"


def test_imports_of_the_command_line_stand_in_the_list_too(as_, served, tmp_path: Path):
    from holdfast.events.plan import plan_import
    from holdfast.events.reading import read_events

    file = tmp_path / "by-hand.csv"
    file.write_text(LINES)
    plan = plan_import(file, served.settings)
    served.import_(plan, read_events(plan, served.settings))
    page = shown(as_("max"), "/imports/")
    assert "by-hand.csv" in page
    assert "command line" in page


@pytest.mark.parametrize(("name", "may"), [(None, False), ("anna", False), ("agnes", False), ("max", True), ("olga", True)])
def test_files_are_for_those_who_steer(as_, name, may):
    page = uploaded(as_("max"))
    client = as_(name)
    assert (client.get("/imports/").status_code == 200) is may
    assert (client.get(page).status_code == 200) is may
    assert (client.post("/imports/upload/", sent(LINES)).status_code == 302) is may
    assert (client.post(f"{page}delete/").status_code == 302) is may
