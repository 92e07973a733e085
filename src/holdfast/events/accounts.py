"""Which firm (account) an event belongs to: said by the event itself, or by a `group` call of the person who did it.

1. An event with one of the properties ACCOUNT_NAMES belongs to the account it names; the first name that has a value counts.
2. Any other event belongs to the account of its person's latest `group` call at or before it (time, then sequence): who moves
   to another firm leaves what she did before with the old one.
3. Before her first `group` call, what a person did belongs to the account of that call: it says late what was so already.
4. A person without any of them belongs to no account; her events count in the coverage, as those of nobody.

Source: https://segment.com/docs/connections/spec/group/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.identity import ANONYMOUS, AliasMap

__all__ = ["ACCOUNT_COLUMNS", "ACCOUNT_NAMES", "Belonging", "of_accounts"]

ACCOUNT_NAMES = ("account", "account_id", "accountId", "group_id", "groupId", "context.groupId")
"""Properties that name an event's account, the surest first."""

ACCOUNT_COLUMNS = ("type", "time", "sequence", "customer_id", "anonymous_id", "properties")
"""The columns of events that tell it."""


@dataclass(frozen=True)
class Belonging:
    """Who belonged to which account from when on, by the `group` calls.

    persons   string array: who has such a call
    first     int64: where each person's calls begin in the other two
    moment    int64 [calls]: person's place and rank of the time among `times`, in one number, ascending
    accounts  string array [calls]
    times     int64: the instants (UTC microseconds) of calls, ascending, each once
    """

    persons: pa.Array
    first: npt.NDArray[np.int64]
    moment: npt.NDArray[np.int64]
    accounts: pa.Array
    times: npt.NDArray[np.int64]

    @staticmethod
    def of(batches: Iterable[pa.RecordBatch], aliases: AliasMap) -> Belonging:
        """What the `group` calls among events with ACCOUNT_COLUMNS say, in any order of reading."""
        calls = pa.concat_tables([_CALLS.empty_table(), *(_calls(batch, aliases) for batch in batches)])
        calls = calls.sort_by([("person", "ascending"), ("time", "ascending"), ("sequence", "ascending")]).combine_chunks()
        person, time = _flat(calls["person"]), calls["time"].to_numpy()
        persons, times = pc.unique(person), np.unique(time)
        place = pc.index_in(person, persons).to_numpy(zero_copy_only=False).astype(np.int64)
        moment = place * (len(times) + 1) + np.searchsorted(times, time) + 1
        return Belonging(persons, np.searchsorted(place, np.arange(len(persons))), moment, _flat(calls["account"]), times)

    def accounts_of(self, batch: pa.RecordBatch, aliases: AliasMap) -> pa.Array:
        """The account of each event of a batch with ACCOUNT_COLUMNS, null where there is none."""
        own = _named(batch["properties"])
        if not len(self.persons):
            return own
        place = pc.index_in(_persons(batch, aliases), self.persons)
        known = place.is_valid().to_numpy(zero_copy_only=False)
        at = pc.fill_null(place, 0).to_numpy(zero_copy_only=False).astype(np.int64)
        rank = np.searchsorted(self.times, pc.cast(batch["time"], pa.int64()).to_numpy(), side="right")
        latest = np.searchsorted(self.moment, at * (len(self.times) + 1) + rank, side="right") - 1
        call = np.maximum(latest, self.first[at])
        return pc.coalesce(own, self.accounts.take(pa.array(call, mask=~known)))


def of_accounts(batches: Iterable[pa.RecordBatch], belonging: Belonging, aliases: AliasMap) -> Iterable[pa.RecordBatch]:
    """The same events as done by the accounts: their customer is the account, null where there is none."""
    for batch in batches:
        names = batch.schema.names
        accounts = belonging.accounts_of(batch, aliases)
        swapped = {"customer_id": accounts, "anonymous_id": pa.nulls(len(batch), pa.string())}
        yield pa.RecordBatch.from_arrays([swapped.get(name, batch[name]) for name in names], names=names)


_CALLS = pa.schema([("person", pa.string()), ("time", pa.int64()), ("sequence", pa.int64()), ("account", pa.string())])


def _calls(batch: pa.RecordBatch, aliases: AliasMap) -> pa.Table:
    rows = batch.filter(pc.equal(batch["type"], "group"))
    columns = [_persons(rows, aliases), pc.cast(rows["time"], pa.int64()), rows["sequence"], _named(rows["properties"])]
    found = pa.table(columns, schema=_CALLS)
    return found.filter(pc.and_(found["person"].is_valid(), found["account"].is_valid()))


def _persons(batch: pa.RecordBatch, aliases: AliasMap) -> pa.Array:
    """Who did each event, by the alias map."""
    anonymous = pc.binary_join_element_wise(ANONYMOUS, batch["anonymous_id"], "")
    person = pc.coalesce(batch["customer_id"], anonymous)
    sources, targets = aliases.pairs()
    return person if not len(sources) else pc.coalesce(targets.take(pc.index_in(person, sources)), person)


def _named(properties: pa.Array) -> pa.Array:
    """The account that each JSON object of properties names, null where none does."""
    coded = pc.dictionary_encode(properties)
    named = [_account(text) for text in coded.dictionary.to_pylist()]
    return pa.array(named, pa.string()).take(coded.indices)


def _account(text: str | None) -> str | None:
    if text is None or not any(f'"{name}"' in text for name in ACCOUNT_NAMES):
        return None
    told: Any = msgspec.json.decode(text)
    found = (told.get(name) for name in ACCOUNT_NAMES)
    return next((str(one) for one in found if one not in (None, "")), None)


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
