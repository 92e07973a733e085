"""Tables, words and notes of abandonment, from the counts of its walk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.abandonment.walk import ABANDONED, ANY_END, BOUGHT, IN_PROGRESS
from holdfast.analyses.clustered import clustered
from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.scope import EVERYONE, money
from holdfast.analyses.statistics import wilson

if TYPE_CHECKING:
    from holdfast.analyses.windows import Window
    from holdfast.timelines.periods import Periods

__all__ = ["abandonment_notes", "abandonment_words", "rate_table", "steps_table", "way_rows"]

ALL = "all"
KINDS = ("cart", "checkout")

TEXT, WHOLE, NUMBER = pa.string(), pa.int64(), pa.float64()
RATES = pa.schema(
    [
        *((name, TEXT) for name in ("segment", "what", "period", "state")),
        *((name, WHOLE) for name in ("started", "bought", "abandoned", "in_progress", "n")),
        *((name, NUMBER) for name in ("rate", "low", "high")),
        *((name, WHOLE) for name in ("customers", "customers_started", "customers_bought", "customers_in_progress")),
        *(("value_left", NUMBER), ("valued", WHOLE)),
    ]
)
STEPS = pa.schema(
    [
        *((name, TEXT) for name in ("segment", "what")),
        *(("step", WHOLE), ("name", TEXT)),
        *((name, WHOLE) for name in ("reached", "left")),
        *((name, NUMBER) for name in ("rate", "low", "high", "share_of_left")),
        *((name, WHOLE) for name in ("customers", "in_progress")),
    ]
)


def rate_table(
    sums: dict[str, Any], labels: tuple[str, ...], periods: Periods, day: int, kinds: tuple[str, ...], *, valued: bool
) -> pa.Table:
    """A row per segment, kind and period; "all" comes last and counts each customer once."""
    names = [*periods.labels(), ALL]
    over = [*periods.closed(day).tolist(), True]
    rows = []
    for group, label in enumerate(labels):
        for kind in kinds:
            cells = {name: sums[name][group, KINDS.index(kind)] for name in ("count", "customers", "money", "valued")}
            if len(labels) > 1 and not cells["count"].any():
                continue
            count = cells["count"]
            bounds = _bounds(count[:, ABANDONED], count[:, BOUGHT], sums["spread"][group, KINDS.index(kind)])
            for place, name in enumerate(names):
                own = {key: value[place] for key, value in cells.items()}
                rows.append(_rate_row(label, kind, name, own, over[place], valued) | bounds[place])
    return pa.Table.from_pylist(rows, RATES)


def _rate_row(label: str, kind: str, period: str, cell: dict[str, Any], over: bool, valued: bool) -> dict[str, Any]:
    count, customers = ([int(value) for value in cell[name]] for name in ("count", "customers"))
    n = count[ABANDONED] + count[BOUGHT]
    known = int(cell["valued"][ABANDONED])
    return {
        "segment": label, "what": kind, "period": period,
        "state": "complete" if over and not count[IN_PROGRESS] else "in progress",
        "started": count[ANY_END], "bought": count[BOUGHT], "abandoned": count[ABANDONED], "in_progress": count[IN_PROGRESS],
        "n": n, "rate": count[ABANDONED] / n if n else None,
        "customers": customers[ABANDONED], "customers_started": customers[ANY_END], "customers_bought": customers[BOUGHT],
        "customers_in_progress": customers[IN_PROGRESS],
        "value_left": money(cell["money"][ABANDONED]) if valued and kind == "cart" and known else None,
        "valued": known if valued and kind == "cart" else None,
    }  # fmt: skip


def _bounds(lost: Any, kept: Any, spread: Any) -> list[dict[str, float | None]]:
    """The interval of each share lost / (lost + kept), that follows the customers; None where there is nothing."""
    found = clustered(lost, lost + kept, *(spread[:, place] for place in range(4)))
    return [
        {"low": float(low), "high": float(high)} if n else {"low": None, "high": None}
        for low, high, n in zip(found.low, found.high, lost + kept, strict=True)
    ]


def steps_table(sums: dict[str, Any], labels: tuple[str, ...], names: tuple[str, ...], kinds: tuple[str, ...]) -> pa.Table:
    """A row per segment, kind and step of the way: how many came so far, and how many were left there."""
    rows = []
    for group, label in enumerate(labels):
        for kind in kinds:
            left, by = (sums[name][group, KINDS.index(kind)] for name in ("left", "left_by"))
            if len(labels) > 1 and not left.any():
                continue
            rest, gone = int(left[:, BOUGHT].sum() + left[:, ABANDONED].sum()), int(left[:, ABANDONED].sum())
            lost = left[:, ABANDONED]
            bounds = _bounds(lost, rest - np.cumsum(lost), sums["left_spread"][group, KINDS.index(kind)])
            for place in range(0 if kind == "cart" else 1, len(names)):
                here = int(lost[place])
                rows.append(
                    {"segment": label, "what": kind, "step": place, "name": names[place], "reached": rest, "left": here,
                     "rate": here / rest if rest else None, **bounds[place],
                     "share_of_left": here / gone if gone else None, "customers": int(by[place, ABANDONED]),
                     "in_progress": int(left[place, IN_PROGRESS])}
                )  # fmt: skip
                rest -= here
    return pa.Table.from_pylist(rows, STEPS)


def way_rows(steps: list[dict[str, Any]], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The way of carts (of checkouts where nothing is known of carts) to an order as rows of a funnel's picture.

    steps, rows  of the two tables; the last row of a segment is what was bought
    """
    kind = next((row["what"] for row in steps), "cart")
    bars: list[dict[str, Any]] = []
    for segment in dict.fromkeys(row["segment"] for row in steps):
        own = [row for row in steps if (row["segment"], row["what"]) == (segment, kind)]
        whole = [row for row in rows if (row["segment"], row["what"], row["period"]) == (segment, kind, ALL)]
        counts = [(row["name"], row["reached"], row["left"]) for row in own]
        counts += [("bought", row["bought"], 0) for row in whole]
        for place, (name, reached, left) in enumerate(counts):
            before, first = counts[max(place - 1, 0)][1], counts[0][1]
            low, high = wilson(reached, first)
            bars.append(
                {"segment": segment, "step": place + 1, "name": name, "reached": reached, "dropped": left, "in_progress": 0,
                 "share_of_previous": reached / before if place and before else None,
                 "share_of_first": reached / first if first else None, "share_of_first_low": low, "share_of_first_high": high,
                 "median_seconds": None}
            )  # fmt: skip
    return bars


