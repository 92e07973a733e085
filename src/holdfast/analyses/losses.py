"""Why customers were lost: the bridge's lost ones of each period, by how they left and by the reason known (SEMANTICS 12).

contract end   an end event of the contract, since the last counting day and not undone by a start event
unsubscribed   an event by which the customer says that she leaves (`unsubscribe` in the settings), since the last counting day
lapse          neither: she was silent for too long
The most definite that happened before the period's end holds. The sum over kinds and reasons is the bridge's `lost`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.answer import Answer, Definition, People, Question, checked_cell
from holdfast.analyses.bridge import Bridge, Span, span_of
from holdfast.analyses.definitions import counted, defined, percent, scope_rules
from holdfast.analyses.losses_walk import KINDS, LossStep, Sizes
from holdfast.analyses.rates import rate
from holdfast.analyses.scope import EVERYONE, Condition
from holdfast.errors import UnknownName
from holdfast.timelines.attributes import NOT_KNOWN, Moment, property_name, value_labels
from holdfast.timelines.periods import Unit

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.analyses.gone_after import Resolved
    from holdfast.timelines.timelines import AsOf, Timelines
    from holdfast.timelines.walk import Tally

__all__ = ["Losses"]

REASON = "reason"

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "period", "state", "kind", "event", "reason")),
        ("customers", pa.int64()),
        *((name, pa.float64()) for name in ("share", "low", "high")),
        ("n", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Losses(Question):
    """Of the customers lost in each period: how they left, and why.

    period      day, week, month, quarter, year
    first, last label or date of the first and last period; None: where the data begin, and the as-of's period
    as_of       the instant up to which rows count
    gone_after  days of silence after which a customer is gone; None: as the settings say, else suggested from the data
    reason      the property that says why, in upper or lower case: its last value known at the period's end
    by, where, moment  segments and conditions, at the first counting event ("entry") or now ("current")

    Table: a row per segment, period, kind, event and reason that lost somebody, with segment, period, state (complete, in
    progress), kind (contract end, unsubscribed, lapse), event (the one that ended it, null for a lapse), reason ("(not known)"
    where none is), customers, share of the period's lost with low and high (0 to 1), n (the period's lost).
    People: period="2011-03", kind=…, event=…, reason=…, segment=…; what is not named may be any, without period the last one.
    """

    period: Unit = "month"
    first: str | date | None = None
    last: str | date | None = None
    as_of: date | datetime | str | None = None
    gone_after: int | None = None
    reason: str = REASON
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        self._bridge()

    def _bridge(self) -> Bridge:
        """The bridge whose lost customers these are."""
        return Bridge(
            self.period, self.first, self.last, self.as_of, self.gone_after, "customers", self.by, self.where, self.moment
        )

    def answer(self, timelines: Timelines) -> Answer:
        """Walk the timelines once and count."""
        as_of = timelines.as_of(self.as_of)
        span = span_of(timelines, as_of, self.period, self.first, self.last)
        step, resolved = self._step(timelines, as_of, span)
        tally = timelines.walk(step)
        rows = _rows(tally, step, span, _labels(timelines, step, span))
        return Answer(
            question=self,
            words=_words(rows),
            table=pa.Table.from_pylist(rows, SCHEMA),
            definition=_definition(timelines, as_of, step, resolved, int(tally.sums["n"])),
            source=timelines,
            notes=_notes(rows, step, resolved, timelines.settings.small_group),
        )

    def _step(self, timelines: Timelines, as_of: AsOf, span: Span) -> tuple[LossStep, Resolved | None]:
        bridge, resolved = self._bridge().step(timelines, as_of, span)
        settings, meta = timelines.settings, timelines.meta
        # Data need not say why: only a property asked for by name must be there.
        absent = self.reason == REASON and REASON not in (name.lower() for name in meta.properties)
        reason = None if absent else property_name(meta, self.reason)
        reasons = 1 if reason is None else len(value_labels(meta, reason))
        sizes = Sizes(bridge.segments, len(span.periods), len(meta.events), reasons)
        return LossStep(bridge, settings.contract, settings.unsubscribe, reason, sizes), resolved

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers lost in one period, of all kinds and reasons or of those named."""
        checked_cell(cell, "period", "kind", "event", "reason", "segment")
        as_of = timelines.as_of(self.as_of)
        span = span_of(timelines, as_of, self.period, self.first, self.last)
        step, _ = self._step(timelines, as_of, span)
        segments, _, kinds, events, reasons = _labels(timelines, step, span)
        target = (
            -1 if cell.get("segment") == EVERYONE else _code("segment", cell.get("segment"), segments),
            span.place(cell["period"]) if "period" in cell else len(span.periods) - 1,
            _code("kind of loss", cell.get("kind"), kinds),
            _code("event", cell.get("event"), events),
            _code("reason", cell.get("reason"), reasons),
        )
        ids = timelines.walk(replace(step, target=target)).rows["ids"].to_pylist()
        return People(tuple(sorted(ids)), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The lost of each period as a bar, stacked by how they left, and why where that is known."""
        from holdfast.charts.stacked import stacked_bars

        rows = answer.table.to_pylist()
        counts: Counter[tuple[str, str]] = Counter()
        for row in rows:
            why = "" if row["reason"] == NOT_KNOWN else f" · {row['reason']}"
            counts[row["period"], row["kind"] + why] += row["customers"]
        bars = [(period, part, count) for (period, part), count in sorted(counts.items())]
        return stacked_bars(bars, title="Customers lost, and how", subtitle=answer.words, unit="customers lost")


Labels = tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[str], Sequence[str]]


def _labels(timelines: Timelines, step: LossStep, span: Span) -> Labels:
    """The names of each key of a loss by code."""
    meta = timelines.meta
    reasons = (NOT_KNOWN,) if step.reason is None else value_labels(meta, step.reason)
    return step.bridge.scope.labels(timelines), span.periods.labels(), KINDS, ("", *meta.events[1:]), reasons


def _code(what: str, label: Any, labels: Sequence[str]) -> int:
    """The code of a label, -1 (any) for None; UnknownName lists the valid ones."""
    if label is None:
        return -1
    if label not in labels:
        raise UnknownName(what, str(label), [name for name in labels if name])
    return labels.index(label)


def _rows(tally: Tally, step: LossStep, span: Span, labels: Labels) -> list[dict[str, Any]]:
    """The rows of the table: by segment and period, the most definite kind first, then the most customers."""
    cells, place = np.unique(tally.rows["cell"], return_inverse=True)
    counts = np.zeros(len(cells), np.int64)
    np.add.at(counts, place, tally.rows["count"])
    keys = [tuple(map(int, key)) for key in zip(*step.sizes.unpacked(cells), strict=True)]
    lost: Counter[tuple[int, int]] = Counter()
    for key, count in zip(keys, counts, strict=True):
        lost[key[0], key[1]] += int(count)
    ordered = sorted(zip(keys, counts, strict=True), key=lambda each: (each[0][:3], -each[1], each[0][3:]))
    rows = []
    for key, count in ordered:
        share = rate(int(count), lost[key[0], key[1]])
        segment, period, kind, event, reason = (names[code] for names, code in zip(labels, key, strict=True))
        rows.append(
            {
                "segment": segment, "period": period, "state": "complete" if span.complete[key[1]] else "in progress",
                "kind": kind, "event": event or None, "reason": reason,
                "customers": share.hits, "share": share.share, "low": share.low, "high": share.high, "n": share.n,
            }
        )  # fmt: skip
    return rows


def _words(rows: list[dict[str, Any]]) -> str:
    """Of the last complete period that lost somebody: how they left, and the reason named most."""
    if not rows:
        return "Nobody was lost in these periods."
    over = [row for row in rows if row["state"] == "complete"] or rows
    period = max(row["period"] for row in over)
    told = [row for row in over if row["period"] == period]
    n = sum(row["customers"] for row in told)
    kinds, reasons = _summed(told, "kind"), _summed(told, "reason")
    shares = []
    for kind in KINDS:
        if kinds[kind]:
            part = rate(kinds[kind], n)
            shares.append(f"{percent(part.share, part.low, part.high)} {_BY[kind]}")
    unknown = reasons.pop(NOT_KNOWN, 0)
    named = ", ".join(f"{name} {count:,}" for name, count in sorted(reasons.items(), key=lambda each: (-each[1], each[0]))[:3])
    why = f" Reasons: {named}; not known {unknown:,}." if named else ""
    return f"Of the {counted(n, 'customer')} lost in {period}, {', '.join(shares)}.{why}"


_BY = {"contract end": "by the end of a contract", "unsubscribed": "unsubscribed", "lapse": "lapsed without a word"}


def _summed(rows: list[dict[str, Any]], key: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row[key]] += row["customers"]
    return counts


def _notes(rows: list[dict[str, Any]], step: LossStep, resolved: Resolved | None, small: int) -> tuple[str, ...]:
    notes = [] if resolved is None else [resolved.why]
    reasons = _summed(rows, "reason")
    lost, known = reasons.total(), reasons.total() - reasons[NOT_KNOWN]
    if step.reason is None:
        notes.append("the data have no property reason: why customers left is not known; “reason” names another property")
    elif lost:
        notes.append(
            f"a reason is known for {known:,} of {counted(lost, 'loss', 'losses')}, its last value before the period's end"
        )
    if any(row["n"] < small for row in rows):
        notes.append(f"some periods lost fewer than {small} customers: read their shares with their intervals")
    if any(row["state"] == "in progress" for row in rows):
        notes.append("the last period is in progress: its end is the as-of")
    return tuple(notes)


def _definition(timelines: Timelines, as_of: AsOf, step: LossStep, resolved: Resolved | None, n: int) -> Definition:
    settings, bridge = timelines.settings, step.bridge
    rules: dict[str, Any] = {"base": settings.base, "clock": "calendar"}
    names: Sequence[str] = settings.contract.start
    if resolved is not None:
        names = bridge.counting.names or ("Order Completed",)
        rules |= {"counting events": bridge.counting.words(), "gone_after": resolved.rule(), "refunds": settings.refunds}
    rules |= {"contract end": ", ".join(step.contract.end), "unsubscribed": ", ".join(step.unsubscribe) or "no event"}
    rules |= {"reason": step.reason or "no such property"}
    entry = "first start" if resolved is None else "first counting event" if bridge.counting.names else "first order"
    rules |= scope_rules(bridge.scope, entry)
    return defined(timelines, as_of, title="Why did customers leave?", text=_TEXT, rules=rules, n=n, names=names)


_TEXT = (
    "Lost: the bridge's lost customers, there at the start of the period and not at its end. Contract end: an end event of the "
    "contract on the last counting day or later, before the period's end, and no start event after it. Unsubscribed: the same "
    "with an event of the list unsubscribe. Lapse: neither. The most definite holds, in this order. Reason: the property's "
    "last value before the period's end. Shares are of the period's lost, with Wilson 95 % intervals; a period without a row "
    "lost nobody."
)
