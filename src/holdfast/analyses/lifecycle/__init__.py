"""The life cycle: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.lifecycle.question import LifeCycle, counting_for

__all__ = ["LifeCycle", "counting_for"]
