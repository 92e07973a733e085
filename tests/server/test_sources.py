"""What all sources share: ids that never mix, refusals that are values, of two tellings the newer holds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from holdfast.server.sources.newest import Memory
from holdfast.server.sources.registry import SOURCES, NotUnderstood, meant, translated

pytestmark = pytest.mark.one_database

ORDER = {
    "id": 7,
    "status": "processing",
    "currency": "GBP",
    "date_created_gmt": "2024-05-01T10:00:00",
    "date_modified_gmt": "2024-05-01T10:00:00",
    "date_paid_gmt": "2024-05-01T10:00:00",
    "total": "10.05",
    "customer_id": 3,
}


def body(**changes) -> bytes:
    return json.dumps(ORDER | changes).encode()


def told(memory: Memory, sent: bytes, source: str = "woocommerce", row: int = 1) -> list[dict]:
    return translated(source, "order.updated", sent, memory, row)


@pytest.mark.django_db
def test_two_shops_of_a_kind_never_mix():
    (first,), (second,) = told(Memory(), body()), told(Memory(), body(), "woocommerce/de-")
    assert (first["userId"], first["properties"]["order_id"]) == ("3", "7")
    assert (second["userId"], second["properties"]["order_id"]) == ("de-3", "de-7")
    assert first["messageId"] != second["messageId"]


@pytest.mark.django_db
def test_what_is_older_than_what_is_known_is_left_out():
    memory = Memory()
    newer = told(memory, body(total="12.00", date_modified_gmt="2024-05-02T10:00:00"))
    assert [one["properties"]["revenue"] for one in newer] == [12]
    assert told(memory, body()) == []


@pytest.mark.django_db
def test_rows_that_are_digested_again_say_the_same_under_the_same_ids():
    """The digester failed before they were in the lake: what their first attempt noted is not remembered."""
    rows = [body(), body(total="12.00", date_modified_gmt="2024-05-02T10:00:00")]
    first, again = Memory(), Memory()
    assert [told(first, one) for one in rows] == [told(again, one) for one in rows]


@pytest.mark.django_db
def test_what_is_in_the_lake_is_told_no_more_whatever_is_told_beside_it():
    memory = Memory()
    assert len(told(memory, body())) == 1
    memory.write(refused=())
    assert told(Memory(), body()) == []
    assert told(Memory(), body(status="completed", date_modified_gmt="2024-05-03T10:00:00")) == []


@pytest.mark.django_db
def test_what_was_refused_can_be_told_again_and_what_said_the_same_after_it():
    """Of an order in a currency without a rate two tellings came; the rate is there now, and the first is sent in again."""
    memory = Memory()
    assert len(told(memory, body(), row=1)) == 1
    assert told(memory, body(status="completed", date_modified_gmt="2024-05-03T10:00:00"), row=2) == []
    memory.write(refused={(1, 0)})
    assert len(told(Memory(), body(), row=3)) == 1


@pytest.mark.django_db
def test_a_row_that_was_refused_whole_is_not_remembered():
    memory = Memory()
    told(memory, body())
    memory.write(refused={(1, -1)})
    assert len(told(Memory(), body())) == 1


@pytest.mark.django_db
def test_an_order_that_is_changed_back_is_told_again():
    memory, said = Memory(), []
    for day, total in enumerate(["10.05", "12.00", "10.05"], start=1):
        said += told(memory, body(total=total, date_modified_gmt=f"2024-05-0{day}T10:00:00"))
        memory.write(refused=())
    assert len({one["messageId"] for one in said}) == 3
    assert said[2]["properties"]["revenue"] == 10.05


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "topic"), [("woocommerce", "order.updated"), ("shopify", "orders/updated")])
def test_what_was_paid_back_is_told_again_with_the_person_to_whom_its_order_now_belongs(source, topic):
    """Ann was erased here and in the shop: her order comes again as nobody's. Money stands as high as the shop has it."""
    woo = ORDER | {"refunds": [{"id": 4, "total": "-4.00"}]}
    shopify = {
        "id": 7,
        "created_at": "2024-05-01T10:00:00Z",
        "financial_status": "partially_refunded",
        "total_price": "10.05",
        "email": "ann@example.com",
        "refunds": [{"id": 4, "created_at": "2024-05-02T10:00:00Z", "transactions": [{"kind": "refund", "amount": "4.00"}]}],
        "fulfillments": [{"id": 5, "created_at": "2024-05-02T10:00:00Z"}],
    }
    hers, gone = (
        (woo, {"customer_id": 0, "billing": {"email": "deleted@site.invalid"}, "date_modified_gmt": "2024-06-01T10:00:00"})
        if source == "woocommerce"
        else (shopify, {"email": "deleted@site.invalid", "updated_at": "2024-06-01T10:00:00Z"})
    )
    said = []
    for change in ({}, gone, gone, {}):
        memory = Memory()
        said.append(translated(source, topic, json.dumps(hers | change).encode(), memory, 1))
        memory.write(refused=())
    before, after, *again = said
    assert "Order Refunded" in [one["event"] for one in before]
    assert [one["event"] for one in after] == [one["event"] for one in before]
    assert {one["userId"] for one in after} == {"deleted@site.invalid"}
    assert not {one["messageId"] for one in before} & {one["messageId"] for one in after}
    assert again == [[], []]


@pytest.mark.parametrize(
    ("source", "topic", "sent", "reason"),
    [
        ("magento", "order", b"{}", "source_unknown"),
        ("shopify", "orders/create", b"{", "not_json"),
        ("shopify", "orders/create", b"[]", "not_json"),
        ("shopify", "orders/create", b"{}", "shape_unknown"),
        ("shopify", "orders/create", b'{"id": 1, "created_at": "yesterday"}', "time_unreadable"),
        ("woocommerce", "order.updated", body(total="ten"), "number_unreadable"),
        ("woocommerce", "order.updated", body(line_items=7), "shape_unknown"),
        ("woocommerce", "order.updated", body(line_items=[7]), "shape_unknown"),
        ("stripe", "invoice.paid", b'{"id": "evt_1", "created": 1, "data": {}}', "shape_unknown"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_reason(source, topic, sent, reason):
    with pytest.raises(NotUnderstood) as refused:
        meant(source, topic, sent)
    assert refused.value.reason == reason
    assert refused.value.mend


def test_half_a_character_costs_a_question_mark_not_the_order():
    (order,) = meant("woocommerce", "order.updated", body(currency="G\ud83dP"))
    assert order.body["properties"]["currency"] == "G?P"


@pytest.mark.parametrize("kind", SOURCES)
def test_a_topic_that_nobody_reads_says_nothing(kind):
    assert meant(kind, "products/update", b'{"id": 1}') == []


PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text("utf-8")


@pytest.mark.parametrize(("kind", "topic"), [(kind, topic) for kind, source in SOURCES.items() for topic in source.topics])
def test_every_topic_stands_in_the_documentation(kind, topic):
    part = PAGE.partition(f"### {SOURCES[kind].label}")[2].partition("\n#")[0]
    assert f"`{topic}`" in part


def test_the_source_of_the_documentation_works():
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(block, "docs/sources.md", "exec"), {})  # noqa: S102  # the page under test
