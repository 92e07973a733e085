"""Who buys again, where one buys at most once a period: donations by year, a magazine by issue, a fair by season (BG/BB).

1. The first calendar period with a counting order makes a customer; each complete period after it is an opportunity.
2. BG/BB (models/bg_bb.py; Fader, Hardie and Shang 2010) learns from everyone how likely customers are to take an opportunity,
   and to
   leave before one. Each customer then has P(alive), the purchases to expect of the next periods, and the chance of at least
   one.
3. Where the data cannot tell who has left (nobody can be seen to leave, or there are too few periods), the model says so and
   steps aside: there are no figures rather than P(alive) = 1 for everyone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import counted, defined, scope_rules
from holdfast.analyses.models.bg_bb import BgBb, fitted
from holdfast.analyses.opportunities import UNIT_DAYS, Opportunities, opportunities
from holdfast.analyses.scope import Condition, Scope, segment_code
from holdfast.errors import UsageError
from holdfast.timelines.attributes import Moment
from holdfast.timelines.periods import UNITS, Unit

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["Again"]

LEAST_CUSTOMERS = 30
TAILS = (0.025, 0.975)
DRAWS, SEED = 400, 7
"""Parameters drawn from their normal approximation, on the scale of logarithms, for the intervals of expectations."""

SCHEMA = pa.schema(
    [
        ("segment", pa.string()),
        *((name, pa.int64()) for name in ("x", "t_x", "n", "customers")),
        *((name, pa.float64()) for name in ("alive", "any", "expected", "low", "high")),
    ]
)
SUMMARY = pa.schema(
    [
        ("segment", pa.string()),
        ("customers", pa.int64()),
        *((name, pa.float64()) for name in ("alive", "expected", "low", "high")),
    ]
)
MODEL = pa.schema(
    [("parameter", pa.string()), *((name, pa.float64()) for name in ("value", "error", "low", "high")), ("n", pa.int64())]
)


@dataclass(frozen=True)
class Again(Question):
    """Who buys again, where one buys at most once a period.

    every   week, month, quarter, year: the period · ahead  how many of them are looked ahead
    as_of, by, where, moment  as in every question; segments at the first order. The model is learned from everyone in scope

    Table: a row per history, most expected of all its customers first: segment, x (periods with an order after the first), t_x
    (the
    last of them), n (complete periods after the first), customers, alive (P(alive) at the next period), any (the chance of an
    order
    in the next `ahead` periods), expected (orders a customer in these), low, high (95 %, of the parameters). Empty where the
    data
    cannot tell the model. Extra tables: summary (segment, customers, alive, expected, low, high:
    of what will come, chance included), model (parameter, value,
    error, low, high, n). People: x=, t_x=, n=, segment=….
    """

    every: Unit = "year"
    ahead: int = 5
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("every", self.every, UNITS)
        if not 1 <= self.ahead <= 120:
            raise UsageError(f"ahead cannot be {self.ahead}", "look 1 to 120 periods ahead")

    def answer(self, timelines: Timelines) -> Answer:
        """One walk lays out who ordered in which period; the model is fitted to the histories."""
        as_of = timelines.as_of(self.as_of)
        scope, found = self._found(timelines, as_of)
        model = fitted(found.x, found.t_x, found.n, unit_days=UNIT_DAYS[self.every]) if len(found) else None
        why = _why(found, model)
        table, summary = SCHEMA.empty_table(), SUMMARY.empty_table()
        if model is not None and not why:
            table, summary = _tables(found, model, scope.labels(timelines), self.ahead)
        return Answer(
            question=self,
            words=_words(summary, found, self.every, self.ahead, why),
            table=table if self.by is not None else table.drop_columns(["segment"]),
            definition=defined(
                timelines, as_of, title="Who buys again, where one buys once a period?", text=_TEXT,
                rules={"every": self.every, "ahead": self.ahead, "refunds": timelines.settings.refunds} | scope_rules(scope),
                n=len(found) + found.late,
            ),
            source=timelines,
            notes=_notes(found, self.every, table, timelines.settings.small_group),
            extra={"summary": summary, "model": MODEL.empty_table() if model is None else _model(model)},
        )  # fmt: skip

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who has a history (x=, t_x=, n=; any of them left out: all), of a segment (segment=)."""
        checked_cell(cell, "x", "t_x", "n", "segment")
        scope, found = self._found(timelines, timelines.as_of(self.as_of))
        only = segment_code(scope, timelines, cell.get("segment"))
        some = np.ones(len(found), np.bool_) if only < 0 else found.segment == only
        for name in ("x", "t_x", "n"):
            if name in cell:
                some &= getattr(found, name) == int(cell[name])
        return People(tuple(sorted(found.ids.filter(pa.array(some)).to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """What each history lets expect: a dot a history, by how often and how lately."""
        from holdfast.charts.again import histories

        title = f"Orders to expect in the next {counted(self.ahead, self.every)}"
        return histories(answer.table.to_pylist(), self.every, title=title, subtitle=answer.words)

    def _found(self, timelines: Timelines, as_of: AsOf) -> tuple[Scope, Opportunities]:
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        return scope, opportunities(timelines, as_of, self.every, scope)


def _why(found: Opportunities, model: BgBb | None) -> str:
    """Why there are no figures; "": there are."""
    if not len(found):
        return "nobody first ordered in a period that is over"
    if model is None or len(found) < LEAST_CUSTOMERS:
        return f"there are only {counted(len(found), 'customer')}"
    if not found.n.any():
        return "no period is over yet after the first"
    return "" if model.fit.identified else f"the data cannot tell who has left ({model.fit.why or 'the search did not end'})"


def _tables(found: Opportunities, model: BgBb, labels: tuple[str, ...], ahead: int) -> tuple[pa.Table, pa.Table]:
    """A row a history, and a row a segment."""
    rows, count = np.unique(np.column_stack([found.segment, found.x, found.t_x, found.n]), axis=0, return_counts=True)
    segment, x, t_x, n = rows.T.astype(np.int64)
    expected, alive = model.expected(x, t_x, n, ahead), model.alive(x, t_x, n)
    drawn = _drawn(model, x, t_x, n, ahead)
    low, high = np.quantile(drawn, TAILS, axis=0)
    columns = {
        "segment": pa.array([labels[code] for code in segment]), "x": x, "t_x": t_x, "n": n, "customers": count,
        "alive": alive, "any": 1 - model.chances(x, t_x, n, ahead)[:, 0],
        "expected": expected, "low": np.minimum(low, expected), "high": np.maximum(high, expected),
    }  # fmt: skip
    order = np.lexsort((n, t_x, x, segment, -expected * count))
    summary, spread, random = [], _variance(model, x, t_x, n, ahead) * count, np.random.default_rng(SEED)
    for code, label in enumerate(labels):
        some = segment == code
        if some.any():
            came = drawn[:, some] @ count[some] + np.sqrt(spread[some].sum()) * random.standard_normal(DRAWS)
            ends = np.maximum(np.quantile(came, TAILS), 0.0)
            told = {"segment": label, "customers": int(count[some].sum()), "alive": float(count[some] @ alive[some])}
            total = float(count[some] @ expected[some])
            summary.append(told | {"expected": total, "low": min(float(ends[0]), total), "high": max(float(ends[1]), total)})
    return pa.table(columns, SCHEMA).take(pa.array(order)), pa.Table.from_pylist(summary, SUMMARY)


def _variance(model: BgBb, x: Any, t_x: Any, n: Any, ahead: int) -> Any:
    """Of each row's orders in the next periods, a customer."""
    chances, k = model.chances(x, t_x, n, ahead), np.arange(ahead + 1)
    return chances @ k**2 - (chances @ k) ** 2


def _drawn(model: BgBb, x: Any, t_x: Any, n: Any, ahead: int) -> Any:
    """Expectations under parameters drawn around the fitted ones, [draws, rows]."""
    fit, random = model.fit, np.random.default_rng(SEED)
    drawn = np.exp(random.multivariate_normal(np.log(fit.values), fit.covariance, DRAWS))
    return np.array([BgBb(fit, *values).expected(x, t_x, n, ahead) for values in drawn.tolist()])


def _model(model: BgBb) -> pa.Table:
    fit, out = model.fit, []
    for name, value, error in zip(fit.names, fit.values, fit.errors, strict=True):
        low, high = fit.interval(name)
        told = {"value": value, "error": error, "low": low, "high": high}
        sure = {key: None if np.isnan(one) else float(one) for key, one in told.items()}
        out.append({"parameter": name, **sure, "n": fit.customers})
    return pa.Table.from_pylist(out, MODEL)


def _words(summary: pa.Table, found: Opportunities, every: str, ahead: int, why: str) -> str:
    if why:
        return f"What the next {every}s bring cannot be told: {why}."
    rows = summary.to_pylist()
    alive, total = (sum(row[name] for row in rows) for name in ("alive", "expected"))
    sure = f" ({rows[0]['low']:,.0f} to {rows[0]['high']:,.0f})" if len(rows) == 1 else ""
    return (
        f"{counted(len(found), 'customer')} over {counted(len(found.periods), every)}: about {alive:,.0f} of "
        f"them are still there, "
        f"and {total:,.0f} orders{sure} are to be expected in the next {counted(ahead, every)}, at most one a {every} each."
    )


def _notes(found: Opportunities, every: str, table: pa.Table, small: int) -> tuple[str, ...]:
    out = []
    if found.late:
        out.append(f"{counted(found.late, 'customer')} came first in the {every} that is not over: not counted yet")
    if table.num_rows:
        out.append(
            f"x: {every}s with an order after the first; t_x: the last of these, counted from the first; n: all {every}s since"
        )
    few = sum(row["customers"] < small for row in table.to_pylist())
    if few:
        out.append(f"{counted(few, 'history', 'histories')} of fewer than {small} customers, read with care")
    return tuple(out)


_TEXT = (
    "Periods of the calendar in local dates; a customer is made by the first period with a counting order, and each complete "
    "period after it is an opportunity that she takes (at least one counting order) or lets pass. BG/BB: while she is there "
    "she takes an opportunity with a chance of her own, beta over all customers, and before each she leaves for good with a "
    "chance of her own, beta over all. alive: the chance that she is there at the next period; any: that she takes at least "
    "one of the next; expected: how many of them, with the 95 % interval of the parameters (400 draws, on the scale of "
    "logarithms); that of everyone's orders together holds the chance of the orders themselves as well."
)
