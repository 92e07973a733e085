"""Writing many rows at once: a million customers with ten words each are too many for one object and one statement each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from holdfast.server.customers.facts import Told
    from holdfast.server.customers.models import Customer

__all__ = ["inserted", "known", "stamped", "updated", "words_added"]

INSERT_WORDS = "INSERT INTO customers_customerword (customer_id, word) VALUES (%s, %s)"
COPY_WORDS = "COPY customers_customerword (customer_id, word) FROM STDIN"
INSERT = """
INSERT INTO customers_customer
    (merged_into, name, email, phone, account, city, country, traits, told, first_us, first_seen, person, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
UPDATE = """
UPDATE customers_customer
SET merged_into = %s, name = %s, email = %s, phone = %s, account = %s, city = %s, country = %s,
    traits = %s, told = %s, first_us = %s, first_seen = %s
WHERE id = %s
"""
KNOWN = {
    "sqlite": "SELECT id, person, first_us, told FROM customers_customer WHERE person IN (SELECT value FROM json_each(%s))",
    "postgresql": "SELECT id, person, first_us, told::text FROM customers_customer WHERE person = ANY(%s)",
}
STAMP = "UPDATE customers_customer SET told = %s WHERE id = %s"


def words_added(rows: Iterable[tuple[int, bytes]]) -> None:
    """Add words that are not there yet: customer's number and word, in the transaction of the caller."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.executemany(INSERT_WORDS, list(rows))
            return
        with cursor.cursor.copy(COPY_WORDS) as copy:
            for row in rows:
                copy.write_row(row)


def inserted(rows: list[Customer]) -> None:
    """Add new customers and give them their numbers, in the transaction of the only writer of this table."""
    from holdfast.server.customers.models import Customer

    if not rows:
        return
    last = Customer.objects.order_by("-id").values_list("id", flat=True).first() or 0
    made = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.executemany(INSERT, [(*_values(row), row.person, made(row.created_at)) for row in rows])
    numbers = dict(Customer.objects.filter(id__gt=last).order_by().values_list("person", "id"))
    for row in rows:
        row.id = numbers[row.person]


def updated(rows: Iterable[Customer]) -> None:
    """Write what is known and shown of these customers, in the transaction of the caller."""
    values = [(*_values(row), row.id) for row in rows]
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(UPDATE, values)


def known(persons: list[str]) -> Iterator[tuple[int, str, int, Told]]:
    """Number, id, first event and what was told of those who have a row."""
    postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(KNOWN[connection.vendor], [persons if postgres else json.dumps(persons)])
        for number, person, first_us, told in cursor.fetchall():
            yield number, person, first_us, json.loads(told)


def stamped(rows: Iterable[tuple[int, Told]]) -> None:
    """Write what was told of customers of whom the same is shown as before; no index is touched."""
    values = [(json.dumps(told), number) for number, told in rows]
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(STAMP, values)


def _values(row: Customer) -> tuple[Any, ...]:
    moment = connection.ops.adapt_datetimefield_value(row.first_seen)
    shown = (row.merged_into, row.name, row.email, row.phone, row.account, row.city, row.country)
    return (*shown, json.dumps(row.traits), json.dumps(row.told), row.first_us, moment)
