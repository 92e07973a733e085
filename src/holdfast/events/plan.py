"""The plan of an import: everything that was recognised or guessed, each with its reason, before a row is written.

A plan is a value. Whatever it says can be overridden: columns by `mapping`, the rest by `ImportOptions`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from holdfast.errors import InputError, SettingsError
from holdfast.events.chunks import Source
from holdfast.events.columns import ROLES, given_mapping, guess_by_name, guess_by_values, reconsidered
from holdfast.events.dates import date_form, evidence, merge_evidence
from holdfast.events.numbers import decimal_sign
from holdfast.events.options import ImportOptions
from holdfast.events.refusals import Refusal
from holdfast.events.shapes import found_shape, says_calls
from holdfast.events.sources import open_source
from holdfast.events.suspicions import suspicions
from holdfast.events.text import Found
from holdfast.settings import Settings

__all__ = ["ImportPlan", "plan_import", "sampled_for"]

_SAMPLE_ROWS = 50_000
_SHOWN_ROWS = 5
_DOLLARS = ("USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "CLP", "COP", "ARS")
_CODES = ("EUR", "USD", "GBP", "CHF", "CAD", "AUD", "JPY", "SEK", "NOK", "DKK", "PLN", "CZK")


@dataclass(frozen=True)
class ImportPlan:
    """How a source will be read.

    name        file name or kind of frame
    format      "delimited", "jsonl", "parquet", "excel", "frame"
    facts       what was recognised of the file (encoding, separator, header, sheet, …): name → Found
    decimal     decimal sign of numbers
    dates       form of the time column, one of `dates.FORMS`
    zone        IANA zone of times without offset
    currency    currency of amounts without one of their own
    shape       "lines" (order lines), "orders" (one row an order) or "events" (one row an event)
    event       name of events from rows without an event column
    mapping     role → column
    reasons     role → why that column
    properties  the columns that become properties of the event
    rows_total  how many rows there are, None where only reading will tell
    sample      the first rows as they will be read: customer, time (UTC), amount, … (Arrow table of at most 5 rows)
    warnings    what a person should look at before saying yes
    options     the overrides given
    source      the opened source
    """

    name: str
    format: str
    facts: dict[str, Found]
    decimal: Found
    dates: Found
    zone: Found
    currency: Found
    shape: Found
    event: str | None
    mapping: dict[str, str]
    reasons: dict[str, Found]
    properties: tuple[str, ...]
    rows_total: int | None
    sample: pa.Table
    warnings: tuple[str, ...]
    options: ImportOptions
    source: Source

    def guesses(self) -> tuple[tuple[str, str, str, float], ...]:
        """Everything recognised as rows (what, value, reason, confidence 0 to 1), ready to print."""
        named = {
            **self.facts,
            "decimal": self.decimal,
            "dates": self.dates,
            "zone": self.zone,
            "currency": self.currency,
            "shape": self.shape,
        }
        return (
            tuple((name, one.value, one.reason, one.confidence) for name, one in named.items())
            + tuple(
                (role, column, self.reasons[role].reason, self.reasons[role].confidence)
                for role, column in self.mapping.items()
            )
            + tuple((f"event {name}", event, "given", 1.0) for name, event in self.options.events)
        )


def plan_import(
    source: Any, settings: Settings, *, mapping: Mapping[str, str] | None = None, options: ImportOptions | None = None
) -> ImportPlan:
    """Looks at a file or a frame and says how it will be read. Nothing is written.

    source    path of a CSV / TSV / text (also .gz, or .zip of one file), JSON lines, Parquet or Excel file, or of a refusals
              file; or
              a pandas or Polars frame, an Arrow Table / RecordBatch / RecordBatchReader, a DuckDB relation
    settings  zone, currency and rates of the business
    mapping   role → column, over the guess ("" for "no column"); roles are `columns.ROLES`
    options   the other overrides
    Errors: InputError where it cannot be read at all, UnknownName for a role or column that does not exist.
    """
    chosen = options or ImportOptions()
    format_, opened = open_source(source, chosen)
    sample = _sample(opened)
    given = given_mapping(mapping or {}, opened.columns)
    columns, reasons = _map(opened, sample, given)
    dates = _dates(opened, sample, columns, settings, chosen)
    separator = opened.facts().get("separator", (",", "", 1.0))[0]
    decimal = _decimal(sample, columns, separator, chosen)
    shape = found_shape(sample, columns, chosen)
    zone = _zone(columns["time"], settings, chosen)
    _check_zone(zone.value)
    money = Found(chosen.currency, "given", 1.0) if chosen.currency else _currency(sample, columns, settings)
    plan = ImportPlan(
        name=chosen.source or opened.name, format=format_, facts={name: Found(*one) for name,
        one in opened.facts().items()} | _ids(sample, columns),
        decimal=decimal, dates=dates, zone=zone, currency=money, shape=shape, event=chosen.event, mapping=columns,
        reasons=reasons,
        properties=tuple(name for name in opened.columns if name not in columns.values()), rows_total=opened.total,
        sample=pa.table({}), warnings=(), options=chosen, source=opened,
    )  # fmt: skip
    return _with_sample(plan, sample, settings)


def sampled_for(plan: ImportPlan, settings: Settings) -> ImportPlan:
    """The plan with its sample and warnings as a workspace with these settings will read it: the workspace that an import is
    yet to make counts in the currency found in the file."""
    return _with_sample(plan, _sample(plan.source), settings)


def _sample(source: Source) -> pa.Table:
    """The first rows (at most 50,000) with their row numbers left out."""
    batches, rows = [], 0
    for chunk in source.chunks():
        batches.append(chunk.table)
        rows += chunk.table.num_rows
        if rows >= _SAMPLE_ROWS:
            break
    schema = batches[0].schema if batches else pa.schema([pa.field(name, pa.string()) for name in source.columns])
    return pa.Table.from_batches(batches, schema).slice(0, _SAMPLE_ROWS)


def _map(source: Source, sample: pa.Table, given: dict[str, str]) -> tuple[dict[str, str], dict[str, Found]]:
    mapping = {role: column for role, column in given.items() if column}
    reasons = {role: Found(column, "given", 1.0) for role, column in mapping.items()}
    for guess in (guess_by_name(source.columns, given), guess_by_values(sample, given | mapping)):
        for role, (column, why) in guess.items():
            if role not in mapping and column not in mapping.values() and role not in given:
                mapping[role], reasons[role] = column, why
    for role, instead in reconsidered(sample, mapping, given).items():
        column = mapping.pop(role)
        del reasons[role]
        if instead is not None:
            mapping[instead[0]], reasons[instead[0]] = column, instead[1]
    if "event" not in mapping and "type" in mapping and "type" not in given and not says_calls(sample[mapping["type"]]):
        del mapping["type"], reasons["type"]
    if "time" not in mapping:
        shown = ", ".join(source.columns[:12])
        raise InputError(
            f"{source.name} has no column that looks like a time (it has {shown})", "name it with --map time=COLUMN"
        )
    order = [role for role in ROLES if role in mapping]
    return {role: mapping[role] for role in order}, {role: reasons[role] for role in order}


def _dates(source: Source, sample: pa.Table, mapping: dict[str, str], settings: Settings, options: ImportOptions) -> Found:
    if options.dates:
        return Found(options.dates, "given", 1.0)
    column = mapping["time"]
    if pa.types.is_temporal(sample.schema.field(column).type):
        return Found("typed", "the file types the column", 1.0)
    guess = date_form(evidence(sample[column].combine_chunks()), settings.zone)
    if guess.ambiguous and sample.num_rows >= _SAMPLE_ROWS:
        parts = [evidence(chunk.table[column]) for chunk in source.chunks()]
        guess = date_form(merge_evidence(parts), settings.zone)
    return Found(guess.form, guess.reason, 0.5 if guess.ambiguous else 0.99)


def _decimal(sample: pa.Table, mapping: dict[str, str], separator: str, options: ImportOptions) -> Found:
    if options.decimal:
        return Found(options.decimal, "given", 1.0)
    parts = [sample[mapping[role]].combine_chunks() for role in ("price", "revenue", "quantity") if role in mapping]
    texts = [part for part in parts if pa.types.is_string(part.type)]
    guess = decimal_sign(pa.concat_arrays(texts) if texts else pa.array([], pa.string()), separator=separator)
    return Found(guess.sign, guess.reason, 0.5 if guess.ambiguous else 0.95)


def _ids(sample: pa.Table, mapping: dict[str, str]) -> dict[str, Found]:
    """Whether customer ids are whole numbers written as floats, 17850.0: a trace of another program's missing values."""
    import pyarrow.compute as pc

    if "customer" not in mapping or not pa.types.is_string(sample.schema.field(mapping["customer"]).type):
        return {}
    whole = pc.match_substring_regex(sample[mapping["customer"]], r"^\s*(\d+\.0+)?\s*$")
    if pc.all(whole).as_py() is not True:
        return {}
    return {"ids": Found("without .0", "all customer ids are whole numbers written like 17850.0", 0.95)}


