"""Reasons in words: what goes together with a customer's risk, the kinds that add most to it first.

A kind's part is what its features add to the log-odds against a typical customer (`Learner.parts`). Words tell what is seen,
such as "orders every 31 days, now 74 without"; they never say "because".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.definitions import counted
from holdfast.analyses.risk.loops import COMPLAINT_DAYS, MAIL_DAYS, VISIT_DAYS
from holdfast.analyses.risk.traces import KINDS, PLACE

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta

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
    window  days that are lately · origins  properties in the order of the codes · meta  the values by code
    """

    verb: str
    noun: str
    window: int
    origins: tuple[str, ...]
    meta: Meta

    def told(self, kind: str, numbers: npt.NDArray[np.float64], codes: npt.NDArray[np.int32]) -> str | None:
        """A kind of reason in words; None where there is nothing to say.

        numbers [features and extras], codes [origins, and what came first]: of one customer
        """
        row = {name: float(numbers[place]) for name, place in PLACE.items()}
        if kind == "origin":
            return _origin(self, codes)
        if kind == "rhythm":
            return _rhythm(self, row)
        if kind == "frequency":
            return _frequency(self, row)
        found = _TOLD.get(kind)
        return None if found is None else found(row)


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


def _value(row: dict[str, float]) -> str | None:
    trend = row["value trend"]
    if _known(trend) and trend <= 0.9:
        return f"spends {100 * (1 - trend):.0f} % less an order than before"
    return f"{row['order value']:,.2f} an order" if _known(row["order value"]) else None


def _returns(row: dict[str, float]) -> str | None:
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


def _visits(row: dict[str, float]) -> str | None:
    silent, interval = row["days without visit"], row["visit interval"]
    if not _known(silent):
        return "no other activity ever seen"
    if _known(interval) and silent > interval:
        used = "daily" if interval < 1.5 else "weekly" if 6 <= interval < 8 else f"every {interval:.0f} days"
        return f"no visit for {_days(silent)}, used to come {used}"
    lately = counted(round(row["visits lately"]), "day")
    return f"visits on {lately} of the last {VISIT_DAYS}"


def _complaints(row: dict[str, float]) -> str | None:
    since = row["days since complaint"]
    if not _known(since):
        return "no complaint"
    many = row["complaints"]
    if many > 1:
        return f"complained {many:.0f} times in {COMPLAINT_DAYS} days, the last time {_ago(since)}"
    return f"complained {_ago(since)}"


def _answers(row: dict[str, float]) -> str | None:
    score = row["last score"]
    return f"the last answer gave {100 * score:.0f} % of the top score" if _known(score) else "never answered"


def _mails(row: dict[str, float]) -> str | None:
    opened = row["mails opened"]
    if not _known(opened):
        return None
    return (
        f"no mail opened in {MAIL_DAYS} days" if opened == 0 else f"{counted(round(opened), 'mail')} opened in {MAIL_DAYS} days"
    )


def _discounts(row: dict[str, float]) -> str | None:
    share = row["discounted"]
    if not _known(share):
        return None
    return f"{100 * share:.0f} % of the orders at a discount" if share > 0 else "never ordered at a discount"


def _breadth(row: dict[str, float]) -> str | None:
    kinds = row["breadth"]
    return f"touched {counted(round(kinds), 'kind')} of thing" if _known(kinds) else None


def _tenure(row: dict[str, float]) -> str | None:
    known = row["days known"]
    return f"a customer for {_days(known)}" if _known(known) else None


def _origin(wording: Wording, codes: npt.NDArray[np.int32]) -> str | None:
    parts = [
        f"{name} {wording.meta.properties[name][int(code)]}"
        for name, code in zip(wording.origins, codes, strict=False)
        if code > 0 and name in wording.meta.properties
    ]
    return ", ".join(parts[:2]) or None


_TOLD: dict[str, Any] = {
    "tenure": _tenure, "value": _value, "returns": _returns, "discounts": _discounts, "breadth": _breadth,
    "visits": _visits, "complaints": _complaints, "answers": _answers, "mails": _mails,
}  # fmt: skip


def main_kinds(parts: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The kind that adds most to each one's risk, as its place in KINDS; -1 where none adds LEAST_PART. [rows]"""
    told = parts.copy()
    told[:, KINDS.index("season")] = -np.inf
    best = np.argmax(told, axis=1)
    return np.where(told[np.arange(len(told)), best] >= LEAST_PART, best, -1)


def reasons_of(
    wording: Wording, numbers: npt.NDArray[np.float64], codes: npt.NDArray[np.int32], parts: npt.NDArray[np.float64]
) -> str:
    """The reasons of one customer, the strongest first, at most three; NOTHING where none adds to her risk."""
    order = np.argsort(-parts, kind="stable")
    found: list[str] = []
    for place in order:
        if parts[place] < LEAST_PART or len(found) == MOST_REASONS:
            break
        said = None if KINDS[place] == "season" else wording.told(KINDS[place], numbers, codes)
        if said is not None and said not in found:
            found.append(said)
    return "; ".join(found) or NOTHING


def unhappy(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Who shows dissatisfaction, by rows: a complaint in the last days, or a last answer of discontent."""
    since, score = numbers[:, PLACE["days since complaint"]], numbers[:, PLACE["last score"]]
    with np.errstate(invalid="ignore"):
        return np.asarray((since < COMPLAINT_DAYS) | (score <= LOW_SCORE))
