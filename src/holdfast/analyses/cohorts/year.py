"""Who is still a customer a year on (MISSION 3.11: "only 3 in 10 keep shopping over one year").

Two answers, because each misleads alone. The *share* is of those whose first order lies at least a year back: had they an
order a year after the first or later? It says nothing of those who joined since, and the youngest had little time to order.
The *curve* is Kaplan-Meier over everyone's lifetime, from the first order to the day on which she counts as gone (as in the
bridge: `gone_after` silent days have passed), censored at the as-of while she does not, so that late joiners count for as long
as they were seen. A lifetime must not end with the last order: who has just joined could not have been lost that early, and the
curve would stand too high for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import counted, defined, percent, scope_rules
from holdfast.analyses.gone_after import resolve_gone_after
from holdfast.analyses.scope import Condition, Scope
from holdfast.analyses.statistics import Survival, kaplan_meier, wilson
from holdfast.analyses.survival.tables import claim
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import Moment
from holdfast.timelines.walk import Shard, Tally
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.settings import Settings
    from holdfast.timelines.purchases import RefundMode
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["OneYear", "YearStep"]

COUNTS = ("customers", "n", "everyone")
GROUPS = {"customers": 1, "n": 2, "everyone": 4}

YEAR = 365

STILL = (
    "The second figure forgives every silence that ended, as “survival” does with “ends” last. As it stands, “survival” ends a "
    "customer's life at her first silence, known when it happens, and stands lower."
)
CONTRACTS = "The base is of contracts, and this asks of orders: how long contracts last is told by “survival”."

TEXT = (
    "Of customers whose first order that counts lies at least {days} local days before the as-of date, the share with an order "
    "on day {days} after it or later. Beside it Kaplan-Meier over all customers: a lifetime runs from the first order until "
    "{gone} days have passed since the last one and nothing followed; while that is not so it is censored at the as-of date. "
    "Intervals: 95 %, Wilson and log-log."
)


@dataclass(frozen=True)
class YearStep:
    """Lifetimes of a range of customers.

    lived  int64 [2, segments, days]: customers gone, by days from the first order to the first without her in the base; and
           still here, by days seen
    split  int64 [3, segments]: with an order on or after the day, observed that long, all
    """

    as_of: AsOf
    mode: RefundMode
    scope: Scope
    segments: int
    width: int
    days: int
    gone_after: int
    segment: int = -1
    group: int = 0

    def __call__(self, shard: Shard) -> Tally:
        """What a range of customers adds."""
        bought = shard.source.purchases(self.as_of.until, self.mode)
        who = self.scope.by_first_order(shard, self.as_of, self.mode)
        lived = np.zeros((2, self.segments, self.width), np.int64)
        split = np.zeros((3, self.segments), np.int64)
        groups = np.zeros(shard.high - shard.low, np.uint8)
        last_day = day_of(self.as_of.last)
        _live(
            shard.low, shard.high, bought.offsets, bought.day, who, last_day, self.days, self.gone_after, lived, split, groups
        )
        rows = {}
        if self.group:
            rows["ids"] = shard.ids((groups & self.group > 0) & (who == self.segment))
        return Tally({"lived": lived, "split": split}, rows)


@njit(cache=True, nogil=True)
def _live(
    low: int, high: int, offsets: Any, day: Any, segment: Any, last_day: int, days: int, gone_after: int, lived: Any,
    split: Any, groups: Any,
) -> None:  # fmt: skip
    for customer in range(low, high):
        s = segment[customer - low]
        start, stop = offsets[customer], offsets[customer + 1]
        if s < 0 or stop == start:
            continue
        first, last = np.int64(day[start]), np.int64(day[start])
        for i in range(start + 1, stop):
            last = max(last, np.int64(day[i]))
        if last_day - last > gone_after:
            lived[0, s, last - first + gone_after + 1] += 1
        else:
            lived[1, s, max(last_day - first, 0)] += 1
        group = 4
        split[2, s] += 1
        if last_day - first >= days:
            group |= 2
            split[1, s] += 1
            if last - first >= days:
                group |= 1
                split[0, s] += 1
        groups[customer - low] = group


@dataclass(frozen=True)
class OneYear(Question):
    """Who is still a customer a year after the first order.

    days        how long a year is: 365
    gone_after  days without an order after which a customer counts as gone; None: as the settings say or the data suggests
    as_of       rows up to here count; None: the end of the data
    by, where, moment   segments and conditions (see `Scope`)

    The table has a row a segment: segment, n (observed that long), customers (with an order then or later), rate, low, high,
    everyone, still (Kaplan-Meier share still a customer after so many days), still_low, still_high (null where the data ends
    before). Extra table lifetime: segment, day, at_risk, left, share (still a customer), low, high.
    """

    days: int = YEAR
    gone_after: int | None = None
    as_of: AsOf | date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("moment", self.moment, ("entry", "current"))
        if self.days < 1:
            raise UsageError(f"{self.days} days are no span", "give 1 or more")
        if self.gone_after is not None and self.gone_after < 1:
            raise UsageError(f"gone_after cannot be {self.gone_after}", "give whole days, 1 or more")

    def answer(self, timelines: Timelines) -> Answer:
        """Walk the timelines and give the shares and the curve."""
        step, gone = self._step(timelines)
        found = timelines.walk(step).sums
        labels = step.scope.labels(timelines)
        split = found["split"]
        shown = sorted(np.flatnonzero(split[2]).tolist(), key=lambda s: (-int(split[2, s]), labels[s]))
        curves = {s: _curve(found["lived"][:, s]) for s in shown}
        rows = [self._row(labels[s], split[:, s], curves[s], found["lived"][:, s]) for s in shown]
        return Answer(
            question=self,
            words=self._words(split.sum(axis=1), _curve(found["lived"].sum(axis=1)), found["lived"].sum(axis=1)),
            table=pa.Table.from_pylist(rows, _SCHEMA),
            definition=defined(
                *(timelines, step.as_of), title=self.title, n=int(split[2].sum()),
                text=TEXT.format(days=self.days, gone=step.gone_after),
                rules={"days": self.days, "gone after": gone, "refunds": step.mode} | scope_rules(step.scope),
            ),
            source=timelines,
            notes=self._notes(rows, timelines.settings),
            extra={"lifetime": _lifetimes({labels[s]: curve for s, curve in curves.items()})},
        )  # fmt: skip

    @property
    def title(self) -> str:
        """The question in words."""
        return f"Who is still a customer {'a year' if self.days == YEAR else f'{self.days} days'} on"

    def _step(self, timelines: Timelines, segment: int = -1, group: int = 0) -> tuple[YearStep, str]:
        as_of = timelines.as_of(self.as_of)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        gone = resolve_gone_after(timelines, as_of, self.gone_after)
        width = max(as_of.day - timelines.zone.day_at(timelines.meta.first_second), 0) + 2
        return YearStep(
            *(
                as_of,
                timelines.settings.refunds,
                scope,
                len(scope.labels(timelines)),
                width,
                self.days,
                gone.days,
                segment,
                group,
            )
        ), gone.rule()

    def _row(self, label: str, split: Any, curve: Survival, lived: Any) -> dict[str, Any]:
        kept, n, everyone = (int(value) for value in split)
        low, high = wilson(kept, n)
        still = self._still(curve, lived)
        return {
            "segment": label,
            "n": n,
            "customers": kept,
            "rate": kept / n if n else None,
            "low": low,
            "high": high,
            "everyone": everyone,
            "still": still[0],
            "still_low": still[1],
            "still_high": still[2],
        }

    def _still(self, curve: Survival, lived: Any) -> tuple[float | None, float | None, float | None]:
        """The curve's height after so many days; nothing where nobody was seen that long."""
        if not lived[:, self.days :].any():
            return None, None, None
        return curve.at(self.days)

    def _words(self, split: Any, curve: Survival, lived: Any) -> str:
        kept, n, everyone = (int(value) for value in split)
        if not n:
            return f"Of {counted(everyone, 'customer')} nobody has been known for {self.days} days yet."
        rate = percent(kept / n, *wilson(kept, n))
        said = f"{rate} of {counted(n, 'customer')} known for {self.days} days ordered on day {self.days} or later."
        still = self._still(curve, lived)
        if still[0] is None:
            return said
        return said + f" With late joiners, {percent(*still)} of {everyone:,} are still customers after {self.days} days."

    def _notes(self, rows: list[dict[str, Any]], settings: Settings) -> tuple[str, ...]:
        small = settings.small_group
        few = sum(0 < row["n"] < small for row in rows)
        found = [f"{few} of {len(rows)} segments have fewer than {small} customers known that long."] if few else []
        found.append(f"Those known for little more than {self.days} days have had little time to order after them.")
        if self.days == YEAR and any(row["n"] for row in rows):
            found.append(f"{claim()}: lay it beside the first figure, who did order a year on")
        return (*found, CONTRACTS if settings.base == "contract" else STILL)

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who is behind a number: segment= (where there are several) and count="customers" (default), "n" or "everyone"."""
        checked_cell(cell, "segment", "count")
        labels = Scope(self.by, self.where, self.moment).labels(timelines)
        segment = cell.get("segment") or (labels[0] if len(labels) == 1 else "")
        if segment not in labels:
            raise UnknownName("segment", segment, labels)
        count = cell.get("count", "customers")
        checked_choice("count", count, COUNTS)
        step, _ = self._step(timelines, labels.index(segment), GROUPS[count])
        return People(tuple(sorted(timelines.walk(step).rows["ids"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The share still customers by day, a line a segment with its band."""
        from holdfast.charts.cohorts import lifetime_curves

        return lifetime_curves(answer.extra["lifetime"].to_pydict(), answer.definition.title, answer.words, self.days)


