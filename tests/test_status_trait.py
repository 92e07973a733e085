"""Standing at the as-of as a trait: the bridge's own rule, for `--by status` and `--where status=gone` of any question."""

from __future__ import annotations

import pytest
from people import told
from shops import shop

from holdfast.analyses.bridge import Bridge
from holdfast.analyses.cohorts import Cohorts
from holdfast.analyses.gone_after import resolve_gone_after
from holdfast.analyses.scope import Condition
from holdfast.analyses.status_trait import LABELS, trait
from holdfast.analyses.stickiness import Stickiness
from holdfast.errors import UnknownName
from holdfast.settings import Contract, Settings
from holdfast.timelines.walk import Shard

STORY = "ann o1 10 @0 ben o2 10 @30 cleo Login @2 dan o3 10 @59 -dan o3 10 @60 eve o4 5 @31 fay Login @61"


def standing(timelines, as_of=None):
    made = trait("status", timelines, timelines.as_of(as_of))
    codes = made.codes(Shard(timelines.source, 0, timelines.customers))
    ids = timelines.source.columns.ids().to_pylist()
    return {who: LABELS[code] for who, code in sorted(zip(ids, codes, strict=True))}


def test_five_people_by_hand():
    """The data end on day 61: an order covers the 31 days after it, so that Eve's of day 31 still counts and Ben's does not."""
    timelines = told(STORY, Settings(gone_after=31))
    never, gone, here = "never a customer", "gone", "customer"
    assert standing(timelines) == {"ann": gone, "ben": gone, "cleo": never, "dan": never, "eve": here, "fay": never}
    assert standing(timelines, "2024-02-28")["dan"] == never
    assert standing(timelines, "2024-02-29")["dan"] == here  # day 59; taken back a day later
    assert standing(timelines, "2024-01-15") == {
        "ann": here, "ben": never, "cleo": never, "dan": never, "eve": never, "fay": never,
    }  # fmt: skip


def test_a_contract_says_it_by_its_events():
    settings = Settings(base="contract", contract=Contract(("Started",), ("Ended",)))
    timelines = told("ann Started @0 ben Started @1 ben Ended @9 cleo Visit @3", settings)
    assert standing(timelines) == {"ann": "customer", "ben": "gone", "cleo": "never a customer"}
    with pytest.raises(UnknownName, match="Visit"):
        trait("status", told("cleo Visit @3", settings), timelines.as_of())


def test_those_who_stand_as_customers_are_the_end_of_the_bridge():
    for as_of in (None, "2011-09-15"):
        last = shop().ask(Bridge(as_of=as_of)).table.to_pylist()[-1]
        here = shop().ask(Bridge(as_of=as_of, where=(Condition("status", ("customer",)),))).table.to_pylist()[-1]
        gone = shop().ask(Bridge(as_of=as_of, where=(Condition("status", ("gone",)),))).table.to_pylist()[-1]
        assert (here["end"], gone["end"]) == (last["end"], 0)
        days = resolve_gone_after(shop(), shop().as_of(as_of)).days
        assert trait("status", shop(), shop().as_of(as_of)).gone_after == days


def test_other_questions_split_by_it():
    answer = shop().ask(Cohorts(by="status"))
    assert {row["segment"] for row in answer.table.to_pylist()} == {"customer", "gone"}
    # Who only took back an order that nobody knows is no customer, and has events all the same.
    segments = {row["segment"] for row in shop().ask(Stickiness(by="status")).table.to_pylist()}
    assert segments == {"customer", "gone", "never a customer"}
