"""Reasons in words: what goes together with a customer's risk, the kinds that add most to it first.

A kind's part is what its features add to the log-odds against a typical customer (`Learner.parts`). Words tell what is seen,
such as "orders every 31 days, now 74 without"; they never say "because". A number that says little by itself stands beside the
median of those learned from. Reasons are what a customer does: where she comes from (country, channel, device) is in the model,
often as one of many rare values, and is no reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.definitions import counted
from holdfast.analyses.risk.loops import COMPLAINT_DAYS, MAIL_DAYS, VISIT_DAYS
from holdfast.analyses.risk.traces import KINDS, PLACE

__all__ = ["LEAST_PART", "NOTHING", "Wording", "main_kinds", "reasons_of", "unhappy"]

LEAST_PART = 0.1
"""Log-odds below which a kind is no reason: 0.1 raises an even chance by two and a half points."""

MOST_REASONS = 3
NOTHING = "nothing stands out"
LOW_SCORE = 0.65
"""A last answer up to this share of the scale's top is one of discontent: 6 of 10, 3 of 5 and below."""


@dataclass(frozen=True)
class Wording:
    """How a business calls what counts, and its properties.

    verb    "orders", or "comes" where other events count · noun  "order", "active day"
    window  days that are lately · origins  properties that the model knows · currency  of money
    middles  the median of each feature among those learned from
    """

    verb: str
    noun: str
    window: int
    origins: tuple[str, ...] = ()
    currency: str = ""
    middles: Mapping[str, float] = field(default_factory=dict)

    def told(self, kind: str, numbers: npt.NDArray[np.float64]) -> str | None:
        """A kind of reason in words; None where there is nothing to say, as of origin and season.

        numbers  [features and extras] of one customer
        """
        found = _TOLD.get(kind)
        return None if found is None else found(self, {name: float(numbers[place]) for name, place in PLACE.items()})

    def beside(self, name: str, value: float, digits: int = 0) -> str:
        """The median of a feature, where a value differs from it: " (half: 9 or more)"."""
        middle = self.middles.get(name, float("nan"))
        if not _known(middle) or f"{middle:.{digits}f}" == f"{value:.{digits}f}":
            return ""
        return f" (half: {middle:,.{digits}f} or {'more' if value < middle else 'less'})"


def _known(value: float) -> bool:
    return bool(np.isfinite(value))


def _days(value: float) -> str:
    return counted(round(value), "day")


def _ago(value: float) -> str:
    return "today" if round(value) == 0 else f"{_days(value)} ago"


def _rhythm(wording: Wording, row: dict[str, float]) -> str | None:
    silent = row["days silent"]
    if not _known(silent):
        return None
    if not _known(row["usual interval"]):
        once = "ordered once" if wording.noun == "order" else "came on one day"
        return f"{once}, {_ago(silent)}"
    every = max(round(row["usual interval"]), 1)
    often = "every day" if every == 1 else f"every {every:,} days"
    if silent > row["usual interval"]:
        return f"{wording.verb} {often}, now {silent:,.0f} without"
    if _known(row["gap trend"]) and row["gap trend"] >= 1.25:
        return f"{wording.verb} {often}, lately {row['gap trend']:.1f} times as far apart as before"
    return f"{wording.verb} {often}, the last time {_ago(silent)}"


def _frequency(wording: Wording, row: dict[str, float]) -> str | None:
    times, lately = round(row["times"]), round(row["times lately"])
    whole = f"{counted(times, wording.noun)} in all"
    return f"{whole}, {lately:,} of them in the last {wording.window} days" if times > 1 else _rhythm(wording, row)


def _value(wording: Wording, row: dict[str, float]) -> str | None:
    trend, value = row["value trend"], row["order value"]
    if _known(trend) and trend <= 0.9:
        return f"spends {100 * (1 - trend):.0f} % less an order than before"
    if not _known(value):
        return None
    return " ".join(filter(None, (f"{value:,.2f}", wording.currency, "an order"))) + wording.beside("order value", value, 2)


def _returns(_wording: Wording, row: dict[str, float]) -> str | None:
    last, share = row["of the last orders"], row["orders sent back"]
    if not _known(last) or not _known(share):
        return None
    back = round(share * last)
    if back == 0:
        gave = row["money back"]
        return f"{100 * gave:.0f} % of the money given back" if _known(gave) and gave > 0.005 else "sent nothing back"
    if last == 1:
        return "sent something back of the last order"
    many = f"each of the last {last:.0f}" if back == last else f"{back} of the last {last:.0f}"
    return f"sent something back of {many} orders"


