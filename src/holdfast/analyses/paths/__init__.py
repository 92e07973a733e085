"""Paths: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.paths.question import Paths

__all__ = ["Paths"]
