"""One customer's timeline: what the lake knows of a person, in order, under every id that is joined with hers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.cli.saying import Said, tell
from holdfast.errors import UnknownName

if TYPE_CHECKING:
    from holdfast.workspace import Workspace

__all__ = ["show_customer"]


def show_customer(workspace: str, customer: str, *, json: bool, csv: str | None) -> None:
    """All events of a customer in the workspace's zone; UnknownName with near ids when there is none of that id."""
    from holdfast.workspace import Workspace

    opened = Workspace.open(workspace)
    events = _events(opened, customer)
    if not events:
        raise UnknownName("customer", customer, _near(opened, customer))
    spent, orders = sum(row[3] or 0 for row in events), sum(row[1] == "Order Completed" for row in events)
    words = f"{customer}: {len(events):,} events from {events[0][0][:10]} to {events[-1][0][:10]}, {orders:,} orders."
    said = Said(
        {"name": "Customer", "customer": customer},
        words,
        ("time", "event", "order_id", "revenue", "what"),
        events,
        (),
        "",
        opened.settings.currency,
    )
    if spent:
        said = _with_total(said, spent)
    tell(said, json=json, csv=csv, view=_timeline)


def _with_total(said: Said, spent: float) -> Said:
    from dataclasses import replace

    from holdfast.report.values import money

    return replace(said, words=f"{said.words[:-1]}, {money(spent, said.currency)} net of refunds.")


def _timeline(console: Any, said: Said) -> None:
    from holdfast.cli.screen import table

    console.print(table(said.columns, said.rows, ["text", "text", "text", "money", "text"], said.currency, limit=200))


def _events(opened: Workspace, customer: str) -> list[list[Any]]:
    """time (local), event, order, money (refunds negative), what it was about; in the order of the timeline."""
    from zoneinfo import ZoneInfo

    import duckdb

    from holdfast.events.identity import ANONYMOUS, AliasMap

    ids = AliasMap.of(opened.lake.evidence()).members(customer)
    known = [one for one in ids if not one.startswith(ANONYMOUS)]
    devices = [one.removeprefix(ANONYMOUS) for one in ids if one.startswith(ANONYMOUS)]
    files = [str(opened.lake.path / file.name) for file in opened.lake.files()]
    if not files:
        return []
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        rows = (
            connection.read_parquet(files)
            .filter(_of(known, devices))
            .order("time, sequence, event_id")
            .select(*_columns())
            .fetchall()
        )
    zone = ZoneInfo(opened.settings.zone)
    return [_row(row, zone) for row in rows]


def _of(known: list[str], devices: list[str]) -> Any:
    """The rows of a person: her known ids; her devices where no known id stands beside them."""
    from duckdb import ColumnExpression, ConstantExpression

    nobody = ConstantExpression("")
    by_id = ColumnExpression("customer_id").isin(*map(ConstantExpression, known), nobody)
    by_device = ColumnExpression("customer_id").isnull() & ColumnExpression("anonymous_id").isin(
        *map(ConstantExpression, devices), nobody
    )
    return by_id | by_device


def _columns() -> list[Any]:
    from duckdb import ColumnExpression, FunctionExpression

    return [
        FunctionExpression("epoch_us", ColumnExpression("time")),
        *map(ColumnExpression, ("event", "order_id", "revenue", "products", "properties")),
    ]


def _row(row: tuple[Any, ...], zone: Any) -> list[Any]:
    from datetime import UTC, datetime, timedelta

    from holdfast.events.schema import REFUND

    micros, event, order, revenue, products, properties = row
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)).astimezone(zone)
    amount = None if revenue is None else float(-revenue if event == REFUND else revenue)
    return [f"{local:%Y-%m-%d %H:%M:%S}", event, order, amount, _about(products, properties)]


def _about(products: str | None, properties: str | None) -> str:
    """The products bought, else the properties, in few words."""
    import json

    if products:
        names = [str(one.get("name") or one.get("product_id") or "") for one in json.loads(products)]
        return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    told = json.loads(properties) if properties else {}
    return ", ".join(f"{name}={value}" for name, value in told.items())


def _near(opened: Workspace, customer: str) -> list[str]:
    """Ids that hold the text, or begin alike; at most a thousand are looked at closely."""
    import pyarrow.compute as pc

    ids = opened.timelines.source.columns.ids()
    alike = ids.filter(pc.starts_with(ids, customer[:2])) if customer else ids
    return [str(one) for one in (alike if len(alike) else ids).slice(0, 1000).to_pylist()]
