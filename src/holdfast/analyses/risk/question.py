"""Risk of leaving: which customers of now will not order (or will end the contract) within the window, how surely, and what
goes together with it (MISSION 1.15, 3.29, 4.6).

1. Customers are those in the base at the as-of: an activity base as in the bridge (a counting event within gone_after), or a
   running contract. Leaving: no counting event within the window after it; or no contract at its end.
2. A row of features is made of each customer's timeline as of an instant; nothing later is read, refunds as known then.
3. Learning from past instants, testing at the last whose window is over, choice of the model, calibration, drift: `training`.
4. The risk is a calibrated probability. Its interval is that of the share who leave among customers with such a score, widened
   by how far the risks lay from what then happened at the instant held out, or by how the level moved from window to window.
5. Reasons are the kinds of features that raise the log-odds most against a typical customer: together with, not because of.
   They tell what a customer does; where she comes from is in the model and is no reason.
6. Dissatisfaction stands beside the risk: a complaint in the last 90 days, or a last survey answer of discontent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.bridge_walks import Counting, counting_of
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.first_days import own_activity
from holdfast.analyses.gone_after import resolve_gone_after
from holdfast.analyses.risk.measures import decile_of
from holdfast.analyses.risk.score import BANDS, Order, ScoreStep, Wanted
from holdfast.analyses.risk.tables import (
    NOT_SAID,
    Scored,
    bands_table,
    calibration_table,
    chances_used,
    customers_table,
    drift_table,
    features_table,
    models_table,
)
from holdfast.analyses.risk.traces import traces_of
from holdfast.analyses.risk.training import Learned, learned
from holdfast.analyses.risk.walk import Base, SeenStep, SnapshotStep
from holdfast.analyses.risk.words import notes, words
from holdfast.analyses.scope import Condition, Scope, segment_code
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import Moment
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["Risk", "Show"]

Show = Literal["customers", "bands", "models", "calibration", "features", "drift"]
SHOWS: tuple[Show, ...] = ("customers", "bands", "models", "calibration", "features", "drift")
WHATS = ("left", "stayed")
MOST_SEGMENTS = 1_000

CUTS = (0.25, 0.5, 0.75)
"""Lowest risks of medium, high, very high where the base rate lies between a fifth and four fifths."""

ODDS = (0.5, 2.0, 4.0)
"""Else the bands begin where the odds are so many times those of the base rate."""


@dataclass(frozen=True)
class Risk(Question):
    """How likely each customer is to leave, and what goes together with it.

    window_days  leaving is silence for so many days after the as-of; None: gone_after where four such windows fit into the
                 data, else a fourth of the data
    order        the list by money at stake (risk × money of the last 365 days), "value", or by "risk"
    cuts         lowest risk of medium, high and very high; None: .25, .5, .75, or by the base rate where that is extreme
    limit        how many rows the list has; all are counted
    show         the main table: "customers", "bands", "models", "calibration", "features", "drift"; the others are extra tables
    as_of, by, where, moment  as in every question. What is normal is learned from everyone, whatever the conditions

    Table customers: customer, segment, risk with low and high, band, reasons, dissatisfied, last_seen, days_silent,
    usual_interval_days, value, at_stake. bands: customers, share, expected leavers, value. models: measures on those held out.
    calibration: tenths of predicted risk against observed. features: odds and worth. drift: the share that left by snapshot.
    People: band="high" ("not known" where no risk can be told), segment=…, dissatisfied="yes" | "no", at_risk="yes" (high, very
    high, or dissatisfied); customer=…; decile=3 ("all": all held out) with what="left" | "stayed";
    snapshot="2011-09-10" with what=….
    """

    window_days: int | None = None
    order: Order = "value"
    cuts: tuple[float, float, float] | None = None
    limit: int = 50
    show: Show = "customers"
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("order", self.order, ("value", "risk"))
        checked_choice("show", self.show, SHOWS)
        if self.window_days is not None and self.window_days < 1:
            raise UsageError(f"window_days cannot be {self.window_days}", "give whole days, 1 or more")
        if self.limit < 0:
            raise UsageError(f"limit cannot be {self.limit}", "give 0 or more rows")
        if self.cuts is not None and not 0 < self.cuts[0] < self.cuts[1] < self.cuts[2] < 1:
            raise UsageError(f"cuts cannot be {self.cuts}", "give three rising shares between 0 and 1, such as 0.25, 0.5, 0.75")

    def answer(self, timelines: Timelines) -> Answer:
        """A walk a past instant to learn from (kept for the next question), one to score everyone now."""
        step = self.prepared(timelines, timelines.as_of(self.as_of))
        known, settings = step.learned, timelines.settings
        tally = timelines.walk(step)
        scored = Scored(tally.sums, tally.rows, step.scope.labels(timelines), step.step.today)
        tables = {
            "customers": customers_table(scored, step, settings.margin),
            "bands": bands_table(scored, step.cuts, settings.margin),
            "models": models_table(known), "calibration": calibration_table(known),
            "features": self._kept(timelines, known), "drift": drift_table(known),
        }  # fmt: skip
        if self.by is None:
            tables |= {name: tables[name].drop_columns(["segment"]) for name in ("customers", "bands")}
        main = tables.pop(self.show)
        names = step.step.base.counting.names or (ORDER,)
        return Answer(
            question=self,
            words=words(scored, known, settings, _verb(step.step.base), step.cuts[1]),
            table=main,
            definition=defined(
                timelines, step.as_of, title="Who is about to leave, and what goes together with it?", text=_TEXT,
                rules=_rules(step, settings.margin), n=scored.n, names=names,
            ),
            source=timelines,
            notes=notes(scored, step, settings, len(main) if self.show == "customers" else 0, given=self.window_days),
            extra=tables,
        )  # fmt: skip

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who is in a band, a segment, dissatisfied or at risk; of the held out, who is in a tenth; who was at a snapshot."""
        checked_cell(cell, "band", "segment", "dissatisfied", "at_risk", "customer", "decile", "snapshot", "what")
        step = self.prepared(timelines, timelines.as_of(self.as_of))
        if "decile" in cell or "snapshot" in cell:
            return People(tuple(sorted(_past_people(timelines, step, cell))), cell)
        wanted = _wanted(cell, segment_code(step.scope, timelines, cell.get("segment")))
        ids = timelines.walk(replace(step, wanted=wanted)).rows["ids"].to_pylist()
        if "customer" in cell:
            if str(cell["customer"]) not in ids:
                raise UsageError(f"{cell['customer']} is not among them", "see who is: people() without customer")
            ids = [str(cell["customer"])]
        return People(tuple(sorted(ids)), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """Predicted against observed on those held out, beside how the customers of now are spread over the bands."""
        from holdfast.charts.risk import calibration

        tables = {self.show: answer.table, **answer.extra}
        return calibration(
            tables["calibration"].to_pylist(), tables["bands"].to_pylist(), title="Risk of leaving", subtitle=answer.words
        )

    def prepared(self, timelines: Timelines, as_of: AsOf) -> ScoreStep:
        """The step that scores everyone as of an instant, with what was learned; kept with the timelines."""
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        segments = len(scope.labels(timelines))
        if segments > MOST_SEGMENTS:
            raise UsageError(f"{self.by} has {segments:,} values", f"split by a property of at most {MOST_SEGMENTS:,}")
        known = self.learned(timelines, as_of)
        step = SnapshotStep(
            known.base, known.traces, day_of(as_of.last), as_of.until, known.plan.window, season=known.season
        )  # fmt: skip
        cuts, currency = self.cuts or _cuts(known), timelines.settings.currency
        return ScoreStep(known, step, as_of, scope, segments, cuts, self.limit, self.order, currency=currency)

    def learned(self, timelines: Timelines, as_of: AsOf) -> Learned:
        """What was learned as of an instant; kept with the timelines."""
        base = _base(timelines, as_of)
        key = ("risk", as_of.until, base, self.window_days)
        kept = timelines.source.kept
        if key not in kept:
            traces = traces_of(timelines.meta, timelines.settings, base.counting.names, _seen(timelines, as_of))
            kept[key] = replace(learned(timelines, as_of, base, traces, self.window_days), key=key)
        found: Learned = kept[key]
        return found

    def _kept(self, timelines: Timelines, known: Learned) -> Any:
        key = ("risk features", *known.key)
        if key not in timelines.source.kept:
            timelines.source.kept[key] = features_table(known)
        return timelines.source.kept[key]


def _seen(timelines: Timelines, as_of: AsOf) -> tuple[str, ...] | None:
    """The events that had happened by the as-of: that others come later is not known then. None: all of them."""
    if as_of.until > timelines.meta.last_second:
        return None
    counts = timelines.walk(SeenStep(as_of.until)).sums["events"]
    return tuple(name for name, count in zip(timelines.meta.events, counts, strict=True) if count and name)


def _base(timelines: Timelines, as_of: AsOf) -> Base:
    settings = timelines.settings
    if settings.base == "contract":
        if not set(settings.contract.start) & set(timelines.meta.events):
            raise UnknownName("event", settings.contract.start[0], timelines.meta.events[1:])
        own = own_activity(timelines.meta, settings) or ()
        names = tuple(name for name in own if name not in (*settings.contract.start, *settings.contract.end))
        return Base(Counting(as_of.until, settings.refunds, names), 0, settings.contract)
    return Base(counting_of(settings, timelines.meta, as_of.until), resolve_gone_after(timelines, as_of).days)


def _cuts(known: Learned) -> tuple[float, ...]:
    """The bands of the base rate: the usual cuts, or odds of it where it is extreme."""
    if known.model is None:
        return CUTS
    latest = next((one for one in known.snapshots if one.day == known.plan.test), None)
    rate = latest.left / latest.n if latest is not None and latest.n else 0.5
    if 0.2 <= rate <= 0.8 or rate in (0.0, 1.0):
        return CUTS
    odds = rate / (1 - rate)
    return tuple(float(f"{odds * times / (1 + odds * times):.2g}") for times in ODDS)


def _verb(base: Base) -> str:
    if base.contract is not None:
        return "are expected to end their contract"
    return "are expected not to order" if not base.counting.names else "are expected not to come"


def _wanted(cell: dict[str, Any], only: int) -> Wanted:
    bands = None
    if "band" in cell:
        if cell["band"] not in (*BANDS, NOT_SAID):
            raise UnknownName("band", str(cell["band"]), (*BANDS, NOT_SAID))
        bands = (BANDS.index(cell["band"]) if cell["band"] in BANDS else -1,)
    for name in ("dissatisfied", "at_risk"):
        checked_choice(name, cell.get(name, "yes"), ("yes", "no"))
    said = None if "dissatisfied" not in cell else cell["dissatisfied"] == "yes"
    if "at_risk" not in cell:
        return Wanted(bands, only, said)
    if bands is not None or said is not None:
        raise UsageError("at_risk goes with segment alone", "it is who is in the band high or very high, or dissatisfied")
    high = tuple(place for place, name in enumerate(BANDS) if name in ("high", "very high"))
    if cell["at_risk"] == "yes":
        return Wanted(high, only, True, either=True)
    return Wanted((-1, *(place for place in range(len(BANDS)) if place not in high)), only, False)


def _past_people(timelines: Timelines, step: ScoreStep, cell: dict[str, Any]) -> list[str]:
    """Who was in the base at a snapshot (snapshot=), or in a tenth of the held out (decile=), all or what became of them."""
    known, what = step.learned, cell.get("what")
    if what is not None:
        checked_choice("what", what, WHATS)
    days = {one.day: _iso(one.day) for one in known.snapshots}
    day = (
        known.plan.test if "decile" in cell else next((at for at, said in days.items() if said == str(cell["snapshot"])), None)
    )
    if day is None:
        raise UnknownName("snapshot", str(cell.get("snapshot")), days.values())
    found = timelines.walk(known.snapshot(timelines, step.as_of, day)).rows
    ids, order = np.array(found["ids"].to_pylist(), object), np.argsort(found["hash"], kind="stable")
    ids, left = ids[order], found["left"][order]
    chosen = np.ones(len(ids), np.bool_)
    if "decile" in cell:
        if known.tested is None:
            raise UsageError("nothing was tested, so there are no deciles", known.why)
        tenth = decile_of(chances_used(known, known.tested))
        known_tenths = [str(one) for one in np.unique(tenth)]
        if str(cell["decile"]) not in (*known_tenths, "all"):
            raise UnknownName("decile", str(cell["decile"]), (*known_tenths, "all"))
        chosen &= True if cell["decile"] == "all" else tenth == int(cell["decile"])
    if what is not None:
        chosen &= (left == 1) == (what == "left")
    return [str(one) for one in ids[chosen]]


def _iso(day: int) -> str:
    from holdfast.timelines.zone import date_of

    return date_of(day).isoformat()


def _rules(step: ScoreStep, margin: float | None) -> dict[str, Any]:
    base, known = step.step.base, step.learned
    told = base.counting.words() if len(base.counting.names) <= 3 else f"any of {len(base.counting.names)} kinds of event"
    rules: dict[str, Any] = {"window": f"{known.plan.window} days", "clock": "calendar", "refunds": base.counting.mode}
    if base.contract is None:
        rules |= {"counting events": told, "base": "activity", "gone after": f"{base.gone_after} days"}
    else:
        rules |= {"base": "contract", "rhythm of": told}
    rules["model"] = "plain rule" if known.model is None else known.model.name
    if known.model is not None:
        rules["learned from"] = f"{known.rows:,} rows of {len(known.plan.late)} instants"
    rules["bands from"] = ", ".join(f"{cut:g}" for cut in step.cuts)
    rules["money"] = "revenue" if margin is None else "profit"
    return rules | scope_rules(step.scope, "first order" if not base.counting.names else "first counting event")


_TEXT = (
    "A row is a customer in the base at the as-of: with a counting event within gone after, or with a running contract. "
    "Risk is the probability of no counting event (or of no contract any more) at the end of the window after the as-of. It "
    "is learned at past instants whose window is over, from what was known then; the last of them is held out for the test. "
    "Logistic regression and boosted trees are compared on it by the Brier score, paired by customer: the simpler wins "
    "ties; a model that is worse than the plain rule of silence is not used. Scores are calibrated on customers that the "
    "model has not seen; where the latest base rate differs from what the features say, all log-odds are shifted to it. Low "
    "and high are the 95 % interval of the share who leave among customers with such a score, widened by how far all risks "
    "lay from what happened at the instant held out, or by how the level moved from window to window where that is more. "
    "Reasons are the kinds of features that add most to the log-odds against a typical customer, where she comes from apart; "
    "they go together with the risk and need not cause it. At stake is risk × the money of the last 365 days, what she brought "
    "and not what she would bring (holdfast value). Dissatisfied is who complained within 90 days, or whose last survey "
    "answer was at most 65 % of the top score."
)
