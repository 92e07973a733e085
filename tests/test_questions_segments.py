"""Several segments at once: who enters late, segments that end early, and numbers that open to their people."""

from __future__ import annotations

from typing import Any

import pytest
from cohort_stories import told

from holdfast.analyses.bridge import Bridge
from holdfast.analyses.clv import PlainClv
from holdfast.analyses.cohorts import Cohorts
from holdfast.analyses.cohorts.year import OneYear
from holdfast.analyses.customers import Customers
from holdfast.analyses.gone_after import GoneAfter
from holdfast.analyses.metrics import Metrics
from holdfast.analyses.money_retention import MoneyRetention
from holdfast.analyses.orders import Orders
from holdfast.analyses.scope import Condition
from holdfast.analyses.stickiness import Stickiness
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines import walk
from holdfast.timelines.timelines import Timelines

MOVED = "ann 2024-01-05 10 @Germany, 2024-02-05 10 @France\nben 2024-01-06 10 @Germany, 2024-02-06 10 @Germany"
"""Ann moves from Germany to France in February, Ben stays."""

ENDED = (
    "ann " + ", ".join(f"2024-{month:02}-05 10 @Germany" for month in range(1, 8)) + "\n"
    "ben 2024-01-06 10 @Poland\ncleo 2024-07-20 10 @Germany"
)
"""Ann orders every month to July; Ben, the only one in Poland, once in January."""


def sizes(timelines: Timelines, **asked: Any) -> dict[tuple[str, str], int]:
    """(segment, cohort) → members, of the cells of period 0."""
    rows = timelines.ask(Cohorts(entry="each period", **asked)).table.to_pylist()
    return {(row["segment"], row["cohort"]): row["size"] for row in rows if row["period"] == 0 and row["cohort"] != "all"}


def test_a_segment_that_customers_only_enter_later_is_shown() -> None:
    """France has nobody's first entry, but Ann's second; its cell opens to her."""
    answer = told(MOVED).ask(Cohorts(entry="each period", by="country"))
    assert sizes(told(MOVED), by="country") == {("Germany", "2024-01"): 2, ("Germany", "2024-02"): 1, ("France", "2024-02"): 1}
    assert answer.people(segment="France", cohort="2024-02", count="size").ids == ("ann",)
    assert answer.definition.n == 2


def test_who_enters_the_scope_later_is_counted() -> None:
    """Of France alone, Ann's entry of February is the first in scope: one member, not none."""
    france = (Condition("country", ("France",)),)
    answer = told(MOVED).ask(Cohorts(entry="each period", where=france))
    assert sizes(told(MOVED), where=france) == {("everyone", "2024-02"): 1}
    assert (answer.definition.n, answer.extra["median"].to_pylist()[0]["n"]) == (1, 1)
    assert answer.words == "1 customer has entered; no period is over yet, so every cell is in progress."


def test_complete_cohorts_are_those_complete_in_every_segment_that_has_them() -> None:
    """On the customers' own clock a segment without members in a cohort holds nothing up."""
    words = told(ENDED).ask(Cohorts(clock="elapsed", by="country", as_of="2024-07-31")).words
    assert "over 1 complete of 2 cohorts" in words


def test_words_tell_of_the_last_period_of_any_segment() -> None:
    """Poland, last in the alphabet, ends in February; Germany goes on to June."""
    shop = told(ENDED, Settings(gone_after=40))
    assert shop.ask(Bridge(by="country")).words == "Kept in 2024-06: Germany 100.0 %, Poland n/a."
    assert shop.ask(MoneyRetention(by="country")).words.startswith("Net revenue retention in 2024-06: Germany 100.0 %")
    told_of = {row["period"] for row in shop.ask(Metrics(by="country")).table.to_pylist() if row["metric"] in ("crr", "nrr")}
    assert told_of == {"2024-06"}


def test_one_year_by_rfm() -> None:
    """A trait splits every question."""
    answer = told(ENDED).ask(OneYear(days=30, gone_after=90, by="rfm"))
    assert sum(row["everyone"] for row in answer.table.to_pylist()) == 3


