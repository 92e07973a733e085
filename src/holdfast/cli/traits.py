"""`holdfast traits`: every trait of every customer, as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.asking import asked, filled
from holdfast.cli.options import Verb, analysis_options
from holdfast.cli.screen import line, table

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said
    from holdfast.report.values import Kind

__all__ = ["verb"]

FIRST = 8


def summary(console: Console, said: Said) -> None:
    """How many have which value of which trait; of traits with many values the most frequent."""
    whole, rows = said.extra["summary"], []
    for name in dict.fromkeys(row[0] for row in whole["rows"]):
        own = sorted((row for row in whole["rows"] if row[0] == name), key=lambda row: -row[2])
        rows += own[:FIRST]
    forms: tuple[Kind, ...] = ("text", "text", "count", "count", "share", "share", "share")
    console.print(table(whole["columns"], rows, forms, said.currency))


@click.command("traits", cls=Verb)
@click.option("--name", "names", multiple=True, metavar="TRAIT", help="Only this trait, such as due; repeatable.")
@click.option("--parquet", default=None, metavar="PATH", help="The table as Parquet.")
@analysis_options
def verb(workspace: str, names: tuple[str, ...], parquet: str | None, **options: Any) -> None:
    """Everything that is known of each customer: a row a customer, a column a trait. The screen shows how many have what.

    Every trait also splits and selects in other verbs: --by due, --where signs=falling.

    People: --people trait=due value=overdue.
    """
    csv = options["csv"]
    if options["people"] or options["show"] or (parquet is None and csv in (None, "-")):
        asked("traits:Traits", workspace, {"names": names or None}, view=summary, **options)
        return
    _written(workspace, names, parquet, csv, options)


def _written(workspace: str, names: tuple[str, ...], parquet: str | None, csv: str | None, options: dict[str, Any]) -> None:
    """Write everyone, by columns: a row at a time would take minutes for a million."""
    from holdfast.analyses.scope import parse_where
    from holdfast.analyses.traits import Traits
    from holdfast.errors import InputError
    from holdfast.workspace import Workspace

    question = Traits(
        names, options["as_of"], parse_where(options["where"]), **({"moment": options["moment"]} if options["moment"] else {})
    )
    found = question.answer(filled(Workspace.open(workspace)))
    try:
        if parquet is not None:
            from pyarrow import parquet as files

            files.write_table(found.table, parquet)
        if csv is not None:
            import pyarrow as pa
            from pyarrow import csv as text

            plain = pa.schema([(name, pa.string()) for name in found.table.column_names])
            text.write_csv(found.table.cast(plain), csv, text.WriteOptions(quoting_style="needed"))
    except OSError as error:
        raise InputError(f"the table cannot be written: {error}", "name a folder that exists and is yours") from error
    line(found.words)
    for path in filter(None, (parquet, csv)):
        line(f"written: {path}")
