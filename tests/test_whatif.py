"""What if more were kept: the arithmetic by hand, on a told shop, and on Online Retail."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import told
from shops import cdnow, shop

from holdfast.analyses.bridge import Bridge
from holdfast.analyses.whatif import WhatIf
from holdfast.analyses.whatif.months import Months, backcast, departures, flow_of, months_of, tails, varied
from holdfast.analyses.whatif.projection import Change, Flow, moved, projected
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings


def flow(base: float = 1000, churn: float = 0.1, new: float = 80, returned: float = 20, revenue: float = 5) -> Flow:
    return Flow(base, *(np.array([value]) for value in (churn, new, returned, revenue)))


def months(count: int, *, lost: int = 100) -> Months:
    """As many equal months of a base of 1,000: 100 lost, 80 new, 20 returned, 5,000 of money in 400 orders."""
    each = [np.full(count, value, np.float64) for value in (1000, 80, 20, lost, 1100 - lost, 5000, 400)]
    return Months(tuple(f"2024-{place + 1:02d}" for place in range(count)), *each)


def test_a_base_of_a_thousand_is_carried_forward_as_by_hand() -> None:
    """1,000 - 10 % + 100 = 1,000: it stands still. With churn of 9 %: 1,010, then 1,019.1."""
    still = projected(flow(), 2)
    assert still.customers.tolist() == [[1000, 1000, 1000]]
    assert still.revenue.tolist() == [[5000, 5000]]
    better = projected(moved(flow(), Change("retention", 1)), 2)
    assert better.customers[0] == pytest.approx([1000, 1010, 1019.1])
    assert better.revenue[0] == pytest.approx([5 * 1005, 5 * 1014.55])


def test_each_lever_moves_what_it_names() -> None:
    assert moved(flow(), Change("retention", 5)).churn[0] == pytest.approx(0.05)
    assert moved(flow(), Change("churn", 5)).churn[0] == pytest.approx(0.095)
    assert moved(flow(), Change("acquisition", 5)).new[0] == pytest.approx(84)
    assert moved(flow(), Change("spend", 5)).revenue[0] == pytest.approx(5.25)
    assert moved(flow(churn=0.03), Change("retention", 5)).churn[0] == 0


def test_later_money_counts_less_from_the_middle_of_its_month() -> None:
    plain, discounted = projected(flow(), 12).revenue[0], projected(flow(), 12, 0.1).revenue[0]
    assert discounted[0] == pytest.approx(plain[0] / 1.1 ** (0.5 / 12))
    assert discounted[11] == pytest.approx(plain[11] / 1.1 ** (11.5 / 12))


@given(st.floats(0, 1), st.floats(0, 500), st.floats(0, 100), st.integers(1, 60))
def test_more_retention_never_means_fewer_customers(churn: float, new: float, points: float, ahead: int) -> None:
    before = flow(churn=churn, new=new)
    after = moved(before, Change("retention", max(points, 1e-6)))
    assert (projected(after, ahead).customers >= projected(before, ahead).customers - 1e-9).all()


def test_equal_months_leave_no_doubt_and_unequal_ones_do() -> None:
    sure = flow_of(months(6), 50, 1)
    assert sure.churn == pytest.approx(np.full(51, 0.1))
    uneven = months(6)
    uneven.lost[:3] = 50
    drawn = flow_of(uneven, 200, 1)
    assert drawn.churn[0] == pytest.approx(0.075)
    assert 0.05 <= drawn.churn[1:].min() < 0.07 < 0.08 < drawn.churn[1:].max() <= 0.1


def test_nobody_lost_is_not_certainly_nobody() -> None:
    """0 of 6,000 lost: up to .04 % with Jeffreys' prior (scipy.stats.beta.ppf(.975, .5, 6000.5) = .000419)."""
    drawn = flow_of(months(6, lost=0), 4000, 1)
    assert drawn.churn[0] == 0
    assert np.quantile(drawn.churn[1:], 0.975) == pytest.approx(0.000419, abs=3e-5)


def test_few_months_are_drawn_by_chance_alone() -> None:
    """Two months, 200 of 2,000 lost: the binomial standard error is .0067."""
    drawn = flow_of(months(2), 4000, 1)
    assert drawn.churn[0] == pytest.approx(0.1)
    assert drawn.churn[1:].std() == pytest.approx(0.0067, abs=0.0005)
    assert drawn.revenue[1:].std() == pytest.approx(5 / np.sqrt(800), abs=0.01)


