"""What customers under contract are worth (MISSION 1.3, 1.21, 3.13 on a contract base).

1. A contract comes up for renewal every month or year, on the day of the month on which it began. It lived a renewal when it
   ran on beyond that day; one that ends on the day, or in the period before it, is lost at that renewal, once its day has come.
2. The rates are of each customer's first contract. The model is chosen by likelihood among one rate for all, the shifted-beta-
   geometric, the discrete Weibull and the beta-discrete-Weibull; one that did worse than one rate on the last periods, held
   out, is not used.
3. A customer's value: the money of the renewals to be expected of her within the horizon, discounted, each worth her mean money
   of a period so far. What she has paid for the running period is hers to use up and counts nothing more.
4. Who has renewed often is expected to renew more surely: the models know it, one rate for all does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.contract_value.calendar import Every, Rhythm
from holdfast.analyses.contract_value.contracts import Contracts, Judged, judged, models_of
from holdfast.analyses.contract_value.tables import (
    CUSTOMERS,
    EQUITY,
    customers_table,
    equity_table,
    holdout_table,
    models_table,
    retention_table,
)
from holdfast.analyses.contract_value.valued import Plan, Valued, valued
from holdfast.analyses.contract_value.walk import ContractsStep
from holdfast.analyses.contract_value.words import NO_CONTRACTS, judged_words, notes, words
from holdfast.analyses.definitions import counted, defined, scope_rules
from holdfast.analyses.models.renewal_choice import Chosen
from holdfast.analyses.models.renewals import Renewing
from holdfast.analyses.scope import EVERYONE, Condition, Scope
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import Moment
from holdfast.timelines.periods import Periods
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

Numbers = npt.NDArray[np.float64]

__all__ = ["COHORT", "SHOWS", "ContractValue", "Show"]

Show = Literal["customers", "at-risk", "equity", "retention", "models", "holdout"]
SHOWS: tuple[Show, ...] = get_args(Show)

COHORT = "cohort"
"""`by`: the year in which the first contract began."""

NOBODY = CUSTOMERS.empty_table()
WHATS = ("active", "customers", "at risk", "lost")
LIMIT, LONGEST, MOST_SEGMENTS = 20, 120, 1_000


@dataclass(frozen=True)
class ContractValue(Question):
    """How surely do contracts renew, and what is each customer under contract worth?

    every           how often contracts come up for renewal: "month" or "year"
    horizon_months  how far ahead value is counted, 1 to 120; whole years where contracts are yearly
    discount        a year's, 0 to 1: what money of next year is worth less
    holdout         periods at the end on which the model is judged; None: a quarter of the longest contract, 0: none
    show            the main table: "customers" (most value first), "at-risk" (most value at risk first), "equity" (by segment;
                    ends with everyone), "retention" (actual and model by renewal, with a forecast), "models", "holdout"; the
                    others are extra tables
    limit           how many customers are listed, 0: all; all are counted
    as_of, by, where, moment  as in every question, at the first start event; by="cohort": the year of the first contract

    People: what="active" (default: under contract now) | "customers" (who ever had a contract) | "at risk" | "lost" (with
    renewal=: who came to it, who was lost at it), segment=…, customer=….
    """

    every: Every = "month"
    horizon_months: int = 12
    discount: float = 0.1
    holdout: int | None = None
    show: Show = "customers"
    limit: int = LIMIT
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("every", self.every, get_args(Every))
        checked_choice("show", self.show, SHOWS)
        months = Rhythm(self.every).months
        if not months <= self.horizon_months <= LONGEST or self.horizon_months % months:
            raise UsageError(
                f"{self.horizon_months} months ahead cannot be told", f"choose {months} to {LONGEST}, in steps of {months}"
            )
        if not 0 <= self.discount <= 1:
            raise UsageError(f"the discount cannot be {self.discount:g}", "give a year's, 0 to 1, such as 0.1 for 10 %")
        if self.limit < 0 or (self.holdout is not None and self.holdout < 0):
            raise UsageError("limit and holdout must be 0 or more", "such as limit=20, holdout=3")

    def answer(self, timelines: Timelines) -> Answer:
        """One walk lays out the contracts, the models are fitted and judged, each running contract is valued."""
        as_of, settings = timelines.as_of(self.as_of), timelines.settings
        if settings.base != "contract":
            return self._answer(timelines, as_of, NO_CONTRACTS, self._tables_of_none(), 0, ())
        contracts = self._contracts(timelines, as_of)
        tried, whole, own = self._models(contracts, settings.small_group)
        found, tables = self._valued(contracts, whole, own, settings.margin)
        parts = [(contracts.labels[code], code) for code in contracts.shown()]
        tables["retention"] = retention_table(
            [(label, contracts.renewals(contracts.segment == code), _used(whole, own, code)) for label, code in parts]
        )
        named = [(EVERYONE, whole), *((contracts.labels[code], one) for code, one in own.items())]
        tables |= {"models": models_table(named), "holdout": holdout_table(tried)}
        horizon = counted(self.horizon_months, "month")
        said = words(contracts, whole, tables["retention"], tables["equity"], horizon, settings)
        remarks = notes(contracts, whole, own, found, settings.small_group, settings.currency) if len(contracts) else []
        remarks += [judged_words(tried, self.every)] if self.holdout != 0 and whole.model is not None else []
        return self._answer(timelines, as_of, said, tables, len(contracts), tuple(remarks))

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who stands behind a number: what=, renewal=, segment=, or customer= alone."""
        checked_cell(cell, "what", "renewal", "segment", "customer")
        what = cell.get("what", "active")
        checked_choice("what", what, WHATS)
        as_of = timelines.as_of(self.as_of)
        if timelines.settings.base != "contract":
            raise UsageError("customers are no contracts here", 'set base = "contract" in holdfast.toml')
        contracts = self._contracts(timelines, as_of)
        chosen = contracts.now >= 0 if what == "active" else np.ones(len(contracts), np.bool_)
        if what in ("at risk", "lost"):
            chosen = _at(contracts, what, cell.get("renewal"))
        if cell.get("segment", EVERYONE) != EVERYONE:
            if cell["segment"] not in contracts.labels:
                raise UnknownName("segment", str(cell["segment"]), contracts.labels)
            chosen = chosen & (contracts.segment == contracts.labels.index(cell["segment"]))
        ids = contracts.ids.take(pa.array(np.flatnonzero(chosen))).to_pylist()
        if "customer" in cell:
            if str(cell["customer"]) not in ids:
                raise UsageError(f"{cell['customer']} is not among the {what}", "see who is: --people what=customers")
            ids = [str(cell["customer"])]
        return People(tuple(sorted(ids)), {**cell, "what": what})

    def figure(self, answer: Answer) -> go.Figure:
        """The share that has lived so many renewals, actual with intervals against the model."""
        from holdfast.charts.contracts import renewal_curves

        table = answer.table if self.show == "retention" else answer.extra["retention"]
        return renewal_curves(table.to_pylist(), title="How long contracts last", subtitle=answer.words, every=self.every)

    def _contracts(self, timelines: Timelines, as_of: AsOf) -> Contracts:
        settings = timelines.settings
        if timelines.customers and not set(settings.contract.start) & set(timelines.meta.events):
            raise UnknownName("event", settings.contract.start[0], timelines.meta.events[1:])
        cohorts = self.by == COHORT and COHORT not in timelines.meta.properties
        scope = Scope(None if cohorts else self.by, self.where, self.moment).ready(timelines, as_of)
        if len(scope.labels(timelines)) > MOST_SEGMENTS:
            raise UsageError(f"{self.by} has too many values", f"split by a property of at most {MOST_SEGMENTS:,}")
        step = self._step(timelines, as_of, scope)
        rows = timelines.walk(step).rows
        labels, segment = scope.labels(timelines), rows["segment"].astype(np.int64)
        if cohorts:
            years = Periods.covering("year", step.first_day, step.last_day)
            labels, segment = tuple(years.labels()), years.of_day()[rows["begin"]].astype(np.int64)
        days = {name: rows[name].astype(np.int64) for name in ("begin", "end", "now", "paid")}
        return Contracts(rows["ids"], segment, labels, day=step.last_day, rhythm=Rhythm(self.every), **days)

    def learned(self, timelines: Timelines, as_of: AsOf) -> tuple[ContractsStep, Numbers, Chosen, Plan]:
        """What a trait carries: the walk, the part of their period that lost contracts had behind them, everyone's model, the
        plan."""
        settings = timelines.settings
        contracts = self._contracts(timelines, as_of)
        _, whole, _ = self._models(contracts, settings.small_group)
        return self._step(timelines, as_of, Scope()), contracts.parts, whole, self._plan(settings.margin)

    def _plan(self, margin: float | None) -> Plan:
        months = Rhythm(self.every).months
        discount = (1 + self.discount) ** (months / 12) - 1
        return Plan(self.horizon_months // months, discount, 1.0 if margin is None else margin)

    def _models(self, contracts: Contracts, small: int) -> tuple[Judged | None, Chosen, dict[int, Chosen]]:
        tried = self._judged(contracts)
        return tried, *models_of(contracts, tried is not None and tried.worse, small)

    def _step(self, timelines: Timelines, as_of: AsOf, scope: Scope) -> ContractsStep:
        last = day_of(as_of.last)
        first = min(timelines.zone.day_at(timelines.meta.first_second), last) if timelines.customers else last
        return ContractsStep(scope, as_of, timelines.settings.refunds, timelines.settings.contract, first, last)

    def _judged(self, contracts: Contracts) -> Judged | None:
        longest = int(contracts.lived.max()) if len(contracts) else 0
        periods = max(longest // 4, 1) if self.holdout is None else self.holdout
        return judged(contracts, periods) if periods and longest else None

    def _valued(
        self, contracts: Contracts, whole: Chosen, own: dict[int, Chosen], margin: float | None
    ) -> tuple[Valued | None, dict[str, pa.Table]]:
        if whole.model is None:
            return None, {"customers": NOBODY, "at-risk": NOBODY, "equity": EQUITY.empty_table()}
        plan = self._plan(margin)
        model_of: dict[int, Renewing] = {code: one.model for code, one in own.items() if one.model is not None}
        found = valued(contracts, model_of, whole.model, plan)
        tables = {"customers": customers_table(contracts, found, self.limit)}
        tables["at-risk"] = customers_table(contracts, found, self.limit, "at risk")
        return found, tables | {"equity": equity_table(contracts, found, model_of, whole.model, plan)}

    def _tables_of_none(self) -> dict[str, pa.Table]:
        tables = {"customers": NOBODY, "at-risk": NOBODY, "equity": EQUITY.empty_table(), "retention": retention_table([])}
        return tables | {"models": models_table([]), "holdout": holdout_table(None)}

    def _answer(
        self, timelines: Timelines, as_of: AsOf, said: str, tables: dict[str, pa.Table], n: int, remarks: tuple[str, ...]
    ) -> Answer:
        settings = timelines.settings
        rules: dict[str, Any] = {"base": settings.base, "every": self.every, "horizon": counted(self.horizon_months, "month")}
        rules |= {"discount": f"{100 * self.discount:g} % a year", "money": "revenue" if settings.margin is None else "profit"}
        rules |= {
            "start": ", ".join(settings.contract.start),
            "end": ", ".join(settings.contract.end),
            "refunds": settings.refunds,
        }
        by = COHORT if self.by == COHORT and COHORT not in timelines.meta.properties else None
        scope = Scope(None if by else self.by, self.where, self.moment)
        rules |= {"by": "year of the first contract"} if by else {}
        main = tables[self.show]
        if self.by is None and "segment" in main.column_names:
            main = main.drop_columns(["segment"]) if self.show in ("customers", "at-risk") else main
        return Answer(
            question=self,
            words=said,
            table=main,
            definition=defined(
                timelines, as_of, title="What are contracts worth?", text=_TEXT, n=n,
                rules=rules | scope_rules(scope, "first start"),
                names=settings.contract.start if settings.base == "contract" else ("Order Completed",),
            ),
            source=timelines,
            notes=remarks,
            extra={name: table for name, table in tables.items() if name != self.show},
        )  # fmt: skip


def _used(whole: Chosen, own: dict[int, Chosen], code: int) -> Renewing | None:
    found = own.get(code)
    return found.model if found is not None and found.model is not None else whole.model


def _at(contracts: Contracts, what: str, renewal: Any) -> Any:
    """Who came to a renewal, or was lost at it; without one: at any."""
    lived, ended = contracts.lived, contracts.lost
    if renewal is None:
        return ended if what == "lost" else (lived >= 1) | ended
    try:
        t = int(renewal)
    except ValueError as error:
        raise UsageError(f"a renewal is a number, not {renewal!r}", "write it as renewal=3") from error
    lost = ended & (lived == t - 1)
    return lost if what == "lost" else lost | (lived >= t)


_TEXT = (
    "A contract comes up for renewal on the day of the month on which it began; it lived a renewal when it ran on beyond that"
    " day, and is lost at the renewal on whose day or before which it ended, counted once that day has come. Retention by "
    "renewal: of the first contracts that came to it, the share that lived it (Wilson); survival: Kaplan-Meier over renewals."
    " The model is chosen by likelihood among one rate for all, shifted-beta-geometric, discrete Weibull and beta-discrete-"
    "Weibull, the simpler winning ties, and judged on the last periods. Value: the discounted money of the renewals to be "
    "expected within the horizon, each worth the mean money of a period so far; that a contract has not ended so far in its "
    "period counts for it, as leavers do end early. Low and high of a customer hold her own future with 90 %, those of sums "
    "with 95 % (chance and the doubt about the parameters). At risk: what she would be worth besides, were her next renewal "
    "sure. For ever: without a horizon."
)
