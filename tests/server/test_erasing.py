"""Erasing with proof: afterwards no table and no file of the workspace names her, and everyone else is as before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from holdfast.errors import WorkspaceError
from holdfast.server.analyst.client import call
from holdfast.server.customers import consents, erasing, foreseen, projection, traces
from holdfast.server.customers import naming as naming_of
from holdfast.server.customers.computed import computed
from holdfast.server.customers.models import Customer, Erasure
from holdfast.server.customers.timeline import timeline
from holdfast.server.intake.inbox import Arrived, inbox
from holdfast.server.intake.models import RefusedEvent
from holdfast.server.people.audit import record
from holdfast.server.people.models import AuditEntry, User
from holdfast.server.place import server_folder
from holdfast.server.process import worker
from tests.server.lakes import happened, pour

ANN, MAIL, NAME = "customer-ann-1", "ann.lee@example.com", "Annabel Leeworth"
HERS = (ANN, MAIL, NAME, "customer-ann-0", "browser-of-ann")


@pytest.fixture
def shop(served, people):
    """Ann with two ids and a browser, Ben beside her; something of both in every place."""
    pour(served, [
        happened(1, ANN, device="browser-of-ann", kind="identify", email=MAIL, name=NAME, newsletter="yes"),
        happened(2, ANN, "Order Completed", order_id="o1"),
        happened(3, device="browser-of-ann"),
        happened(4, "customer-ann-0"),
        happened(5, ANN, kind="alias", previousId="customer-ann-0"),
        happened(6, "customer-ben", kind="identify", **{"traits.email": "ben@example.com"}),
    ])  # fmt: skip
    projection.follow()
    assert served.timelines.customers == 2
    for person in (ANN, "customer-ben"):
        consents.record_consent(person, "channel", "phone", "no", source="page", who="agnes@example.com")
        apps.get_model("customers.Note").objects.create(person=person, text=f"{person} called", author_name="Agnes")
        record(people["agnes"], "note.write", subject=person, other=person)
    (server_folder("kept") / "answer.json").write_text(json.dumps({"people": [ANN, "customer-ben"]}))
    (server_folder("uploads") / "orders.csv").write_text(f"id,mail\n1,{MAIL}\n")
    (server_folder("uploads") / "others.csv").write_text("id,mail\n2,ben@example.com\n")
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("sheet.xml", f"<c>{NAME}</c>" * 50)
    (server_folder("uploads") / "orders.xlsx").write_bytes(archive.getvalue())
    return served


def naming(folder: Path) -> list[str]:
    """Every file that holds one of her texts as bytes; Parquet is unpacked for it."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".parquet":
                content += json.dumps(pq.read_table(path).to_pylist(), default=str).encode()
            found += [f"{path}: {text}" for text in HERS if text.encode() in content]
    return found


def rows_naming() -> list[str]:
    """Every table with a row that holds one of her texts, by reading all rows of all tables."""
    found = []
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            told = repr([[bytes(one) if isinstance(one, memoryview) else one for one in row] for row in cursor.fetchall()])
        found += [f"{table}: {text}" for text in HERS if text in told or text.lower() in told]
    return found


@pytest.mark.django_db
def test_nothing_names_her_afterwards_and_everyone_else_is_as_before(shop, people):
    assert naming(shop.path)
    assert rows_naming()
    row = erasing.erase(ANN, people["max"])
    assert naming(shop.path) == []
    assert rows_naming() == []
    assert row.state == "done"
    assert row.proof["found_afterwards"] == 0
    assert row.proof["removed"]["lake"] == 5
    assert row.proof["removed"]["uploads"] == 2
    assert erasing.was_erased(ANN) == row.done_at
    assert erasing.was_erased("customer-ben") is None
    assert [one.person for one in Customer.objects.all()] == ["customer-ben"]
    assert len(timeline("customer-ben").rows) == 1
    assert apps.get_model("customers.Note").objects.get().person == "customer-ben"
    assert (server_folder("uploads") / "others.csv").exists()
    assert AuditEntry.objects.filter(action="customer.erase").get().subject == "erased"
    assert projection.follow() == 0