def test_few_months_are_taken_further_out_as_student_has_it() -> None:
    """Six months: t(.975, 5) = 2.5706, √(6 / 5) × 2.5706 = 2.8159, and Φ(−2.8159) = .00243; many months: nearly 2.5 %."""
    assert tails(6) == pytest.approx((0.00243, 0.99757), abs=1e-5)
    assert tails(2) == (0.025, 0.975)
    assert tails(1000)[0] == pytest.approx(0.025, abs=2e-4)


def test_months_to_come_depart_as_those_looked_at_did() -> None:
    """Churn of 5 and of 15 % in turn, six months: half the factors 1 ± .5 × √(6 / 5), and the level itself first."""
    uneven = months(6)
    uneven.lost[:] = (50, 150, 50, 150, 50, 150)
    by = departures(uneven, 24, 500, 3)
    assert (by.churn[0] == 1).all()
    assert np.unique(by.churn[1:].round(4)).tolist() == pytest.approx([0.4523, 1.5477])
    assert (by.coming == 1).all()
    to = varied(flow_of(uneven, 500, 3), by)
    assert to.churn.shape == (501, 24)
    assert to.churn[0] == pytest.approx(np.full(24, 0.1))


def covered(count: int, shops: int) -> float:
    """The share of made shops whose true gain by one point of retention, months ahead as uneven as the past ones, is inside."""
    hit = 0
    for seed in range(shops):
        rng, base = np.random.default_rng(seed), 2000.0
        rows = []
        churn, new, back, head = (
            rng.beta(7, 93, 99),
            rng.gamma(16, 250 / 16, 99),
            rng.gamma(16, 70 / 16, 99),
            rng.gamma(16, 300 / 16, 99),
        )
        for month in range(count):
            lost, come, again = rng.binomial(int(base), churn[month]), rng.poisson(new[month]), rng.poisson(back[month])
            end = base - lost + come + again
            rows.append((base, come, again, lost, end, head[month] * (base + end) / 2, 3000))
            base = end
        past = Months(tuple(map(str, range(count))), *np.array(rows, np.float64).T)
        ahead = [one[None, 50 : 50 + 36] for one in (churn, new, back, head)]
        true = [projected(Flow(base, less * ahead[0], *ahead[1:]), 36).revenue.sum() for less in (1, 6 / 7)]
        level, by = flow_of(past, 1000, 1), departures(past, 36, 1000, 2)
        was, now = (projected(varied(one, by), 36).revenue.sum(axis=1) for one in (level, moved(level, Change("retention", 1))))
        low, high = np.quantile((now - was)[1:], tails(count))
        hit += bool(low <= true[1] - true[0] <= high)
    return hit / shops


def test_the_interval_of_the_gain_covers_it_on_made_shops() -> None:
    """By hand: six months 94.0 % of 1,000 shops; three 84.6, four 92.2, twelve 93.4 % of 500. Plain percentiles: six 83 %."""
    assert 0.90 <= covered(6, 150) <= 0.99


def test_a_year_is_twelve_months_in_a_row() -> None:
    """.9 a month are .9 ** 12 = 28.24 % a year; five points more are 33.24 %, which is .9123 a month."""
    to = moved(flow(), Change("yearly", 5))
    assert (1 - to.churn[0]) ** 12 == pytest.approx(0.9**12 + 0.05)
    assert 1 - to.churn[0] == pytest.approx(0.91230, abs=1e-5)
    assert moved(flow(churn=0.001), Change("yearly", 5)).churn[0] == 0


def test_the_past_is_foretold_from_its_first_half() -> None:
    found = backcast(months(8), 50, 1)
    assert found is not None
    then, path = found
    assert then.labels == ("2024-05", "2024-06", "2024-07", "2024-08")
    assert path.customers[:, -1] == pytest.approx(np.full(51, 1000))
    assert backcast(months(4), 50, 1) is None


