"""The next order: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.next_order.question import NextOrder, Show

__all__ = ["NextOrder", "Show"]
