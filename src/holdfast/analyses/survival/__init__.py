"""Survival: how long customers stay, from timelines or from any table of durations; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.survival.of_table import TableSurvival
from holdfast.analyses.survival.question import Survival

__all__ = ["Survival", "TableSurvival"]