def test_months_are_the_complete_ones_with_a_filled_base() -> None:
    row = {"state": "complete", "start": 10, "new": 1, "returned": 0, "lost": 2, "end": 9, "note": ""}
    rows = [
        row | {"period": "2024-01", "start": 0},
        row | {"period": "2024-02", "note": "base still filling"},
        row | {"period": "2024-03"},
        row | {"period": "2024-04", "state": "in progress"},
    ]
    found = months_of(rows, [{"period": "2024-03", "first_revenue": 30.0, "later_revenue": 12.0, "orders": 4}])
    assert (found.labels, found.revenue.tolist(), found.filling) == (("2024-03",), [42.0], False)
    assert found.orders.tolist() == [4]
    assert months_of(rows[:2], []).filling


def test_on_a_real_shop_the_levers_stand_on_its_own_bridge() -> None:
    timelines = shop()
    answer = WhatIf(gone_after=160).answer(timelines)
    rows = {row["change"]: row for row in answer.table.to_pylist()}
    bridge = [row for row in Bridge(gone_after=160).answer(timelines).table.to_pylist() if row["state"] == "complete"]
    used = [row for row in bridge if not row["note"] and row["start"]]
    churn = sum(row["lost"] for row in used) / sum(row["start"] for row in used)
    assert rows["retention +1 point"]["before"] == pytest.approx(1 - churn)
    assert rows["retention +1 point"]["after"] == pytest.approx(1 - churn + 0.01)
    assert rows["revenue a customer +5 %"]["rise"] == pytest.approx(0.05)
    for row in rows.values():
        assert row["more_low"] <= row["more"] <= row["more_high"]
    assert rows["a year\u2019s retention +5 points"]["before"] == pytest.approx((1 - churn) ** 12)
    assert rows["a year\u2019s retention +5 points"]["after"] == pytest.approx((1 - churn) ** 12 + 0.05)
    assert 0 < rows["retention +1 point"]["more"] < rows["retention +5 points"]["more"]
    assert len(answer.people()) == used[-1]["end"] == answer.extra["basis"].to_pylist()[0]["base"]


def test_profit_where_a_margin_is_set() -> None:
    timelines = shop()
    revenue = WhatIf(gone_after=160).answer(timelines).table.to_pylist()[0]
    settings, timelines.settings = timelines.settings, Settings(zone="Europe/London", currency="GBP", margin=0.25)
    try:
        profit = WhatIf(gone_after=160).answer(timelines).table.to_pylist()[0]
    finally:
        timelines.settings = settings
    assert profit["unit_of"] == "profit"
    assert profit["more"] == pytest.approx(revenue["more"] / 4)


def test_segments_are_carried_forward_each_and_open_to_their_own_people() -> None:
    answer = WhatIf(gone_after=160, by="country", show="basis").answer(shop())
    rows = answer.table.to_pylist()
    assert rows[0]["segment"] == "United Kingdom"
    for row in rows[:4]:
        assert len(answer.people(segment=row["segment"])) == row["base"]


def test_a_segment_that_is_not_there_is_said() -> None:
    with pytest.raises(UnknownName):
        WhatIf(gone_after=160).answer(shop()).people(segment="Atlantis")


def test_the_check_tells_what_the_first_half_foretold() -> None:
    answer = WhatIf(show="check", gone_after=90).answer(cdnow())
    rows = answer.table.to_pylist()
    assert len(rows) >= 5
    assert any("tried on the past" in note for note in answer.notes)


def test_a_shop_of_one_day_is_told_so() -> None:
    answer = WhatIf().answer(told("ann o1 100 @5"))
    assert "cannot be told yet" in answer.words
    assert answer.table.num_rows == 0
    assert len(answer.people()) == 0
    assert answer.figure() is not None


def test_impossible_choices_are_refused() -> None:
    for wrong in ({"points": (0,)}, {"points": (101,)}, {"months": 0}, {"discount": 1.0}, {"show": "all"}, {"points": ()}):
        with pytest.raises(UsageError):
            WhatIf(**wrong)  # type: ignore[arg-type]


def test_claims_stand_with_their_source() -> None:
    for row in WhatIf(show="claims").answer(shop()).table.to_pylist():
        assert row["source"]
        assert row["scope"]


def test_a_shop_whose_resampled_months_bring_no_money_is_told_without_an_interval() -> None:
    """Ann and Ben each order in one month only: some draws of the months hold no money at all."""
    answer = WhatIf(gone_after=40).answer(told("ann ? 10 @40 ben ? 10 @45 cleo ? 0 @75 dan ? 0 @110 eve ? 0 @140 fay ? 0 @200"))
    assert answer.words
    assert answer.figure() is not None
