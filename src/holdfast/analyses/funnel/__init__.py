"""Funnels: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.funnel.question import USUAL_STEPS, Funnel, step_nodes

__all__ = ["USUAL_STEPS", "Funnel", "step_nodes"]
