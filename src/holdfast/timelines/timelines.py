"""`Timelines`: all that customers did, ready to be walked. The way in for analysts without a workspace."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from holdfast.errors import UsageError, WorkspaceError
from holdfast.settings import Settings
from holdfast.timelines.build import Aliases, build_columns
from holdfast.timelines.columns import Columns, Meta
from holdfast.timelines.naming import renamed, wanted
from holdfast.timelines.walk import Partial, Shard, Source, walk_columns
from holdfast.timelines.zone import Zone, date_of, day_of

if TYPE_CHECKING:
    import pandas
    import polars
    from pyspark.sql import DataFrame

__all__ = ["AsOf", "Timelines"]

P = TypeVar("P", bound=Partial)


@dataclass(frozen=True)
class AsOf:
    """The instant up to which rows count.

    until  UTC second, exclusive
    day    local day index of `until`: all days before it are over, this one is open
    last   the last local date that holds a counted row or could: the date to show
    """

    until: int
    day: int
    last: date


class Timelines:
    """The timelines of a business, in one process.

    settings  what the numbers mean (zone, week start, base, refunds, …)
    """

    def __init__(self, columns: Columns, settings: Settings | None = None, *, threads: int | None = None) -> None:
        self.settings = replace(settings or Settings(), zone=columns.meta.zone)
        self.source = Source(columns)
        self.threads = threads

    # -- ways in ---------------------------------------------------------------------------------------------------------

    @classmethod
    def build(
        cls, batches: Iterable[pa.RecordBatch], settings: Settings | None = None, *, aliases: Aliases | None = None
    ) -> Timelines:
        """Timelines of record batches in the events schema, in any order."""
        settings = settings or Settings()
        columns = build_columns(batches, zone=settings.zone, aliases=aliases, properties=settings.properties)
        return cls(columns, settings)

    @classmethod
    def from_arrow(cls, table: pa.Table, settings: Settings | None = None, **names: str) -> Timelines:
        """Timelines of an Arrow table with one row an event.

        names  our column = their column, such as customer="CustomerID", time="InvoiceDate", event="name", order="id",
               revenue="amount"; a column that already has our name needs none. Without an event column every row is an order.
        A time without zone is local time of the settings' zone. Raises UnknownName for a column that is not there.
        """
        settings = settings or Settings()
        return cls.build(renamed(table.to_batches(), wanted(table.schema.names, names), settings.zone), settings)

    @classmethod
    def from_pandas(cls, frame: pandas.DataFrame, settings: Settings | None = None, **names: str) -> Timelines:
        """Timelines of a pandas frame; see `from_arrow`."""
        return cls.from_arrow(pa.Table.from_pandas(frame, preserve_index=False), settings, **names)

    @classmethod
    def from_polars(cls, frame: polars.DataFrame, settings: Settings | None = None, **names: str) -> Timelines:
        """Timelines of a Polars frame; see `from_arrow`."""
        return cls.from_arrow(frame.to_arrow(), settings, **names)

    @classmethod
    def from_parquet(cls, path: str | Path | Sequence[str], settings: Settings | None = None, **names: str) -> Timelines:
        """Timelines of one or more Parquet files, read in batches; see `from_arrow`."""
        from pyarrow import dataset

        settings = settings or Settings()
        files = dataset.dataset(path, format="parquet")
        found = wanted(files.schema.names, names)
        batches = files.to_batches(columns=list(found.values()), batch_size=1 << 18, batch_readahead=2, fragment_readahead=1)
        return cls.build(renamed(batches, found, settings.zone), settings)

    @classmethod
    def from_spark(
        cls, frame: DataFrame, settings: Settings | None = None, *, aliases: Aliases | None = None, **names: str
    ) -> Timelines:
        """Timelines of a Spark frame with one row an event, built and walked by the executors; see `from_arrow` for names.

        aliases  person keys that are other persons (see `holdfast.events.identity`)
        A `timestamp` is an instant; a `timestamp_ntz` is local time of the settings' zone. Executors need Holdfast installed.
        """
        from holdfast.timelines.spark import from_spark

        return from_spark(frame, settings or Settings(), aliases, names)

    # -- the store -------------------------------------------------------------------------------------------------------

    def save(self, folder: str | Path) -> None:
        """Write a new generation into a store and point to it; readers of an older one are not disturbed."""
        base = Path(folder)
        base.mkdir(parents=True, exist_ok=True)
        number = 1 + max((int(path.name) for path in base.iterdir() if path.name.isdigit()), default=0)
        self.source.columns.write(base / f"{number}")
        pointer = base / "CURRENT.new"
        pointer.write_text(str(number))
        pointer.replace(base / "CURRENT")
        for path in base.iterdir():
            if path.name.isdigit() and int(path.name) < number - 1:
                shutil.rmtree(path, ignore_errors=True)

    @classmethod
    def open(cls, folder: str | Path, settings: Settings | None = None) -> Timelines:
        """Map the current generation of a store; WorkspaceError when there is none."""
        base = Path(folder)
        try:
            columns = Columns.read(base / (base / "CURRENT").read_text())
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise WorkspaceError(f"no timelines can be read in {base}", "they can be rebuilt: holdfast doctor") from error
        return cls(columns, settings)

    # -- what is inside --------------------------------------------------------------------------------------------------

    @property
    def meta(self) -> Meta:
        """What the columns mean."""
        return self.source.columns.meta

    @property
    def customers(self) -> int:
        """How many customers have an event."""
        return self.source.columns.customers

    @property
    def events(self) -> int:
        """How many events of customers, replaced ones included."""
        return int(self.source.columns.offsets[-1])

    @property
    def zone(self) -> Zone:
        """The zone of local days."""
        return Zone.named(self.meta.zone)

    def as_of(self, value: AsOf | date | datetime | str | None = None) -> AsOf:
        """The instant up to which rows count.

        A date means the end of that local day; a datetime that instant (naive: UTC); None: the last event of the data.
        """
        if isinstance(value, AsOf):
            return value
        until = self.meta.last_second + 1 if value is None else self._until(value)
        return AsOf(until, self.zone.day_at(until), date_of(self.zone.day_at(until - 1)))

    def _until(self, value: date | datetime | str) -> int:
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value) if len(value) <= 10 else datetime.fromisoformat(value)
            except ValueError as error:
                raise UsageError(f"{value!r} is no date", "write it as 2011-12-09") from error
        if isinstance(value, datetime):
            until = int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())
        else:
            until = self.zone.midnight(day_of(value) + 1)
        if not 0 < until < 2**32:
            raise UsageError(f"{value} is outside the years 1970 to 2106", "give a date within the data")
        return until

    # -- asking ----------------------------------------------------------------------------------------------------------

    def walk(self, step: Callable[[Shard], P]) -> P:
        """Run a step over all customers and add what it gives (see `holdfast.timelines.walk`)."""
        return walk_columns(self.source, step, self.threads)

    def ask(self, question: Any) -> Any:
        """The answer to a question (any value with `answer(timelines)`)."""
        return question.answer(self)

    def merge(
        self, batches: Iterable[pa.RecordBatch], *, aliases: Aliases | None = None, drop: pa.Array | None = None
    ) -> Timelines:
        """These timelines with later arrivals merged in, without a full rebuild.

        batches  events that arrived after all that is inside, and all events of those in `drop`
        aliases  the whole alias map as it is now
        drop     person keys whose timelines are left out first: erased, or their identity changed
        """
        from holdfast.timelines.merge import merge_columns

        properties = self.settings.properties
        fresh = build_columns(batches, zone=self.meta.zone, aliases=aliases, properties=properties)
        merged = merge_columns(self.source.columns, fresh, drop=drop, named=bool(properties))
        return Timelines(merged, self.settings, threads=self.threads)

    def __repr__(self) -> str:
        return f"<Timelines: {self.customers:,} customers, {self.events:,} events, {self.meta.zone}>"
