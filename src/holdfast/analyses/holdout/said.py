"""What the holdout says: the models side by side, the words, the notes, the definition."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pyarrow as pa

from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.holdout.candidates import CANDIDATES
from holdfast.analyses.holdout.choice import Chosen, Contest, Tried
from holdfast.analyses.holdout.measures import Judged, judged
from holdfast.analyses.holdout.shown import MODELS, Forecast, covered
from holdfast.analyses.models.plain_rate import NAME as PLAIN
from holdfast.analyses.occasions import Occasions
from holdfast.analyses.statistics import wilson

__all__ = ["TEXT", "models_table", "notes", "nothing_words", "words"]

TEXT = (
    "Customers are those with a counting order up to the split; an order day is a local day with a counting order, and the "
    "first one does not count. Each model is fitted to what was known at the split, refunds included, and foretells the order "
    "days of each customer from the split to the as-of; the plain rate is hers before by the time since her first, over as "
    "long a time. Error is the foretold total by the real one, less 1; mae the mean of the absolute errors a customer. A 90 % "
    "interval is the shortest run of counts with at least that chance; the plain rate has none of its own. Tracking: expected "
    "is what is foretold of people of whom only the first order is known; conditional and the plain rate go on from what had "
    "come by the split. A model serves if the data can tell its parameters and it beats the plain rate in mae and in the "
    "total; of several the likeliest before the split, then NBD with silence, then the plain rate."
)


def models_table(found: Contest, best: Chosen, some: Occasions) -> pa.Table:
    """A row per model: what it foretold, how many intervals held, and why it does not serve.

    some  the customers whose intervals are worked out
    """
    return pa.Table.from_pylist([_model(one, found, best, some) for one in best.tried], MODELS)


def _model(one: Tried, found: Contest, best: Chosen, some: Occasions) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(MODELS.names)
    row |= {"model": one.model, "serves": one.model == best.model.fit.model, "why": one.why}
    row["identified"] = one.fit.identified if one.fit is not None and one.model in CANDIDATES else None
    if one.fit is not None and one.model in CANDIDATES:
        row["log_likelihood"] = one.fit.loglik
    if one.judged is not None:
        told = one.judged
        row |= {name: getattr(told, name) for name in ("customers", "expected", "actual", "mae", "rmse")}
        row |= {"error_share": _known(told.error), "correlation": _known(told.correlation)}
    if one.judged is not None and one.model != PLAIN:
        inside = covered(found.models[one.model], some).inside
        low, high = wilson(int(inside.sum()), len(inside))
        row |= {"coverage": float(inside.mean()), "low": low, "high": high}
    return row


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def nothing_words(n: int, small: int, split: date | None = None, before: int = 0, after: int = 0) -> str:
    """Why there is no holdout.

    n  customers in all · split  None: the history cannot be split · before, after  customers who had come back by then, and who
    came after it
    """
    if not n:
        return "Nobody has ordered yet: there is nothing to foretell."
    who = counted(n, "customer has", "customers have")
    if split is None:
        return f"{who} ordered, but there is no holdout: no day lies between the first order and the last day."
    return (
        f"{who} ordered, but there is no holdout: {before:,} had come back by {split}, and of those known then {after:,} came "
        f"after it; it takes {small} of each. Try “split” with another day, or ask again when more have come back."
    )


def words(told: Forecast, extra: dict[str, pa.Table], split: date) -> str:
    """The answer in two sentences."""
    name, later = told.model.fit.model, told.rows.later_x
    who = name if name != PLAIN else f"the {PLAIN}"
    ours, theirs = judged(told.expected, later), judged(told.plain, later)
    held = extra["coverage"].to_pylist()[-1]
    share = percent(held["share"], held["low"], held["high"])
    beside = (
        f"the plain rate {_total(theirs)}; the mean error a customer is {ours.mae:.2f} against {theirs.mae:.2f}"
        if name != PLAIN
        else f"the mean error a customer is {ours.mae:.2f}"
    )
    return (
        f"Of {counted(len(later), 'customer')} known on {split}, {ours.actual:,.0f} further order days came; {who} foretold "
        f"{_total(ours)}, {beside}. The 90 % intervals hold {share} of customers."
    )


def _total(one: Judged) -> str:
    said = "" if math.isnan(one.error) else f" ({100 * one.error:+.1f} %)".replace("-", "−")
    return f"{one.expected:,.0f}{said}"


def notes(best: Chosen, blind: Chosen, extra: dict[str, pa.Table], told: Forecast, small: int) -> tuple[str, ...]:
    """What to keep in mind."""
    name, shown = best.model.fit.model, told.model.fit.model
    out = [f"serves this shop: {best.why}", _untouched(name, blind)]
    if shown != name:
        out.append(f"shown is {shown}, not the model that serves ({name})")
    if best.customers < len(told.rows):
        out.append(
            f"models were fitted to {best.customers:,} of {len(told.rows):,} customers, every n-th, and compared by them"
        )
    n = extra["coverage"].to_pylist()[-1]["n"]
    if n < len(told.rows):
        out.append(f"intervals were worked out for {n:,} of {len(told.rows):,} customers, every n-th")
    few = [row["frequency"] for row in extra["frequency"].to_pylist() if 0 < row["customers"] < small]
    if few:
        out.append(f"fewer than {small} customers, read with care: frequency {', '.join(few)}")
    out += [*_missed(shown, extra["frequency"].to_pylist()), *_money(shown, *extra["money"].to_pylist())]
    watched = told.rows.day - int(told.rows.first.min())
    if watched < 365:
        out.append(
            f"{counted(watched, 'day')} before the split are less than a year: no model here knows the season that follows"
        )
    return tuple(out)


def _missed(name: str, rows: list[dict[str, Any]]) -> list[str]:
    """Of whom a model foretells surely too few or too many."""
    some = [row for row in rows if row["low"] is not None]
    few = ", ".join(row["frequency"] for row in some if row["expected"] < row["low"])
    many = ", ".join(row["frequency"] for row in some if row["expected"] > row["high"])
    parts = [f"too {how} of frequency {names}" for how, names in (("few", few), ("many", many)) if names]
    return [f"{name} foretold {' and '.join(parts)}: outside the 95 % interval of what came"] if parts else []


def _money(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """That the money was foretold no better than by the plain rates."""
    off, plain = abs(ours["expected"] - ours["actual"]), abs(theirs["expected"] - theirs["actual"])
    if name == PLAIN or not ours["actual"] or (ours["mae"] < theirs["mae"] and off < plain):
        return []
    return [
        f"in money {name} is no better than each customer's plain rates: {ours['expected']:,.0f} in total against "
        f"{theirs['expected']:,.0f}, of {ours['actual']:,.0f}; mean error {ours['mae']:,.2f} against {theirs['mae']:,.2f}"
    ]


def _untouched(name: str, blind: Chosen) -> str:
    """What the rule would have taken when nothing of the holdout was known."""
    theirs = blind.model.fit.model if blind.model.fit.model != PLAIN else f"the {PLAIN}"
    name = name if name != PLAIN else f"the {PLAIN}"
    how = f"by a holdout of its own after {blind.split}" if blind.split is not None else "by likelihood"
    if theirs == name:
        return (
            f"the holdout is untouched by the choice: on what was known at the split, the same rule took {theirs}, too, {how}"
        )
    return (
        f"the holdout has chosen {name} and is not untouched: on what was known at the split the same rule took {theirs}, {how}"
    )
