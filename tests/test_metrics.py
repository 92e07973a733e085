"""The overview shows the values of the questions themselves, each with its n and its definition (MISSION 1.21, 3.10)."""

from __future__ import annotations

import pytest
from people import told
from shops import cdnow, shop

from holdfast.analyses.bridge import Bridge, shown
from holdfast.analyses.clv import PlainClv
from holdfast.analyses.gone_after import GoneAfter
from holdfast.analyses.metrics import Metrics
from holdfast.analyses.money_retention import MoneyRetention
from holdfast.analyses.orders import Orders
from holdfast.analyses.repeat import Repeat
from holdfast.errors import UnknownName
from holdfast.settings import Settings
from holdfast.timelines import walk
from holdfast.timelines.timelines import Timelines


@pytest.mark.parametrize("made", [shop, cdnow])
def test_values_are_those_of_the_questions(made) -> None:
    timelines: Timelines = made()
    table = {row["metric"]: row for row in Metrics().answer(timelines).table.to_pylist()}
    bridge = shown(Bridge().answer(timelines).table.to_pylist())
    assert bridge is not None
    for name in ("crr", "churn", "new", "returned", "lost"):
        assert table[name]["value"] == bridge[name]
    ninety = next(row for row in Repeat().answer(timelines).table.to_pylist() if row["days"] == 90)
    assert (table["second_order_90"]["value"], table["second_order_90"]["n"]) == (ninety["rate"], ninety["n"])


def test_figures_of_the_real_shop() -> None:
    """Online Retail, worked out in SQL (test_orders, test_bridge_oracle): 18,536 orders of 4,339 customers, 8,300,065.81
    net."""
    table = {row["metric"]: row for row in Metrics().answer(shop()).table.to_pylist()}
    assert table["orders"]["value"] == 18_536
    assert table["buyers"]["value"] == 4_339
    assert table["revenue"]["value"] == pytest.approx(8_300_065.81, abs=0.01)
    assert table["gone_after"]["value"] == 161


def test_every_line_has_its_unit_its_definition_and_its_n() -> None:
    for row in Metrics().answer(shop()).table.to_pylist():
        assert row["unit"] in ("share", "money", "days", "number")
        assert row["definition"]
        assert row["n"] is not None
        assert row["unit"] != "share" or 0 <= row["value"] <= 1


@pytest.mark.parametrize("metric", ["customers", "new", "returned", "lost"])
def test_a_count_opens_to_exactly_its_people(metric: str) -> None:
    answer = Metrics().answer(shop())
    row = next(row for row in answer.table.to_pylist() if row["metric"] == metric)
    assert len(answer.people(metric=metric)) == row["value"]


def test_a_rate_opens_to_those_it_counts() -> None:
    answer = Metrics().answer(shop())
    table = {row["metric"]: row for row in answer.table.to_pylist()}
    for metric in ("crr", "churn", "repeat_share", "second_order_90", "champions_share"):
        assert len(answer.people(metric=metric)) == round(table[metric]["value"] * table[metric]["n"])
    with pytest.raises(UnknownName, match="crr"):
        answer.people(metric="crrr")


def test_nobody_at_all_is_said_and_not_an_error() -> None:
    for story, settings in (("ann a1 5 @0", Settings()), ("ann Login @0  ann Login @50", Settings())):
        answer = Metrics().answer(told(story, settings))
        assert answer.words
        assert '"words"' in answer.to_json()


def test_segments_stand_largest_first() -> None:
    answer = Metrics(by="country").answer(shop())
    assert answer.table.column("segment")[0].as_py() == "United Kingdom"


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    "question",
    [
        GoneAfter(),
        Bridge(by="country"),
        MoneyRetention(by="country"),
        Orders(by="country"),
        Repeat(by="country"),
        PlainClv("observed"),
    ],
)
def test_shards_and_threads_change_no_cell(question, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = shop(tied=True).source.columns
    whole = question.answer(Timelines(columns, shop().settings, threads=1))
    monkeypatch.setattr(walk, "EVENTS_A_SHARD", 700)
    parts = question.answer(Timelines(columns, shop().settings, threads=threads))
    assert parts.table.equals(whole.table)
    assert all(parts.extra[name].equals(table) for name, table in whole.extra.items())
