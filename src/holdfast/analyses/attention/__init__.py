"""Attention: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.attention.question import Attention
from holdfast.analyses.attention.walk import GROUPS

__all__ = ["GROUPS", "Attention"]
