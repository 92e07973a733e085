"""Learning risk from the past: several instants, each with its window fully seen before the as-of; the last one held out.

    |--- history ---| early snapshots … |-- window --| test |-- window --| as-of

1. The *test* snapshot is the last whose window is over by the as-of. *Early* snapshots are those whose own window is over by
   the test snapshot: what could have been known then. The models learn from the early ones and are judged at the test snapshot.
2. Four are judged: the base rate (of the latest early snapshot), the plain recency rule (`recency`), logistic regression,
   boosted trees. Between the last two the simpler wins unless the trees' Brier is surely lower (paired by customer). A model
   that does worse than the recency rule is not used.
3. The chosen one learns again from the latest snapshots, the test one included.
4. Drift: where more or fewer left after the latest snapshot than the model says of its people (|z| > 1.96), the log-odds are
   shifted until they agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.risk.encoding import Table
from holdfast.analyses.risk.learners import Calibrated, calibrated, fit_logistic, fit_trees
from holdfast.analyses.risk.measures import Estimate, brier, difference, odds_to
from holdfast.analyses.risk.recency import Recency, recency_rule
from holdfast.analyses.risk.traces import FEATURES, KINDS, LOGGED, PLACE, RATIO, RATIOS, unlogged
from holdfast.analyses.risk.walk import WHOLE, Base, Rows, SnapshotStep
from holdfast.analyses.statistics import Z95
from holdfast.analyses.threads import one_thread

if TYPE_CHECKING:
    from holdfast.analyses.risk.traces import Traces
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["Learned", "Plan", "Snapshot", "Tested", "choice", "kinds_of", "learned", "plan_of", "simpler", "swing", "table_of"]

Floats = npt.NDArray[np.float64]

WINDOWS = 4
"""So many windows must fit into the data for a window to be chosen: history, early, test, and the one to come."""

LEAST_WINDOW = 14
SNAPSHOTS = 6
MOST_CUSTOMERS = 25_000
"""Beyond so many customers a sample of them, by the hash of the id, is learned from."""

LEAST = 40
"""Leavers and stayers among the early rows without whom nothing is learned; trees want LEAST_TREES of each."""

LEAST_TREES = 200
LEAST_TESTED = 5
FOLDS = 3
YEAR = 365


@dataclass(frozen=True)
class Plan:
    """Which snapshots there are: local day indexes of their last days.

    window  days · test  held out; None where there is none · early  those before, latest first · late  for the last fit
    """

    window: int
    test: int | None
    early: tuple[int, ...]
    late: tuple[int, ...]


def plan_of(first: int, last: int, window: int | None, gone_after: int) -> Plan:
    """The snapshots of data from a first to a last local day.

    window  None: gone_after where four such windows fit into the data, else a fourth of the data (in whole weeks, or months
            from 60 days on), at least 14 days
    """
    span = last - first + 1
    if window is None:
        fits = span // WINDOWS
        rounded = fits // 30 * 30 if fits >= 60 else fits // 7 * 7
        window = gone_after if gone_after <= fits else max(rounded, LEAST_WINDOW)
    step = max(window // 3, 7)
    test = last - window
    begins = first + min(window, YEAR) - 1

    def back(latest: int) -> tuple[int, ...]:
        return tuple(day for day in (latest - place * step for place in range(SNAPSHOTS)) if day >= begins)

    late = back(test)
    return Plan(window, test if late else None, back(test - window), late)


@dataclass(frozen=True)
class Snapshot:
    """What a past instant says: its last day, how many were in the base, how many of them left within the window."""

    day: int
    n: int
    left: int


@dataclass(frozen=True, eq=False)
class Tested:
    """What was found at the test snapshot.

    day · y  outcomes · hash  of the people · chances  by model: base rate, recency rule, logistic, trees
    trees_better  Brier of the logistic less that of the trees, paired; None without trees · model_better  of the recency rule
                  less that of the chosen · table  the rows (for the worth of each feature) · fitted  the models by name
    """

    day: int
    y: npt.NDArray[np.uint8]
    hash: npt.NDArray[np.uint64]
    chances: dict[str, Floats]
    table: Table
    fitted: dict[str, Calibrated]
    trees_better: Estimate | None = None
    model_better: Estimate | None = None


@dataclass(frozen=True, eq=False)
class Learned:
    """What was learned of risk as of an instant.

    plan · base · traces · sample  parts of WHOLE that were looked at · season  whether the time of the year is a feature
    model      None: the recency rule stands in its place, `why` says why
    recency    the plain rule as of now · tested  None where nothing could be tested
    snapshots  all that were looked at, the earliest first
    drift      z and shift of the log-odds at the latest snapshot (shift 0: none)
    swing      how far the level moved from window to window (`swing`) · span  days of data
    rows       the chosen model learned from so many · key  under which all this is kept
    """

    plan: Plan
    base: Base
    traces: Traces
    sample: int
    season: bool
    model: Calibrated | None
    why: str
    recency: Recency
    tested: Tested | None
    snapshots: tuple[Snapshot, ...]
    drift: tuple[float, float] = (0.0, 0.0)
    swing: float = 0.0
    span: int = 0
    rows: int = 0
    key: tuple[Any, ...] = field(default=())

    def snapshot(self, timelines: Timelines, as_of: AsOf, day: int) -> SnapshotStep:
        """The step that gave the rows of a past day."""
        return _step(timelines, as_of, self.base, self.traces, self.plan, day, self.sample, self.season)

    def chances(self, rows: Rows) -> tuple[Floats, Floats, Floats]:
        """Each row's risk with the bounds of its interval."""
        if self.model is None:
            return self.recency.chances(rows.numbers[:, PLACE["days silent"]])
        table = table_of(rows, self.season)
        return self.model.chances(table), *self.model.bounds(table)

    def middles(self) -> dict[str, float]:
        """The median of each feature among the rows learned from; empty for the rule."""
        if self.model is None:
            return {}
        found = self.model.learner.middles.tolist()
        return {name: unlogged(name, value) for name, value in zip(FEATURES, found, strict=False)}

    def parts(self, rows: Rows) -> Floats:
        """What each kind of feature adds to the log-odds against a typical customer [rows, KINDS]; nothing for the rule."""
        if self.model is None:
            return np.zeros((len(rows), len(KINDS)))
        table = table_of(rows, self.season)
        parts = self.model.learner.parts(table, kinds_of(rows.codes.shape[1], self.season), len(KINDS))
        return parts * self.model.line.slope


