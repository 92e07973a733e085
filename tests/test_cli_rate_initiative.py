"""Rates of figures of one's own, and initiatives: on the command line and in the report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from shells import holdfast, small_shop

from holdfast.cli.failing import told_failure


def test_the_retention_rate_of_the_worked_example_is_90_percent() -> None:
    told = holdfast("rate", "--start", "2000", "--end", "2400", "--new", "600", "--json")
    answer = json.loads(told.out)
    assert dict(zip(answer["table"]["columns"], answer["table"]["rows"][0], strict=True))["share"] == 0.9
    assert "90.0 % (88.6 to 91.2): 1,800 of 2,000" in answer["words"]


def test_the_churn_rate_of_the_worked_example_is_10_percent() -> None:
    assert "10.0 % (7.7 to 12.9): 50 of 500" in holdfast("rate", "--start", "500", "--lost", "50").out


@pytest.mark.parametrize(
    "figures",
    [
        ("--start", "500", "--end", "10", "--new", "50"),
        ("--start", "10", "--end", "100", "--new", "5"),
        ("--start", "500", "--lost", "600"),
        ("--start", "-1", "--lost", "0"),
        ("--start", "500"),
        ("--start", "500", "--end", "400"),
    ],
)
def test_figures_that_cannot_be_are_refused(figures: tuple[str, ...]) -> None:
    told = holdfast("rate", *figures)
    assert (told.code, told.out) == (2, "")
    assert "→" in told.err


def test_nobody_at_the_start_gives_no_rate_and_says_why() -> None:
    assert "not known: no customers at the start" in holdfast("rate", "--start", "0", "--lost", "0").out


def test_before_and_after_opens_to_its_people() -> None:
    told = holdfast("initiative", "2024-02-01", "-w", small_shop(), "--json")
    rows = [
        dict(zip(json.loads(told.out)["table"]["columns"], row, strict=True)) for row in json.loads(told.out)["table"]["rows"]
    ]
    assert [(row["side"], row["size"], row["customers"]) for row in rows] == [("before", 3, 2), ("after", 1, 0)]
    people = holdfast("initiative", "2024-02-01", "-w", small_shop(), "--people", "side=before", "--csv", "-").out.split()
    assert people == ["customer_id", "ann", "ben"]


def test_an_initiative_in_the_settings_stands_beside_its_cohort_in_the_report(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(small_shop(), shop)
    with (shop / "holdfast.toml").open("a", encoding="utf-8") as file:
        file.write('\n[initiatives]\n"2024-02-01" = "welcome <b>letter</b>"\n')
    told = holdfast("report", "-w", shop, "-o", tmp_path / "report.html")
    assert told.code == 0, told.err
    assert "2024-02 ◆ welcome &lt;b&gt;letter&lt;/b&gt;" in (tmp_path / "report.html").read_text("utf-8")


def test_a_log_of_a_bug_names_the_verb_and_no_person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["holdfast", "erase", "ann@example.org", "-w", "shop", "--people=dan"])
    assert told_failure(RuntimeError("a bug")) == 1
    (log,) = tmp_path.glob("holdfast-*.log")
    assert log.read_text("utf-8").splitlines()[0] == "holdfast erase -w --people"
    assert "ann@example.org" not in log.read_text("utf-8")
