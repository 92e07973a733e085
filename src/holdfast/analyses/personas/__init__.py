"""Personas: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.personas.question import EARLIER_DAYS, Personas, standing_of

__all__ = ["EARLIER_DAYS", "Personas", "standing_of"]