def test_the_overview_opens_customers_and_buyers_even_in_the_first_month() -> None:
    """Nobody is there at a start yet: the customers of now are there all the same."""
    shop = told("ann 2024-01-05 10\nben 2024-01-06 10")
    table = {row["metric"]: row["value"] for row in shop.ask(Metrics()).table.to_pylist()}
    assert (table["customers"], table["buyers"]) == (2, 2)
    for metric in ("customers", "buyers"):
        assert Metrics().people(shop, metric=metric).ids == ("ann", "ben")
    with pytest.raises(UsageError, match="no period begins"):
        Metrics().people(shop, metric="crr")


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        (PlainClv(), {"period": "2024-01"}),
        (GoneAfter(), {"which": "gone"}),
        (Cohorts(), {"period": "abc"}),
        (Cohorts(), {"cohort": "2024-01", "period": 1.5}),
        (Cohorts(), {"cohort": "2024-01", "period": -1}),
    ],
)
def test_a_cell_that_cannot_be_is_refused_with_a_word(question: Any, cell: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        question.people(told(ENDED), **cell)


def test_an_unknown_customer_is_told_the_ids_beside_it() -> None:
    with pytest.raises(UnknownName, match="cleo"):
        Customers().people(told(ENDED), customer="cle")


@pytest.mark.parametrize("kind", [Orders, Bridge, MoneyRetention, PlainClv, Metrics, Customers, Stickiness])
def test_a_moment_that_is_none_is_refused(kind: Any) -> None:
    """A slip such as moment="now" is not taken for the default."""
    with pytest.raises(UsageError, match="moment"):
        told(ENDED).ask(kind(moment="now"))


@pytest.mark.parametrize("wrong", [lambda: Customers(limit=-1), lambda: OneYear(gone_after=0)])
def test_numbers_that_cannot_be_are_refused(wrong: Any) -> None:
    with pytest.raises(UsageError):
        wrong()


def test_customers_money_is_the_same_in_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each shard adds its own part of the column."""
    whole = told(ENDED + "\ndan 2024-03-01 10, 2024-03-09 -2.5").ask(Customers()).table
    monkeypatch.setattr(walk, "EVENTS_A_SHARD", 2)
    parts = told(ENDED + "\ndan 2024-03-01 10, 2024-03-09 -2.5")
    assert parts.ask(Customers()).table.equals(whole)
    assert dict(zip(*whole.select(["customer", "revenue"]).to_pydict().values(), strict=True)) == {
        "ann": 70.0, "ben": 10.0, "cleo": 10.0, "dan": 7.5,
    }  # fmt: skip


def test_an_average_without_an_interval_is_drawn_without_one() -> None:
    """July alone has two orders; a month with one has no interval, rather than one that reaches down to 0."""
    figure = told(ENDED).ask(Orders()).figure()
    assert list(figure.data[0].error_y.arrayminus)[1:6] == [0, 0, 0, 0, 0]
    assert list(figure.data[0].error_y.array)[1:6] == [0, 0, 0, 0, 0]


def test_a_definition_says_when_values_were_read() -> None:
    """RFM is a value of the as-of whatever the question; a property is frozen at the event by which customers enter."""
    shop = told(ENDED + "\ndan 2024-01-03 Visited")
    germany = (Condition("country", ("Germany",)),)
    assert shop.ask(Cohorts(by="rfm")).definition.rules["by"] == "rfm at as-of"
    assert shop.ask(Cohorts(by="country")).definition.rules["by"] == "country at entry"
    assert shop.ask(Stickiness(by="country")).definition.rules["by"] == "country at first counting event"
    assert shop.ask(Bridge(by="country")).definition.rules["by"] == "country at first order"
    assert shop.ask(Orders(where=germany, moment="current")).definition.rules["where"] == "country=Germany (values at as-of)"


def test_lines_of_segments_end_with_the_last_period_that_is_over() -> None:
    """July is in progress: its rates are not those of a month."""
    figure = told(ENDED, Settings(gone_after=40)).ask(Bridge(by="country")).figure()
    assert {line.x[-1] for line in figure.data} == {"2024-06"}


def test_curves_of_segments_are_named_for_what_they_show() -> None:
    """With money as the measure the lines are still shares of customers."""
    answer = told(ENDED).ask(Cohorts(by="country", measure="revenue"))
    assert (answer.figure().layout.title.text, answer.figure().layout.yaxis.tickformat) == ("Who comes back", ".0%")
    assert answer.definition.title == "What customers bring, by when they came"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (Orders(), "some rows stand on fewer than 30 customers"),
        (PlainClv(by="country"), "fewer than 30 orders in these months, read with care: Germany"),
        (Metrics(), "on an n below 30"),
    ],
)
def test_small_groups_are_marked(question: Any, said: str) -> None:
    """Three customers are a small group by every default (SEMANTICS 31), and none where the settings say two."""
    assert any(said in note for note in told(ENDED, Settings(gone_after=40)).ask(question).notes)
    assert not any("30" in note for note in told(ENDED, Settings(gone_after=40, small_group=1)).ask(question).notes)
