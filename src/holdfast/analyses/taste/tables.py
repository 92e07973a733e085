"""What taste says: a row a customer, how many have which favourite, how segments differ, the shop's rhythm; words and notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.next_order.tables import LAST_DAY
from holdfast.analyses.scope import money
from holdfast.analyses.statistics import wilson, wilson_arrays
from holdfast.analyses.taste.judge import DISCOUNT, DUE, NO_FAVOURITE, Judge, TasteStep
from holdfast.timelines.zone import date_of

if TYPE_CHECKING:
    from holdfast.analyses.taste.walk import Kind, Learned, Rhythm

__all__ = ["affinity_table", "favourites_table", "notes", "rhythm_table", "table_of", "words"]

FAVOURITES = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "kind", "value")),
        *((name, pa.int64()) for name in ("customers", "n")),
        *((name, pa.float64()) for name in ("share", "low", "high")),
    ]
)
AFFINITY = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "kind", "value")),
        *((name, pa.int64()) for name in ("touches", "customers", "n")),
        *(
            (name, pa.float64())
            for name in ("touch_share", "share", "low", "high", "everyone", "index", "index_low", "index_high")
        ),
    ]
)


def favourites_table(sums: dict[str, Any], step: TasteStep, labels: Sequence[str]) -> pa.Table:
    """How many customers of each segment have which favourite; n: those of whom something is known. Most first."""
    out = []
    for code, segment in enumerate(labels):
        for name in step.names:
            counts = sums[name][code]
            n = int(counts[1:].sum())
            for place in sorted(np.flatnonzero(counts[1:]) + 1, key=lambda at: (-int(counts[at]), int(at))):
                k = int(counts[place])
                low, high = wilson(k, n)
                value = step.judge.labels(name)[place]
                row = {"segment": segment, "kind": name, "value": value, "customers": k, "n": n}
                out.append({**row, "share": k / n, "low": low, "high": high})
    return pa.Table.from_pylist(out, FAVOURITES)


def affinity_table(sums: dict[str, Any], kinds: Sequence[Kind], labels: Sequence[str]) -> pa.Table:
    """How many customers of each segment touched a value at all, beside everyone's share; most customers first."""
    parts = [_affinity(sums, kind, code, segment) for code, segment in enumerate(labels) for kind in kinds]
    return pa.concat_tables([part for part in parts if part.num_rows] or [AFFINITY.empty_table()])


def _affinity(sums: dict[str, Any], kind: Kind, code: int, segment: str) -> pa.Table:
    touches, reach, n = (sums[f"{kind.name} {what}"] for what in ("touches", "reach", "n"))
    own = np.flatnonzero(reach[code])
    own = own[np.argsort(-reach[code][own], kind="stable")]
    k, size = reach[code][own], int(n[code])
    low, high = wilson_arrays(k, np.full(len(own), size))
    share, everyone = k / max(size, 1), reach[-1][own] / max(int(n[-1]), 1)
    columns: dict[str, Any] = {
        "segment": [segment] * len(own), "kind": [kind.name] * len(own), "value": [kind.labels[at] for at in own],
        "touches": touches[code][own], "customers": k, "n": np.full(len(own), size),
        "touch_share": touches[code][own] / max(int(touches[code].sum()), 1), "share": share, "low": low, "high": high,
        "everyone": everyone, "index": share / everyone, "index_low": low / everyone, "index_high": high / everyone,
    }  # fmt: skip
    return pa.table(columns, schema=AFFINITY)


def rhythm_table(learned: Learned, rhythm: Rhythm) -> pa.Table:
    """One row: the share of orders with a discount, the median wait between orders, and how waits spread."""
    known = bool(rhythm.discounts)
    low, high = wilson(learned.reduced, learned.orders) if known else (None, None)
    row = {
        "orders": learned.orders, "discounted": learned.reduced if known else None,
        "discount_share": learned.reduced / learned.orders if known and learned.orders else None,
        "discount_low": low, "discount_high": high, "median_wait_days": learned.typical,
        "typical_customer_days": float(np.exp(learned.centre)) if learned.typical is not None else None,
        "spread_within": learned.within**0.5, "spread_between": learned.between**0.5,
    }  # fmt: skip
    kinds: dict[str, pa.DataType] = {"orders": pa.int64(), "discounted": pa.int64()}
    return pa.table({name: pa.array([value], kinds.get(name, pa.float64())) for name, value in row.items()})


def table_of(rows: dict[str, Any], step: TasteStep, labels: Sequence[str]) -> pa.Table:
    """A row a customer, most money first."""
    ids = rows["ids"].to_pylist()
    order = np.array(sorted(range(len(ids)), key=lambda at: (-int(rows["money"][at]), ids[at])), np.int64)
    picked = {name: value[order] for name, value in rows.items() if name != "ids"}
    columns: dict[str, Any] = {
        "customer": pa.array([ids[at] for at in order], pa.string()),
        "segment": pa.array([labels[code] for code in picked["segment"]], pa.string()),
        "orders": pa.array(picked["orders"], pa.int64()),
        "revenue": pa.array([money(one) for one in picked["money"]], pa.float64()),
    }
    for kind in step.judge.kinds:
        columns |= _of_kind(picked, step.judge, kind.name)
    if "discount" in step.names:
        columns |= _of_discount(picked)
    return pa.table(columns | _of_waits(picked))


