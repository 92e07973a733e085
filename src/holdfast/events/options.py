"""What a caller may say about an import; everything left out is guessed, with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from holdfast.errors import SettingsError, UnknownName

__all__ = ["ImportOptions", "options_from"]

Shape = Literal["lines", "orders", "events"]


@dataclass(frozen=True)
class ImportOptions:
    """Overrides of the guesses of `plan_import`; None means "guess".

    format       "delimited", "jsonl", "parquet", "excel"
    encoding     a Python codec name: "utf-8", "cp1252", "latin-1", "utf-16"
    separator    "," ";" "\\t" "|" or "whitespace"
    header       "first row" or "none"
    decimal      "." or ","
    dates        one of `dates.FORMS`: "iso", "dmy", "mdy", "compact", "epoch_s", "epoch_ms", "epoch_us"
    zone         IANA zone of times without offset (default: the workspace's)
    currency     ISO 4217 code of amounts without a currency of their own (default: the workspace's)
    shape        "lines" (order lines), "orders" (one row an order), "events" (one row an event)
    events       (name in the file, event it means), such as ("purchase", "Order Completed")
    event        name given to rows that have no event column (shape "events")
    sheet        sheet of a workbook by name (default: the first that holds rows)
    duplicates   "keep" rows that repeat another row of the file exactly (counted and said), or "drop" them
    field_limit  characters a single field may have
    source       name kept in the events' `source` (default: the file's name)
    batch        name kept in the events' `batch`
    """

    format: str | None = None
    encoding: str | None = None
    separator: str | None = None
    header: Literal["first row", "none"] | None = None
    decimal: Literal[".", ","] | None = None
    dates: str | None = None
    zone: str | None = None
    currency: str | None = None
    shape: Shape | None = None
    event: str | None = None
    events: tuple[tuple[str, str], ...] = ()
    sheet: str | None = None
    duplicates: Literal["keep", "drop"] = "keep"
    field_limit: int = 1_000_000
    source: str | None = None
    batch: str | None = None

    def __post_init__(self) -> None:
        allowed: dict[str, tuple[Any, ...]] = {
            "format": (None, "delimited", "jsonl", "parquet", "excel"),
            "separator": (None, ",", ";", "\t", "|", "whitespace"),
            "header": (None, "first row", "none"),
            "decimal": (None, ".", ","),
            "dates": (None, "iso", "dmy", "mdy", "compact", "epoch_s", "epoch_ms", "epoch_us"),
            "shape": (None, "lines", "orders", "events"),
            "duplicates": ("keep", "drop"),
        }
        for name, choices in allowed.items():
            if getattr(self, name) not in choices:
                raise UnknownName(f"choice of {name}", str(getattr(self, name)), [str(one) for one in choices if one])


def options_from(table: Mapping[str, Any]) -> tuple[dict[str, str], ImportOptions]:
    """The mapping and the options remembered in the `[import]` table of holdfast.toml: `mapping` is a table role → column,
    `events` a table name in the file → event it means, the rest options."""
    known = {one.name for one in fields(ImportOptions)}
    for name in table:
        if name != "mapping" and name not in known:
            raise UnknownName("import option", name, known | {"mapping"})
    mapping = _texts(table, "mapping", "role = column", 'customer = "CustomerID"')
    events = _texts(table, "events", "name = event", 'purchase = "Order Completed"')
    rest = {name: value for name, value in table.items() if name not in ("mapping", "events")}
    return mapping, ImportOptions(**rest, events=tuple(events.items()))


def _texts(table: Mapping[str, Any], name: str, pair: str, example: str) -> dict[str, str]:
    """A table of texts within `[import]`."""
    found = table.get(name, {})
    if not isinstance(found, Mapping) or not all(isinstance(value, str) for value in found.values()):
        raise SettingsError(f"[import.{name}] must be a table of {pair}", f"write for example {example}")
    return dict(found)
