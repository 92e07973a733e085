"""Breadth: how many different features customers use, and whether those who use more in their first days stay.

1. A feature is an event, or a value of a property (`feature` where the data keep one). Each counts once a customer.
2. Breadth of the first days is of customers observed to the end of the staying days; breadth ever of all who entered.
3. The share that stays by breadth is tested for a trend (Cochran-Armitage). Who uses more features is also more active: those
   with more than `few` are compared with the others among customers alike, who had as many events in their first days.
4. Nothing of this says that a feature makes people stay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.breadth.tables import FEW_USE, alike_table, early_table, ever_table, trend_table, used_table
from holdfast.analyses.definitions import counted, defined, percent, scope_rules
from holdfast.analyses.drivers import points
from holdfast.analyses.drivers.behaviours import EVENT
from holdfast.analyses.first_days import LEFT, STAYED, Window, staying_told, told_days, window_of
from holdfast.analyses.scope import Condition, Scope
from holdfast.analyses.strata import ADJUSTABLE
from holdfast.analyses.use_walk import MOST_FEATURES, Features, Use, UseStep, even_strata, features_of
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import Moment
from holdfast.timelines.periods import Periods

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import pyarrow as pa

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["USUAL_FEATURES", "Breadth"]

USUAL_FEATURES = ("feature", "feature_name")
"""Properties that name a feature; the first that is kept is taken."""

WHAT: dict[str, int | None] = {"customers": None, "stayed": STAYED, "left": LEFT}
USE: dict[str, bool | str] = {"used": True, "not used": False, "only": "only", "show": "show"}


@dataclass(frozen=True)
class Breadth(Question):
    """How many features customers use, and whether those who use more in their first days stay.

    features   "event", or a property whose values are the features; None: `feature` where it is kept, else the events
    few        so many features or fewer are few
    first_days, horizon_days, start, staying, adjust  as in `Drivers`
    as_of      the instant up to which rows count · where, moment  conditions, at the entry or now

    Table: a row a number of features used in the first days (10: 10 or more): customers, share of all, stayed, stay_share.
    Extra tables: ever (customers by number of features ever), used (a row a feature, the least used first: customers, share,
    only, show: who uses few features and not this one), trend, alike (more than few against few among customers alike).
    People: features=3, what="customers" | "stayed" | "left"; features=3, when="ever"; feature="Wishlist", what="used" |
    "not used" | "only" | "show"; nothing: all who came.
    """

    features: str | None = None
    few: int = 2
    first_days: int = 7
    horizon_days: int = 60
    start: str | tuple[str, ...] | None = None
    staying: str | tuple[str, ...] | None = None
    adjust: tuple[str, ...] = ADJUSTABLE
    as_of: date | datetime | str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        for name in self.adjust:
            checked_choice("adjust", name, ADJUSTABLE)
        if not isinstance(self.few, int) or not 1 <= self.few < MOST_FEATURES:
            raise UsageError(f"few cannot be {self.few!r}", f"give a number of features, 1 to {MOST_FEATURES - 1}")

    def answer(self, timelines: Timelines) -> Answer:
        """Walk twice: once to cut the strata, once to count."""
        as_of = timelines.as_of(self.as_of)
        step, said = self._step(timelines, as_of)
        sums = timelines.walk(step).sums
        early, used = early_table(sums), used_table(sums, step.features.names)
        alike = alike_table(sums["early"], self.few, timelines.settings.small_group)
        return Answer(
            question=self,
            words=_words(early, alike, step.features, self),
            table=early,
            definition=self._definition(timelines, step, said, int(sums["entered"].sum())),
            source=timelines,
            notes=(*_notes(early, used, timelines), *staying_told(step.window, timelines)),
            extra={"ever": ever_table(sums), "used": used, "trend": trend_table(sums["early"]), "alike": alike},
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers with a number of features (in the first days or ever), or by the use of one feature."""
        checked_cell(cell, "features", "when", "what", "feature")
        step, _ = self._step(timelines, timelines.as_of(self.as_of))
        wanted = _of_feature(cell, step.features) if "feature" in cell else _of_number(cell) if cell else Use()
        found = timelines.walk(replace(step, wanted=wanted)).rows["customer"]
        return People(tuple(sorted(found.to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The share that stays by number of features used in the first days, above how many customers use so many."""
        from holdfast.charts.breadth import staying_by_breadth

        return staying_by_breadth(answer.table.to_pylist(), title="Features used in the first days", subtitle=answer.words)

    def _step(self, timelines: Timelines, as_of: AsOf) -> tuple[UseStep, dict[str, Any]]:
        window = self._window(timelines, as_of)
        features = features_of(timelines.meta, self.features, USUAL_FEATURES)
        strata, said = even_strata(timelines, window, self.adjust)
        first = timelines.zone.day_at(timelines.meta.first_second)
        whole = Periods.covering("year", first, max(as_of.day, first), timelines.settings.week_start)
        return UseStep(window, features, strata, self.few, whole.of_day().clip(0), len(whole)), said

    def _window(self, timelines: Timelines, as_of: AsOf) -> Window:
        return window_of(
            *(timelines, as_of), start=self.start, staying=self.staying, first_days=self.first_days,
            horizon_days=self.horizon_days, scope=Scope(where=self.where, moment=self.moment),
        )  # fmt: skip

    def _definition(self, timelines: Timelines, step: UseStep, said: dict[str, Any], n: int) -> Any:
        rules = {"clock": "calendar", "features": _plural(step.features), "few": self.few, **step.window.rules(), **said}
        rules |= scope_rules(step.window.scope, "entry")
        names = (ORDER,) if step.window.staying is None else step.window.staying
        title = "How many features do customers use, and do those who use more stay?"
        return defined(timelines, step.window.as_of, title=title, text=_TEXT, rules=rules, n=n, names=names)


def _of_number(cell: dict[str, Any]) -> Use:
    """Who has that number of features."""
    number, when, what = cell.get("features"), cell.get("when", "first days"), cell.get("what", "customers")
    if not isinstance(number, int) or not 0 <= number <= MOST_FEATURES:
        raise UsageError(f"features cannot be {number!r}", f"give a number, 0 to {MOST_FEATURES} ({MOST_FEATURES}: or more)")
    if when not in ("first days", "ever"):
        raise UnknownName("when", str(when), ("first days", "ever"))
    if what not in WHAT:
        raise UnknownName("what", str(what), WHAT)
    if when == "ever" and what != "customers":
        raise UsageError(f"{what} is told of the first days alone", 'leave when="ever" out')
    return Use(ever=number) if when == "ever" else Use(early=number, stayed=WHAT[what])


def _of_feature(cell: dict[str, Any], features: Features) -> Use:
    """Who used a feature, or did not, or could be shown it."""
    name, what = cell["feature"], cell.get("what", "used")
    if name not in features.names:
        raise UnknownName("feature", str(name), features.names)
    if what not in USE:
        raise UnknownName("what", str(what), USE)
    if {"features", "when"} & cell.keys():
        raise UsageError("a feature and a number of features are two questions", "give feature=, or features=")
    return Use(feature=features.names.index(name), used=USE[what])


def _plural(features: Features) -> str:
    return "events" if features.source == EVENT else f"values of {features.source}"


def _words(early: pa.Table, alike: pa.Table, features: Features, question: Breadth) -> str:
    rows = early.to_pylist()
    n = sum(row["customers"] for row in rows)
    if not n:
        days = question.first_days + question.horizon_days
        return f"Nobody has been observed for {days} days yet: breadth and staying cannot be said."
    if len(features.names) <= question.few:
        return f"The data tell {counted(len(features.names), 'feature')} apart: too few to say how broadly they are used."
    few = sum(row["customers"] for row in rows if row["features"] <= question.few)
    more, others, test = alike.to_pylist()
    said = (
        f"{percent(few / n)} of {n:,} customers used {question.few} features or fewer of {len(features.names):,} in the "
        f"{told_days(question.first_days)}."
    )
    if not more["n"] or not others["n"]:
        return said
    said += f" Of those who used more, {percent(more['share'])} stayed, of the others {percent(others['share'])}"
    if test["share"] is None:
        return f"{said}: together with it, not because of it."
    told = points(test["share"], test["low"], test["high"])
    return f"{said}; among customers alike {told}: together with it, not because of it."


def _notes(early: pa.Table, used: pa.Table, timelines: Timelines) -> tuple[str, ...]:
    small = timelines.settings.small_group
    notes = ["more features and staying go together; for a cause a control group is needed"]
    few = [str(row["features"]) for row in early.to_pylist() if 0 < row["customers"] < small]
    if few:
        notes.append(f"fewer than {small} customers, read with care: {', '.join(few)} features")
    if any(row["features"] == MOST_FEATURES for row in early.to_pylist()):
        notes.append(f"{MOST_FEATURES} features stand for {MOST_FEATURES} or more")
    rare = [row["feature"] for row in used.to_pylist() if row["share"] is not None and row["share"] < FEW_USE]
    if rare:
        notes.append(f"used by fewer than {percent(FEW_USE)} of the customers: {', '.join(rare[:8])}")
    return tuple(notes)


_TEXT = (
    "A customer enters with her first event of the kind named. Her breadth is the number of different features she used in her "
    "first days (of customers whose staying days are over), or ever. Stayed: a counting event on the days named, all after the "
    "first days. Trend: Cochran-Armitage over the number of features. Alike: more than few features against few, within strata "
    "of customers who had as many events in their first days (Mantel-Haenszel, Sato's interval). Show: who uses few features "
    "and has never used this one."
)
