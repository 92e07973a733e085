"""Cohort grids: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.cohorts.question import Cohorts, Measure, Returns

__all__ = ["Cohorts", "Measure", "Returns"]
