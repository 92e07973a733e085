"""Tasks: whose turn is it; what came of it; calls; the mail of the morning."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from holdfast.server.customers import tasks
from holdfast.server.customers.care import Note, Task
from holdfast.server.customers.known import today
from holdfast.server.customers.notes import drop_deleted
from holdfast.server.customers.reminding import due_now, remind_owners
from holdfast.server.people.models import AuditEntry
from tests.server.corner import open_corner, url

NOW = datetime(2026, 3, 2, 7, 5, tzinfo=UTC)
DAY = date(2026, 3, 2)


@pytest.fixture
def shop(served, db):
    return open_corner(served)


def text(answer) -> str:
    return answer.content.decode()


def test_agnes_makes_a_task_takes_the_call_and_tells_what_came_of_it(shop, as_, people):
    agnes = as_("agnes")
    sent = {"title": "Ring about the parcel", "kind": "call", "owner": people["agnes"].pk, "due": today().isoformat()}
    page = text(agnes.post(url("ann", "tasks"), sent, HTTP_HX_REQUEST="true"))
    assert "Ring about the parcel" in page
    assert "due today" in page
    (one,) = Task.objects.all()
    agnes.post(f"/tasks/{one.pk}/close/", {"outcome": "reached", "told": "All is well"})
    one.refresh_from_db()
    assert (one.state, one.outcome, one.told, one.closed_by) == ("done", "reached", "All is well", people["agnes"])
    profile = text(agnes.get(url("ann")))
    assert "Call · Agnes" in profile  # the last contact
    assert "(today)" in profile
    assert "Done · Call: Ring about the parcel (Reached)" in text(agnes.get(url("ann", "timeline"), HTTP_HX_REQUEST="true"))
    assert {"task.make", "task.done"} <= set(AuditEntry.objects.values_list("action", flat=True))


def test_a_task_closed_by_mistake_is_opened_again(shop, as_):
    agnes = as_("agnes")
    agnes.post("/tasks/new/", {"title": "Order cards", "kind": "other"})
    (one,) = Task.objects.all()
    agnes.post(f"/tasks/{one.pk}/drop/")
    assert Task.objects.get().state == "dropped"
    agnes.post(f"/tasks/{one.pk}/open/")
    one.refresh_from_db()
    assert (one.state, one.closed_at, one.closed_by) == ("open", None, None)


@pytest.mark.parametrize("way", ["page", "part"])
def test_a_note_too_long_leaves_the_task_open_and_a_second_done_changes_nothing(shop, as_, people, way):
    """What came of a call is not thrown away in silence, nor overwritten by who presses Done a little later."""
    task, agnes = tasks.make("ann", "Ring Ann", people["agnes"], datetime.now(UTC)), as_("agnes")
    headers = {"HX-Request": "true"} if way == "part" else {}
    answer = agnes.post(f"/tasks/{task.pk}/close/", {"told": "x" * 10_001, "on": "customer"}, headers=headers)
    task.refresh_from_db()
    assert task.state == "open"
    assert 'class="error' in answer.content.decode()
    agnes.post(f"/tasks/{task.pk}/close/", {"outcome": "reached", "told": "Will order", "on": "customer"}, headers=headers)
    as_("max").post(f"/tasks/{task.pk}/close/", {"outcome": "no answer"}, headers=headers)
    task.refresh_from_db()
    assert (task.outcome, task.told, str(task.closed_by)) == ("reached", "Will order", "Agnes")


def test_a_call_that_was_just_made_is_kept_as_done(shop, as_):
    as_("agnes").post(url("ben", "calls"), {"outcome": "no answer", "told": "Rings, nobody there"})
    (one,) = Task.objects.all()
    assert (one.kind, one.state, one.outcome) == ("call", "done", "no answer")
    assert "none written down" in text(as_("agnes").get(url("ben")))  # nobody was reached
    as_("agnes").post(url("ben", "calls"), {"outcome": "nonsense"})
    assert Task.objects.count() == 1


def test_the_lists_mine_unassigned_overdue_closed(shop, as_, people):
    now, agnes, max_ = datetime.now(UTC), people["agnes"], people["max"]
    late = today() - timedelta(days=3)
    tasks.make("ann", "Mine and late", agnes, now, owner=agnes, due=late)
    tasks.make("ben", "Nobody's", agnes, now, kind="email")
    tasks.make("", "Max's, some day", max_, now, owner=max_, kind="other")
    tasks.close(tasks.make("dan", "Over", agnes, now), agnes, now, outcome="reached")
    client = as_("agnes")
    wanted = {
        "mine": {"Mine and late"},
        "unassigned": {"Nobody&#x27;s"},
        "overdue": {"Mine and late"},
        "open": {"Mine and late", "Nobody&#x27;s", "Max&#x27;s, some day"},
        "closed": {"Over"},
    }
    every = set().union(*wanted.values())
    for view, titles in wanted.items():
        page = text(client.get(f"/tasks/?show={view}"))
        assert {title for title in every if f">{title}</bdi>" in page} == titles, view
    narrowed = text(client.get(f"/tasks/?show=open&kind=other&owner={max_.pk}"))
    assert "Max&#x27;s, some day" in narrowed
    assert "Mine and late" not in narrowed
    assert "Ann Archer" in text(client.get("/tasks/?show=mine"))


def test_a_task_is_changed_and_a_wrong_one_is_not_kept(shop, as_, people):
    agnes = as_("agnes")
    one = tasks.make("ann", "Rign", people["agnes"], NOW)
    agnes.post(f"/tasks/{one.pk}/", {"title": "Ring", "kind": "call", "owner": "", "due": "2026-03-05"})
    one.refresh_from_db()
    assert (one.title, one.due) == ("Ring", date(2026, 3, 5))
    assert agnes.post(f"/tasks/{one.pk}/", {"title": "", "kind": "call"}).status_code == 422
    assert agnes.post(f"/tasks/{one.pk}/", {"title": "x" * 201, "kind": "call"}).status_code == 422
    agnes.post(url("ann", "tasks"), {"title": "", "kind": "call"})
    agnes.post(url("ann", "tasks"), {"title": "For Anna", "kind": "call", "owner": people["anna"].pk})
    assert Task.objects.count() == 1


def test_anna_sees_tasks_and_changes_none(shop, as_, people):
    one = tasks.make("ann", "Ring", people["agnes"], NOW)
    anna = as_("anna")
    assert "Ring" in text(anna.get("/tasks/?show=open"))
    assert anna.get(f"/tasks/{one.pk}/").status_code == 200
    for verb in ("", "close/", "drop/", "open/"):
        assert anna.post(f"/tasks/{one.pk}/{verb}", {"title": "Mine", "kind": "call"}).status_code == 403
    assert as_(None).post(f"/tasks/{one.pk}/close/").status_code == 401
    assert as_("agnes").get("/tasks/999999/").status_code == 404


def test_going_back_leads_only_to_our_own_pages(shop, as_, people):
    one = tasks.make("ann", "Ring", people["agnes"], NOW)
    agnes = as_("agnes")
    assert agnes.post(f"/tasks/{one.pk}/close/", {"next": "/tasks/?show=open&kind=call"}).url == "/tasks/?show=open&kind=call"
    for elsewhere in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert agnes.post(f"/tasks/{one.pk}/open/", {"next": elsewhere}).url == url("ann") + "#tasks"


# ------------------------------------------------------------------------------------------------------ in the morning
def test_each_owner_gets_one_mail_about_what_is_due(shop, people, mailoutbox):
    agnes, max_ = people["agnes"], people["max"]
    tasks.make("ann", "Late", max_, NOW, owner=agnes, due=DAY - timedelta(days=2))
    tasks.make("ben", "Today", max_, NOW, owner=agnes, due=DAY, kind="email")
    tasks.make("", "Max today", max_, NOW, owner=max_, due=DAY)
    tasks.make("ann", "Tomorrow", max_, NOW, owner=agnes, due=DAY + timedelta(days=1))
    tasks.make("ann", "Nobody's", max_, NOW, due=DAY)
    tasks.close(tasks.make("ann", "Done", max_, NOW, owner=agnes, due=DAY), agnes, NOW)
    assert remind_owners(NOW) == 2
    mails = {mail.to[0]: mail for mail in mailoutbox}
    assert mails["agnes@example.com"].subject == "2 tasks are due · Corner shop"
    body = mails["agnes@example.com"].body
    assert "Call: Late · Ann Archer (overdue since 28 Feb 2026)" in body
    assert "E-mail: Today · Ben Brook" in body
    assert "/tasks/?show=mine" in body
    assert not any(other in body for other in ("Tomorrow", "Nobody's", "Done"))
    assert mails["max@example.com"].subject == "One task is due · Corner shop"


def test_who_left_us_gets_no_mail(shop, people, mailoutbox):
    tasks.make("ann", "Late", people["max"], NOW, owner=people["agnes"], due=DAY)
    people["agnes"].is_active = False
    people["agnes"].save()
    assert remind_owners(NOW) == 0
    assert mailoutbox == []


def test_the_hour_is_seven_in_the_zone_of_the_business(served):
    assert due_now(datetime(2026, 1, 5, 7, 5, tzinfo=UTC))
    assert due_now(datetime(2026, 7, 6, 6, 5, tzinfo=UTC))  # summer time in London
    assert not due_now(datetime(2026, 7, 6, 7, 5, tzinfo=UTC))


def test_notes_deleted_yesterday_go_for_good_and_todays_stay(shop, people):
    old, new = (
        Note.objects.create(
            person="ann", text="x", author=people["agnes"], author_name="Agnes", deleted_at=NOW - timedelta(hours=hours)
        )
        for hours in (25, 23)
    )
    assert drop_deleted(NOW) == 1
    assert list(Note.objects.all()) == [new]
    assert old.pk != new.pk