def table_of(rows: Rows, season: bool) -> Table:
    """The rows as models see them: the features alone, logarithms where they are wanted."""
    numbers = rows.numbers[:, : len(FEATURES)].copy()
    for name in LOGGED:
        place = PLACE[name]
        numbers[:, place] = np.log(numbers[:, place] + (RATIO if name in RATIOS else 1.0))
    return Table(numbers if season else numbers[:, :-2], rows.codes)


def kinds_of(origins: int, season: bool) -> npt.NDArray[np.int64]:
    """The kind of each source of a table: its place in KINDS."""
    names = list(FEATURES.values()) if season else list(FEATURES.values())[:-2]
    return np.array([KINDS.index(kind) for kind in names] + [KINDS.index("origin")] * origins, np.int64)


@dataclass(frozen=True)
class _Past:
    """The rows of several snapshots, each with its place."""

    rows: Rows
    day: npt.NDArray[np.int64]

    def of(self, days: tuple[int, ...]) -> _Past:
        chosen = np.isin(self.day, days)
        return _Past(self.rows.take(chosen), self.day[chosen])

    @property
    def folds(self) -> npt.NDArray[np.int64]:
        """By other bits of the hash than the sample's."""
        return np.asarray((self.rows.hash >> np.uint64(20)) % np.uint64(FOLDS), np.int64)


