"""The command line: conventions that hold for every verb."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from shells import holdfast, small_shop

from holdfast.cli import VERBS
from holdfast.cli.options import spread

ANALYSES = (
    "metrics",
    "bridge",
    "losses",
    "cohorts",
    "repeat",
    "orders",
    "baskets",
    "rfm",
    "money",
    "value",
    "concentration",
    "stickiness",
    "gone-after",
)


def test_every_verb_stands_in_its_own_file_and_has_help():
    for name, (module, line) in VERBS.items():
        verb = import_module(f"holdfast.cli.{module}").verb
        assert isinstance(verb, click.Command)
        assert verb.name == name
        assert line.endswith((".", "?"))
        assert verb.help, name


def test_help_lists_every_verb_without_importing_one():
    code = (
        "import sys; from holdfast.cli import run; run(['--help']); "
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('numba', 'pyarrow', 'duckdb', 'rich', 'plotly')))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip().endswith("[]")
    assert all(name in told.stdout for name in VERBS)


@pytest.mark.parametrize("verb", ANALYSES)
def test_json_is_the_whole_answer_and_nothing_else(verb):
    told = holdfast(verb, "-w", small_shop(), "--json")
    assert told.code == 0, told.err
    answer = json.loads(told.out)
    assert [key for key in answer if key != "extra"] == ["question", "words", "table", "notes", "definition"]
    for table in (answer["table"], *answer.get("extra", {}).values()):
        assert list(table) == ["columns", "rows"]
        assert all(len(row) == len(table["columns"]) for row in table["rows"])
    assert answer["definition"]["version"] >= 1
    assert answer["question"]["name"]
    assert answer["words"].endswith((".", "!"))
    assert all(len(row) == len(answer["table"]["columns"]) for row in answer["table"]["rows"])


@pytest.mark.parametrize("verb", ANALYSES)
def test_csv_holds_the_same_table(verb):
    answer = json.loads(holdfast(verb, "-w", small_shop(), "--json").out)
    rows = list(csv.reader(io.StringIO(holdfast(verb, "-w", small_shop(), "--csv", "-").out)))
    assert rows[0] == answer["table"]["columns"]
    assert len(rows) - 1 == len(answer["table"]["rows"])


@pytest.mark.parametrize("verb", ANALYSES)
def test_a_sentence_stands_on_top_and_the_definition_below(verb):
    told = holdfast(verb, "-w", small_shop())
    assert told.code == 0, told.err
    answer = json.loads(holdfast(verb, "-w", small_shop(), "--json").out)
    assert told.out.replace("\n", " ").startswith(answer["words"][:60])
    assert "definition v" in told.out
    assert "\x1b" not in told.out


def test_a_cohort_grid_has_a_row_a_cell():
    table = json.loads(holdfast("cohorts", "-w", small_shop(), "--json").out)["table"]
    wanted = ["cohort", "period", "size", "customers", "rate", "low", "high", "state", "value"]
    assert [name for name in table["columns"] if name in wanted] == wanted
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    cell = next(row for row in rows if row["cohort"] == "2024-01" and row["period"] == 1)
    assert (cell["size"], cell["customers"], cell["state"]) == (3, 2, "complete")


def test_people_are_exactly_those_behind_the_number():
    """In February Ann and Ben came back; of March's base Ben was silent 40 days by the end, as was Dan."""
    told = holdfast("cohorts", "-w", small_shop(), "--people", "cohort=2024-01", "period=1")
    assert told.out.split() == ["ann", "ben"]
    assert "2 customers" in told.err
    lost = holdfast("bridge", "-w", small_shop(), "--people", "period=2024-03", "what=lost")
    assert lost.out.split() == ["ben", "cleo", "dan"]


def test_scope_and_as_of_narrow_the_question():
    france = json.loads(holdfast("orders", "-w", small_shop(), "--where", "Country=France", "--json").out)
    whole = json.loads(holdfast("orders", "-w", small_shop(), "--json").out)
    place = whole["table"]["columns"].index("orders")
    assert sum(row[place] for row in france["table"]["rows"]) == 6
    assert sum(row[place] for row in whole["table"]["rows"]) == 9
    same = json.loads(holdfast("orders", "-w", small_shop(), "--where", "country=France", "--json").out)
    assert same["table"] == france["table"]
    early = json.loads(holdfast("orders", "-w", small_shop(), "--as-of", "2024-01-31", "--json").out)
    assert [row[place] for row in early["table"]["rows"]] == [3]


