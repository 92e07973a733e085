"""Personas as a trait: `--by persona` and `--where "persona=repeat buyer"` of any other question.

The six rules with their defaults (docs/definitions/personas.md) as of the question's own as-of: a trait of now, not of the
customer's entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from holdfast.analyses.personas.rules import PERSONAS, PersonaRule, persona_rule
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["LABELS", "PersonaTrait", "labels", "trait"]

LABELS = (NOT_KNOWN, *PERSONAS)
"""The values by code; who has no event before the as-of has none."""


@dataclass(frozen=True)
class PersonaTrait:
    """The persona of each customer; it travels with a step.

    rule  the rules and the instant
    """

    rule: PersonaRule

    @property
    def labels(self) -> tuple[str, ...]:
        """The values by code."""
        return LABELS

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The value code per customer of a shard."""
        return self.rule.codes(shard)

    def codes_at(self, shard: Shard, instants: Sequence[int]) -> Iterator[npt.NDArray[Any]]:
        """The value codes as of several instants, by the split of now."""
        yield from self.rule.codes_at(shard, instants)


def labels(_name: str, _meta: Meta) -> tuple[str, ...]:
    """The values by code."""
    return LABELS


def trait(_name: str, timelines: Timelines, as_of: AsOf) -> PersonaTrait:
    """The trait as of an instant."""
    return PersonaTrait(persona_rule(timelines, as_of))
