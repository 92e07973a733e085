"""Transitions: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.transitions.question import DROP_OFF, OTHER, START, Transitions

__all__ = ["DROP_OFF", "OTHER", "START", "Transitions"]
