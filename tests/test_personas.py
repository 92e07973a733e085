"""Personas: the six rules by hand, their laws, and the numbers that open to people."""

from __future__ import annotations

from people import told

from holdfast.analyses.persona_rules import PERSONAS
from holdfast.analyses.persona_trait import LABELS, trait
from holdfast.analyses.stickiness import Stickiness
from holdfast.timelines.walk import Shard

STORY = """
    ann o1 100 @0 ann o2 40 @20
    ben o3 90 @1
    cleo o4 10 @2
    dan Page Viewed @3 dan Product Added @3
    eve Page Viewed @4 eve Page Viewed @4
    fay Page Viewed @5 fay Page Viewed @9
    gus o5 70 @6 -gus o5 70 @8
    hal Email Opened @7 hal Email Opened @7
"""
"""Ann orders twice. First orders are 100, 90 and 10 as of the end: the split is 90, so that Ben's order is of low value."""


def personas(timelines, as_of=None):
    made = trait("persona", timelines, timelines.as_of(as_of))
    codes = made.codes(Shard(timelines.source, 0, timelines.customers))
    ids = timelines.source.columns.ids().to_pylist()
    return {who: LABELS[code] for who, code in sorted(zip(ids, codes, strict=True))}


def test_eight_people_by_hand():
    timelines = told(STORY)
    bouncer, browser, abandoner, low, _, repeat = PERSONAS
    assert personas(timelines) == {
        "ann": repeat, "ben": low, "cleo": low, "dan": abandoner, "eve": browser, "fay": bouncer, "gus": abandoner,
        "hal": bouncer,
    }  # fmt: skip
    assert set(personas(timelines, "2024-01-07").values()) == {*PERSONAS[:5], LABELS[0]}


def test_any_question_can_be_split_by_persona():
    answer = told(STORY).ask(Stickiness(by="persona"))
    assert set(answer.table["segment"].to_pylist()) == set(PERSONAS) - {"one-time high value"}
