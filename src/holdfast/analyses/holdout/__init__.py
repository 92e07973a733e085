"""Holdout: which model of buying serves this shop (`chosen`), and how well it foretells."""

from __future__ import annotations

from holdfast.analyses.holdout.choice import Chosen, Tried, chosen
from holdfast.analyses.holdout.question import Holdout, Show

__all__ = ["Chosen", "Holdout", "Show", "Tried", "chosen"]
