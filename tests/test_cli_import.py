"""`import`, `refusals`, `sql`, `customers`, `doctor`, `erase`, `init`, `demo`: the verbs that are no analysis."""

from __future__ import annotations

import json
import tomllib

import pytest
from shells import ORDERS, holdfast, orders_file, small_shop

BAD = ORDERS + "eve,not a day,e1,5.00,Spain\nfay,2024-03-01 10:00,f1,five,Spain\n"


def counts(told) -> dict[str, int]:
    """The table of an import as a dictionary."""
    return dict(json.loads(told.out)["table"]["rows"])


def test_without_a_terminal_and_without_yes_nothing_is_written(tmp_path):
    told = holdfast("import", orders_file(tmp_path), "-w", tmp_path / "shop")
    assert told.code == 2
    assert "--yes" in told.err
    assert "customer" in told.out
    assert "its name is" in told.out
    assert "ann" in told.out
    assert not (tmp_path / "shop").exists()


def test_the_first_import_makes_the_workspace_and_counts(tmp_path):
    told = holdfast(
        "import",
        orders_file(tmp_path),
        "-w",
        tmp_path / "shop",
        "--yes",
        "--currency",
        "gbp",
        "--zone",
        "Europe/London",
        "--json",
    )
    assert told.code == 0
    assert counts(told)["events that came in"] == 9
    assert "is a workspace now" in told.err
    settings = tomllib.loads((tmp_path / "shop" / "holdfast.toml").read_text("utf-8"))
    assert (settings["currency"], settings["zone"]) == ("GBP", "Europe/London")


def test_the_same_file_twice_changes_nothing(tmp_path):
    path = orders_file(tmp_path)
    holdfast("import", path, "-w", tmp_path / "shop", "--yes")
    before = holdfast("orders", "-w", tmp_path / "shop", "--json").out
    again = holdfast("import", path, "-w", tmp_path / "shop", "--yes", "--json")
    assert counts(again)["events that came in"] == 0
    assert "nothing was changed" in json.loads(again.out)["words"]
    assert holdfast("orders", "-w", tmp_path / "shop", "--json").out == before


def test_a_mapping_takes_several_pairs_and_overrides_the_guess(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("a;b;c;d\nann;05/01/2024;a1;10,05\nben;06/01/2024;b1;20,00\n", "utf-8")
    told = holdfast(
        *("import", "-w", tmp_path / "shop", "--yes", "--json", "--dates", "dmy"),
        *("--map", "customer=a", "time=b", "order=c", "revenue=d", path),
    )
    assert told.code == 0, told.err
    assert json.loads(told.out)["question"]["mapping"] == {"time": "b", "customer": "a", "order": "c", "revenue": "d"}
    rows = json.loads(holdfast("sql", "-w", tmp_path / "shop", "select sum(revenue) as money from events", "--json").out)
    assert rows["table"] == {"columns": ["money"], "rows": [[30.05]]}


def test_an_unknown_column_is_answered_with_those_that_are_there(tmp_path):
    told = holdfast("import", orders_file(tmp_path), "-w", tmp_path / "shop", "--yes", "--map", "customer=kunde")
    assert told.code == 2
    assert "kunde" in told.err
    assert not (tmp_path / "shop").exists()


def test_a_file_that_is_not_there_fails(tmp_path):
    told = holdfast("import", tmp_path / "none.csv", "-w", tmp_path / "shop", "--yes")
    assert told.code == 1
    assert "none.csv" in told.err


def test_refused_rows_are_said_kept_and_replayed(tmp_path):
    """Two bad rows: one without a readable time, one without a readable amount; put right, they come in."""
    shop = tmp_path / "shop"
    told = holdfast("import", orders_file(tmp_path, BAD), "-w", shop, "--yes", "--json")
    assert told.code == 0
    assert counts(told)["rows refused"] == 2
    assert any("refusals replay" in note for note in json.loads(told.out)["notes"])
    listed = json.loads(holdfast("refusals", "-w", shop, "--json").out)["table"]["rows"]
    assert [(row[1], row[2]) for row in listed] == [(11, "time_unreadable"), (12, "number_unreadable")]
    counted = json.loads(holdfast("refusals", "count", "-w", shop, "--json").out)["table"]["rows"]
    assert sorted(row[2] for row in counted) == [1, 1]
    kept = next((shop / "refusals").glob("*.jsonl"))
    kept.write_text(kept.read_text("utf-8").replace("not a day", "2024-03-01 10:00").replace("five", "5.00"), "utf-8")
    again = holdfast("refusals", "replay", "-w", shop, "--json")
    assert again.code == 0, again.err
    assert "2 events came in, 0 rows" in json.loads(again.out)["words"]
    assert json.loads(holdfast("refusals", "-w", shop, "--json").out)["table"]["rows"] == []


def test_strict_exits_with_one_when_a_row_was_refused(tmp_path):
    assert holdfast("import", orders_file(tmp_path, BAD), "-w", tmp_path / "shop", "--yes", "--strict").code == 1


def test_exported_refusals_are_a_file(tmp_path):
    holdfast("import", orders_file(tmp_path, BAD), "-w", tmp_path / "shop", "--yes")
    assert holdfast("refusals", "export", tmp_path / "out.csv", "-w", tmp_path / "shop").code == 0
    assert "number_unreadable" in (tmp_path / "out.csv").read_text("utf-8")


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "copy (select 1) to '/tmp/holdfast-must-not-be'",
        "explain analyze copy (select 1) to '/tmp/holdfast-must-not-be'",
        "create table x as select 1",
        "set enable_external_access = true",
        "install httpfs",
        "select 1; select 2",
        "selec 1",
    ],
)
def test_sql_reads_the_events_and_nothing_else(query):
    told = holdfast("sql", "-w", small_shop(), query)
    assert told.code == 2
    assert told.out == ""


