"""Where a customer came from: the property that tells it, and the values that mean that somebody sent her."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.errors import UnknownName
from holdfast.timelines.attributes import NOT_KNOWN, property_name, value_labels
from holdfast.timelines.columns import Meta

__all__ = ["BY", "REFERRERS", "Source", "found_source"]

REFERRERS = ("referred_by", "referrer_id", "referral_code", "referral", "invited_by")
"""Properties that only referred customers have: any value means referred."""

BY = (
    *("acquisition_source", "acquisition_channel", "how_did_you_hear", "channel", "utm_source", "utm_medium"),
    *("medium", "campaign", "utm_campaign"),
)
"""Usual names of a property that tells where a customer came from, the surest first."""

_SENT = re.compile(r"refer|friend|family|word.?of.?mouth|ambassador|advocate|invit", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """What tells where customers came from.

    name    the property · labels  its values by code, code 0 "(not known)"
    sent    bool by code: whether the value means referred
    """

    name: str
    labels: tuple[str, ...]
    sent: npt.NDArray[np.bool_]


def found_source(meta: Meta, by: str | None, referred: Sequence[str]) -> Source | None:
    """The source as asked for, or as the names in the data suggest; None where nothing tells it.

    by        the property; None: the first of REFERRERS, else the first of BY whose values speak of referral
    referred  values that mean referred; empty: those that speak of it (of REFERRERS: every value)
    Raises UnknownName for a property or value that is not there.
    """
    if by is not None:
        return _source(meta, property_name(meta, by), referred)
    known = {name.lower(): name for name in meta.properties}
    for name in (*REFERRERS, *BY):
        if name in known:
            made = _source(meta, known[name], referred)
            if made.sent.any():
                return made
    return None


def _source(meta: Meta, name: str, referred: Sequence[str]) -> Source:
    labels = value_labels(meta, name)
    for value in referred:
        if value not in labels:
            raise UnknownName(f"value of {name}", value, labels[1:])
    if referred:
        sent = np.isin(np.array(labels), list(referred))
    elif name.lower() in REFERRERS:
        sent = np.array([label != NOT_KNOWN for label in labels])
    else:
        sent = np.array([place > 0 and bool(_SENT.search(label)) for place, label in enumerate(labels)])
    return Source(name, labels, sent)
