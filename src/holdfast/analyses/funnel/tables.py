"""Tables, words and notes of a funnel, from the counts of its walk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.scope import EVERYONE
from holdfast.analyses.statistics import benjamini_hochberg, newcombe, two_proportion_z, wilson
from holdfast.durations import span

if TYPE_CHECKING:
    from holdfast.analyses.funnel.walk import Chain, FunnelStep
    from holdfast.analyses.windows import Window
    from holdfast.timelines.periods import Periods
    from holdfast.timelines.walk import Tally

__all__ = [
    "by_period_table",
    "conversion_table",
    "difference_table",
    "funnel_notes",
    "funnel_words",
    "step_table",
]


def _schema(**kinds: str) -> pa.Schema:
    """A schema from column names by kind, each list parted by blanks and the order kept."""
    types = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64()}
    return pa.schema([(name, types[kind.rstrip("0123456789")]) for kind, names in kinds.items() for name in names.split()])


STEPS = _schema(
    text="segment", whole="step", text2="name", whole2="reached previous",
    number="share_of_previous share_of_previous_low share_of_previous_high", whole3="entered",
    number2="share_of_first share_of_first_low share_of_first_high", whole4="dropped in_progress timed",
    number3="median_seconds p90_seconds",
)  # fmt: skip
CONVERSION = _schema(
    text="segment", whole="entered converted", number="share low high", whole2="in_progress settled",
    number2="settled_share settled_low settled_high median_seconds p90_seconds",
)  # fmt: skip
PERIODS = _schema(text="segment period state", whole="entered converted", number="share low high", whole2="in_progress")
DIFFERENCE = _schema(
    whole="step", text="name segment_a", whole2="reached_a n_a", number="share_a", text2="segment_b", whole3="reached_b n_b",
    number2="share_b difference low high p p_adjusted",
)  # fmt: skip


def step_table(tally: Tally, labels: tuple[str, ...], names: tuple[str, ...]) -> pa.Table:
    """A row per segment in which someone began, and step."""
    rows = []
    for place, label in enumerate(labels):
        counts = tally.sums["depth"][place]
        reached = counts.sum(axis=1)[::-1].cumsum()[::-1][1:]
        if not len(reached) or (len(labels) > 1 and not reached[0]):
            continue
        times = _times(tally, place if len(labels) > 1 else None, len(names))
        for at, name in enumerate(names):
            n, entered = int(reached[at]), int(reached[0])
            before = int(reached[at - 1]) if at else None
            following = int(reached[at + 1]) if at + 1 < len(names) else n
            cell: dict[str, Any] = {"segment": label, "step": at + 1, "name": name, "reached": n, "previous": before}
            cell |= _share("share_of_previous", n if at else 0, before or 0)
            cell |= {"entered": entered} | _share("share_of_first", n, entered)
            cell |= {"dropped": n - following, "in_progress": int(counts[at + 1, 1])}
            rows.append(cell | dict(zip(("timed", "median_seconds", "p90_seconds"), times[at], strict=True)))
    return pa.Table.from_pylist(rows, STEPS)


def _share(name: str, k: int, n: int) -> dict[str, Any]:
    low, high = wilson(k, n)
    return {name: k / n if n else None, f"{name}_low": low, f"{name}_high": high}


def _times(tally: Tally, segment: int | None, size: int) -> list[tuple[int, float | None, float | None]]:
    """For each step: how many have a time, and median and 90th percentile of the seconds from the step before."""
    depth, waits = _of(tally, segment)
    out: list[tuple[int, float | None, float | None]] = [(0, None, None)]
    for at in range(1, size):
        out.append(_quantiles(waits[depth > at, at - 1]))
    return out


def _of(tally: Tally, segment: int | None) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    depth, waits = tally.rows["depth"], tally.rows["waits"]
    if segment is None:
        return depth, waits
    own = tally.rows["segment"] == segment
    return depth[own], waits[own]


def _quantiles(seconds: npt.NDArray[Any]) -> tuple[int, float | None, float | None]:
    """How many, their median and 90th percentile, each between two neighbours where it falls between."""
    n = len(seconds)
    if n == 0:
        return 0, None, None
    places = [(n - 1) * share for share in (0.5, 0.9)]
    wanted = sorted({bound for place in places for bound in (int(place), min(int(place) + 1, n - 1))})
    parted = np.partition(seconds, wanted)
    middle, late = (
        float(parted[int(at)]) + (at - int(at)) * (float(parted[min(int(at) + 1, n - 1)]) - float(parted[int(at)]))
        for at in places
    )
    return n, middle, late


def conversion_table(tally: Tally, labels: tuple[str, ...], size: int) -> pa.Table:
    """A row per segment: from the first step to the last, of all and of those whose windows are closed."""
    rows = []
    for place, label in enumerate(labels):
        counts = tally.sums["depth"][place]
        entered, open_ = int(counts[1:].sum()), int(counts[1:, 1].sum())
        if not size or (len(labels) > 1 and not entered):
            continue
        converted = int(counts[size].sum())
        depth, waits = _of(tally, place if len(labels) > 1 else None)
        whole = waits[depth == size, : size - 1].sum(axis=1, dtype=np.int64) if size > 1 else np.zeros(0, np.int64)
        _, middle, late = _quantiles(whole)
        low, high = wilson(converted, entered)
        share = {"share": converted / entered if entered else None, "low": low, "high": high}
        settled = _share("settled_share", converted, entered - open_)
        rows.append(
            {"segment": label, "entered": entered, "converted": converted, **share, "in_progress": open_,
             "settled": entered - open_, "settled_share": settled["settled_share"],
             "settled_low": settled["settled_share_low"], "settled_high": settled["settled_share_high"],
             "median_seconds": middle, "p90_seconds": late}
        )  # fmt: skip
    return pa.Table.from_pylist(rows, CONVERSION)


def by_period_table(counts: npt.NDArray[np.int64], labels: tuple[str, ...], periods: Periods, step: FunnelStep) -> pa.Table:
    """A row per segment and period of entry; complete when nobody who began in it can still go on and it is over."""
    over = periods.closed(step.as_of.day)
    rows = []
    for group, label in enumerate(labels):
        if len(labels) > 1 and not counts[group].any():
            continue
        for place, name in enumerate(periods.labels()):
            cell = counts[group, place]
            entered, converted, open_ = int(cell[1:].sum()), int(cell[-1].sum()), int(cell[1:, 1].sum())
            state = "complete" if over[place] and not open_ else "in progress"
            low, high = wilson(converted, entered)
            rows.append(
                {"segment": label, "period": name, "state": state, "entered": entered, "converted": converted,
                 "share": converted / entered if entered else None, "low": low, "high": high, "in_progress": open_}
            )  # fmt: skip
    return pa.Table.from_pylist(rows, PERIODS)


def difference_table(table: pa.Table, one: str, other: str) -> pa.Table:
    """Step by step from the second on: the share of one segment's beginners that reached it less the other's.

    Newcombe's interval; p by the two-proportion test, adjusted by Benjamini and Hochberg over all rows.
    """
    rows = {(row["segment"], row["step"]): row for row in table.to_pylist()}
    out: list[dict[str, Any]] = []
    for place in sorted({step for _, step in rows} - {1}):
        a, b = rows[one, place], rows[other, place]
        counts = a["reached"], a["entered"], b["reached"], b["entered"]
        difference, low, high = newcombe(*counts) or (None, None, None)
        tested = two_proportion_z(*counts)
        row = {"step": place, "name": a["name"], "difference": difference, "low": low, "high": high}
        for side, own in (("a", a), ("b", b)):
            sizes = {"segment": own["segment"], "reached": own["reached"], "n": own["entered"], "share": own["share_of_first"]}
            row |= {f"{name}_{side}": value for name, value in sizes.items()}
        out.append(row | {"p": tested[1] if tested else None})
    adjusted = benjamini_hochberg([row["p"] for row in out])
    return pa.Table.from_pylist([row | {"p_adjusted": p} for row, p in zip(out, adjusted, strict=True)], DIFFERENCE)


def funnel_words(table: pa.Table, conversion: pa.Table, window: Window, order: str) -> str:
    """How many came through, how long it took, and where most fell out."""
    rows, whole = table.to_pylist(), conversion.to_pylist()
    if not rows or not sum(row["entered"] for row in whole):
        return "Nobody took the first step of this funnel." if rows else "The data know none of the usual steps to an order."
    first, last = rows[0]["name"], max(rows, key=lambda row: row["step"])["name"]
    if len(whole) > 1:
        largest = sorted(whole, key=lambda row: -row["entered"])[:4]
        told = [f"{row['segment']} {percent(row['share'], row['low'], row['high'])}" for row in largest]
        return f"From {first} to {last} {window.words}: {', '.join(told)}."
    row = whole[0]
    if first == last and len(rows) == 1:
        return f"{counted(row['entered'], 'customer')} reached {first}; the data know no other of the usual steps."
    took = f", half of them in {span(row['median_seconds'])} or less" if row["converted"] else ""
    began = "took one of the steps" if order == "any" else f"began with {first}"
    came = "took all of them in any order" if order == "any" else f"came to {last}"
    said = f"Of {counted(row['entered'], 'customer')} who {began}, "
    said += f"{percent(row['share'], row['low'], row['high'])} {came} {window.words}{took}."
    worst = max(rows[:-1], key=lambda one: one["dropped"])
    if not worst["dropped"]:
        return said
    after = f"step {worst['step']}" if order == "any" else worst["name"]
    return f"{said} Most were lost after {after}: {worst['dropped']:,} of {worst['reached']:,}."


def funnel_notes(
    table: pa.Table, extra: dict[str, pa.Table], chain: Chain, names: tuple[str, ...], small: int, *, usual: bool
) -> tuple[str, ...]:
    """What to bear in mind: missing steps, open windows, small groups, unfinished periods."""
    notes = []
    if usual and len(names) < 2:
        notes.append("a funnel needs two steps: name the events of your data, such as steps=('product_view', 'purchase')")
    if chain.order == "any" and len(names) > 1:
        notes.append("in any order, step k counts those who took k of the steps within one window, whichever they were")
    for row in extra["conversion"].to_pylist():
        if not row["in_progress"]:
            continue
        of = "" if row["segment"] == EVERYONE else f"{row['segment']}: "
        many = counted(row["in_progress"], "customer")
        if chain.window.seconds is None and not chain.window.session:
            notes.append(f"{of}{many} not through may still come, since there is no window")
        else:
            share = percent(row["settled_share"], row["settled_low"], row["settled_high"])
            notes.append(f"{of}{many} still within the window; without them {share} came through")
    few = [f"{row['segment']} (n {row['reached']})" for row in table.to_pylist() if row["step"] == 1 and row["reached"] < small]
    if few:
        notes.append(f"small groups (under {small}): {', '.join(few)}")
    if "by_period" in extra and "in progress" in extra["by_period"]["state"].to_pylist():
        notes.append("periods in progress: not over yet, or some who began in them still have time")
    return tuple(notes)