@pytest.mark.django_db
def test_the_analyst_holds_nothing_of_her_in_memory_or_on_disk(shop):
    """What is to be expected of everybody and the tail of the lake are kept beside the desk; both name her before."""
    pour(shop, [happened(7, ANN, "Seen again")])
    assert timeline(ANN).rows[0].fresh
    call("customers.foreseen.make")
    call("customers.traits.make")
    assert computed(ANN) is not None
    call("customers.foreseen", person=ANN)
    assert set(call("customers.naming", ids=[ANN])) >= {"customers.traits", "customers.tail"}
    kept = server_folder("kept")
    assert {path.name for path in kept.glob("*.arrow")} > {"risk.foreseen.arrow", "value.foreseen.arrow"}
    erasing.erase(ANN, "max@example.com")
    assert call("customers.naming", ids=[ANN]) == []
    assert list(kept.glob("*.arrow")) == []
    assert naming(shop.path) == rows_naming() == []


@pytest.mark.django_db
def test_who_is_erased_while_everybody_is_worked_out_is_not_kept(shop, monkeypatch):
    """The job began before the erasure and ends after it: what it made is thrown away."""
    begun = foreseen._answered

    def erased_meanwhile(ask, timelines):
        if not Erasure.objects.exists():
            erasing.erase(ANN, "max@example.com")
        return begun(ask, timelines)

    monkeypatch.setattr(foreseen, "_answered", erased_meanwhile)
    call("customers.foreseen.make")
    assert foreseen.made_at(shop.path) is None
    assert naming(shop.path) == []


@pytest.mark.django_db
def test_refused_events_inbox_and_audiences_forget_her(shop):
    """What waits, what was refused and who is in a fixed audience: Ben stays in all of them."""
    refused, audience = apps.get_model("intake.RefusedEvent"), apps.get_model("keeping.Audience").objects.create(name="Best")
    for place, person in enumerate((ANN, "customer-ben")):
        said = json.dumps({"type": "track", "event": "Looked", "userId": person})
        inbox().put([Arrived(1, "1", "track", said.encode())])
        refused.objects.create(
            inbox="x", inbox_row=1, place=place, received_at=now(), source="1", kind="track", code="no", message=said
        )
        apps.get_model("keeping.AudienceMember").objects.create(audience=audience, person=person)
    erasing.erase(ANN, "max@example.com")
    waiting = b"".join(row.body for row in inbox().take(0, 10))
    assert b"customer-ben" in waiting
    assert ANN.encode() not in waiting
    assert [json.loads(one.message)["userId"] for one in refused.objects.all()] == ["customer-ben"]
    assert list(audience.members.values_list("person", flat=True)) == ["customer-ben"]
    assert naming(shop.path) == rows_naming() == []


@pytest.mark.django_db
def test_by_any_of_her_ids(shop):
    erasing.erase("anon:browser-of-ann", "source 3")
    assert naming(shop.path) == rows_naming() == []