def abandonment_words(table: pa.Table, steps: pa.Table, window: Window, currency: str) -> str:
    """The rates, the step where most are left, and the money."""
    whole = [row for row in table.to_pylist() if row["period"] == ALL and row["n"]]
    if not whole:
        return "No cart and no checkout has come to an end in these data."
    if len({row["segment"] for row in whole}) > 1:
        kind = whole[0]["what"]
        own = sorted((row for row in whole if row["what"] == kind), key=lambda row: -row["n"])[:4]
        told = ", ".join(f"{row['segment']} {percent(row['rate'])} of {row['n']:,}" for row in own)
        return f"Abandoned {kind}s, {_ended(window)}: {told}."
    said = [f"{percent(row['rate'], row['low'], row['high'])} of {counted(row['n'], row['what'])}" for row in whole]
    words = f"Left behind, {_ended(window)}: {' and '.join(said)}."
    first = [row for row in steps.to_pylist() if row["what"] == whole[0]["what"] and row["left"]]
    if len(first) > 1:
        most = max(first, key=lambda row: row["left"])
        words += f" Most were left at {most['name']}: {most['left']:,} of the {most['reached']:,} that came so far."
    worth = whole[0]["value_left"]
    return words + (
        f" {worth:,.2f} {currency} were left in {counted(whole[0]['valued'], 'cart')}." if worth is not None else ""
    )


def _ended(window: Window) -> str:
    if window.session:
        return "without an order in the same session"
    return "without any order" if window.seconds is None else f"without an order within {window.said}"


def abandonment_notes(
    table: pa.Table, sums: dict[str, Any], events: dict[str, Any], small: int, *, valued: bool, wide: tuple[str, ...]
) -> tuple[str, ...]:
    """What to bear in mind: missing events, orders without a cart, open carts, small groups."""
    notes = []
    if not events["orders"]:
        notes.append("the data know no order: name it by “orders”, such as bought")
    if not events["cart"]:
        notes.append("the data know nothing put into a cart: name it by “cart”, such as basket")
    if not events["checkout"]:
        notes.append("the data know no step of a checkout: name them in their order by “checkout”")
    whole = [row for row in table.to_pylist() if row["period"] == ALL]
    loose = int(sums["loose"])
    if loose and any(row["what"] == "cart" for row in whole):
        notes.append(f"{counted(loose, 'order')} came without a cart before, of all customers")
    for row in whole:
        of = "" if row["segment"] == EVERYONE else f"{row['segment']}: "
        if row["in_progress"]:
            notes.append(f"{of}{counted(row['in_progress'], row['what'])} still in progress, not in the rate")
        if row["n"] < small:
            notes.append(f"{of}small group: {counted(row['n'], row['what'])} (under {small})")
    if events["cart"] and not valued:
        many = [name for name in ("price", "value") if name in wide]
        mend = f'; keep it by properties = ["{many[0]}", …] in holdfast.toml' if many else ""
        notes.append(f"what a cart was worth is not known: no property price or value is kept{mend}")
    return tuple(notes)
