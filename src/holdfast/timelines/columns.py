"""What a timeline is made of: columns, sorted by customer and time, in memory or mapped from files.

Customers stand in the order of the hash of their id, so that a range of customers is a fair sample and a shard. All arrays are
read-only; a store is a folder with one file a column and `meta.json`, written whole before it is pointed to.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["Columns", "Meta", "Nobody", "Orders"]

EMPTY_FILE = 256
"""A column file up to this size may hold no value at all, and an empty file cannot be mapped."""


@dataclass(frozen=True)
class Meta:
    """What the columns mean.

    zone            IANA zone of the local days
    events          names by code; code 0 is a row that is no activity (identify, alias, a replaced order)
    properties      kept property → its values by code; code 0 is "not known"
    first_second, last_second   span of all events, UTC seconds (0, -1 when there are none)
    last_sequence   arrival number of the latest event inside
    ignored         rows with code 0
    skipped         rows that could not be placed (no time, out of range), left out
    replaced        orders that a later arrival with the same order id and customer replaced
    no_revenue      orders without a revenue; they count, with money 0
    refunds, tied   refunds, and those tied to their order
    wide            properties that were found in the data and left out because they have too many values
    """

    zone: str
    events: tuple[str, ...]
    properties: dict[str, tuple[str, ...]]
    first_second: int
    last_second: int
    last_sequence: int = -1
    ignored: int = 0
    skipped: int = 0
    replaced: int = 0
    no_revenue: int = 0
    refunds: int = 0
    tied: int = 0
    wide: tuple[str, ...] = ()
    format: int = 1

    def dump(self) -> str:
        """The meta as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @staticmethod
    def load(text: str) -> Meta:
        """The meta of that JSON."""
        raw = json.loads(text)
        raw["events"], raw["wide"] = tuple(raw["events"]), tuple(raw["wide"])
        raw["properties"] = {name: tuple(values) for name, values in raw["properties"].items()}
        return Meta(**raw)


@dataclass(frozen=True)
class Orders:
    """Orders and refunds of all customers, by customer and time (the j-th one of a customer is the j-th such event of hers).

    offsets  int64 [customers + 1]: where each customer's rows begin
    day      uint16 local day · second uint32 UTC · amount int64 in ten-thousandths of the currency, positive for refunds too
    refund   uint8: 1 for a refund
    link     int32: of a refund, the place of its order among the customer's rows, -1 where it is not known; of an order -1
    order    uint64 hash of the order id, 0 for none
    """

    offsets: npt.NDArray[np.int64]
    day: npt.NDArray[np.uint16]
    second: npt.NDArray[np.uint32]
    amount: npt.NDArray[np.int64]
    refund: npt.NDArray[np.uint8]
    link: npt.NDArray[np.int32]
    order: npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Nobody:
    """Events without any customer, for coverage: local day, second, code, amount (negative for refunds)."""

    day: npt.NDArray[np.uint16]
    second: npt.NDArray[np.uint32]
    code: npt.NDArray[Any]
    amount: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Columns:
    """The timelines of all customers (or of a part of them).

    offsets     int64 [customers + 1]: where each customer's events begin
    code        uint8 or uint16 event code · day uint16 local day · second uint32 UTC
    micro       uint32 microseconds within the second, or empty when all are 0 (only merging reads it)
    properties  name → uint16 value code per event
    id_hash     uint64 per customer, ascending · id_offsets int64 · id_data uint8: the ids
    """

    meta: Meta
    offsets: npt.NDArray[np.int64]
    code: npt.NDArray[Any]
    day: npt.NDArray[np.uint16]
    second: npt.NDArray[np.uint32]
    micro: npt.NDArray[np.uint32]
    id_hash: npt.NDArray[np.uint64]
    id_offsets: npt.NDArray[np.int64]
    id_data: npt.NDArray[np.uint8]
    orders: Orders
    nobody: Nobody
    properties: dict[str, npt.NDArray[np.uint16]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for array in self.arrays().values():
            array.setflags(write=False)

    @property
    def customers(self) -> int:
        """How many customers."""
        return len(self.offsets) - 1

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Every array under the name of its file."""
        out: dict[str, npt.NDArray[Any]] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                out[item.name] = value
            elif isinstance(value, Orders | Nobody):
                out.update({f"{item.name}.{part.name}": getattr(value, part.name) for part in fields(value)})
        out.update({f"property.{place}": array for place, array in enumerate(self.properties.values())})
        return out

    def ids(self) -> pa.LargeStringArray:
        """The ids of all customers, in store order."""
        return pa.LargeStringArray.from_buffers(self.customers, pa.py_buffer(self.id_offsets), pa.py_buffer(self.id_data))

    def write(self, folder: Path) -> None:
        """Write every column into a folder; `meta.json` comes last, so a folder without it is half written."""
        folder.mkdir(parents=True)
        for name, array in self.arrays().items():
            np.save(folder / f"{name}.npy", array)
        with (folder / "meta.json").open("w", encoding="utf-8") as file:
            file.write(self.meta.dump())
            file.flush()
            os.fsync(file.fileno())

    @staticmethod
    def read(folder: Path) -> Columns:
        """Map the columns of a folder into memory."""
        meta = Meta.load((folder / "meta.json").read_text(encoding="utf-8"))

        def column(name: str) -> npt.NDArray[Any]:
            path = folder / f"{name}.npy"
            if path.stat().st_size <= EMPTY_FILE and np.load(path).size == 0:
                return np.asarray(np.load(path))
            return np.asarray(np.load(path, mmap_mode="r"))

        plain = ("offsets", "code", "day", "second", "micro", "id_hash", "id_offsets", "id_data")
        return Columns(
            meta=meta,
            **{name: column(name) for name in plain},
            orders=Orders(*(column(f"orders.{part.name}") for part in fields(Orders))),
            nobody=Nobody(*(column(f"nobody.{part.name}") for part in fields(Nobody))),
            properties={name: column(f"property.{place}") for place, name in enumerate(meta.properties)},
        )
