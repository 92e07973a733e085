"""Early signs: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.early_signs.question import INTERVALS, EarlySigns, Show

__all__ = ["INTERVALS", "EarlySigns", "Show"]