def test_customers_are_listed_with_what_they_are_worth():
    table = json.loads(holdfast("customers", "-w", small_shop(), "--json").out)["table"]
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    assert [(row["customer"], row["orders"], row["revenue"]) for row in rows] == [
        ("ann", 4, 255.5),
        ("cleo", 2, 120.0),
        ("ben", 2, 70.0),
        ("dan", 1, 10.05),
    ]
    assert rows[3]["last_order"] == "2024-02-02"


def test_one_customer_is_a_timeline():
    told = json.loads(holdfast("customers", "cleo", "-w", small_shop(), "--json").out)
    assert [row[:4] for row in told["table"]["rows"]] == [
        ["2024-01-25 10:00:00", "Order Completed", "c1", 60.0],
        ["2024-04-25 10:00:00", "Order Completed", "c2", 60.0],
    ]
    assert "2 orders" in told["words"]


def test_an_erased_customer_is_gone_everywhere(tmp_path):
    holdfast("import", orders_file(tmp_path), "-w", tmp_path / "shop", "--yes")
    assert holdfast("erase", "ben", "-w", tmp_path / "shop").code == 2
    assert holdfast("erase", "ben", "-w", tmp_path / "shop", "--yes").code == 0
    table = json.loads(holdfast("customers", "-w", tmp_path / "shop", "--json").out)["table"]
    assert [row[0] for row in table["rows"]] == ["ann", "cleo", "dan"]
    assert holdfast("customers", "ben", "-w", tmp_path / "shop").code == 2


def test_init_writes_the_settings_once(tmp_path):
    assert holdfast("init", tmp_path / "a", "--zone", "Europe/Berlin", "--currency", "EUR").code == 0
    assert holdfast("init", tmp_path / "a").code == 1
    assert holdfast("init", tmp_path / "b", "--zone", "Europe/Berlim").code == 2
    assert holdfast("doctor", "-w", tmp_path / "a").code == 0


def test_questions_of_an_empty_workspace_say_so(tmp_path):
    holdfast("init", tmp_path / "a")
    for verb in ("metrics", "cohorts", "rfm", "report", "customers"):
        told = holdfast(verb, "-w", tmp_path / "a")
        assert told.code == 1, verb
        assert "no events yet" in told.err, verb
        assert "holdfast import" in told.err


def test_control_characters_of_a_file_never_reach_the_terminal(tmp_path):
    text = ORDERS + "\x1b[31mred\u202e,2024-03-01 10:00,x1,5.00,\x1b]0;title\x07\n"
    holdfast("import", orders_file(tmp_path, text), "-w", tmp_path / "shop", "--yes")
    told = holdfast("customers", "-w", tmp_path / "shop")
    assert told.code == 0
    assert "\x1b" not in told.out
    assert "\u202e" not in told.out


def test_the_demo_of_the_made_stream_reads_it_once(tmp_path):
    first = holdfast("demo", "--shop", "stream", "--folder", tmp_path / "made", "--no-open")
    assert first.code == 0, first.err
    assert "A made stream" in first.out
    assert "190,287 events" in first.out
    assert (tmp_path / "made" / "report.html").exists()
    again = holdfast("demo", "--shop", "stream", "--folder", tmp_path / "made", "--no-open")
    assert "is in " in again.err
    assert "190,287 events" not in again.out
