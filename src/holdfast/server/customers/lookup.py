"""Reading the index of words: the numbers of customers who have a word of each of some beginnings.

Whatever is typed, a bounded number of rows of the index is read:

one word     the first rows of its range
several      the range of the words as they stand ("ada nov" is the beginning of "ada novak"); where that is not enough, the
             customers of the rarest word, at most PROBES, are looked at one by one for the others
both broad   ("a n": each has more than PROBES) of two words also the full words that begin with the first, each with the second
             behind it, at most LEADING of them; beyond that somebody can be missed who is found by one letter more
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.db import connection

from holdfast.server.customers.words import stored

__all__ = ["LEADING", "PROBES", "numbers_of"]

PROBES = 20_000
LEADING = 60

AFTER_ALL = b"\xff"
"""Comes after every byte of UTF-8."""

BEGUN = """
SELECT customer_id FROM customers_customerword WHERE word >= %s AND word < %s ORDER BY word, customer_id LIMIT %s
"""
COUNTED = """
SELECT count(*) FROM (SELECT 1 FROM customers_customerword WHERE word >= %s AND word < %s LIMIT %s) AS begun
"""
NEXT = "SELECT word FROM customers_customerword WHERE word >= %s AND word < %s ORDER BY word LIMIT 1"
PROBED = """
SELECT customer_id FROM (
    SELECT customer_id FROM customers_customerword WHERE word >= %s AND word < %s ORDER BY word, customer_id LIMIT %s
) AS begun WHERE """
ALSO = """EXISTS (
    SELECT 1 FROM customers_customerword AS other
    WHERE other.customer_id = begun.customer_id AND other.word >= %s AND other.word < %s
)"""
SOME = " LIMIT %s"

SIGN = re.compile(rb"[!-/]")
"""Signs that come before digits and letters: what follows them is no name."""

Range = tuple[bytes, bytes]


def numbers_of(words: tuple[str, ...], most: int) -> list[int]:
    """Numbers of customers with a word of each beginning, at most so many, in the order of the index; some twice."""
    found = _numbers(BEGUN, (*_range(" ".join(words)), most))
    if len(words) == 1 or len(found) >= most:
        return found
    ranges = [_range(word) for word in words]
    counts = [_numbers(COUNTED, (*each, PROBES + 1))[0] for each in ranges]
    rarest = min(range(len(words)), key=lambda place: counts[place])
    if counts[rarest] > PROBES and len(words) == 2:
        found += _led(words[rarest], words[1 - rarest], most)
    if len(found) < most:
        others = [each for place, each in enumerate(ranges) if place != rarest]
        found += _probed(ranges[rarest], others, most)
    return found


def _led(first: str, second: str, most: int) -> list[int]:
    """Customers with a full word that begins with the first, and the second behind it."""
    found: list[int] = []
    low, high = _range(first)
    for _ in range(LEADING):
        rows = _rows(NEXT, (low, high))
        if not rows or len(found) >= most:
            break
        word = bytes(rows[0][0]).partition(b" ")[0]
        bare = SIGN.split(word)[0]
        if bare == word:
            found += _numbers(BEGUN, (*_range(f"{word.decode(errors='ignore')} {second}"), most - len(found)))
        low = word + b"!" if bare == word else bare + b"0"  # behind all that has this word and a blank, or a sign, in front
    return found


def _probed(rarest: Range, others: list[Range], most: int) -> list[int]:
    """Customers of the rarest range that are in the others too."""
    query = PROBED + " AND ".join([ALSO] * len(others)) + SOME
    return _numbers(query, (*rarest, PROBES, *(side for each in others for side in each), most))


def _range(word: str) -> Range:
    first = stored(word)
    return first, first + AFTER_ALL


def _numbers(query: str, values: Iterable[object]) -> list[int]:
    return [int(row[0]) for row in _rows(query, values)]


def _rows(query: str, values: Iterable[object]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, tuple(values))
        return list(cursor.fetchall())