def _visits(wording: Wording, row: dict[str, float]) -> str | None:
    silent, interval = row["days without visit"], row["visit interval"]
    if not _known(silent):
        return "no other activity ever seen"
    if _known(interval) and silent > interval:
        used = "daily" if interval < 1.5 else "weekly" if 6 <= interval < 8 else f"every {interval:.0f} days"
        return f"no visit for {_days(silent)}, used to come {used}"
    lately = counted(round(row["visits lately"]), "day")
    return f"visits on {lately} of the last {VISIT_DAYS}" + wording.beside("visits lately", row["visits lately"])


def _complaints(_wording: Wording, row: dict[str, float]) -> str | None:
    since = row["days since complaint"]
    if not _known(since):
        return "no complaint"
    many = row["complaints"]
    if many > 1:
        return f"complained {many:.0f} times in {COMPLAINT_DAYS} days, the last time {_ago(since)}"
    return f"complained {_ago(since)}"


def _answers(_wording: Wording, row: dict[str, float]) -> str | None:
    score = row["last score"]
    return f"the last answer gave {100 * score:.0f} % of the top score" if _known(score) else "never answered"


def _mails(_wording: Wording, row: dict[str, float]) -> str | None:
    opened = row["mails opened"]
    if not _known(opened):
        return None
    return (
        f"no mail opened in {MAIL_DAYS} days" if opened == 0 else f"{counted(round(opened), 'mail')} opened in {MAIL_DAYS} days"
    )


def _discounts(_wording: Wording, row: dict[str, float]) -> str | None:
    share = row["discounted"]
    if not _known(share):
        return None
    return f"{100 * share:.0f} % of the orders at a discount" if share > 0 else "never ordered at a discount"


def _breadth(wording: Wording, row: dict[str, float]) -> str | None:
    kinds = row["breadth"]
    if not _known(kinds):
        return None
    return f"touched {counted(round(kinds), 'kind')} of thing" + wording.beside("breadth", kinds)


def _tenure(wording: Wording, row: dict[str, float]) -> str | None:
    known = row["days known"]
    return f"a customer for {_days(known)}" + wording.beside("days known", known) if _known(known) else None


_TOLD: dict[str, Any] = {
    "rhythm": _rhythm, "frequency": _frequency, "tenure": _tenure, "value": _value, "returns": _returns,
    "discounts": _discounts, "breadth": _breadth, "visits": _visits, "complaints": _complaints, "answers": _answers,
    "mails": _mails,
}  # fmt: skip


def main_kinds(parts: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The kind that adds most to each one's risk, as its place in KINDS; -1 where none adds LEAST_PART. [rows]

    Origin stands behind all that a customer does.
    """
    origin, told = KINDS.index("origin"), parts.copy()
    told[:, [KINDS.index("season"), origin]] = -np.inf
    best = np.argmax(told, axis=1)
    rest = np.where(parts[:, origin] >= LEAST_PART, origin, -1)
    return np.where(told[np.arange(len(told)), best] >= LEAST_PART, best, rest)


def reasons_of(wording: Wording, numbers: npt.NDArray[np.float64], parts: npt.NDArray[np.float64]) -> str:
    """The reasons of one customer, the strongest first, at most three; that nothing stands out where none adds to her risk."""
    found: list[str] = []
    for place in np.argsort(-parts, kind="stable"):
        if parts[place] < LEAST_PART or len(found) == MOST_REASONS:
            break
        said = wording.told(KINDS[place], numbers)
        if said is not None and said not in found:
            found.append(said)
    if not found and parts[KINDS.index("origin")] >= LEAST_PART:
        return f"no habit stands out, only {' or '.join(wording.origins)}"
    return "; ".join(found) or NOTHING


def unhappy(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Who shows dissatisfaction, by rows: a complaint in the last days, or a last answer of discontent."""
    since, score = numbers[:, PLACE["days since complaint"]], numbers[:, PLACE["last score"]]
    with np.errstate(invalid="ignore"):
        return np.asarray((since < COMPLAINT_DAYS) | (score <= LOW_SCORE))