def _zone(column: str, settings: Settings, options: ImportOptions) -> Found:
    """The zone of times without offset: as given, as the column's name says ("Created date (UTC)"), the workspace's."""
    import re

    if options.zone:
        return Found(options.zone, "given", 1.0)
    if settings.zone != "UTC" and re.search(r"(?i)(?<![a-z])utc(?![a-z])", column):
        return Found("UTC", f"the column is called {column}", 0.9)
    return Found(settings.zone, "the workspace's zone", 1.0)


def _currency(sample: pa.Table, mapping: dict[str, str], settings: Settings) -> Found:
    import pyarrow.compute as pc

    if "currency" in mapping and (code := _commonest_code(sample[mapping["currency"]])):
        return Found(code, f"the column {mapping['currency']} says so", 0.9)
    dollar = settings.currency if settings.currency in _DOLLARS else "USD"
    signs = {"€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "$": dollar} | {code: code for code in _CODES}
    for role in ("price", "revenue"):
        if role in mapping and pa.types.is_string(sample.schema.field(mapping[role]).type) and "currency" not in mapping:
            for sign, code in signs.items():
                if pc.any(pc.match_substring(sample[mapping[role]], sign)).as_py():
                    return Found(code, f"amounts carry the sign {sign}", 0.9)
    return Found(settings.currency, "the workspace's currency", 0.8)


def _commonest_code(column: pa.ChunkedArray) -> str | None:
    """The code that most rows of a currency column carry, None where none looks like one."""
    import pyarrow.compute as pc

    codes = pc.utf8_upper(pc.utf8_trim_whitespace(pc.cast(column, pa.string())))
    known = codes.filter(pc.fill_null(pc.match_substring_regex(codes, r"^[A-Z]{3}$"), False))
    counted = sorted(known.value_counts().to_pylist(), key=lambda one: (-one["counts"], one["values"]))
    return str(counted[0]["values"]) if counted else None


def _check_zone(zone: str) -> None:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise SettingsError(f"there is no time zone {zone!r}", "use an IANA name such as Europe/Berlin") from None


def _with_sample(plan: ImportPlan, sample: pa.Table, settings: Settings) -> ImportPlan:
    """The plan with its first rows as they will be read, and with what should be looked at."""
    from dataclasses import replace

    import numpy as np

    from holdfast.events.canonical import canonical
    from holdfast.events.chunks import Chunk

    head = sample.slice(0, _SAMPLE_ROWS).combine_chunks().to_batches()
    if not head:
        return replace(plan, warnings=(*plan.source.warnings(), "no row could be read"))
    read = canonical(Chunk(np.arange(1, head[0].num_rows + 1, dtype=np.int64), head[0]), plan, settings, None)
    shown = [name for name in read.table.column_names if name == "time" or read.table[name].null_count < read.table.num_rows]
    return replace(
        plan,
        sample=read.table.select(shown).slice(0, _SHOWN_ROWS),
        warnings=_warnings(plan, sample, read.damaged, read.refused),
    )


def _warnings(plan: ImportPlan, sample: pa.Table, damaged: int, refused: Sequence[Refusal]) -> tuple[str, ...]:
    said = list(plan.source.warnings())
    if plan.dates.confidence < 0.6:
        said.append(f"dates are read as {plan.dates.value}: {plan.dates.reason}; override with --dates")
    if plan.decimal.confidence < 0.6:
        said.append(f"the decimal sign is read as {plan.decimal.value!r}: {plan.decimal.reason}; override with --decimal")
    if 0.45 < plan.shape.confidence < 0.6:
        said.append(f"a row is read as one of {plan.shape.value}: {plan.shape.reason}; override with --shape")
    if "customer" not in plan.mapping and "anonymous" not in plan.mapping:
        said.append("no column names the customer: all rows are anonymous; name it with --map customer=COLUMN")
    if plan.shape.value != "events" and "revenue" not in plan.mapping and "price" not in plan.mapping:
        said.append("no column holds an amount: orders have no revenue")
    if damaged:
        said.append(
            f"{damaged:,} of the first {sample.num_rows:,} rows hold damaged text or links spliced in; "
            "kept as text, never followed"
        )
    said.extend(suspicions(sample, plan))
    said.extend(_refused(refused, sample.num_rows))
    return tuple(said)


def _refused(refused: Sequence[Refusal], rows: int) -> Iterator[str]:
    """Each reason for which rows will be refused, with how many, what is wrong in the first of them, and the mend."""
    for reason, count in Counter(one.reason for one in refused).most_common():
        first = next(one for one in refused if one.reason == reason)
        yield f"{count:,} of the first {rows:,} rows will be refused: {first.sentence}; {first.mend}"