def test_by_gives_a_row_a_segment():
    table = json.loads(holdfast("rfm", "-w", small_shop(), "--by", "Country", "--json").out)["table"]
    place = table["columns"].index("segment")
    assert {row[place] for row in table["rows"]} == {"France", "Germany"}


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["doctr"], 2, "doctor"),
        (["bridge", "--by", "Contry"], 2, "Country"),
        (["bridge", "--where", "Country"], 2, "no condition"),
        (["bridge", "--as-of", "tomorrow"], 2, "2011-12-09"),
        (["bridge", "--people", "period"], 2, "key=value"),
        (["bridge", "--people", "perod=2024-01"], 2, "period"),
        (["bridge", "--nonsense"], 2, "nonsense"),
        (["metrics", "--json", "--csv"], 2, "CSV"),
        (["customers", "an"], 2, "ann"),
        (["customers", "--rfm", "Champion"], 2, "Champions"),
        (["bridge", "--html", "/no/such/folder/x.html"], 1, "cannot be written"),
    ],
)
def test_a_wrong_word_is_answered_with_the_mend_and_no_traceback(args, code, says):
    told = holdfast(args[0], "-w", small_shop(), *args[1:])
    assert told.code == code
    assert says in told.err
    assert told.out == ""
    assert "Traceback" not in told.err


def test_no_workspace_is_said(tmp_path):
    told = holdfast("metrics", "-w", tmp_path)
    assert told.code == 1
    assert "holdfast init" in told.err


def test_the_workspace_may_stand_before_the_verb():
    assert holdfast("-w", small_shop(), "customers", "--json").out == holdfast("customers", "-w", small_shop(), "--json").out


def test_pairs_end_at_the_next_option_or_at_a_word_without_a_sign():
    assert spread(["--map", "a=b", "c=d", "f.csv", "--yes"]) == ["--map", "a=b", "--map", "c=d", "f.csv", "--yes"]
    assert spread(["--people", "rfm=At Risk", "--json"]) == ["--people", "rfm=At Risk", "--json"]
    assert spread(["--", "--map", "a=b", "c=d"]) == ["--", "--map", "a=b", "c=d"]


def test_a_bug_leaves_a_log_and_not_a_traceback(monkeypatch):
    from holdfast.workspace import Workspace

    monkeypatch.setattr(Workspace, "open", staticmethod(lambda _path: 1 / 0))
    told = holdfast("doctor")
    assert told.code == 1
    assert "Traceback" not in told.err
    log = told.err.strip().split()[-1]
    assert "ZeroDivisionError" in Path(log).read_text("utf-8")


def test_the_reference_page_is_what_the_program_says():
    from holdfast.cli.pages import reference

    page = Path(__file__).parent.parent / "docs" / "reference" / "cli.md"
    assert page.read_text("utf-8") == reference(), "write it again: python -m holdfast.cli.pages > docs/reference/cli.md"


def test_a_grid_that_was_not_split_has_the_columns_that_the_conventions_name():
    """cohort, period, size, customers, rate, low, high, state, value: in JSON and CSV; a split adds the segment in front."""
    names = ["cohort", "period", "size", "customers", "rate", "low", "high", "state", "value"]
    assert json.loads(holdfast("cohorts", "-w", small_shop(), "--json").out)["table"]["columns"] == names
    assert holdfast("cohorts", "-w", small_shop(), "--csv", "-").out.splitlines()[0] == ",".join(names)
    split = json.loads(holdfast("cohorts", "-w", small_shop(), "--by", "Country", "--json").out)
    assert split["table"]["columns"] == ["segment", *names]


def test_a_full_disk_is_said_in_plain_words(capsys):
    from holdfast.cli.failing import told_failure

    assert told_failure(OSError("[Errno 28] Error writing bytes to file. Detail: [errno 28] No space left on device")) == 1
    assert "the disk is full" in capsys.readouterr().err


def test_of_many_periods_the_screen_shows_the_latest():
    told = holdfast("bridge", "-w", small_shop(), "--period", "day")
    assert "earlier rows" in told.out
    assert "2024-04-25" in told.out
    assert "2024-01-05" not in told.out


def test_a_question_that_has_to_be_compiled_says_so_once():
    """In a process of its own, for numba keeps whoever listens."""
    program = """
from numba.core.event import Event, EventStatus, broadcast
from holdfast.cli import compiling
compiling.compiled_before = lambda: True
compiling.say_first_run()
compiling.say_first_run()
print("before", file=compiling.sys.stderr)
for status in (EventStatus.START, EventStatus.END, EventStatus.START):
    broadcast(Event("numba:compile", status))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    first, *said = ran.stderr.splitlines()
    assert first == "before"
    assert len(said) == 1
    assert said[0].startswith("first time of this question")
