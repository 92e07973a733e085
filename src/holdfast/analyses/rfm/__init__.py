"""RFM: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.rfm.question import Rfm, ScoreStep, cuts_table, resolve_cuts, rfm_customers

__all__ = ["Rfm", "ScoreStep", "cuts_table", "resolve_cuts", "rfm_customers"]
