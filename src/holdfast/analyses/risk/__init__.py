"""Risk of leaving: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.risk.question import Risk, Show
from holdfast.analyses.risk.score import BANDS
from holdfast.analyses.risk.table import TableRisk, risk_of_table

__all__ = ["BANDS", "Risk", "Show", "TableRisk", "risk_of_table"]
