"""Writing many words at once: ten to a customer are too many for one object each."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

__all__ = ["added"]

INSERT = "INSERT INTO customers_customerword (customer_id, word) VALUES (%s, %s)"
COPY = "COPY customers_customerword (customer_id, word) FROM STDIN"


def added(rows: Iterable[tuple[int, bytes]]) -> None:
    """Add words that are not there yet: customer's number and word, in the transaction of the caller."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.executemany(INSERT, list(rows))
            return
        with cursor.cursor.copy(COPY) as copy:
            for row in rows:
                copy.write_row(row)
