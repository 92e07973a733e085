"""Breadth: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.breadth.question import USUAL_FEATURES, Breadth

__all__ = ["USUAL_FEATURES", "Breadth"]
