"""What risk says in words: the answer in a few sentences, and what to keep in mind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.analyses.definitions import counted, long_date, percent
from holdfast.analyses.risk.measures import auc, brier, odds_to
from holdfast.analyses.risk.score import BANDS
from holdfast.analyses.risk.tables import Scored, expected_leavers, measured
from holdfast.analyses.risk.walk import WHOLE
from holdfast.analyses.scope import money
from holdfast.analyses.statistics import newcombe, wilson
from holdfast.timelines.zone import date_of

if TYPE_CHECKING:
    from holdfast.analyses.risk.score import ScoreStep
    from holdfast.analyses.risk.training import Learned
    from holdfast.settings import Settings

__all__ = ["notes", "words"]

MUCH = 0.2
"""Log-odds by which the level may be off at the test without a word."""


def words(scored: Scored, learned: Learned, settings: Settings, verb: str, high_from: float) -> str:
    """The answer in a few sentences; high_from is the lowest risk that is called high."""
    known = scored.total("customers")
    if not scored.n:
        return "Nobody is a customer at the as-of, so nobody can leave."
    if not known:
        return (
            f"No risk can be told of {counted(scored.n, 'customer')}: {learned.why}, and too little has ended yet to judge by."
        )
    told = expected_leavers(scored, slice(None), slice(0, len(BANDS)))
    share = told["expected"] / known
    high = scored.total("customers", (2, 3))
    part = 1 if settings.margin is None else settings.margin
    noun = "revenue" if settings.margin is None else "profit"
    value = (money(scored.total("value", (2, 3))) or 0.0) * part
    worth = f", with {value:,.0f} {settings.currency} of {noun} in the last 365 days" if value > 0 else ""
    unhappy = int(scored.sums["unhappy"][:, :2].sum())
    also = f" {unhappy:,} more {'shows' if unhappy == 1 else 'show'} dissatisfaction." if unhappy else ""
    return (
        f"Of {counted(known, 'customer')} about {told['expected']:,.0f} ({told['expected_low']:,.0f} to "
        f"{told['expected_high']:,.0f}; {percent(share)}) {verb} within {learned.plan.window} days; {high:,} "
        f"{'is' if high == 1 else 'are'} at high or very high risk ({high_from:.2g} and more){worth}.{also} {_quality(learned)}"
    )


def _quality(learned: Learned) -> str:
    tested = learned.tested
    if learned.model is None:
        return f"{_rule(learned)[0].upper()}{_rule(learned)[1:]} says so, for {learned.why}."
    assert tested is not None
    row = measured(tested.y, tested.chances[learned.model.name])
    plain = brier(tested.y, tested.chances["base rate"]).value or 0.0
    name = "logistic regression" if learned.model.name == "logistic" else "boosted trees"
    return (
        f"Tested on {row['n']:,} customers held out later in time ({name}): AUC {row['auc']:.3f} ({row['auc_low']:.3f} to "
        f"{row['auc_high']:.3f}), Brier {row['brier']:.3f} against {plain:.3f} of the base rate."
    )


def _rule(learned: Learned) -> str:
    return "the plain rule of silence" if learned.base.contract is None else "one rate for all contracts"


def notes(scored: Scored, step: ScoreStep, settings: Settings, shown: int, given: int | None) -> tuple[str, ...]:
    """What to keep in mind.

    shown  rows of the list · given  the window that was asked for; None: chosen here
    """
    out, learned = list[str](), step.learned
    if not scored.n:
        return ()
    if scored.n > step.most and shown:
        out.append(f"{scored.n - step.most:,} more: “limit” lists more of them, the CSV has all")
    if given is None and learned.base.contract is None and learned.plan.window != learned.base.gone_after:
        out.append(
            f"leaving is silence for {learned.plan.window} days here, not for the {learned.base.gone_after} after which one "
            "counts as gone: to learn and to test takes four windows, and there are "
            f"{counted(learned.span, 'day')} of data; “window” says otherwise"
        )
    if learned.model is None:
        how = "how silence of that length ended" if learned.base.contract is None else "how often contracts end"
        out.append(f"no model was learned: {learned.why}; in its place stands {_rule(learned)}: {how}")
    else:
        out += _of_the_model(learned)
    lacking = learned.traces.lacking()
    if lacking:
        out.append(f"the data do not tell, so the model does without: {', '.join(lacking)}")
    if learned.sample < WHOLE:
        share = learned.sample / WHOLE
        out.append(
            f"learned and tested on a sample of {percent(share)} of all customers, by the hash of the id; all are scored"
        )
    few = sorted(
        label for code, label in enumerate(scored.labels) if 0 < scored.sums["customers"][code].sum() < settings.small_group
    )
    if few:
        out.append(f"fewer than {settings.small_group} customers, read with care: {', '.join(few[:12])}")
    return tuple(out)


def _of_the_model(learned: Learned) -> list[str]:
    out, tested = [], learned.tested
    assert tested is not None
    assert learned.model is not None
    better = tested.trees_better
    if better is None:
        out.append("too few left or stayed for boosted trees; logistic regression alone was tried")
    elif better.value is not None and better.low is not None and better.high is not None:
        told = f"{_signed(better.value, 4)} ({_signed(better.low, 4)} to {_signed(better.high, 4)})"
        verdict = "so the trees are used" if learned.model.name == "trees" else "not surely better, so the simpler one is used"
        out.append(f"Brier of the logistic regression less that of the trees, paired by customer: {told}: {verdict}")
    return [*out, *_no_better(learned), *_off_told(learned), *_drift_told(learned), *_season_told(learned)]


def _no_better(learned: Learned) -> list[str]:
    """Whether it was of no sure use at the instant held out to tell customers apart."""
    tested, model = learned.tested, learned.model
    assert tested is not None
    assert model is not None
    found = auc(tested.y, tested.chances[model.name])
    if found.low is None or found.low > 0.5:
        return []
    return ["at the instant held out leavers were not surely told from the others (AUC 0.5 is chance): take the order lightly"]


def _off_told(learned: Learned) -> list[str]:
    """How far all risks lay from what happened at the instant held out, where that is much."""
    tested, model = learned.tested, learned.model
    assert tested is not None
    assert model is not None
    if model.off < MUCH:
        return []
    if model.off <= learned.swing:
        return [
            "the share that leaves moved from window to window by more than the features tell: how many will leave is less "
            "sure than who is likelier to, and all intervals are widened by as much"
        ]
    foretold, came = float(tested.chances[model.name].mean()), float(tested.y.mean())
    return [
        f"at the instant held out {percent(came)} left where {percent(foretold)} were foretold: how many will leave is less "
        "sure than who is likelier to, and all intervals are widened by as much"
    ]


def _signed(value: float, digits: int) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")


def _drift_told(learned: Learned) -> list[str]:
    out, (z, shift) = list[str](), learned.drift
    seen = {one.day: one for one in learned.snapshots}
    latest, before = seen[learned.plan.late[0]], [seen[day] for day in learned.plan.late[1:]]
    earlier = max(before, key=lambda one: one.day, default=None)
    if earlier is not None and earlier.n and latest.n:
        apart = newcombe(latest.left, latest.n, earlier.left, earlier.n)
        if apart is not None and (apart[1] > 0 or apart[2] < 0):
            out.append(
                f"the base rate drifts: {percent(latest.left / latest.n, *wilson(latest.left, latest.n))} left after "
                f"{long_date(date_of(latest.day))}, {percent(earlier.left / earlier.n)} after {long_date(date_of(earlier.day))}"
            )
    if shift:
        more, moved = ("more", "raised") if shift > 0 else ("fewer", "lowered")
        out.append(
            f"{more} left after {long_date(date_of(latest.day))} than their features say (z {_signed(z, 1)}): all risks are "
            f"{moved} to that base rate, by {_signed(shift, 2)} in log-odds; an even chance becomes "
            f"{percent(float(odds_to(shift)))}"
        )
    return out


def _season_told(learned: Learned) -> list[str]:
    """Of which months the risks are, where the season could not be learned."""
    if learned.season:
        return []
    plan = learned.plan
    days = (plan.late[-1] + 1, plan.late[0] + plan.window, plan.late[0] + plan.window + 1, plan.late[0] + 2 * plan.window)
    first, last, begin, end = (long_date(date_of(day)) for day in days)
    return [
        f"too few years to learn the seasons from: these are the risks of {first} to {last}; if {begin} to {end} is a quieter "
        "time more will leave, if a busier one fewer"
    ]
