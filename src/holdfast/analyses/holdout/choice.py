"""Which model of buying serves this shop: the rule, and what it chose.

1. The time from the first order to the as-of is split, halfway unless said otherwise. Models are fitted to what was known at
   the split, and forecast how often each customer comes after it.
2. Of the models that the data identify, the one of the highest likelihood before the split is asked first; it serves if it
   foretells what came after the split better than the plain rate x / T, in the mean absolute error *and* in the total.
3. It is then fitted again to everything, and must be identified there, too. Where it is not, the next one is asked.
4. Then NBD with silence, on the same condition; then the plain rate itself.
5. Where there is too little on either side of a split, likelihood alone chooses among the identified; then NBD with silence.

The models see nothing of what came after the split, refunds of earlier orders included. The choice does: the holdout of the
choice is no untouched one (`question.py` says what an untouched one says).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from holdfast.analyses.definitions import counted
from holdfast.analyses.holdout.candidates import CANDIDATES, Known, competitors, fallback, halfway, known, plain
from holdfast.analyses.holdout.measures import Judged, judged
from holdfast.analyses.holdout.spending import Spending, in_money, spending
from holdfast.analyses.models.empirical import NAME as FALLBACK
from holdfast.analyses.models.plain_rate import NAME as PLAIN
from holdfast.analyses.models.plain_rate import own_rate
from holdfast.analyses.occasions import occasions
from holdfast.errors import UsageError

if TYPE_CHECKING:
    from holdfast.analyses.models.buying import Buying
    from holdfast.analyses.models.fitting import Fit
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["Chosen", "Contest", "Tried", "chosen", "contest", "split_date"]


@dataclass(frozen=True)
class Tried:
    """A model that was tried.

    model   its name · fit  before the split (or to everything where there is no split); None: it was not tried
    judged  its forecast of what came after the split; None where there is none
    why     why it does not serve; "" for the one that does
    """

    model: str
    fit: Fit | None
    judged: Judged | None
    why: str


@dataclass(frozen=True)
class Chosen:
    """The model of buying that serves this shop, fitted to everything up to the as-of, and the model of values.

    model      fitted; `model.fit.model` is its name, times are weeks
    spending   `mean(x, mean_value)` and `population_mean`: what an occasion is worth
    spending_why  in words, why this one, and where the money was foretold no better than by the plain rates
    why        in words, why this model
    tried      all of them in the order in which they were asked, each with what it foretold and why it does not serve
    plain      what the plain rate foretold; None where there was no split
    split      last day that the models knew when they were judged; None: the history is too short for a split
    customers  how many the choice stands on (a sample where there are many) · of  how many there are
    """

    model: Buying
    spending: Spending
    spending_why: str
    why: str
    tried: tuple[Tried, ...]
    plain: Judged | None
    split: date | None
    customers: int
    of: int

    @property
    def judged(self) -> Judged | None:
        """What the chosen model foretold of the time after the split; None where there was no split."""
        return next((one.judged for one in self.tried if not one.why), None)


@dataclass(frozen=True)
class Contest:
    """The models as they stood at the split, and what each foretold of the time after it.

    at       the split · before  what was known then, and what came later
    models   by name, fitted to what was known: those that compete, the fallback, the plain rate
    judged   by name; a model that the data cannot identify foretells nothing
    """

    at: date
    before: Known
    models: dict[str, Buying]
    judged: dict[str, Judged]


def contest(timelines: Timelines, as_of: AsOf, split: date | str | None = None) -> Contest | None:
    """The models at the split; None where the history is too short for one. Kept with the timelines; arguments of `chosen`."""
    at, kept = split_date(timelines, as_of, split), timelines.source.kept
    if at is None:
        return None
    key = ("contest", as_of.until, at)
    if key not in kept:
        kept[key] = _contest(timelines, as_of, at)
    found: Contest | None = kept[key]
    return found


def _contest(timelines: Timelines, as_of: AsOf, at: date) -> Contest | None:
    before, small = known(timelines, timelines.as_of(at), as_of), timelines.settings.small_group
    if before.repeaters < small or np.count_nonzero(before.rows.later_x) < small:
        return None
    base = fallback(before)
    models = {**competitors(before.histories), base.fit.model: base, PLAIN: plain(before, base)}
    told = {name: _foretold(model, before) for name, model in models.items() if model.fit.identified or model is base}
    return Contest(at, before, models, told)


def chosen(timelines: Timelines, as_of: AsOf, split: date | str | None = None) -> Chosen:
    """The model of buying that serves this shop; kept with the timelines.

    split  last day that the models know when they are judged; None: halfway from the first order to the as-of
    UsageError where nobody has ordered yet, or where the split lies outside.
    """
    key = ("chosen", as_of.until, None if split is None else str(split))
    kept = timelines.source.kept
    if key not in kept:
        kept[key] = _chosen(timelines, as_of, split)
    found: Chosen = kept[key]
    return found


def split_date(timelines: Timelines, as_of: AsOf, split: date | str | None) -> date | None:
    """The last day before the split; None where the history is too short to be split. UsageError: it lies outside."""
    whole = occasions(timelines, as_of)
    if not len(whole):
        raise UsageError("nobody has ordered yet", "models of buying need events of the kind Order Completed")
    if split is None:
        return halfway(whole)
    at = timelines.as_of(split)
    at = timelines.as_of(at.last)  # whole days: a time of day within the last one leaves nothing to foretell
    first = timelines.zone.midnight(int(whole.first.min()))
    if not first < at.until < as_of.until:
        raise UsageError(f"the split {split} is outside", f"give a day after the first order and before {as_of.last}")
    return at.last


def _chosen(timelines: Timelines, as_of: AsOf, split: date | str | None) -> Chosen:
    at, small = split_date(timelines, as_of, split), timelines.settings.small_group
    everything = known(timelines, as_of, most=None)
    found = contest(timelines, as_of, split)
    model, tried = _unsplit(everything, small) if found is None else _by_holdout(found, everything, as_of.last)
    yardstick = None if found is None else found.judged[PLAIN]
    values, why = spending(everything.rows, small)
    served = next(one for one in tried if not one.why)
    more = "" if found is None else _money_words(found, served.model, small)
    why = f"{why.rstrip('.')}. {more[0].upper()}{more[1:]}" if more else why
    return Chosen(
        model, values, why, _words(served, tried, yardstick, at), tried, yardstick, None if found is None else at,
        len((everything if found is None else found.before).rows), len(everything.rows),
    )  # fmt: skip


def _money_words(found: Contest, name: str, small: int) -> str:
    """What is to be said where orders were foretold better than by the plain rate, and money was not."""
    rows, histories = found.before.rows, found.before.histories
    if name == PLAIN or not rows.later_money.any():
        return ""
    weeks = (rows.until - rows.day) / histories.unit_days
    expected, plain = (
        rates[histories.place] for rates in (found.models[name].expected(histories, weeks), own_rate(histories) * weeks)
    )
    ours, theirs = in_money(expected, plain, rows, spending(rows, small)[0])
    if ours.beats(theirs):
        return ""
    once = rows.x == 0
    share = float(rows.later_money[once].sum() / rows.later_money.sum())
    return (
        f"the money after {found.at} was foretold no better than by each customer's own plain rates ({ours.expected:,.0f} in "
        f"total against {theirs.expected:,.0f}, of {ours.actual:,.0f}; mean absolute error {ours.mae:,.2f} against "
        f"{theirs.mae:,.2f}), but those give nothing to those who had come once, who brought {100 * share:.0f} % of it"
    )


def _by_holdout(found: Contest, everything: Known, last: date) -> tuple[Buying, tuple[Tried, ...]]:
    """Rules 2 to 4."""
    yardstick, fits = found.judged[PLAIN], found.models
    rivals = sorted((name for name in CANDIDATES if name in found.judged), key=lambda name: -fits[name].fit.loglik)
    rivals += [name for name in CANDIDATES if name not in rivals]
    tried: list[Tried] = []
    model: Buying | None = None
    for name in [*rivals, FALLBACK]:
        foretold = found.judged.get(name)
        why = _unidentified(fits[name].fit, "before the split") if foretold is None else ""
        if foretold is not None and not foretold.beats(yardstick):
            why = _worse(foretold, yardstick)
        if not why and model is not None:
            why = f"{model.fit.model} comes before it"
        elif not why:
            again = _again(name, everything)
            why = _unidentified(again.fit, f"up to {last}") if name in CANDIDATES and not again.fit.identified else ""
            model = model if why else again
        tried.append(Tried(name, fits[name].fit, foretold, why))
    spared = f"{model.fit.model} beats it" if model is not None else ""
    if model is None:
        model = plain(everything, fallback(everything))
    return model, (*tried, Tried(PLAIN, fits[PLAIN].fit, yardstick, spared))


def _again(name: str, everything: Known) -> Buying:
    """The model of a name fitted to everything."""
    from importlib import import_module

    if name not in CANDIDATES:
        return fallback(everything)
    found: Buying = import_module(CANDIDATES[name]).fitted(everything.histories)
    return found


def _unsplit(everything: Known, small: int) -> tuple[Buying, tuple[Tried, ...]]:
    """Rule 5."""
    if everything.repeaters < small:
        base, few = fallback(everything), f"only {counted(everything.repeaters, 'customer')} came back"
        skipped = [Tried(name, None, None, few) for name in CANDIDATES]
        return base, (*skipped, Tried(base.fit.model, base.fit, None, ""))
    fits = competitors(everything.histories)
    good = sorted((name for name in fits if fits[name].fit.identified), key=lambda name: -fits[name].fit.loglik)
    tried = [Tried(name, fits[name].fit, None, "" if name == good[0] else f"{good[0]} is likelier") for name in good]
    tried += [Tried(name, fits[name].fit, None, _unidentified(fits[name].fit, "")) for name in fits if name not in good]
    if good:
        return fits[good[0]], tuple(tried)
    base = fallback(everything)
    return base, (*tried, Tried(base.fit.model, base.fit, None, ""))


def _foretold(model: Buying, before: Known) -> Judged:
    weeks = (before.rows.until - before.rows.day) / before.histories.unit_days
    return judged(model.expected(before.histories, weeks)[before.histories.place], before.rows.later_x)


_UNCLEAR = "cannot tell its parameters"


def _unidentified(fit: Fit, when: str) -> str:
    """Why a fit cannot be believed, in words."""
    told = fit.why or "the search for its parameters did not come to rest"
    return f"the data{' ' + when if when else ''} {_UNCLEAR} ({told})"


def _worse(model: Judged, yardstick: Judged) -> str:
    """In what a model is no better than the plain rate."""
    parts = []
    if model.mae >= yardstick.mae:
        parts.append(f"mean absolute error {model.mae:.3f} against {yardstick.mae:.3f}")
    if abs(model.expected - model.actual) >= abs(yardstick.expected - yardstick.actual):
        parts.append(
            f"{model.expected:,.0f} orders in total against {yardstick.expected:,.0f}, of {model.actual:,.0f} real ones"
        )
    return f"no better than the plain rate: {', '.join(parts)}"


def _words(served: Tried, tried: tuple[Tried, ...], yardstick: Judged | None, split: date | None) -> str:
    if served.judged is None or yardstick is None:
        short = "the history is too short to be split" if split is None else f"too few came back before or after {split}"
        how = "chosen by likelihood" if served.model in CANDIDATES else "the fallback"
        head = f"{served.model}, {how}: {short}, so no holdout speaks for it"
    elif served.model == PLAIN:
        head = f"The plain rate: no model foretold the orders after {split} better"
    else:
        ours, theirs = served.judged, yardstick
        head = (
            f"{served.model}: it foretold the orders after {split} better than the plain rate (mean absolute error "
            f"{ours.mae:.3f} against {theirs.mae:.3f}; {ours.expected:,.0f} in total against {theirs.expected:,.0f}, "
            f"of {ours.actual:,.0f})"
        )
    return ". ".join([head, *_aside(tried[: tried.index(served)])])


def _aside(tried: tuple[Tried, ...]) -> list[str]:
    """Who steps aside, and why: those that the data cannot tell in one sentence."""
    unclear = [one.model for one in tried if _UNCLEAR in one.why]
    told = []
    if unclear:
        names, first = " and ".join([", ".join(unclear[:-1]), unclear[-1]] if unclear[1:] else unclear), unclear[0]
        why = next(one.why for one in tried if one.model == first)
        theirs = "their" if unclear[1:] else "its"
        told.append(f"{names} step{'' if unclear[1:] else 's'} aside: {why.replace('its', theirs, 1)}")
    return told + [f"{one.model} steps aside: {one.why}" for one in tried if one.model not in unclear]
