"""What of a file would be read as an order and perhaps is none: payments that failed, money given back in a column of its own.

Shopify, WooCommerce and Stripe export every order or payment, whatever became of it, with its state beside it. Nothing is left
out on a guess; it is said before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.columns import FEW_REPEAT, plain_name
from holdfast.events.event_names import proposals

if TYPE_CHECKING:
    from holdfast.events.plan import ImportPlan

__all__ = ["suspicions"]

_STATES = frozenset(
    (
        *("status", "orderstatus", "financialstatus", "paymentstatus", "paymentstate", "orderstate", "state"),
        *("bestellstatus", "zahlungsstatus", "statut", "estado"),
    )
)
_NO_SALE = (
    r"^(wc-)?(failed|cancell?ed|voided|declined|pending|on[- ]hold|draft|expired|refunded|uncaptured"
    r"|storniert|fehlgeschlagen|erstattet|annulé|cancelado|reembolsado)$"
)
_GIVEN_BACK = frozenset(
    ("refundedamount", "amountrefunded", "orderrefundamount", "refundamount", "totalrefunded", "refund", "refunds")
)
_NAMED = ("customer", "anonymous", "order", "event_id")
_ENOUGH_ORDERS = 5
_CANCELLED = frozenset(["cancelledat", "canceledat", "datecancelled", "storniertam"])


def suspicions(sample: pa.Table, plan: ImportPlan) -> Iterator[str]:
    """Sentences about ids that may be wrong, and about rows of the sample that will count as orders although their own columns
    say that they may be none."""
    yield from _ids(sample, plan)
    if plan.shape.value == "events":
        yield from _events_called_otherwise(sample, plan)
        return
    if plan.shape.value == "lines" and {"order", "revenue", "quantity", "price"} <= plan.mapping.keys():
        yield from _totals_on_lines(sample, plan)
    for name in plan.properties:
        texts = pc.utf8_trim_whitespace(pc.cast(sample[name], pa.string()))
        bare = plain_name(name)
        if bare in _STATES:
            yield from _states(name, texts)
        elif bare in _CANCELLED and (filled := _true(pc.not_equal(texts, ""))):
            yield f"{filled:,} rows have a date under {name}: they will count as orders all the same; take them out of the file"
        elif bare in _GIVEN_BACK and (given := _true(pc.match_substring_regex(texts, r"[1-9]"))):
            yield (
                f"{given:,} rows give money back under {name}: it is not taken off; "
                "add these refunds as rows with a negative amount and the order's number"
            )


def _ids(sample: pa.Table, plan: ImportPlan) -> Iterator[str]:
    """Ids by which different rows, people or orders would become one, or one person two."""
    texts = {role: pc.cast(sample[plan.mapping[role]], pa.string()) for role in _NAMED if role in plan.mapping}
    for role, ids in texts.items():
        cut = ids.filter(pc.fill_null(pc.match_substring_regex(ids, r"^\s*\d([.,]\d+)?[eE]\+\d+\s*$"), False))
        if len(cut):
            yield (
                f"{len(cut):,} values of {plan.mapping[role]} such as {cut[0].as_py()} have lost digits in a spreadsheet: "
                "different ids become one; export the file again and import it without opening it there"
            )
    if "customer" in texts:
        people = pc.utf8_trim_whitespace(texts["customer"]).unique()
        again = len(people) - len(pc.utf8_lower(people).unique())
        if again:
            yield f"{again:,} customers differ from another only in capital letters: they count as people of their own"
    if "event_id" in texts and plan.shape.value != "lines":
        given = texts["event_id"].drop_null()
        if len(given.unique()) < FEW_REPEAT * len(given):
            yield (
                f"{len(given) - len(given.unique()):,} of {len(given):,} rows repeat an id of {plan.mapping['event_id']}: "
                "only the first of each is kept; if it is no id of a single event, leave it out: --map event_id=-"
            )


def _events_called_otherwise(sample: pa.Table, plan: ImportPlan) -> Iterator[str]:
    """Purchases and other events under names of their own, as GA4's `purchase`: only `Order Completed` counts as an order."""
    if "event" not in plan.mapping or plan.event is not None:
        return
    names = pc.utf8_trim_whitespace(pc.cast(sample[plan.mapping["event"]], pa.string())).drop_null()
    counted = {one["values"]: one["counts"] for one in names.value_counts().to_pylist() if one["values"]}
    yield from proposals(counted, plan.options.events)


def _totals_on_lines(sample: pa.Table, plan: ImportPlan) -> Iterator[str]:
    """The order's total stands on each of its lines, as in WooCommerce exports: added up it would count many times."""
    order, amount = plan.mapping["order"], plan.mapping["revenue"]
    orders = pa.table({"order": sample[order], "amount": sample[amount]}).drop_null().group_by("order")
    counted = orders.aggregate([("amount", "count"), ("amount", "count_distinct")])
    several = counted.filter(pc.greater(counted["amount_count"], 1))
    same = _true(pc.equal(several["amount_count_distinct"], 1))
    if several.num_rows >= _ENOUGH_ORDERS and same >= 0.9 * several.num_rows:
        yield (
            f"{amount} is the same on every line of {same:,} of {several.num_rows:,} orders with several lines: "
            "it is added up; if it is the order's total, use quantity × price instead: --map revenue=-"
        )


def _states(name: str, texts: pa.ChunkedArray) -> Iterator[str]:
    found = texts.filter(pc.fill_null(pc.match_substring_regex(pc.utf8_lower(texts), _NO_SALE), False))
    if len(found):
        shown = ", ".join(f"{one['values']} ({one['counts']:,})" for one in found.value_counts().to_pylist()[:4])
        yield f"{name} is {shown}: these rows will count as orders all the same; take out of the file what was no sale"


def _true(mask: pa.ChunkedArray) -> int:
    return int(pc.sum(mask).as_py() or 0)
