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

_SENT = re.compile(r"(?<![a-z])(refer|friend|family|word.?of.?mouth|ambassador|advocate|invit)", re.IGNORECASE)
_NOT = re.compile(r"(?<![a-z])(no|non|not|un)[^a-z]", re.IGNORECASE)

_LINK = re.compile(r"referr(al|er)s?", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """What tells where customers came from.

    name    the property · labels  its values by code, code 0 "(not known)"
    sent    bool by code: whether the value means referred
    apart   whether nothing is known of who has no value; False where only referred customers have one
    """

    name: str
    labels: tuple[str, ...]
    sent: npt.NDArray[np.bool_]
    apart: bool

    @property
    def groups(self) -> dict[str, npt.NDArray[np.bool_]]:
        """The groups, as bool by code: referred, others, and not known where that is a group of its own."""
        unknown = np.arange(len(self.labels)) == 0
        unknown &= ~self.sent & self.apart
        found = {"referred": self.sent, "others": ~self.sent & ~unknown}
        return found | {"not known": unknown} if self.apart else found

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Values that mean referred here and elsewhere a link from another website."""
        if not any(word in self.name.lower() for word in ("utm", "medium", "channel", "campaign")):
            return ()
        return tuple(label for label, sent in zip(self.labels, self.sent, strict=True) if sent and _LINK.fullmatch(label))


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
        sent = np.array([place > 0 and _speaks(label) for place, label in enumerate(labels)])
    return Source(name, labels, sent, name.lower() not in REFERRERS and not sent[1:].all())


def _speaks(label: str) -> bool:
    """Whether a value speaks of somebody who sent her: "friend", "refer-a-friend", not "preferred" or "not referred"."""
    return bool(_SENT.search(label)) and not _NOT.search(label)
