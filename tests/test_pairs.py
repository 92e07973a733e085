"""Two segments side by side: every question that compares takes the same two."""

import pytest
from clicks import clicks

from holdfast.analyses.funnel import Funnel
from holdfast.analyses.pairs import pair_of
from holdfast.analyses.paths import Paths
from holdfast.analyses.transitions import Transitions
from holdfast.errors import UnknownName, UsageError

LABELS = ("(not known)", "customer", "gone", "never a customer")


def test_the_two_largest_known_ones_are_compared():
    assert pair_of(("(not known)", "DE", "FR", "GB"), [9, 3, 5, 4], "country", None) == (2, 3)
    assert pair_of(("(not known)", "DE", "FR"), [9, 0, 5], "country", None) == (2, 0)
    assert pair_of(("(not known)", "DE"), [0, 7], "country", None) is None
    assert pair_of(("everyone",), [7], None, None) is None


def test_of_status_customers_stand_against_the_gone_however_many_never_were_one():
    assert pair_of(LABELS, [0, 5, 2, 90], "status", None) == (1, 2)
    assert pair_of(LABELS, [0, 5, 0, 90], "status", None) == (3, 1)
    assert pair_of(LABELS, [0, 5, 2, 90], "status", ("gone", "never a customer")) == (2, 3)


def test_named_ones_are_taken_in_their_order_and_an_empty_one_compares_with_nobody():
    assert pair_of(LABELS, [0, 5, 2, 0], "status", ("gone", "customer")) == (2, 1)
    assert pair_of(LABELS, [0, 5, 2, 0], "status", ("gone", "never a customer")) is None
    with pytest.raises(UnknownName, match="customer"):
        pair_of(LABELS, [0, 5, 2, 0], "status", ("gone", "lost"))


@pytest.mark.parametrize("kind", [Funnel, Paths, Transitions])
def test_every_question_compares_by_the_same_rule(kind):
    given = {"steps": ("A", "B")} if kind is Funnel else {}
    for wrong in (("FR",), ("FR", "FR"), "FR"):
        with pytest.raises(UsageError):
            kind(by="country", versus=wrong, **given)
    with pytest.raises(UsageError, match="by="):
        kind(versus=("FR", "GB"), **given)
    answer = clicks("ann A@0 B@1", "ben A@0", "cleo A@0 B@2", "dan|FR A@0", "eve|GB A@0 B@1").ask(kind(by="country", **given))
    rows = answer.extra["difference"].to_pylist()
    assert {(row["segment_a"], row["segment_b"]) for row in rows} <= {("FR", "GB")}