def learned(timelines: Timelines, as_of: AsOf, base: Base, traces: Traces, window: int | None) -> Learned:
    """Learn from the past of these timelines; the recency rule stands in where that cannot be done."""
    zone = timelines.zone
    first, last = zone.day_at(timelines.meta.first_second), zone.day_at(as_of.until - 1)
    plan = plan_of(first, last, window, base.gone_after if base.contract is None else 30)
    sample = min(WHOLE, -(-WHOLE * MOST_CUSTOMERS // max(timelines.customers, 1)))
    season = bool(plan.early) and plan.early[0] - plan.early[-1] >= YEAR
    days = tuple(sorted({*plan.early, *plan.late}))
    parts = [_rows(timelines, _step(timelines, as_of, base, traces, plan, day, sample, season)) for day in days]
    snapshots = tuple(Snapshot(day, len(part), int(part.left.sum())) for day, part in zip(days, parts, strict=True))
    rule = recency_rule(timelines, as_of, base, plan.window)
    fixed: dict[str, Any] = {
        "plan": plan, "base": base, "traces": traces, "sample": sample, "season": season, "recency": rule,
        "snapshots": snapshots, "span": last - first + 1,
    }  # fmt: skip
    why = _too_little(plan, dict(zip(days, parts, strict=True)))
    if why:
        return Learned(model=None, why=why, tested=None, **fixed)
    past = _Past(Rows.joined(parts), np.repeat(np.array(days), [len(part) for part in parts]))
    with one_thread("trees"):
        before = timelines.as_of(_date(plan.test or 0))
        tested = _tested(past, plan, season, recency_rule(timelines, before, base, plan.window))
        name, why = choice(tested)
        if name is None:
            return Learned(model=None, why=why, tested=tested, **fixed)
        late = past.of(plan.late)
        model, drift, moves = _fitted(name, late, season, plan.window)
        # How far it was off at the test, and how the level moved before, say how far the risks of now may be.
        off = _off(tested.y, tested.fitted[name].logits(tested.table))
        model = model.shifted(model.shift, max(off, moves))
    return Learned(model=model, why="", tested=tested, drift=drift, swing=moves, rows=len(late.rows), **fixed)


def _date(day: int) -> Any:
    from holdfast.timelines.zone import date_of

    return date_of(day)


def _step(
    timelines: Timelines, as_of: AsOf, base: Base, traces: Traces, plan: Plan, day: int, sample: int, season: bool
) -> SnapshotStep:
    until = timelines.zone.midnight(day + 1)
    end = day + plan.window
    later = min(timelines.zone.midnight(end + 1), as_of.until)
    return SnapshotStep(base, traces, day, until, plan.window, end, later, sample, season)


def _rows(timelines: Timelines, step: SnapshotStep) -> Rows:
    """The rows of a snapshot in the order of the hash, so that neither shards nor engines change what is learned."""
    found = timelines.walk(step).rows
    rows = Rows(*(found[name] for name in Rows.__dataclass_fields__))
    return rows.take(np.argsort(rows.hash, kind="stable"))


def _too_little(plan: Plan, parts: dict[int, Rows]) -> str:
    """Why nothing can be learned; empty where something can."""
    if plan.test is None or not plan.early:
        needed = 3 * plan.window
        return f"the data are too short: {needed:,} days are needed to learn and to test a window of {plan.window} days"
    early = sum(len(parts[day]) for day in plan.early)
    left = sum(int(parts[day].left.sum()) for day in plan.early)
    if min(left, early - left) < LEAST:
        return (
            f"only {left:,} left and {early - left:,} stayed at the earlier instants; {LEAST} of each are needed to learn from"
        )
    tested = parts[plan.test]
    k = int(tested.left.sum())
    if min(k, len(tested) - k) < LEAST_TESTED:
        return f"only {k:,} left and {len(tested) - k:,} stayed at the last instant; {LEAST_TESTED} of each are needed to test"
    return ""


def _fitted(name: str, past: _Past, season: bool, window: int) -> tuple[Calibrated, tuple[float, float], float]:
    """A calibrated model of past rows, shifted to the latest base rate where that has drifted: model, (z, shift), its swing."""
    table, y = table_of(past.rows, season), past.rows.left
    fit = fit_logistic if name == "logistic" else fit_trees
    model, unseen = calibrated(fit, table, y, past.rows.hash, past.folds)
    latest = past.day == past.day.max()
    z, shift = _drifted(y[latest], unseen[latest])
    return model.shifted(shift), (z, shift), swing(y, unseen, past.day, window)


def _drifted(y: npt.NDArray[Any], score: Floats) -> tuple[float, float]:
    """How far the outcomes lie from what was predicted, in standard errors, and the shift of the log-odds that mends it."""
    p = odds_to(score)
    z = float((y.sum() - p.sum()) / np.sqrt(max(float((p * (1 - p)).sum()), 1e-9)))
    return z, (0.0 if abs(z) <= Z95 else _mended(y, score))


def _off(y: npt.NDArray[Any], score: Floats) -> float:
    """How far the level lay from what happened, in log-odds, beyond what chance alone makes of so many customers."""
    shift = _mended(y, score)
    p = odds_to(score + shift)
    chance = 1 / max(float((p * (1 - p)).sum()), 1e-9)
    return float(np.sqrt(max(shift * shift - chance, 0.0)))


def swing(y: npt.NDArray[Any], score: Floats, day: npt.NDArray[np.int64], window: int) -> float:
    """How far the level moves from window to window beyond what the features and chance say: log-odds, root mean square.

    y, score, day  outcomes, calibrated log-odds and snapshots of rows
    """
    at, moved = {}, []
    for one in np.unique(day):
        chosen = day == one
        shift = _mended(y[chosen], score[chosen])
        p = odds_to(score[chosen] + shift)
        at[int(one)] = shift, 1 / max(float((p * (1 - p)).sum()), 1e-9)
    for one, (shift, chance) in at.items():
        following = min((other for other in at if other >= one + window), default=None)
        if following is not None:
            moved.append((at[following][0] - shift) ** 2 - chance - at[following][1])
    return float(np.sqrt(max(sum(moved) / len(moved), 0.0))) if moved else 0.0


def _mended(y: npt.NDArray[Any], score: Floats) -> float:
    """The shift of the log-odds that makes their mean what happened; 0 where all or none left."""
    shift = 0.0
    if y.sum() in (0, len(y)):
        return shift
    for _ in range(50):
        p = odds_to(score + shift)
        step = float((y.sum() - p.sum()) / max(float((p * (1 - p)).sum()), 1e-9))
        shift += float(np.clip(step, -1, 1))
        if abs(step) < 1e-10:
            break
    return shift


def _tested(past: _Past, plan: Plan, season: bool, rule: Recency) -> Tested:
    early, test = past.of(plan.early), past.of((plan.test or 0,))
    y, table = test.rows.left, table_of(test.rows, season)
    latest = early.of((plan.early[0],)).rows.left
    chances = {
        "base rate": np.full(len(y), float(latest.mean()) if len(latest) else float(early.rows.left.mean())),
        "recency": rule.chances(test.rows.numbers[:, PLACE["days silent"]])[0],
    }
    left = int(early.rows.left.sum())
    names = ["logistic", "trees"] if min(left, len(early.rows) - left) >= LEAST_TREES else ["logistic"]
    fitted = {name: _fitted(name, early, season, plan.window)[0] for name in names}
    chances |= {name: model.chances(table) for name, model in fitted.items()}
    better = difference(y, chances["logistic"], chances["trees"]) if "trees" in names else None
    name = simpler(better)
    return Tested(
        plan.test or 0, y, test.rows.hash, chances, table, fitted, better, difference(y, chances["recency"], chances[name])
    )


def simpler(better: Estimate | None) -> str:
    """The trees where their Brier score is surely the lower one, else the logistic regression.

    better  Brier of the logistic regression less that of the trees; None: no trees were tried
    """
    return "trees" if better is not None and (better.low or 0.0) > 0 else "logistic"


def choice(tested: Tested) -> tuple[str | None, str]:
    """The model to use, or None and why."""
    name = simpler(tested.trees_better)
    own, plain = (brier(tested.y, tested.chances[one]).value or 0.0 for one in (name, "recency"))
    if own > plain:
        return None, f"at the test the plain rule was nearer than the model (Brier {plain:.4f} against {own:.4f})"
    return name, ""