@pytest.mark.django_db
def test_asked_for_it_is_done_by_the_worker_once(shop, people, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        first = erasing.ask_to_erase(ANN, people["max"])
        assert erasing.ask_to_erase(ANN, people["max"]).pk == first.pk
    assert [one.state for one in Erasure.objects.all()] == ["done"]
    assert naming(shop.path) == rows_naming() == []


@pytest.mark.django_db
def test_an_erasure_that_names_nobody_erases_nobody(shop):
    before = Customer.objects.count()
    with pytest.raises(ValueError, match="names a customer"):
        erasing.ask_to_erase("", "Olga")
    with pytest.raises(ValueError, match="names a customer"):
        erasing.carry_out(Erasure.objects.create(hash="a" * 64, person="", by="Olga", state="running"))
    assert Customer.objects.count() == before > 0


def test_who_comes_back_is_a_customer_anew(shop):
    erasing.erase(ANN, "max@example.com")
    pour(shop, [happened(50, ANN)])
    assert projection.follow() == 1
    ann = Customer.objects.get(person=ANN)
    assert (ann.name, ann.traits) == ("", {})
    assert erasing.was_erased(ANN) is not None


@pytest.mark.django_db
def test_a_trace_that_is_left_fails_the_erasure_and_is_told_and_it_can_be_done_again(
    shop, as_, django_capture_on_commit_callbacks
):
    left = shop.path / "server" / "forgotten-export.csv"
    left.write_text(f"{MAIL}\n")
    with pytest.raises(erasing.TracesLeft, match="forgotten-export"):
        erasing.erase(ANN, "max@example.com")
    row = Erasure.objects.get()
    assert (row.state, row.error) == ("failed", "server/forgotten-export.csv")
    page = as_("max").get(f"/erasures/{row.pk}/").content.decode()
    assert "server/forgotten-export.csv" in page
    assert MAIL not in page
    left.unlink()
    with django_capture_on_commit_callbacks(execute=True):
        as_("max").post(f"/erasures/{row.pk}/")
    row.refresh_from_db()
    assert row.state == "done"
    assert naming(shop.path) == rows_naming() == []


def two(shop, **bens):
    """Ann as ever, and somebody beside her of whom this is told."""
    pour(shop, [happened(20, bens.pop("person", "customer-cleo"), kind="identify", **bens)])
    projection.follow()


@pytest.mark.django_db
def test_who_shares_her_name_and_address_keeps_them_and_she_is_erased_all_the_same(shop):
    """A family's address, the same name twice: they do not tell whose they are, and the proof says so."""
    two(shop, email=MAIL, name=NAME)
    cleos = apps.get_model("customers.Note").objects.create(person="customer-cleo", text=f"Uses {MAIL}", author_name="Agnes")
    row = erasing.erase(ANN, "max@example.com")
    assert (row.state, row.proof["found_afterwards"], row.proof["shared"]) == ("done", 0, 2)
    assert (cleo := Customer.objects.get(person="customer-cleo")).email == MAIL
    assert cleo.name == NAME
    cleos.refresh_from_db()
    assert cleos.text == f"Uses {MAIL}"
    assert not any(ANN in place for place in [*naming(shop.path), *rows_naming()])


@pytest.mark.django_db
def test_an_address_that_is_the_id_of_somebody_else_stays(shop):
    """Shop and newsletter call her by two ids that were never joined: what waits under the other one is not hers to erase."""
    two(shop, person=MAIL.upper())
    inbox().put([Arrived(1, "1", "track", json.dumps({"event": "Looked", "userId": MAIL.upper()}).encode())])
    assert erasing.erase(ANN, "max@example.com").state == "done"
    assert MAIL.upper().encode() in inbox().take(0, 10)[0].body
    assert Customer.objects.filter(person=MAIL.upper()).exists()


@pytest.mark.django_db
def test_one_of_us_who_is_a_customer_is_erased_as_a_customer(shop, people):
    people["max"].email, people["max"].name = MAIL, NAME
    people["max"].save()
    assert erasing.erase(ANN, people["olga"]).state == "done"
    people["max"].refresh_from_db()
    assert people["max"].email == MAIL


@pytest.mark.django_db
def test_in_what_was_written_about_others_she_is_blotted_out(shop):
    """In any case, and only as a word: Joannabel Leeworth is another person."""
    note, task = apps.get_model("customers.Note"), apps.get_model("customers.Task")
    bens = note.objects.create(
        person="customer-ben", text=f"Friend of {MAIL.upper()}; not of mary_{MAIL}, Jo{NAME}, of {NAME}.", author_name="Agnes"
    )
    call = task.objects.create(person="customer-ben", title=f"Ask about {ANN}", told="customer-ann-12 too")
    row = erasing.erase(ANN, "max@example.com")
    bens.refresh_from_db()
    call.refresh_from_db()
    assert bens.text == f"Friend of […]; not of mary_{MAIL}, Jo{NAME}, of […]."
    assert (call.title, call.told) == ("Ask about […]", "customer-ann-12 too")
    assert row.proof["removed"]["written about others, blotted out"] == 2


@pytest.mark.django_db
def test_how_a_file_is_called_does_not_name_her_any_more(shop):
    """The list of files that were read in, and the records of imports, which the command line shows."""
    upload = apps.get_model("sources.Upload")
    hers = upload.objects.create(
        name=f"{NAME}.csv", problem=f"orders {MAIL}_2025.csv is empty", record={"source": f"{NAME}.csv"}
    )
    his = upload.objects.create(name="Ben.csv", record={"source": "Ben.csv", "rows": 3}, notes=["Ben"])
    record = shop.path / "imports" / "abc.json"
    record.write_text(json.dumps({"source": f"orders of {NAME}_1.csv", "rows": 3}))
    row = erasing.erase(ANN, "max@example.com")
    hers.refresh_from_db()
    his.refresh_from_db()
    assert (hers.name, hers.problem, hers.record) == ("[…].csv", "orders […]_2025.csv is empty", {"source": "[…].csv"})
    assert (his.name, his.record, his.notes) == ("Ben.csv", {"source": "Ben.csv", "rows": 3}, ["Ben"])
    assert json.loads(record.read_text()) == {"source": "orders of […]_1.csv", "rows": 3}
    assert row.proof["removed"]["names of files, blotted out"] == 1
    assert naming(shop.path) == rows_naming() == []


@pytest.mark.django_db
def test_what_agnes_saves_while_it_is_blotted_stays(shop, monkeypatch):
    note = apps.get_model("customers.Note").objects.create(person="customer-ben", text=f"Met {NAME}", author_name="Agnes")
    found = traces._rows_with

    def saved_meanwhile(model, field, needles):
        yield from list(found(model, field, needles))
        if model is type(note):
            model.objects.filter(pk=note.pk).update(text=f"Met {NAME} and Cleo")

    monkeypatch.setattr(traces, "_rows_with", saved_meanwhile)
    traces.blotted([NAME])
    note.refresh_from_db()
    assert note.text == "Met […] and Cleo"


@pytest.mark.django_db
def test_a_refused_message_stays_json_when_a_number_of_hers_goes(shop):
    """It can still be put right and sent in again."""
    said = '{"userId": "ben", "phone":491701234567, "all": [491701234567,7], "text": "call 491701234567 \\"now\\""}'
    refused = apps.get_model("intake.RefusedEvent").objects.create(
        inbox="x", inbox_row=1, place=0, received_at=now(), source="1", kind="track", code="no", message=said
    )
    assert traces.blotted(["491701234567"]) == 1
    refused.refresh_from_db()
    told = {"userId": "ben", "phone": "[…]", "all": ["[…]", 7], "text": 'call […] "now"'}
    assert json.loads(refused.message) == told


@pytest.mark.django_db
def test_an_event_that_would_be_of_nobody_but_the_blot_goes_instead(shop):
    """A refund of a guest with her address, sent in again, would make a customer called "[…]"; Ben's stays, blotted."""

    def waits(place, kind, body, outcome=""):
        RefusedEvent.objects.create(
            inbox="x", inbox_row=1, place=place, received_at=now(), source="1", kind=kind, code="order_awaited",
            message=json.dumps(body), outcome=outcome,
        )  # fmt: skip

    def refund(customer, email):
        thing = {"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": 300, "currency": "eur", "customer": customer}
        thing["billing_details"] = {"email": email}
        changed = {"object": thing, "previous_attributes": {"amount_refunded": 0}}
        return {"id": "evt_1", "type": "charge.refunded", "created": 1780000000, "data": changed}

    kind = "webhook:stripe:charge.refunded"
    waits(0, kind, refund(None, MAIL.title()))
    waits(1, kind, refund("cus_ben", MAIL))
    waits(2, kind, refund(None, "ben@example.com"))
    waits(3, "track", {"type": "track", "userId": MAIL})
    waits(4, "track", {"type": "track", "userId": "ben", "properties": {"friend": MAIL}})
    waits(5, kind, refund(None, MAIL), "used")
    waits(6, kind, refund(None, MAIL), "again")
    erasing.erase(ANN, "max@example.com")
    left = {one.place: one.message for one in RefusedEvent.objects.all()}
    assert sorted(left) == [1, 2, 4, 5]
    assert json.loads(left[1])["data"]["object"]["billing_details"] == {"email": "[…]"}


@pytest.mark.django_db
def test_the_table_of_hashes_is_not_searched(shop):
    """It names nobody, and has a row for each order there ever was."""
    with CaptureQueriesContext(connection) as asked:
        traces.in_tables([NAME])
    assert any("customers_note" in one["sql"] for one in asked.captured_queries)
    assert not any("sources_newest" in one["sql"] for one in asked.captured_queries)


@pytest.mark.django_db
def test_an_id_that_begins_another_ones_is_not_a_trace(shop):
    """customer-ann-1 is erased while customer-ann-12 stays, in tables, uploads and files; a number may stand anywhere."""
    two(shop, person="customer-ann-12", email=f"x.{MAIL}")
    pour(shop, [happened(30, "100001", kind="identify", name="Ten")])
    projection.follow()
    (server_folder("uploads") / "more.csv").write_text(f"customer-ann-12,x.{MAIL}\norder,100001\n")
    (shop.path / "server" / "queue.log").write_text('{"id": "customer-ann-12", "order": 100001}')
    assert erasing.erase(ANN, "max@example.com").state == "done"
    assert erasing.erase("100001", "max@example.com").state == "done"
    assert (server_folder("uploads") / "more.csv").exists()
    assert Customer.objects.get(person="customer-ann-12").email == f"x.{MAIL}"


@pytest.mark.django_db
def test_a_person_with_a_thousand_devices_is_erased(shop):
    """SQLite takes conditions to a depth of 1,000; who clears her cookies has more ids than that over the years."""
    pour(shop, [happened(100 + n, ANN, device=f"device-of-ann-{n}") for n in range(1_100)])
    projection.follow()
    row = erasing.erase(ANN, "max@example.com")
    assert (row.state, row.proof["ids"]) == ("done", 1_104)
    assert not [one for one in naming(shop.path) if "device-of-ann" in one]


@pytest.mark.django_db
def test_letters_of_every_kind_in_every_case_are_blotted_and_numbers_leave_json_whole(shop):
    event = RefusedEvent.objects.create(
        inbox="i", inbox_row=1, place=0, received_at=now(), source="s", kind="track", code="bug",
        sentence="about JOSÉ GARCÍA", message=json.dumps({"name": "josé garcía", "at": -123456789, "n": 123456789}),
    )  # fmt: skip
    traces.blotted(["José García", "123456789"])
    event.refresh_from_db()
    assert event.sentence == "about […]"
    assert json.loads(event.message) == {"name": "[…]", "at": "[…]", "n": "[…]"}
    assert not traces.in_tables(["José García", "123456789"])


@pytest.mark.django_db
def test_what_one_of_us_is_called_is_no_trace_of_a_customer(shop, people):
    User.objects.filter(pk=people["agnes"].pk).update(name="Agnes Novak (support)")
    assert naming_of.shared(["Agnes Novak", "Ann Smith"], []) == {"Agnes Novak"}


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["removed_from_database", "_forgotten_on_the_way", "_erased_in_lake"])
def test_killed_after_any_step_it_is_done_whole_the_second_time(shop, monkeypatch, step):
    original = getattr(erasing, step)

    def dies(*arguments):
        original(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(erasing, step, dies)
        with pytest.raises(KeyboardInterrupt):
            erasing.erase(ANN, "max@example.com")
    erasing.erase(ANN, "max@example.com")
    assert naming(shop.path) == rows_naming() == []


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["_forgotten_on_the_way", "_erased_in_lake", "_details_naming"])
def test_what_was_removed_before_a_kill_stands_in_the_proof(shop, monkeypatch, step):
    original = getattr(erasing, step)

    def dies(*arguments):
        original(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(erasing, step, dies)
        with pytest.raises(KeyboardInterrupt):
            erasing.erase(ANN, "max@example.com")
    removed = erasing.erase(ANN, "max@example.com").proof["removed"]
    assert (removed["lake"], removed["uploads"], removed["customers.Note"]) == (5, 2, 1)


@pytest.mark.django_db
def test_a_second_one_at_the_same_erasure_waits_and_does_nothing(shop, monkeypatch):
    """Its row was read before the first one was done: it must not write her ids back."""
    row = Erasure.objects.create(hash=erasing.hash_of(ANN), person=ANN, by="max@example.com")
    late, steps = Erasure.objects.get(), []
    original = erasing._erased

    def once(row):
        steps.append(row.pk)
        with pytest.raises(WorkspaceError):
            erasing.carry_out(late, patience_seconds=0.05)
        return original(row)

    monkeypatch.setattr(erasing, "_erased", once)
    erasing.carry_out(row)
    erasing.carry_out(late)
    assert steps == [row.pk]
    assert Erasure.objects.get().state == "done"
    assert naming(shop.path) == rows_naming() == []
    assert not list(server_folder("run").glob("erasure-*"))


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["asked", "running", "failed"])
def test_an_erasure_whose_job_was_lost_is_done_when_the_worker_starts_or_somebody_asks(
    shop, as_, django_capture_on_commit_callbacks, state
):
    row = Erasure.objects.create(hash=erasing.hash_of(ANN), person=ANN, by="max@example.com", state=state)
    page = f"/erasures/{row.pk}/"
    assert ("Try once more" in as_("max").get(page).content.decode()) == (state == "failed")
    Erasure.objects.update(asked_at=now() - timedelta(minutes=20))
    assert "Try once more" in as_("max").get(page).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        as_("max").post(page)
    row.refresh_from_db()
    assert (row.state, row.person) == ("done", "")
    back = Erasure.objects.create(hash=erasing.hash_of("customer-ben"), person="customer-ben", by="max", state=state)
    worker._queue_what_was_lost()
    assert erasing.queue_again() == 0
    back.refresh_from_db()
    assert back.state == "done"
    assert not Customer.objects.exists()


