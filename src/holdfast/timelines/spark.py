"""The same walks on a cluster: Spark shuffles events by customer, executors build columns, keep them and walk them.

    look     one reading of the frame: names, values, span → the frame of reference, told to all
    encode   a second reading: numbers with the codes of the whole; ranges of customers' hashes are partitions
    build    each partition sorts its rows into columns by the code of one machine; they stay on the executors
    walk     a question's step goes to the columns, its partials come back and are added in partition order

Nothing of a question is written twice: `SparkTimelines` is asked like any other timelines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

import numpy as np
import pyarrow as pa

from holdfast.errors import EngineMissing, UsageError
from holdfast.settings import Settings
from holdfast.timelines.build import Aliases, columns_of
from holdfast.timelines.columns import Columns, Meta, Nobody
from holdfast.timelines.gather import Gatherer
from holdfast.timelines.naming import wanted
from holdfast.timelines.spark_reference import Reference
from holdfast.timelines.spark_rows import decode, rows_schema
from holdfast.timelines.spark_work import RESULT, STORED, Build, Door, Encode, Look, Summary, Walk, opened
from holdfast.timelines.timelines import Timelines
from holdfast.timelines.walk import Partial, Shard, Source, added, walk_columns

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["EVENTS_A_PARTITION", "SparkTimelines", "from_spark"]

P = TypeVar("P", bound=Partial)

EVENTS_A_PARTITION = 1_000_000
"""About so many events make a partition: some 30 MB of columns, a few milliseconds of walking."""

FEWEST_EVENTS = 2_000
"""Below this a further partition costs more than it saves."""


def from_spark(frame: DataFrame, settings: Settings, aliases: Aliases | None, names: Mapping[str, str]) -> SparkTimelines:
    """Timelines of a Spark frame, kept on the executors until `close()`; see `Timelines.from_spark`.

    Raises EngineMissing when PySpark is not installed or an executor lacks Holdfast, UsageError when this is no Spark frame.
    """
    columns = _columns_of_frame(frame)
    door = Door(wanted(columns, names), settings.zone, settings.properties)
    chosen = frame.select(*(frame[f"`{name.replace('`', '``')}`"] for name in dict.fromkeys(door.found.values())))
    reference = _reference(chosen, door)
    meta = reference.meta(settings.zone, bool(settings.properties))
    parts = _parts(reference)
    rows = chosen.mapInArrow(
        Encode(door, meta, reference.first_rows(), aliases, parts), _ddl(rows_schema(len(meta.properties)))
    )
    stored = rows.repartitionById(parts, "part").mapInArrow(Build(meta), STORED).persist()
    return SparkTimelines(stored, meta, _collected(stored.where("kind <> 'columns'")), settings)


def _reference(chosen: DataFrame, door: Door) -> Reference:
    found = reduce(add, _collected(chosen.mapInArrow(Look(door), RESULT)), Reference())
    return found if "sequence" in door.found else found.numbered()


class SparkTimelines(Timelines):
    """Timelines that live on the executors of a cluster; every question is asked of them as of any others.

    stored     the persisted frame of partitions (schema STORED)
    meta       what the columns mean; the counts come from the summaries
    summaries  what each partition told when it was built
    """

    def __init__(self, stored: DataFrame, meta: Meta, summaries: list[Summary], settings: Settings) -> None:
        empty = columns_of(Gatherer().finish(), meta.zone)
        whole = reduce(add, summaries) if summaries else Summary.of(empty)
        counts = {name: getattr(whole, name) for name in ("ignored", "replaced", "refunds", "tied")}
        outline = Outline(replace(meta, **counts), whole.customers, whole.events, _by_time(whole.nobody))
        self.settings = replace(settings, zone=meta.zone)
        self.source = _DriverSource(outline)
        self.threads = None
        self._outline = outline
        self._stored = stored

    @property
    def customers(self) -> int:
        """How many customers have an event."""
        return self._outline.customers

    @property
    def events(self) -> int:
        """How many events of customers, replaced ones included."""
        return self._outline.events

    def walk(self, step: Callable[[Shard], P]) -> P:
        """Run a step on the executors, over all customers, and add what it gives in partition order."""
        partials = _collected(self._stored.where("kind = 'columns'").mapInArrow(Walk(step), RESULT))
        if partials:
            return cast(P, added(list(partials)))
        return walk_columns(Source(columns_of(decode([], self.meta), self.meta.zone)), step, 1)

    def close(self) -> None:
        """Let the executors forget these timelines."""
        self._stored.unpersist()

    def save(self, folder: str | Path) -> None:
        """Timelines of a cluster stay on it: raises UsageError."""
        raise UsageError(f"timelines of a cluster are not saved into {folder}", "build them with from_parquet, and save those")

    def merge(self, *_: Any, **__: Any) -> NoReturn:
        """Timelines of a cluster are built anew: raises UsageError."""
        raise UsageError(
            "timelines of a cluster take no later arrivals", "build them again from the frame that holds all events"
        )

    def __reduce__(self) -> NoReturn:
        raise UsageError("a step carries the timelines themselves", "let it carry only the values that it needs")


@dataclass(frozen=True)
class Outline:
    """What a driver knows of columns that lie on executors; whoever asks for more must send a step."""

    meta: Meta
    customers: int
    events: int
    nobody: Nobody

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{name} lies on the executors of the cluster: read it in a step (timelines.walk)")


class _DriverSource(Source):
    """The outline, and what questions keep for the next one."""

    def __init__(self, outline: Outline) -> None:
        super().__init__(cast(Columns, outline))

    def purchases(self, *_: Any, **__: Any) -> NoReturn:
        raise AttributeError("purchases lie on the executors of the cluster: read them in a step (timelines.walk)")


def _columns_of_frame(frame: Any) -> list[str]:
    try:
        import pyspark  # noqa: F401
    except ImportError as error:
        raise EngineMissing("PySpark is not installed", "pip install 'holdfast[spark]'") from error
    if not hasattr(frame, "mapInArrow") or not hasattr(frame, "repartitionById"):
        raise UsageError(
            f"{type(frame).__name__} is no frame of Spark 4.1 or later", "pandas and Polars have ways in of their own"
        )
    return list(frame.columns)


def _parts(reference: Reference) -> int:
    """How many partitions: no more than the source has while they are small, more where it has many events."""
    return max(1, min(len(reference.rows), reference.total // FEWEST_EVENTS), -(-reference.total // EVENTS_A_PARTITION))


def _collected(frame: DataFrame) -> list[Any]:
    from pyspark.errors import PySparkException

    try:
        return opened(frame.collect())
    except PySparkException as error:
        if "No module named 'holdfast'" in str(error):
            raise EngineMissing(
                "an executor cannot import holdfast",
                "install it there, or start the session with holdfast.timelines.spark_session.start",
            ) from error
        raise


_SPARK_TYPES = {pa.int32(): "int", pa.int64(): "bigint", pa.string(): "string", pa.bool_(): "boolean"}


def _ddl(schema: pa.Schema) -> str:
    """The schema in Spark's words."""
    return ", ".join(f"{column.name} {_SPARK_TYPES[column.type]}" for column in schema)


def _by_time(nobody: Nobody) -> Nobody:
    order = np.lexsort((nobody.amount, nobody.code, nobody.second))
    return Nobody(nobody.day[order], nobody.second[order], nobody.code[order], nobody.amount[order])