_SHARES = ("rate", "low", "high")
_SCHEMA = pa.schema(
    [
        *(("segment", pa.string()), ("n", pa.int64()), ("customers", pa.int64())),
        *((name, pa.float64()) for name in _SHARES),
        ("everyone", pa.int64()),
        *((name, pa.float64()) for name in ("still", "still_low", "still_high")),
    ]
)
_LIFETIME = pa.schema(
    [
        *(("segment", pa.string()), ("day", pa.int64()), ("at_risk", pa.int64()), ("left", pa.int64())),
        *((name, pa.float64()) for name in ("share", "low", "high")),
    ]
)


def _curve(lived: npt.NDArray[np.int64]) -> Survival:
    gone, here = np.flatnonzero(lived[0]), np.flatnonzero(lived[1])
    over = np.repeat([1, 0], [len(gone), len(here)])
    return kaplan_meier(np.concatenate([gone, here]), over, np.concatenate([lived[0, gone], lived[1, here]]))


def _lifetimes(curves: dict[str, Survival]) -> pa.Table:
    rows = []
    for label, curve in curves.items():
        points = zip(curve.time, curve.at_risk, curve.events, curve.survival, curve.low, curve.high, strict=True)
        for day, at_risk, left, share, low, high in points:
            limits = {"low": None if np.isnan(low) else float(low), "high": None if np.isnan(high) else float(high)}
            point = {"segment": label, "day": int(day), "at_risk": int(at_risk), "left": int(left), "share": float(share)}
            rows.append(point | limits)
    return pa.Table.from_pylist(rows, _LIFETIME)
