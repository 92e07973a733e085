"""Taste: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.taste.question import Taste, learned_of

__all__ = ["Taste", "learned_of"]
