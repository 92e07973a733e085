"""Holdout: which model of buying serves this shop (`chosen`), and how well it foretells."""

from __future__ import annotations

from holdfast.analyses.holdout.choice import Chosen, Tried, chosen

__all__ = ["Chosen", "Tried", "chosen"]
