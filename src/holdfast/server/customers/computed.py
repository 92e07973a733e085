"""What analyses know of one customer: segment, persona, value, risk, the next order, … as last worked out. For pages:

    told = computed("17")
    told.traits["rfm"], told.as_of, told.made_at        None: nothing is worked out yet, a job will

All customers are worked out at once by a job (`jobs.py`), daily and after large changes; one is then looked up in the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Computed", "computed"]


@dataclass(frozen=True)
class Computed:
    """What was worked out of one customer.

    traits   trait → its value: a text, a number, a date (text), None where nothing is known; NAME_band beside a number
    as_of    the local date up to which events counted
    made_at  when, ISO 8601, UTC
    """

    traits: dict[str, Any]
    as_of: str
    made_at: str


def computed(person: str, *, within_seconds: float = 10.0) -> Computed | None:
    """What is worked out of this person; None when nothing is yet. AnalystAway and TimeoutError as of `analyst.client`."""
    from holdfast.server.analyst.client import call
    from holdfast.server.customers.models import ids_of

    told: Computed | None = call("customers.traits", within_seconds=within_seconds, ids=ids_of(person))
    return told
