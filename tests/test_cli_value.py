"""`holdfast value` on the command line: the model's answer, its tables, its people, the plain formula alone, contracts."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from shells import holdfast, made_folder

from holdfast import datasets
from holdfast.settings import Contract, Settings
from holdfast.settings_file import write_settings


@cache
def folder() -> Path:
    """A workspace with the made stream of 600 customers; made once, only read."""
    home = made_folder()
    pq.write_table(datasets.made_stream(600, 1), home / "stream.parquet")
    told = holdfast("import", home / "stream.parquet", "-w", home / "shop", "--yes", "--zone", "UTC", "--currency", "EUR")
    assert told.code == 0, told.err
    return home


def rows(*args: str) -> list[dict[str, object]]:
    """The rows of the answer's table."""
    table = json.loads(holdfast("value", *args, "-w", folder() / "shop", "--json").out)["table"]
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def test_the_screen_says_equity_and_lists_the_best_within_a_hundred_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    told = holdfast("value", "-w", folder() / "shop")
    assert told.out.startswith("In the next 12 months the 210 customers are worth ")
    assert "too narrow" not in told.out
    assert max(map(len, told.out.splitlines())) <= 100
    assert len(rows()) == 20


@pytest.mark.parametrize("table", ["at-risk", "segments", "cohorts", "sources", "deciles", "bands", "new", "plain"])
def test_every_table_fits_the_screen(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    told = holdfast("value", "-w", folder() / "shop", "--show", table)
    assert told.code == 0, told.err
    assert "too narrow" not in told.out


def test_the_csv_has_every_customer_unless_a_limit_is_given(tmp_path: Path) -> None:
    for more, lines in ((), 211), (("--limit", "5"), 6):
        assert holdfast("value", "-w", folder() / "shop", "--csv", tmp_path / "v.csv", *more).code == 0
        assert len((tmp_path / "v.csv").read_text().splitlines()) == lines


def test_people_behind_a_number() -> None:
    first = rows("--show", "deciles")[0]
    told = holdfast("value", "-w", folder() / "shop", "--people", "decile=1", "--csv", "-").out.split()[1:]
    assert len(told) == first["n"]
    friends = next(row["n"] for row in rows("--show", "sources") if row["source"] == "friend")
    assert len(holdfast("value", "-w", folder() / "shop", "--people", "source=friend", "--csv", "-").out.split()[1:]) == friends


@pytest.mark.parametrize("how", [("--plain",), ("--lifespan", "12"), ("--lifespan", "observed"), ("--gone-after", "60")])
def test_the_plain_formula_alone_stays_within_reach(how: tuple[str, ...]) -> None:
    told = holdfast("value", "-w", folder() / "shop", *how)
    assert told.out.startswith("By the plain formula a customer is worth ")


def test_mistakes_are_said_with_their_mend() -> None:
    for wrong, mend in (
        (("--show", "everything"), "choose one of customers, at-risk"),
        (("--lifespan", "forever"), "choose churn, observed or a number of months"),
        (("--every", "year"), "--every says nothing of customers without a contract → leave it out"),
        (("--plain", "--show", "at-risk"), "--show says nothing of the plain formula → leave it out"),
        (("--plain", "--horizon", "24"), "--horizon says nothing of the plain formula → leave it out"),
        (("--people", "decile=11"), "decile"),
    ):
        told = holdfast("value", "-w", folder() / "shop", *wrong)
        assert told.code != 0
        assert mend in " ".join((told.out + told.err).split())


def test_on_a_base_of_contracts_it_asks_what_contracts_are_worth(tmp_path: Path) -> None:
    shutil.copytree(folder() / "shop", tmp_path / "shop")
    contract = Contract(start=("Order Completed",), end=("Order Refunded",))
    write_settings(tmp_path / "shop" / "holdfast.toml", Settings(base="contract", currency="EUR", contract=contract))
    told = holdfast("value", "-w", tmp_path / "shop", "--horizon", "24", "--every", "year")
    assert told.code == 0, told.err
    assert "contract" in told.out
    judged = holdfast("value", "-w", tmp_path / "shop", "--show", "at-risk", "--holdout", "2", "--json")
    assert json.loads(judged.out)["question"]["holdout"] == 2
    assert "says nothing of customers without a contract" in holdfast("value", "-w", folder() / "shop", "--holdout", "2").err
    assert holdfast("value", "-w", tmp_path / "shop", "--source", "channel").code != 0