def _of_kind(picked: dict[str, Any], judge: Judge, name: str) -> dict[str, Any]:
    """The favourite of a kind with its share, interval and index; the share of the most touched where none is clear."""
    code, top, n = picked[name], picked[f"{name} top"], picked[f"{name} n"]
    labels, shares = judge.labels(name), judge.learned.shares[name]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = top / n
    low, high = wilson_arrays(top, n)
    clear = code >= 2
    usual = np.array([shares[one - 2] if one >= 2 else np.nan for one in code], np.float64)
    return {
        name: pa.array([labels[one] for one in code], pa.string()), f"{name}_share": _known(share, n > 0),
        f"{name}_low": _known(low, n > 0), f"{name}_high": _known(high, n > 0), f"{name}_index": _known(share / usual, clear),
        f"{name}_n": pa.array(n, pa.int64()),
    }  # fmt: skip


def _known(values: Any, known: Any) -> pa.Array:
    return pa.array(np.where(known, values, 0.0), pa.float64(), mask=~np.asarray(known))


def _of_discount(picked: dict[str, Any]) -> dict[str, Any]:
    k, n = picked["reduced"], picked["orders"]
    low, high = wilson_arrays(k, n)
    return {
        "discount": pa.array([DISCOUNT[one] for one in picked["discount"]], pa.string()),
        "discount_share": _known(k / np.maximum(n, 1), n > 0),
        "discount_low": _known(low, n > 0), "discount_high": _known(high, n > 0),
    }  # fmt: skip


def _of_waits(picked: dict[str, Any]) -> dict[str, Any]:
    known, last = np.isfinite(picked["next"]), picked["last"]
    expected = {"next_order": "next", "next_low": "soon", "next_high": "late"}
    dates = {
        name: pa.array(
            [
                date_of(int(min(day + wait, LAST_DAY))) if some else None
                for day, wait, some in zip(last, picked[key], known, strict=True)
            ],
            pa.date32(),
        )
        for name, key in expected.items()
    }
    return {
        "waits": pa.array(picked["number"], pa.int64()),
        "own_median_days": _known(picked["median"], picked["number"] > 0), "usual_days": _known(picked["usual"], known),
        "last_order": pa.array([date_of(int(day)) if day >= 0 else None for day in last], pa.date32()),
        **dates, "due": pa.array([DUE[one] for one in picked["due"]], pa.string()),
    }  # fmt: skip


def words(favourites: pa.Table, rhythm: pa.Table, n: int) -> str:
    """The answer in a sentence or two."""
    rows = favourites.to_pylist()
    if not rows:
        return "Nothing is known yet of what customers like." if n else "There are no customers."
    kind = rows[0]["kind"]
    totals: dict[str, int] = {}
    for row in rows:
        if row["kind"] == kind:
            totals[row["value"]] = totals.get(row["value"], 0) + row["customers"]
    known = sum(totals.values())
    clear = {value: k for value, k in totals.items() if value != NO_FAVOURITE}
    share = percent(sum(clear.values()) / known, *wilson(sum(clear.values()), known))
    said = f"{share} of {counted(known, 'customer')} {'has' if known == 1 else 'have'} a clear "
    said += f"favourite {kind}" if kind != "hour" else "favourite time of the day"
    if clear:
        first = max(clear, key=lambda value: clear[value])
        said += f", most often {first} ({clear[first]:,})"
    seekers = sum(row["customers"] for row in rows if (row["kind"], row["value"]) == ("discount", "seeker"))
    overdue = sum(row["customers"] for row in rows if (row["kind"], row["value"]) == ("due", "overdue"))
    waiting = sum(row["customers"] for row in rows if row["kind"] == "due")
    told = rhythm.to_pylist()[0]
    more = []
    if told["discounted"] is not None:
        more.append(f"{seekers:,} seek discounts ({percent(told['discount_share'])} of all orders bear one)")
    if waiting:
        more.append(f"{overdue:,} of {waiting:,} with a known rhythm are overdue for their next order")
    return f"{said}.{' ' + '; '.join(more) + '.' if more else ''}"


def notes(step: TasteStep, extra: dict[str, pa.Table], n: int, limit: int, small: int) -> tuple[str, ...]:
    """What is missing, and what to keep in mind."""
    out = []
    if n > limit:
        out.append(f"{n - limit:,} more: “limit” lists more of them, the CSV of “traits” has everyone")
    missing = [name for name in ("category", "brand", "channel") if name not in step.names]
    if missing:
        out.append(
            f"the data hold no {' and no '.join(missing)}: name the property, or bring in events or products that have one"
        )
    if "discount" not in step.names:
        out.append("the orders say nothing of a coupon, a discount or a promotion: dependence on them is not known")
    if extra["rhythm"]["median_wait_days"][0].as_py() is None:
        out.append("nobody has ordered on two days: when the next order is due is not known")
    few = sorted({row["segment"] for row in extra["favourites"].to_pylist() if 0 < row["n"] < small})
    if few:
        out.append(f"fewer than {small} customers behind some shares, read with care: {', '.join(few[:12])}")
    return tuple(out)
