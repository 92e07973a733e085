"""The formulas of retention and churn, with the figures of the mission (SEMANTICS 12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.analyses.rates import churn_rate, rate, retention_rate
from holdfast.errors import UsageError


def test_crr_of_2000_2400_600_is_90_percent() -> None:
    found = retention_rate(start=2000, end=2400, new=600)
    assert found.percent == 90.0
    assert (found.hits, found.n) == (1800, 2000)


def test_churn_of_50_in_500_is_10_percent() -> None:
    assert churn_rate(start=500, lost=50).percent == 10.0


def test_wilson_interval_of_90_in_100() -> None:
    """(0.9 + 0.0192 ± 1.96 · sqrt(0.0009 + 0.000096)) / 1.0384: 82.56 to 94.48 percent."""
    found = rate(90, 100)
    assert found.low == pytest.approx(0.825634, abs=1e-6)
    assert found.high == pytest.approx(0.944771, abs=1e-6)


def test_nobody_at_the_start_gives_no_rate_but_a_reason() -> None:
    for found in (retention_rate(0, 5, 5), churn_rate(0, 0)):
        assert found.share is None
        assert found.low is None
        assert found.percent is None
        assert found.reason == "no customers at the start"


@pytest.mark.parametrize(
    ("start", "end", "new"),
    [(10, 5, 6), (10, 100, 5), (-1, 0, 0), (1, -1, 0), (1, 0, -1)],
    ids=["more new than at the end", "more kept than at the start", "S < 0", "E < 0", "N < 0"],
)
def test_figures_that_cannot_be_are_refused(start: int, end: int, new: int) -> None:
    with pytest.raises(UsageError):
        retention_rate(start, end, new)


def test_more_lost_than_there_were_is_refused() -> None:
    with pytest.raises(UsageError, match="501"):
        churn_rate(500, 501)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_kept_and_lost_are_the_whole(kept: int, lost: int, new: int) -> None:
    start = kept + lost
    found, gone = retention_rate(start, kept + new, new), churn_rate(start, lost)
    if start == 0:
        return
    assert found.hits + gone.hits == start
    assert 0 <= found.low <= found.share <= found.high <= 1  # type: ignore[operator]
