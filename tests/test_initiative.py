"""Before and after an initiative: the story in figures worked out by hand, the refusal to call it a cause, and its people.

Four enter in January (one comes back in February), five in February (one in March); the new welcome begins on 1 March: six
enter in March (four come back in April) and four in April, who have not been seen for a whole month yet.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from holdfast.analyses.cohorts import Cohorts
from holdfast.analyses.initiative import BeforeAfter
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

ENTERED = {1: (4, 1), 2: (5, 1), 3: (6, 4), 4: (4, 0)}


def shop() -> Timelines:
    rows = []
    for month, (entered, back) in ENTERED.items():
        for n in range(entered):
            rows.append((f"{month}-{n}", datetime(2024, month, 10, tzinfo=UTC)))
            if n < back:
                rows.append((f"{month}-{n}", datetime(2024, month + 1, 10, tzinfo=UTC)))
    people, times = zip(*rows, strict=True)
    return Timelines.from_arrow(
        pa.table({"customer_id": people, "time": pa.array(times, pa.timestamp("us", tz="UTC"))}), Settings()
    )


def asked(**choices: Any) -> Any:
    return shop().ask(BeforeAfter("2024-03-01", name="the new welcome", as_of="2024-05-20", **choices))


def test_the_sides_are_pooled_over_whole_cohorts() -> None:
    before, after = asked(cohorts=2).table.to_pylist()
    assert (before["first"], before["last"], before["size"], before["customers"]) == ("2024-01", "2024-02", 9, 2)
    assert (after["first"], after["last"], after["size"], after["customers"]) == ("2024-03", "2024-03", 6, 4)


def test_the_words_never_claim_a_cause() -> None:
    words = asked().words
    assert words.endswith("no more than chance may give, so neither an effect nor its absence is shown.")
    assert "Of 6 customers who entered after the new welcome (1 March 2024) 66.7 %" in words


def test_a_cohort_in_which_the_date_falls_is_on_neither_side() -> None:
    answer = shop().ask(BeforeAfter("2024-03-15", as_of="2024-06-20"))
    before, after = answer.table.to_pylist()
    assert (before["last"], after["first"]) == ("2024-02", "2024-04")


def test_every_number_opens_to_its_people() -> None:
    answer = asked()
    for row in answer.table.to_pylist():
        for count in ("customers", "size"):
            assert len(answer.people(side=row["side"], count=count)) == row[count]
    assert answer.people(side="after").ids == ("3-0", "3-1", "3-2", "3-3")
    with pytest.raises(UnknownName):
        answer.people(sides="after")


def test_a_side_that_cannot_be_seen_yet_has_no_rate() -> None:
    answer = shop().ask(BeforeAfter("2024-04-01", as_of="2024-05-20"))
    assert answer.table.to_pylist()[1]["rate"] is None
    assert answer.extra["difference"].to_pylist()[0]["difference"] is None
    assert "No whole cohort after" in answer.words


@pytest.mark.parametrize("when", ["2023-01-01", "2031-01-01", "soon"])
def test_a_date_without_data_on_both_sides_is_refused(when: str) -> None:
    with pytest.raises(UsageError):
        shop().ask(BeforeAfter(when))


def test_it_can_be_drawn() -> None:
    assert len(asked().figure().data) == 2


def test_an_initiative_of_the_settings_is_marked_on_the_grid() -> None:
    timelines = shop()
    timelines.settings = replace(timelines.settings, initiatives=(("2024-03-01", "new welcome"), ("2031-01-01", "far away")))
    answer = timelines.ask(Cohorts())
    assert answer.extra["initiatives"].to_pylist() == [{"cohort": "2024-03", "date": "2024-03-01", "name": "new welcome"}]
    labels = list(answer.figure().data[0].y)
    assert [label for label in labels if "◆" in label] == ["◆ new welcome  2024-03  (6)"]
