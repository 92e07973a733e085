"""The stages of the way from stranger to regular: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.stages.question import REACH_DAYS, Stages, laid_for

__all__ = ["REACH_DAYS", "Stages", "laid_for"]
