"""After how many silent days a customer counts as gone: by hand (DESIGN 6, MISSION 4.22; SQL in test_bridge_oracle)."""

from __future__ import annotations

import pytest
from people import told
from shops import shop

from holdfast.analyses.bridge import Bridge
from holdfast.analyses.gone_after import GoneAfter, resolve_gone_after
from holdfast.analyses.metrics import Metrics
from holdfast.analyses.money_retention import MoneyRetention
from holdfast.analyses.orders import Orders
from holdfast.analyses.repeat import Repeat
from holdfast.settings import Settings


def pairs(customers: int, late: int = 0) -> str:
    """Everyone orders on day 0 and again on day 10; `late` of them a third time on day 60. The data end on day 100."""
    told_rows = [f"p{place} a{place} 1 @0  p{place} b{place} 1 @10" for place in range(customers)]
    told_rows += [f"p{place} c{place} 1 @60" for place in range(late)]
    return "  ".join([*told_rows, "zoe z 1 @100"])


def test_nine_in_ten_of_the_expected_returns() -> None:
    """40 gaps of 10 days, then 4 of 50 and 36 open ones of 90 (the four: 40). On day 10, 84 are at risk (Zoe's went on 0):
    S 44/84. On day 50, 40 are: S 44/84 · 36/40 = 0.4714. Horizon 90 (36 at risk): 1 - S 0.5286, nine tenths 0.4757; on day 10
    it is already 40/84 = 0.4762."""
    answer = GoneAfter().answer(told(pairs(40, late=4)))
    found = answer.extra["suggestions"].to_pylist()[0]
    assert (found["gone_after"], found["horizon"], found["closed_gaps"], found["how"]) == (10, 90, 44, "suggested")
    day = {row["day"]: row for row in answer.table.to_pylist()}
    assert (day[10]["at_risk"], day[10]["returned"], day[50]["at_risk"], day[50]["returned"]) == (84, 40, 40, 4)
    assert day[90]["waiting"] == pytest.approx(44 / 84 * 36 / 40, abs=1e-12)
    assert (found["gone"], found["here"]) == (40, 1)
    assert len(answer.people(what="gone")) == 40
    assert answer.people(what="here").ids == ("zoe",)


def test_one_return_more_and_the_tenth_day_is_not_enough() -> None:
    """40 and 5: 1 - S is 40/85 = 0.4706 on day 10; on day 50 S is 45/85 · 35/40 = 0.4632, nine tenths of 0.5368 are 0.4831."""
    found = GoneAfter().answer(told(pairs(40, late=5))).extra["suggestions"].to_pylist()[0]
    assert found["gone_after"] == 50


def test_too_few_gaps_fall_back_to_90_days_with_a_reason() -> None:
    timelines = told(pairs(29))
    used = resolve_gone_after(timelines, timelines.as_of())
    assert (used.days, used.how) == (90, "fallback")
    assert "29 gaps" in used.why
    assert any("29 gaps" in note for note in GoneAfter().answer(timelines).notes)


def test_what_the_settings_say_is_used() -> None:
    timelines = told(pairs(40), Settings(gone_after=33))
    used = resolve_gone_after(timelines, timelines.as_of())
    assert (used.days, used.how) == (33, "chosen")
    assert Bridge().answer(timelines).definition.rules["gone_after"] == "33 days (chosen)"


@pytest.mark.parametrize(
    "question", [GoneAfter(), Bridge(), Bridge(measure="money"), MoneyRetention(), Orders(), Repeat(), Metrics()]
)
def test_every_answer_draws_itself_and_says_what_it_means(question) -> None:
    answer = question.answer(shop())
    figure = answer.figure()
    assert len(figure.data) > 0
    assert figure.layout.title.text
    assert answer.words.endswith(".")
    assert answer.definition.zone == "Europe/London"
    assert answer.definition.coverage is not None
