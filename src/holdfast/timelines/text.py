"""Numbering customers: from Arrow strings to small integers, at memory speed.

A customer's id is hashed (FNV-1a with a final mix, the same on every machine) and numbered by an open-addressing table that
compares the bytes, so two ids with the same hash stay two people.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

__all__ = ["Interner", "hash_strings", "hash_text", "string_buffers"]

Bytes = npt.NDArray[np.uint8]
Longs = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


@njit(cache=True, nogil=True, inline="always")
def _hash(data: Any, start: int, stop: int) -> Any:
    value = np.uint64(14695981039346656037)
    for i in range(start, stop):
        value = (value ^ np.uint64(data[i])) * np.uint64(1099511628211)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    return value


@njit(cache=True, nogil=True)
def _hash_rows(data: Any, offsets: Any, valid: Any) -> Any:
    out = np.zeros(len(offsets) - 1, np.uint64)
    for i in range(len(out)):
        if valid[i]:
            out[i] = max(_hash(data, offsets[i], offsets[i + 1]), np.uint64(1))
    return out


@njit(cache=True, nogil=True)
def _intern(
    data: Any, offsets: Any, hashes: Any, row: int, numbers: Any, slots: Any,
    known_hash: Any, known_data: Any, known_offsets: Any, count: int,
) -> Any:  # fmt: skip
    """Number rows from `row` on until done or a table is full; returns (rows done, ids known)."""
    mask = np.uint64(len(slots) - 1)
    while row < len(numbers):
        value = hashes[row]
        if value == 0:
            numbers[row] = -1
            row += 1
            continue
        start, size = offsets[row], offsets[row + 1] - offsets[row]
        place = value & mask
        found = -1
        while slots[place] >= 0:
            other = slots[place]
            if known_hash[other] == value and known_offsets[other + 1] - known_offsets[other] == size:
                base, same = known_offsets[other], True
                for i in range(size):
                    if known_data[base + i] != data[start + i]:
                        same = False
                        break
                if same:
                    found = other
                    break
            place = (place + np.uint64(1)) & mask
        if found < 0:
            base = known_offsets[count]
            if count + 1 >= len(known_hash) or 2 * count >= len(slots) or base + size > len(known_data):
                return row, count
            known_data[base : base + size] = data[start : start + size]
            known_offsets[count + 1] = base + size
            known_hash[count] = value
            slots[place] = count
            found = count
            count += 1
        numbers[row] = found
        row += 1
    return row, count


@njit(cache=True, nogil=True)
def _refill(slots: Any, known_hash: Any, count: int) -> None:
    mask = np.uint64(len(slots) - 1)
    for number in range(count):
        place = known_hash[number] & mask
        while slots[place] >= 0:
            place = (place + np.uint64(1)) & mask
        slots[place] = number


def string_buffers(array: pa.Array) -> tuple[Bytes, Longs, npt.NDArray[np.bool_]]:
    """The bytes, int64 offsets (length n + 1) and validity of an Arrow string array."""
    if not pa.types.is_large_string(array.type):
        array = pc.cast(array, pa.large_string())
    _, offsets, data = array.buffers()
    if len(array) == 0 or offsets is None:
        return np.zeros(0, np.uint8), np.zeros(len(array) + 1, np.int64), np.zeros(len(array), np.bool_)
    places = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    raw = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8)
    valid = np.ones(len(array), np.bool_) if array.null_count == 0 else pc.is_valid(array).to_numpy(zero_copy_only=False)
    return raw, places, valid


def hash_strings(array: pa.Array) -> Hashes:
    """The 64-bit hash of each string, never 0; 0 for null."""
    hashes: Hashes = _hash_rows(*string_buffers(array))
    return hashes


def hash_text(text: str) -> int:
    """The hash of one string, as `hash_strings` gives it."""
    return int(hash_strings(pa.array([text]))[0])


class Interner:
    """A growing table from ids to 0, 1, 2, … in order of first sight."""

    def __init__(self) -> None:
        self.count = 0
        self._hash: Hashes = np.zeros(1 << 12, np.uint64)
        self._data: Bytes = np.zeros(1 << 16, np.uint8)
        self._offsets: Longs = np.zeros((1 << 12) + 1, np.int64)
        self._slots: npt.NDArray[np.int32] = np.full(1 << 13, -1, np.int32)

    def number(self, array: pa.Array) -> npt.NDArray[np.int32]:
        """The number of each id, new ones numbered on; -1 for null."""
        data, offsets, valid = string_buffers(array)
        hashes = _hash_rows(data, offsets, valid)
        numbers = np.empty(len(array), np.int32)
        row = 0
        while True:
            row, self.count = _intern(
                data, offsets, hashes, row, numbers, self._slots, self._hash, self._data, self._offsets, self.count
            )
            if row >= len(numbers):
                return numbers
            self._grow(int(offsets[row + 1] - offsets[row]))

    def _grow(self, needed: int) -> None:
        size = 2 * len(self._hash)
        self._hash = np.resize(self._hash, size)
        self._offsets = np.append(self._offsets, np.zeros(size + 1 - len(self._offsets), np.int64))
        self._data = np.append(self._data, np.zeros(len(self._data) + needed, np.uint8))
        self._slots = np.full(2 * size, -1, np.int32)
        _refill(self._slots, self._hash, self.count)

    @property
    def hashes(self) -> Hashes:
        """The hash of each id, by number."""
        return self._hash[: self.count]

    def ids(self) -> pa.LargeStringArray:
        """All ids, by number."""
        offsets = pa.py_buffer(self._offsets[: self.count + 1].tobytes())
        data = pa.py_buffer(self._data[: self._offsets[self.count]].tobytes())
        return pa.LargeStringArray.from_buffers(self.count, offsets, data)