STORY = """
import os, sys, django
django.setup()
from django.core.management import call_command
from django.apps import apps
from holdfast.server.customers import erasing, projection
from holdfast.server.customers.models import Customer
from holdfast.workspace import Workspace
from tests.server.lakes import happened, pour
from tests.server.test_erasing import ANN, MAIL, NAME
call_command("migrate", verbosity=0)
shop = Workspace.open(os.environ["HOLDFAST_WORKSPACE"])
pour(shop, [happened(1, ANN, kind="identify", email=MAIL, name=NAME), *(happened(n, f"c{n}") for n in range(2, 400))])
projection.follow()
note = apps.get_model("customers.Note").objects.create(person=ANN, text="x" * 3000 + NAME, author_name="Agnes")
note.text = "shorter"
note.save()
erasing.erase(ANN, "max")
print(Customer.objects.count())
"""


@pytest.mark.one_database
def test_the_bytes_of_the_database_file_hold_nothing_of_her(served):
    """A process of its own, with a SQLite file: deleted rows leave nothing behind in it."""
    environment = os.environ | {"HOLDFAST_WORKSPACE": str(served.path), "DATABASE_URL": ""}
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", STORY], env=environment, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "398"
    assert (served.path / "server" / "holdfast.sqlite").stat().st_size > 100_000
    assert naming(served.path) == []
