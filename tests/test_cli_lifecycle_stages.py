"""`holdfast lifecycle` and `holdfast stages`: the screen, the files, the people."""

from __future__ import annotations

import json

from shells import holdfast, small_shop


def test_lifecycle_says_each_period_and_who_stands_behind_it():
    """In February Ann and Ben are kept, Dan is new, Cleo is lost; in April Cleo returns."""
    told = holdfast("lifecycle", "-w", small_shop())
    assert told.code == 0, told.err
    assert "In 2024-03, 1 customer was active: 0 new, 1 kept, 0 returned." in told.out.replace("\n", " ")
    assert holdfast("lifecycle", "-w", small_shop(), "--people", "period=2024-02", "state=lost").out == "cleo\n"
    assert holdfast("lifecycle", "-w", small_shop(), "--people", "from=kept", "to=lost").out == "ben\n"
    ways = holdfast("lifecycle", "-w", small_shop(), "--show", "transitions")
    assert "dormant" in ways.out
    rows = holdfast("lifecycle", "-w", small_shop(), "--show", "money", "--csv", "-").out.splitlines()
    assert rows[1].startswith("2024-01,complete,0.0,200.0,0.0,0.0,0.0,0.0,200.0")


def test_stages_says_how_far_customers_come():
    """All four bought, three of them again; a map of one's own makes orders no purchase."""
    told = holdfast("stages", "-w", small_shop(), "--json")
    body = json.loads(told.out)
    assert "4 bought" in body["words"]
    reached = {row[0]: row[1] for row in body["table"]["rows"]}
    assert (reached["purchase"], reached["loyalty"], reached["evaluation"]) == (4, 3, 0)
    assert holdfast("stages", "-w", small_shop(), "--people", "from=purchase", "to=loyalty").out == "ann\nben\ncleo\n"
    near = holdfast("stages", "-w", small_shop(), "--days", "40", "--people", "order=first", "event=Order Completed")
    assert near.out == "ann\nben\n"
    for show in ("stages", "transitions", "touchpoints"):
        assert holdfast("stages", "-w", small_shop(), "--show", show).code == 0
    other = holdfast("stages", "-w", small_shop(), "--stage", "awareness=Order *", "--json")
    assert "4 reached awareness, 0 bought" in json.loads(other.out)["words"]
    wrong = holdfast("stages", "-w", small_shop(), "--stage", "buying=Order")
    assert (wrong.code, "evaluation" in wrong.err) == (2, True)
