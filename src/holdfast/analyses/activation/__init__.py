"""Activation: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.activation.question import BEST, EARLY, Activation

__all__ = ["BEST", "EARLY", "Activation"]
