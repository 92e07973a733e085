"""`holdfast sql "select …"`: the lake's events as the table `events`, read-only, with nothing else within reach."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.options import Verb, output_options, workspace_option
from holdfast.cli.saying import Said, tell
from holdfast.errors import UsageError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["engine", "verb"]


@click.command("sql", cls=Verb)
@click.argument("query", required=False)
@output_options
@workspace_option
def verb(query: str | None, workspace: str, json: bool, csv: str | None) -> None:
    """Ask the events anything: `holdfast sql "select event, count(*) from events group by event"`.

    The table `events` has the columns event_id, type, event, time (UTC), sequence, customer_id, anonymous_id, order_id,
    revenue, currency, products, properties, source, batch. Without a query the columns are
    shown. A query of - is read from stdin.
    """
    from holdfast.workspace import Workspace

    opened = Workspace.open(workspace)
    text = sys.stdin.read() if query == "-" else query or "describe events"
    with engine([str(opened.lake.path / file.name) for file in opened.lake.files()]) as connection:
        columns, rows = asked(connection, text)
    words = f"{len(rows):,} row{'' if len(rows) == 1 else 's'}."
    tell(Said({"name": "Sql", "query": text}, words, columns, rows), json=json, csv=csv)


def engine(files: list[str]) -> DuckDBPyConnection:
    """A DuckDB in memory with those Parquet files as the table `events`, which Arrow reads for it.

    No file, network or setting is in its reach.
    """
    import duckdb
    from pyarrow import dataset

    from holdfast.events.schema import EVENTS

    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    connection.register("events", dataset.dataset(files, schema=EVENTS, format="parquet") if files else EVENTS.empty_table())
    connection.execute("set enable_progress_bar = false")
    connection.execute("set python_enable_replacements = false")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def asked(connection: DuckDBPyConnection, text: str) -> tuple[tuple[str, ...], list[list[Any]]]:
    """Columns and rows of one question; UsageError for what is no question, or is none that DuckDB understands."""
    import duckdb

    try:
        statements = connection.extract_statements(text)
        if len(statements) != 1:
            raise UsageError(f"one question at a time, not {len(statements)}", "write one select")
        if statements[0].type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
            raise UsageError("only questions are answered here; nothing can be written", "write a select")
        result = connection.execute(statements[0])
        columns = tuple(column[0] for column in result.description or ())
        return columns, [[_plain(value) for value in row] for row in result.fetchall()]
    except duckdb.Error as error:
        raise UsageError(f"DuckDB says: {error}", "the table is called events; its columns: holdfast sql") from error


def _plain(value: Any) -> Any:
    from datetime import datetime
    from decimal import Decimal

    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return value if isinstance(value, str | int | float | bool | None) else str(value)
