"""Small files of order lines brought into a workspace one after the other, and what is in it then."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from holdfast.events.options import ImportOptions
from holdfast.events.plan import plan_import
from holdfast.events.reading import read_events
from holdfast.events.schema import REFUND
from holdfast.workspace import ImportRecord, Workspace

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
__all__ = ["bring", "events", "lines", "mended", "orders", "refunded", "waiting"]

HEAD = "order,customer,date,product,quantity,price,colour"
Held = dict[str | None, Decimal]


def bring(shop: Workspace, what: Any, **said: Any) -> ImportRecord:
    plan = plan_import(what, shop.settings, options=ImportOptions(dates="iso", decimal=".", **said))
    return shop.import_(plan, read_events(plan, shop.settings, now=NOW))


def lines(shop: Workspace, name: str, text: str, **said: Any) -> ImportRecord:
    """Imports order lines written one a row; `colour` may be left out."""
    path = shop.path.parent / name
    path.write_text("\n".join([HEAD, *(row.strip() for row in text.strip().splitlines())]) + "\n")
    return bring(shop, path, **({"shape": "lines"} | said))


def events(shop: Workspace, name: str) -> list[dict[str, Any]]:
    found = [one for batch in shop.lake.scan() for one in batch.to_pylist() if one["event"] == name]
    for one in found:
        one["what"] = [(p["product_id"], p["quantity"]) for p in json.loads(one["products"] or "[]")]
    return found


def orders(shop: Workspace) -> list[Decimal]:
    """Revenue less refunds of each order that counts, as the timelines have them, the smallest first."""
    columns = shop.timelines.source.columns.orders
    refund = columns.refund.astype(bool)
    net = columns.amount.astype(object).copy()
    begin = np.repeat(columns.offsets[:-1], np.diff(columns.offsets))
    for row, link in enumerate(columns.link):
        if refund[row] and link >= 0:
            net[begin[row] + link] -= columns.amount[row]
    return sorted(Decimal(int(amount)) / 10_000 for row, amount in enumerate(net) if not refund[row])


def refunded(shop: Workspace) -> Held:
    """Money taken back by order."""
    held: Held = {}
    for one in events(shop, REFUND):
        held[one["order_id"]] = held.get(one["order_id"], Decimal(0)) + one["revenue"]
    return held


def waiting(shop: Workspace) -> Path:
    return next(iter(shop.refusals()))


def mended(path: Path, **repairs: str) -> Path:
    """Puts the refused rows right: these columns get these values in all of them."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        row["values"].update(repairs)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
