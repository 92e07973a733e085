"""A length of time is written in one manner, and no screen shows bare seconds."""

import pytest

from holdfast.durations import span
from holdfast.report.values import kinds, shown, titled


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 seconds"), (1, "1 second"), (1.04, "1 second"), (78.5, "78.5 seconds"), (119, "119 seconds"),
        (120, "2 minutes"), (750, "12.5 minutes"), (7_200, "2 hours"), (72_604, "20.2 hours"), (172_800, "2 days"),
        (1_728_000, "20 days"), (172_800_000, "2,000 days"),
    ],
)  # fmt: skip
def test_the_largest_unit_of_which_there_are_two(seconds, said):
    assert span(seconds) == said


def test_columns_of_seconds_are_written_so():
    assert kinds(("customers", "median_seconds", "p90_seconds"), (int, float, float)) == ["count", "seconds", "seconds"]
    assert (shown(72_604.0, "seconds"), shown(None, "seconds")) == ("20.2 hours", "–")
    assert (titled("median_seconds"), titled("orders_per_customer")) == ("median time", "orders per customer")
