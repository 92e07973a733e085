"""What customers under contract are worth: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.contract_value.question import ContractValue

__all__ = ["ContractValue"]
