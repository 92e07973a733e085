"""Sessions: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.sessions.question import Sessions

__all__ = ["Sessions"]
