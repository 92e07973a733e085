"""Abandonment: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.abandonment.question import USUAL_CART, USUAL_CHECKOUT, USUAL_ORDERS, USUAL_REMOVALS, Abandonment

__all__ = ["USUAL_CART", "USUAL_CHECKOUT", "USUAL_ORDERS", "USUAL_REMOVALS", "Abandonment"]
