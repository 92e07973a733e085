"""What a customer's risk is told by: the features by name and kind, and which of them the data can tell."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from holdfast.analyses.discounts import DISCOUNTS, discount_properties
from holdfast.analyses.first_days import own_activity
from holdfast.events.schema import ORDER, REFUND

if TYPE_CHECKING:
    from holdfast.settings import Settings
    from holdfast.timelines.columns import Meta

__all__ = [
    "EXTRAS", "FEATURES", "KINDS", "LOGGED", "PLACE", "RATIO", "RATIOS", "Traces", "score_values", "traces_of", "unlogged",
]  # fmt: skip

FEATURES: dict[str, str] = {
    "days silent": "rhythm",
    "usual interval": "rhythm",
    "silence by interval": "rhythm",
    "gap trend": "rhythm",
    "irregularity": "rhythm",
    "times": "frequency",
    "times lately": "frequency",
    "days known": "tenure",
    "order value": "value",
    "value trend": "value",
    "orders sent back": "returns",
    "money back": "returns",
    "discounted": "discounts",
    "breadth": "breadth",
    "days without visit": "visits",
    "visit interval": "visits",
    "visits lately": "visits",
    "visit trend": "visits",
    "complaints": "complaints",
    "last score": "answers",
    "mails opened": "mails",
    "season (sine)": "season",
    "season (cosine)": "season",
}
"""Feature → kind, in the order of the columns of a row. What cannot be said of a customer is not-a-number."""

EXTRAS = ("of the last orders", "days since complaint")
"""Columns after the features that only words need."""

PLACE = {name: place for place, name in enumerate((*FEATURES, *EXTRAS))}

LOGGED = frozenset(
    (
        *("days silent", "usual interval", "silence by interval", "gap trend", "times", "times lately", "days known"),
        *("order value", "value trend", "breadth", "days without visit", "visit interval", "visits lately", "visit trend"),
        *("complaints", "mails opened"),
    )
)
"""Features that models see by their logarithm."""

RATIOS = frozenset(("gap trend", "value trend", "visit trend", "silence by interval"))
RATIO = 0.1
"""Added to a ratio before its logarithm is taken; to counts, days and money 1 is added."""

KINDS = (*dict.fromkeys(FEATURES.values()), "origin")
"""Kinds of reasons; origin is the properties that are no number, such as the channel."""

SCORES = ("score", "nps", "nps_score", "csat", "csat_score", "rating", "stars")
"""Properties that hold what a customer answered, higher is better."""

OPENED = ("email opened", "email link clicked", "email clicked", "push notification tapped", "push notification opened")

CHANNELS = ("channel", "source", "utm_source", "utm_medium", "medium", "acquisition_channel", "referrer")
ORIGINS = (
    *CHANNELS,
    *("platform", "device", "device_type", "country", "region", "plan", "tier", "store", "payment_method"),
)
"""Properties of these names are taken first."""

NO_ORIGIN = frozenset(
    (
        *("category", "brand", "price", "product", "product_id", "sku", "variant", "quantity", "path", "url", "title", "page"),
        *("name", "query", "step", "cart_id", "order_id", "checkout_id", "session_id", "reason", "currency", "description"),
        *("account", "account_id", "group_id", "event_id", "message_id", *DISCOUNTS, *SCORES),
    )
)
"""Properties that say what was looked at or bought, not who came or how."""

MOST_ORIGINS = 6
MOST_VALUES = 60


@dataclass(frozen=True)
class Traces:
    """Which events and properties tell of a customer; names only, so that it fits any data of the same business.

    visits      what she does herself besides what counts · complaints · opened  events
    score       property that holds answers · breadth  property that tells what was touched · discounts, origins  properties
    by_event    without a breadth property, breadth is counted in kinds of own events
    orders      whether there are orders · refunds  whether any was taken back
    """

    visits: tuple[str, ...] = ()
    complaints: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()
    score: str | None = None
    breadth: str | None = None
    by_event: bool = False
    discounts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    orders: bool = True
    refunds: bool = True

    @property
    def firsts(self) -> tuple[str, ...]:
        """Of the origins those whose value at the first event tells besides: how she came in the first place."""
        return tuple(name for name in self.origins if name.lower() in CHANNELS)

    @property
    def codes(self) -> tuple[str, ...]:
        """The features that are no number, in the order of their columns."""
        return (*self.origins, *(f"first {name}" for name in self.firsts))

    def lacking(self) -> tuple[str, ...]:
        """What the data do not tell, in words."""
        told = {
            "orders": self.orders, "refunds": self.refunds, "discounts": bool(self.discounts),
            "breadth": self.breadth is not None or self.by_event, "visits": bool(self.visits),
            "complaints or tickets": bool(self.complaints), "survey scores": self.score is not None,
            "opened mails": bool(self.opened), "channels or other properties": bool(self.origins),
        }  # fmt: skip
        return tuple(name for name, there in told.items() if not there)


def unlogged(name: str, value: float) -> float:
    """A feature's own value of the one that models see."""
    return math.exp(value) - (RATIO if name in RATIOS else 1.0) if name in LOGGED else value


def traces_of(meta: Meta, settings: Settings, counted: tuple[str, ...], seen: tuple[str, ...] | None = None) -> Traces:
    """What these data tell.

    counted  the events whose absence is the outcome; they are no visits besides
    seen     the events that had happened by the as-of; None: all
    """
    known = meta.events[1:] if seen is None else seen
    own = own_activity(meta, replace(settings, active=())) or ()
    ends = (*settings.contract.start, *settings.contract.end) if settings.base == "contract" else ()
    visits = tuple(name for name in own if name in known and name not in (ORDER, *counted, *ends))
    complaints = tuple(
        name for name in known if name != REFUND and any(fnmatchcase(name, pattern) for pattern in settings.complaints)
    )
    by_name = {name.lower(): name for name in reversed(tuple(meta.properties))}
    breadth = by_name.get("category")
    return Traces(
        visits=visits,
        complaints=complaints,
        opened=tuple(name for name in known if name.lower().replace("_", " ") in OPENED),
        score=next((by_name[name] for name in SCORES if name in by_name and _scores(meta, by_name[name])), None),
        breadth=breadth,
        by_event=breadth is None and len(visits) + len(counted) >= 3,
        discounts=discount_properties(meta),
        origins=_origins(meta),
        orders=ORDER in known,
        refunds=REFUND in known,
    )


def _origins(meta: Meta) -> tuple[str, ...]:
    fit = [
        name
        for name, values in meta.properties.items()
        if name.lower() not in NO_ORIGIN and 2 <= len(values) - 1 <= MOST_VALUES and not name.lower().endswith("_id")
    ]
    rank = {name: place for place, name in enumerate(ORIGINS)}
    return tuple(sorted(fit, key=lambda name: (rank.get(name.lower(), len(rank)), name))[:MOST_ORIGINS])


def _scores(meta: Meta, name: str) -> bool:
    return bool(np.isfinite(score_values(meta, name)).any())


def score_values(meta: Meta, name: str) -> npt.NDArray[np.float64]:
    """By value code of the property: the answer as a share of the scale's top (5, or 10 where an answer is above 5).

    Not-a-number where the value is none.
    """
    out = np.full(len(meta.properties[name]), np.nan)
    for code, text in enumerate(meta.properties[name][1:], 1):
        try:
            out[code] = float(text)
        except ValueError:
            continue
    out[~np.isfinite(out) | (out < 0) | (out > 10)] = np.nan
    return out / (10.0 if (out > 5).any() else 5.0)
