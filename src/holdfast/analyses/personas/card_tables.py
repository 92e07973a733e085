"""The tables of a card, from the sums of its walk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.personas.card_walk import GONE, KEPT, CardStep
from holdfast.analyses.personas.facets import REASON
from holdfast.analyses.scope import money
from holdfast.analyses.statistics import benjamini_hochberg, newcombe, two_proportion_z, wilson
from holdfast.timelines.zone import Zone, date_of

if TYPE_CHECKING:
    from holdfast.settings import Settings
    from holdfast.timelines.timelines import Timelines

__all__ = [
    "HELD_BACK",
    "Card",
    "card_table",
    "evidence_table",
    "journey_table",
    "leaving_table",
    "nearest",
    "profile_table",
    "trend_table",
    "value_table",
]

HELD_BACK = "(too small to show)"
"""The groups that are held back, together."""

LEVEL = 0.05
MOST_EVENTS, MOST_STEPS = 5, 40


@dataclass(frozen=True)
class Card:
    """What the walk found.

    step, sums  the step and its sums · events  names by code · shown  codes with a card · few  codes held back
    settings    of the business · last_days  days before the last step that were looked at
    wanted      the only persona that was asked for, None: all
    """

    step: CardStep
    sums: dict[str, Any]
    events: tuple[str, ...]
    shown: tuple[int, ...]
    few: tuple[int, ...]
    settings: Settings
    last_days: int
    wanted: str | None = None

    @property
    def orders(self) -> int:
        """How many orders count."""
        return int(self.sums["orders"][1:].sum())

    def name(self, code: int) -> str:
        """The persona or cluster of a code."""
        return self.step.held.labels[code]

    def apart(self, code: int) -> str:
        """What sets a cluster apart; empty for a persona, whose rule says it."""
        names: tuple[str, ...] = getattr(self.step.held, "names", ())
        return names[code - 1] if names else ""


CARD = pa.schema(
    [
        *((name, pa.string()) for name in ("persona", "part", "item")),
        *((name, pa.int64()) for name in ("customers", "n")),
        *((name, pa.float64()) for name in ("share", "low", "high", "all_share", "index")),
    ]
)


def card_table(card: Card) -> pa.Table:
    """Every count of the cards, long: persona, part, item."""
    rows: list[dict[str, Any]] = []
    size = card.sums["customers"][1:]
    n = int(size.sum())
    for code in card.shown:
        own = {"persona": card.name(code)}
        rows.append(own | _row("size", "customers", int(card.sums["customers"][code]), n))
        rows += [own | row for row in _standing_rows(card, code)]
        rows += [own | row for row in _facet_rows(card, code)]
        rows += [own | row for row in _leaving_rows(card, code)]
    if card.few:
        held = sum(int(card.sums["customers"][code]) for code in card.few)
        rows.append({"persona": HELD_BACK} | _row("size", "customers", held, n))
    return pa.Table.from_pylist(rows, CARD)


def _row(part: str, item: str, k: int, n: int, all_share: float | None = None) -> dict[str, Any]:
    low, high = wilson(k, n)
    share = k / n if n else None
    index = 100 * share / all_share if share is not None and all_share else None
    return {"part": part, "item": item, "customers": k, "n": n, "share": share, "low": low, "high": high,
            "all_share": all_share, "index": index}  # fmt: skip


def _standing_rows(card: Card, code: int) -> Iterator[dict[str, Any]]:
    kept, gone = (int(card.sums[name][code]) for name in ("kept", "gone"))
    all_kept, all_gone = (int(card.sums[name][1:].sum()) for name in ("kept", "gone"))
    if kept + gone:
        whole = all_kept + all_gone
        yield _row("standing", "still a customer", kept, kept + gone, all_kept / whole)
        yield _row("standing", "gone", gone, kept + gone, all_gone / whole)


def _facet_rows(card: Card, code: int) -> Iterator[dict[str, Any]]:
    for place, facet in enumerate(card.step.facets):
        counts = card.sums[f"facet {place}"]
        own, everybody = counts[code, 1:], counts[1:, 1:].sum(axis=0)
        n, whole = int(own.sum()), int(everybody.sum())
        order = range(len(own)) if facet.timed() else np.argsort(-own, kind="stable")
        for at in order:
            if own[at]:
                yield _row(facet.name, facet.labels[at + 1], int(own[at]), n, int(everybody[at]) / whole)


@dataclass(frozen=True)
class _Before:
    """One event in the last days of the gone and of the kept of a group, with the difference and its interval."""

    event: str
    gone: int
    gone_n: int
    kept: int
    kept_n: int
    difference: float
    low: float
    high: float
    p: float


def _before(card: Card, code: int) -> list[_Before]:
    """All events that either side had, the largest difference first; p after Benjamini and Hochberg."""
    did, left = card.sums["did"][code], card.sums["left"][code]
    gone_n, kept_n = int(left[GONE]), int(left[KEPT])
    if min(gone_n, kept_n) < card.settings.small_group:
        return []
    found, over = [], card.settings.contract.end if card.settings.base == "contract" else ()
    for at, event in enumerate(card.events):
        if event in over:
            # The end of a contract is the leaving itself.
            continue
        gone, kept = int(did[GONE, at]), int(did[KEPT, at])
        apart = newcombe(gone, gone_n, kept, kept_n) if gone + kept else None
        if apart is not None:
            tested = two_proportion_z(gone, gone_n, kept, kept_n)
            found.append((event, gone, kept, apart, 1.0 if tested is None else tested[1]))
    adjusted = benjamini_hochberg([one[-1] for one in found])
    rows = [
        _Before(event, gone, gone_n, kept, kept_n, *apart, 1.0 if p is None else p)
        for (event, gone, kept, apart, _), p in zip(found, adjusted, strict=True)
    ]
    return sorted(rows, key=lambda one: (-one.difference, one.event))


def _leaving_rows(card: Card, code: int) -> Iterator[dict[str, Any]]:
    clear = [one for one in _before(card, code) if one.low > 0 and one.p < LEVEL]
    for one in clear[:MOST_EVENTS]:
        yield _row("before leaving", one.event, one.gone, one.gone_n, one.kept / one.kept_n)


def leaving_table(card: Card) -> pa.Table:
    """Every event in the last days of the gone and of the kept, with the difference of their shares and its interval."""
    rows = [
        {"persona": card.name(code), "event": one.event, "gone": one.gone, "gone_n": one.gone_n, "kept": one.kept,
         "kept_n": one.kept_n, "difference": one.difference, "low": one.low, "high": one.high, "p_adjusted": one.p}
        for code in card.shown for one in _before(card, code)
    ]  # fmt: skip
    kinds = [("persona", pa.string()), ("event", pa.string())]
    kinds += [(name, pa.int64()) for name in ("gone", "gone_n", "kept", "kept_n")]
    return pa.Table.from_pylist(
        rows, pa.schema([*kinds, *((name, pa.float64()) for name in ("difference", "low", "high", "p_adjusted"))])
    )


def value_table(card: Card) -> pa.Table:
    """What each group brings."""
    sums, rows = card.sums, []
    total = int(sums["revenue"][1:].sum())
    for code in card.shown:
        k, units, orders = (int(sums[name][code]) for name in ("customers", "revenue", "orders"))
        since = sums["since"][code]
        rows.append(
            {"persona": card.name(code), "customers": k, "revenue": money(units),
             "revenue_share": units / total if total > 0 else None, "revenue_per_customer": money(units / k), "orders": orders,
             "orders_per_customer": orders / k, "aov": money(int(sums["order_money"][code]) / orders) if orders else None,
             "days_since": int(np.searchsorted(np.cumsum(since), (int(since.sum()) + 1) // 2))}
        )  # fmt: skip
    kinds = [("persona", pa.string()), ("customers", pa.int64())]
    kinds += [(name, pa.float64()) for name in ("revenue", "revenue_share", "revenue_per_customer")]
    kinds += [("orders", pa.int64()), ("orders_per_customer", pa.float64()), ("aov", pa.float64()), ("days_since", pa.int64())]
    return pa.Table.from_pylist(rows, pa.schema(kinds))


def trend_table(card: Card) -> pa.Table:
    """The size of each group at the end of each month, the last one at the as-of."""
    zone = Zone.named(card.settings.zone)
    rows = []
    for code in card.shown:
        for place, until in enumerate(card.step.months):
            counts = card.sums["months"][place]
            k, n = int(counts[code]), int(counts[1:].sum())
            low, high = wilson(k, n)
            rows.append(
                {"persona": card.name(code), "month": date_of(zone.day_at(until - 1)).isoformat(), "customers": k, "n": n,
                 "share": k / n if n else None, "low": low, "high": high}
            )  # fmt: skip
    kinds = [("persona", pa.string()), ("month", pa.string()), ("customers", pa.int64()), ("n", pa.int64())]
    return pa.Table.from_pylist(rows, pa.schema([*kinds, *((name, pa.float64()) for name in ("share", "low", "high"))]))


def nearest(found: dict[str, Any]) -> dict[int, int]:
    """Of the candidates of all shards, by group: the place of the nearest; of equals the one with the smaller hash."""
    best: dict[int, tuple[float, int, int]] = {}
    for place, (group, away, key) in enumerate(zip(found["group"], found["distance"], found["hash"], strict=True)):
        candidate = (round(float(away), 9), int(key), place)
        if int(group) not in best or candidate < best[int(group)]:
            best[int(group)] = candidate
    return {group: place for group, (*_, place) in sorted(best.items())}


def journey_table(card: Card, found: dict[str, Any], timelines: Timelines) -> pa.Table:
    """The way of the customer nearest to each centre: step by step, days from her first; no id, no date."""
    zone, rows = timelines.zone, []
    for group, place in nearest(found).items():
        if group not in card.shown:
            continue
        own = np.flatnonzero(found["of_hash"] == found["hash"][place])
        visit, before = 0, None
        for number, at in enumerate(own):
            second = int(found["second"][at])
            visit += before is None or second - before >= card.step.rule.gap
            if number < MOST_STEPS:
                clock = (second + zone.offset_at(second)) % 86_400
                rows.append(
                    {"persona": card.name(group), "step": number + 1, "of": len(own), "visit": visit,
                     "day": int(found["day"][at]) - int(found["day"][own[0]]),
                     "time": f"{clock // 3600:02d}:{clock % 3600 // 60:02d}",
                     "minutes": None if before is None else (second - before) / 60,
                     "event": card.events[int(found["code"][at])]}
                )  # fmt: skip
            before = second
    kinds = [("persona", pa.string()), *((name, pa.int64()) for name in ("step", "of", "visit", "day"))]
    return pa.Table.from_pylist(
        rows, pa.schema([*kinds, ("time", pa.string()), ("minutes", pa.float64()), ("event", pa.string())])
    )


def profile_table(card: Card) -> pa.Table:
    """What the owner wrote of each group, its fields in their order; of a cluster first what sets it apart."""
    written = dict(card.settings.personas)
    names = [card.name(code) for code in card.shown]
    apart = [(card.name(code), "set apart by", card.apart(code)) for code in card.shown if card.apart(code)]
    told = [*apart, *((name, field, text) for name in names for field, text in written.get(name, ()))]
    rows = [{"persona": name, "field": field, "text": text} for name, field, text in told]
    return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in ("persona", "field", "text")]))


def evidence_table(card: Card) -> pa.Table:
    """What each part of a card rests on, and on how many customers."""
    written, rows = dict(card.settings.personas), []
    for code in card.shown:
        k = int(card.sums["customers"][code])
        base = "orders" if not card.settings.active else ", ".join(card.settings.active)
        told = [("size", "the rules of the definition, all events", k), ("value", "orders, net of refunds", k)]
        told.append(("standing", f"the base of the settings: {base}", int(card.sums["kept"][code] + card.sums["gone"][code])))
        for place, facet in enumerate(card.step.facets):
            if facet.name != REASON:
                told.append((facet.name, facet.rests_on(), int(card.sums[f"facet {place}"][code, 1:].sum())))
        left = card.sums["left"][code]
        told.append(("before leaving", f"all events of the last {card.last_days} days", int(left[GONE] + left[KEPT])))
        reasons = [place for place, facet in enumerate(card.step.facets) if facet.name == REASON]
        told += [("reason", card.step.facets[at].rests_on(), int(card.sums[f"facet {at}"][code, 1:].sum())) for at in reasons]
        told.append(("journey", "one customer, the nearest to the centre of the features", 1))
        if card.name(code) in written:
            told.append(("profile", "written by hand in holdfast.toml", 0))
        rows += [{"persona": card.name(code), "part": part, "rests_on": source, "n": n} for part, source, n in told]
    return pa.Table.from_pylist(
        rows, pa.schema([*((name, pa.string()) for name in ("persona", "part", "rests_on")), ("n", pa.int64())])
    )
