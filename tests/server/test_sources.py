"""What all sources share: ids that never mix, refusals that are values, of two tellings the newer holds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

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


@pytest.mark.django_db
def test_two_shops_of_a_kind_never_mix():
    first = translated("woocommerce", "order.updated", body())[0]
    second = translated("woocommerce/de-", "order.updated", body())[0]
    assert (first["userId"], first["properties"]["order_id"]) == ("3", "7")
    assert (second["userId"], second["properties"]["order_id"]) == ("de-3", "de-7")
    assert first["messageId"] != second["messageId"]


@pytest.mark.django_db
def test_what_is_older_than_what_is_known_is_left_out():
    newer = translated("woocommerce", "order.updated", body(total="12.00", date_modified_gmt="2024-05-02T10:00:00"))
    assert [one["properties"]["revenue"] for one in newer] == [12]
    assert translated("woocommerce", "order.updated", body()) == []


@pytest.mark.django_db
def test_a_row_that_is_digested_again_says_the_same_under_the_same_id():
    assert translated("woocommerce", "order.updated", body()) == translated("woocommerce", "order.updated", body())


@pytest.mark.django_db
def test_an_update_that_changes_nothing_that_is_read_is_the_same_event():
    first = translated("woocommerce", "order.updated", body())
    second = translated("woocommerce", "order.updated", body(status="completed", date_modified_gmt="2024-05-03T10:00:00"))
    assert first == second


@pytest.mark.django_db
def test_an_order_that_is_changed_back_is_told_again():
    told = [
        translated("woocommerce", "order.updated", body(total=total, date_modified_gmt=f"2024-05-0{day}T10:00:00"))[0]
        for day, total in enumerate(["10.05", "12.00", "10.05"], start=1)
    ]
    assert len({one["messageId"] for one in told}) == 3
    assert told[2]["properties"]["revenue"] == 10.05


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
