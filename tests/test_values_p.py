"""A p is written as readers of tests write it: never 0.00, never a bare 1."""

from __future__ import annotations

from holdfast.report.values import kinds, shown


def test_a_p_is_never_nought_nor_a_bare_one():
    assert kinds(("p", "p_adjusted", "plain_p", "per_30"), (float, float, float, float)) == ["p", "p", "p", "number"]
    written = [shown(value, "p") for value in (0.0, 3e-9, 0.0012, 0.05, 0.4, 1.0, None)]
    assert written == ["< 0.001", "< 0.001", "0.001", "0.050", "0.40", "1.00", "–"]
