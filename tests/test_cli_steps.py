"""The verbs sessions and transitions, and the options that every question about ways shares."""

from __future__ import annotations

import json
from functools import cache

import pytest
from shells import holdfast, made_folder

from holdfast.cli.step_options import naming

VISITS = """customer_id,time,event,path,country
ann,2024-01-01 12:00,Page Viewed,/product/1,FR
ann,2024-01-01 12:01,Page Viewed,/product/2,FR
ann,2024-01-01 12:02,Page Viewed,/cart,FR
ann,2024-01-01 13:00,Page Viewed,/help,FR
ben,2024-01-01 12:00,Page Viewed,/product/2,FR
ben,2024-01-01 12:03,Page Viewed,/cart,FR
cleo,2024-01-01 12:00,Page Viewed,/product/1,GB
cleo,2024-01-01 14:00,Order Completed,,GB
dan,2024-01-02 12:00,Page Viewed,/help,GB
"""


@cache
def shop() -> str:
    folder = made_folder()
    (folder / "visits.csv").write_text(VISITS, encoding="utf-8")
    told = holdfast("import", folder / "visits.csv", "-w", folder / "shop", "--yes", "--zone", "UTC", "--currency", "EUR")
    assert told.code == 0, told.err
    return str(folder / "shop")


def asked(*args: str) -> dict[str, list]:
    """The table as columns."""
    told = holdfast(*args, "-w", shop(), "--json")
    assert told.code == 0, told.err
    table = json.loads(told.out)["table"]
    return dict(zip(table["columns"], zip(*table["rows"], strict=True), strict=True))


PAGES = ("--name-by", "path", "--group", "/product/*")


def test_sessions_by_page_with_exits_lengths_and_people():
    table = asked("sessions", *PAGES)
    landed = dict(zip(table["landing"], zip(table["sessions"], table["bounces"], strict=True), strict=True))
    assert landed == {"/product/*": (3, 1), "/help": (2, 2), "Order Completed": (1, 1)}
    told = holdfast("sessions", "-w", shop(), *PAGES, "--period", "month")
    assert all(word in told.out for word in ("The trend, all pages", "Where sessions end", "Steps a session"))
    people = holdfast("sessions", "-w", shop(), *PAGES, "--people", "landing=/help", "what=bounced")
    assert (people.code, people.out.split()) == (0, ["ann", "dan"])
    assert holdfast("sessions", "-w", shop(), *PAGES, "--people", "length=1").out.split() == ["ann", "cleo", "dan"]


def test_transitions_side_by_side_and_people():
    table = asked("transitions", *PAGES, "--gap", "30", "--loops", "collapsed", "--unit", "sessions", "--times", "none")
    often = dict(zip(zip(table["from"], table["to"], strict=True), table["count"], strict=True))
    assert often["/product/*", "/cart"] == 2
    assert often["(start)", "/product/*"] == 3
    assert ("/product/*", "/product/*") not in often
    told = holdfast("transitions", "-w", shop(), *PAGES, "--by", "country", "--versus", "FR,GB")
    assert "Side by side, a = FR, b = GB" in told.out
    people = holdfast("transitions", "-w", shop(), *PAGES, "--people", "from=/product/*", "to=/cart")
    assert people.out.split() == ["ann", "ben"]


def test_no_gap_and_names_left_out():
    assert asked("sessions", *PAGES, "--gap", "none")["sessions"] == asked("sessions", *PAGES, "--gap", "0")["sessions"]
    assert sum(asked("sessions", *PAGES, "--gap", "none")["sessions"]) == 4
    assert asked("sessions", "--name-by", "path", "--only", "Page Viewed", "--exclude", "/help")["landing"] == (
        "/product/1",
        "/product/2",
    )


@pytest.mark.parametrize(
    ("args", "mend"),
    [(("--gap", "soon"), "--gap none"), (("--unit", "sessions", "--gap", "none"), "--gap 30"), (("--name-by", "pth"), "path")],
)
def test_what_cannot_be_is_said_with_its_mend(args, mend):
    told = holdfast("transitions", "-w", shop(), *args)
    assert (told.code, told.out) == (2, "")
    assert mend in told.err


def test_naming_is_taken_out_of_a_verbs_own_options():
    own = {"name_by": "path", "groups": ["/a/*"], "only": (), "exclude": ("x",), "loops": "kept"}
    made = naming(own)
    assert (made.by, made.groups, made.only, made.exclude, own) == ("path", ("/a/*",), (), ("x",), {"loops": "kept"})


def test_every_further_table_can_be_had():
    whole = json.loads(holdfast("sessions", "-w", shop(), *PAGES, "--json").out)
    assert list(whole["extra"]) == ["exits", "lengths"]
    assert whole["extra"]["exits"]["columns"][0] == "page"
    rows = holdfast("sessions", "-w", shop(), *PAGES, "--show", "exits", "--csv", "-").out.splitlines()
    assert rows[0].split(",") == whole["extra"]["exits"]["columns"]
    assert len(rows) == 1 + len(whole["extra"]["exits"]["rows"])
    assert "exit rate" in holdfast("sessions", "-w", shop(), *PAGES, "--show", "exits").out
    wrong = holdfast("sessions", "-w", shop(), *PAGES, "--show", "?")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.strip().endswith("did you mean exits, lengths?")


def test_a_narrow_screen_shows_what_was_asked_for():
    """Of 100 columns the probability and the difference come before the counts."""
    told = holdfast("transitions", "-w", shop(), *PAGES, "--by", "country", "--loops", "kept")
    heads = next(line for line in told.out.splitlines() if line.startswith("segment"))
    assert heads.index("probability") < heads.index("customers")
    assert "difference, points" in told.out
    assert "country is worked out" not in told.out
    assert "status is worked out" in holdfast("funnel", "Page Viewed", "Page Viewed", "-w", shop(), "--by", "status").out
