"""Drivers: which behaviour of the first days goes together with staying (SEMANTICS 32).

1. A customer enters with her first event (or first order). Behaviours are counted in her first d local days, staying on the
   h days after them; only customers whose days are all over count. So nobody had to stay in order to do what is compared.
2. A behaviour is an event, or a value of a property carried by an event. Done at least n times is compared with done fewer
   times. A property that hardly any customer changes is an attribute: its values are had or not (`drivers/behaviours.py`).
3. The comparison is made among customers alike: who entered in the same period (tenure), whose first order in the first days
   was as large (none, or which third; ordering itself is compared without), and who were as active in the first days. An event
   counts as activity as far as those who do more of all else do more of it; the behaviour's own events count too. Other ways to
   hold activity equal let what active customers do anyway pass: docs/definitions/drivers.md shows the trial that decided it.
   A value adds no event, it is what an event was about: for values all events count as activity, in full.
4. The surest event (up to three, one after the other) no longer counts as activity when the others are compared: more of it
   means, at the same activity, less of all else, and all else would seem to go together with leaving.
5. p is that of the Cochran-Mantel-Haenszel test, times the thresholds tried, then adjusted over all behaviours
   (Benjamini-Hochberg). Under 0.05 a behaviour passes. What passes goes together with staying; it need not cause it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import defined, percent, scope_rules
from holdfast.analyses.drivers.behaviours import EVENT, SAMPLE, Behaviours, attributes_told, behaviours_of
from holdfast.analyses.drivers.tables import driver_rows, threshold_rows
from holdfast.analyses.drivers.tested import ALPHA, Best, Threshold, best_of_each, nearly_the_same, thresholds
from holdfast.analyses.drivers.walk import (
    FULL,
    CountStep,
    LookStep,
    MomentStep,
    PairStep,
    Wanted,
    weights_of,
)
from holdfast.analyses.first_days import LEFT, STAYED, Window, staying_told, told_days, window_of
from holdfast.analyses.scope import Condition, Scope
from holdfast.analyses.strata import ADJUSTABLE, EVERYONE_ALIKE, strata_of
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import Moment

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["WHAT", "Drivers", "points"]

WHAT: dict[str, tuple[bool | None, int | None]] = {
    "did": (True, None),
    "did and stayed": (True, STAYED),
    "did and left": (True, LEFT),
    "did not": (False, None),
    "did not and stayed": (False, STAYED),
    "did not and left": (False, LEFT),
}
"""Who stands behind a number: did it or not (None: either), stayed or left."""

Compared = tuple[list[list[Threshold]], Any, dict[str, Any]]
Pair = tuple[str, str, float]

MOST_TIMES = 50
MOST_SUREST = 3
"""So many of the surest events are left out of activity when the others are compared."""

FEW_ALIKE = 0.05
"""Where a smaller share of the customers stands in strata of both groups, a note says so."""


@dataclass(frozen=True)
class Drivers(Question):
    """Which behaviours of the first days go together with staying.

    first_days     d: behaviours are counted on days 0 to d - 1 of each customer
    horizon_days   h: who has a counting event on days d to d + h - 1 stayed
    start          what enters: "any" event, "orders", or names of events; None: "orders" where staying is seen by orders, so
                   that buyers are compared with buyers, else "any"
    staying        what counts as staying: "any", "orders", names; None: as the settings say; where they name nothing, any
                   activity of the customer's own where the data hold more of it than orders, else orders (`own_activity`)
    touched        properties whose values count as behaviours, done n times; None: every kept one with at most 50 values, those
                   that hardly vary within a customer only as had or not
    most           thresholds tried: at least 1 to `most` times
    adjust         what customers are held alike in: "tenure", "basket", "activity"
    as_of          the instant up to which rows count · where, moment  conditions, at the entry or now

    Table: a row a behaviour, the surest first, at the threshold n that separates best: who did and the others, how many stayed,
    the plain difference and the one within strata, p and p adjusted for all tests, finding ("stay more", "stay less", "no
    difference shown", "not testable" with the reason). Extra table: thresholds, a row a behaviour and n.
    People: behaviour="Product Viewed", n=3, what="did" | "did not", alone or with " and stayed" | " and left".
    """

    first_days: int = 7
    horizon_days: int = 60
    start: str | tuple[str, ...] | None = None
    staying: str | tuple[str, ...] | None = None
    touched: tuple[str, ...] | None = None
    most: int = 5
    adjust: tuple[str, ...] = ADJUSTABLE
    as_of: date | datetime | str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        for name in self.adjust:
            checked_choice("adjust", name, ADJUSTABLE)
        if not isinstance(self.most, int) or not 1 <= self.most <= MOST_TIMES:
            raise UsageError(f"most cannot be {self.most!r}", f"give how many times at most to try, 1 to {MOST_TIMES}")

    def window(self, timelines: Timelines, as_of: AsOf) -> Window:
        """Who enters, the first days and the time in which staying is looked at."""
        return window_of(
            *(timelines, as_of), start=self.start, staying=self.staying, first_days=self.first_days,
            horizon_days=self.horizon_days, scope=Scope(where=self.where, moment=self.moment),
        )  # fmt: skip

    def answer(self, timelines: Timelines) -> Answer:
        """Walk twice: once to cut the strata, once to count."""
        as_of = timelines.as_of(self.as_of)
        window, behaviours = self.window(timelines, as_of), behaviours_of(timelines.meta, self.touched)
        if self.touched is None:
            behaviours = attributes_told(behaviours, timelines, as_of)
        every, cells, said = self._compared(timelines, window, behaviours)
        best = best_of_each(every)
        n, stayed = int(cells.sum()), int(cells[:, 1].sum())
        same = self._same(timelines, window, behaviours, best)
        return Answer(
            question=self,
            words=_words(best, n, stayed, behaviours, self),
            table=driver_rows(best, n),
            definition=self._definition(timelines, window, said, n),
            source=timelines,
            notes=_notes(best, same, window, behaviours, n, timelines),
            extra={"thresholds": threshold_rows(every)},
        )

    def _compared(self, timelines: Timelines, window: Window, behaviours: Behaviours) -> Compared:
        """The thresholds of every behaviour, everyone's cells, and what the definition says of the strata.

        Events: the surest one keeps its thresholds and is left out of the activity in which the others are held alike; so on.
        """
        surest: dict[str, list[Threshold]] = {}
        moments = timelines.walk(MomentStep(window)).sums
        weights, codes = weights_of(moments["moments"], moments["n"]), timelines.meta.events
        events = behaviours.part(of_events=True)
        while True:
            weights = tuple(0 if codes[code] in surest else weight for code, weight in enumerate(weights))
            found, cells, said = self._tested(timelines, window, events, weights)
            every = [surest.get(own[0].behaviour, own) for own in found]
            following = next((one for one in best_of_each(every) if one.passes and one.at.behaviour not in surest), None)
            if following is None or "activity" not in self.adjust or len(surest) == MOST_SUREST:
                break
            surest[following.at.behaviour] = every[events.names.index(following.at.behaviour)]
        values = behaviours.part(of_events=False)
        if values.names:
            each = (0, *([FULL] * (len(weights) - 1)))
            every += self._tested(timelines, window, values, each)[0]
        return every, cells, said | ({"activity without": ", ".join(surest)} if surest else {})

    def _tested(self, timelines: Timelines, window: Window, behaviours: Behaviours, weights: tuple[int, ...]) -> Compared:
        """The comparison with these weights of the events as signs of activity."""
        look = timelines.walk(LookStep(window, weights))
        strata, said = strata_of(self.adjust, timelines, window, look, len(behaviours.names) * self.most)
        sums = timelines.walk(CountStep(window, behaviours, strata, self.most, weights)).sums
        return thresholds(sums, behaviours, strata, timelines.settings.small_group), sums["all"], said

    def _same(self, timelines: Timelines, window: Window, behaviours: Behaviours, best: list[Best]) -> list[Pair]:
        """The pairs of tested behaviours that nearly the same customers did."""
        tested = {one.at.behaviour for one in best if one.p is not None}
        looked = [(place, name) for place, name in enumerate(behaviours.names) if name in tested]
        if len(looked) < 2:
            return []
        sampled = min((1 << 64) - 1, (1 << 64) * SAMPLE // max(timelines.customers, 1))
        sums = timelines.walk(PairStep(window, behaviours, sampled)).sums
        return nearly_the_same(sums["pairs"], int(sums["sample"]), looked)

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers who did a behaviour at least n times, or did not; what= says which (see `WHAT`)."""
        checked_cell(cell, "behaviour", "n", "what")
        as_of = timelines.as_of(self.as_of)
        behaviours = behaviours_of(timelines.meta, self.touched)
        name, least, what = cell.get("behaviour"), cell.get("n", 1), cell.get("what", "did")
        if name not in behaviours.names:
            raise UnknownName("behaviour", str(name), behaviours.names)
        if what not in WHAT:
            raise UnknownName("what", str(what), WHAT)
        if not isinstance(least, int) or least < 1:
            raise UsageError(f"n cannot be {least!r}", "give how many times at least, from 1")
        wanted = Wanted(behaviours.names.index(name), least, *WHAT[what])
        nothing = (0,) * max(len(timelines.meta.events), 1)
        step = CountStep(self.window(timelines, as_of), behaviours, EVERYONE_ALIKE, 1, nothing, wanted)
        return People(tuple(sorted(timelines.walk(step).rows["customer"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """A forest: each behaviour's difference within strata with its interval, the plain one beside it."""
        from holdfast.charts.drivers import forest

        return forest(answer.table.to_pylist(), title="What goes together with staying", subtitle=answer.words)

    def _definition(self, timelines: Timelines, window: Window, said: dict[str, Any], n: int) -> Any:
        rules = {"clock": "calendar", **window.rules(), "at least": f"1 to {self.most} times", **said}
        rules |= scope_rules(window.scope, "entry")
        names = (ORDER,) if window.staying is None else window.staying
        title = "What do those who stay do in their first days?"
        return defined(timelines, window.as_of, title=title, text=_TEXT, rules=rules, n=n, names=names)


def done(at: Threshold, behaviours: Behaviours, days: str) -> str:
    """A behaviour with its threshold in words: did Product Viewed at least 3 times in the first 7 days; had country=Germany."""
    if at.kind in behaviours.attributes:
        return f"had {at.behaviour}"
    often = "" if at.n == 1 else f" at least {at.n} times"
    return f"{'did' if at.kind == EVENT else 'touched'} {at.behaviour}{often} in the {days}"


def points(difference: float | None, low: float | None = None, high: float | None = None) -> str:
    """A difference of shares in words: +4.2 points, or with its interval +4.2 points (+1.0 to +7.4)."""
    if difference is None:
        return "n/a"
    interval = "" if low is None or high is None else f" ({100 * low:+.1f} to {100 * high:+.1f})"
    return f"{100 * difference:+.1f} points{interval}".replace("-", "−")


def _words(best: list[Best], n: int, stayed: int, behaviours: Behaviours, question: Drivers) -> str:
    if n == 0:
        return (
            f"Nobody has been observed for {question.first_days + question.horizon_days} days yet: "
            "what goes together with staying cannot be said."
        )
    passed = [one for one in best if one.passes]
    tested = sum(one.p is not None for one in best)
    if not tested:
        return f"{percent(stayed / n)} of {n:,} stayed; no behaviour could be tested: everyone did it, or too few did."
    if not passed:
        return f"{percent(stayed / n)} of {n:,} stayed; of {tested:,} behaviours none goes with it beyond chance."
    at = passed[0].at
    more = "more" if passed[0].finding == "stay more" else "less"
    rest = f" {len(passed):,} of {tested:,} behaviours tested {'passes' if len(passed) == 1 else 'pass'}." if tested > 1 else ""
    return (
        f"Customers who {done(at, behaviours, told_days(question.first_days))} stay {more} often "
        f"({percent(at.did_stayed / at.did)} of {at.did:,} against {percent(at.others_stayed / at.others)} of {at.others:,}; "
        f"among customers alike {points(at.within.difference if at.within else None)}): together with it, not because of "
        f"it.{rest}"
    )


def _notes(
    best: list[Best], same: list[Pair], window: Window, behaviours: Behaviours, n: int, timelines: Timelines
) -> tuple[str, ...]:
    notes = ["a difference says what goes together, not what causes what: for that a control group is needed"]
    notes += staying_told(window, timelines)
    if behaviours.attributes:
        listed = ", ".join(behaviours.attributes)
        notes.append(f"hardly any customer has two values, compared as had or not: {listed}; “touched” counts how often")
    small = timelines.settings.small_group
    if 0 < n < small:
        notes.append(f"only {n} customers are observed long enough, fewer than {small}: read with care")
    notes += [f"{one} and {other} are done by nearly the same customers (phi {phi:.2f})" for one, other, phi in same[:4]]
    if len(same) > 4:
        notes.append(f"{len(same) - 4} further pairs of behaviours are done by nearly the same customers")
    unlike = [f"{one.at.behaviour} {percent(share)}" for one in best if one.passes and (share := _compared(one, n)) < FEW_ALIKE]
    if unlike:
        notes.append(f"few customers alike differ in it, read with care (share compared): {', '.join(unlike[:6])}")
    opposed = [one.at.behaviour for one in best if one.passes and _turns(one)]
    notes += [f"among customers alike, {name} goes the other way than at first sight" for name in opposed[:5]]
    return tuple(notes)


def _compared(one: Best, n: int) -> float:
    return one.at.within.compared / n if one.at.within is not None and n else 0.0


def _turns(one: Best) -> bool:
    at = one.at
    plain = at.did_stayed * at.others - at.others_stayed * at.did
    return at.within is not None and plain * (at.within.difference or 0.0) < 0


_TEXT = (
    "A customer enters with her first event of the kind named. Behaviours are counted in her first days; she stayed when a "
    "counting event falls on the days named, all later. Only customers whose days are all over at the as-of count. For each "
    "behaviour, those who did it at least n times are compared with all others among customers alike (Mantel-Haenszel "
    "difference with the interval of Sato, Greenland and Robins; Cochran-Mantel-Haenszel test). The n with the largest "
    "chi-square is shown; its p is multiplied by the thresholds tested, then adjusted over all behaviours "
    f"(Benjamini-Hochberg). Under {ALPHA} a behaviour passes. It goes together with staying; it need not cause it."
)
